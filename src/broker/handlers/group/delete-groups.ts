/** DeleteGroups: groups without members, with their offsets. */
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from '../../../protocol/messages/delete-groups.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

export function deleteGroupsRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 42,
    name: 'DeleteGroups',
    request: deleteGroupsRequest,
    response: deleteGroupsResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: async (request) => {
      const codes = await coordinator.deleteGroups(request.groupsNames);
      const groupIds = [...new Set(request.groupsNames)];
      return {
        throttleTimeMs: 0,
        results: groupIds.map((groupId) => ({ groupId, errorCode: codes.get(groupId) ?? ErrorCode.NONE })),
      };
    },
    errorResponse: (request, errorCode) => ({
      throttleTimeMs: 0,
      results: [...new Set(request.groupsNames)].map((groupId) => ({ groupId, errorCode })),
    }),
  });
}
