/** ListGroups: the groups that this broker coordinates. */
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { listGroupsRequest, listGroupsResponse } from '../../../protocol/messages/list-groups.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

export function listGroupsRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 16,
    name: 'ListGroups',
    request: listGroupsRequest,
    response: listGroupsResponse,
    minVersion: 0,
    maxVersion: 5,
    ordering: 'serial',
    handle: (request) => ({
      errorCode: ErrorCode.NONE,
      groups: coordinator.listGroups({
        states: new Set(request.statesFilter.map((state) => state.toLowerCase().trim())),
        types: new Set(request.typesFilter.map((type) => type.toLowerCase())),
      }),
    }),
    errorResponse: (_request, errorCode) => ({ errorCode, groups: [] }),
  });
}
