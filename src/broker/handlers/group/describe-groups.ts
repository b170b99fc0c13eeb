/** DescribeGroups: state, protocol and members of classic groups. */
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { describeGroupsRequest, describeGroupsResponse } from '../../../protocol/messages/describe-groups.ts';
import { GROUP_OPERATIONS, OPERATIONS_NOT_ASKED } from '../../authorized-operations.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

export function describeGroupsRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 15,
    name: 'DescribeGroups',
    request: describeGroupsRequest,
    response: describeGroupsResponse,
    minVersion: 0,
    maxVersion: 6,
    ordering: 'serial',
    handle: (request, { apiVersion }) => ({
      groups: coordinator.describeGroups(apiVersion, request.groups).map((group) => ({
        ...group,
        errorMessage: apiVersion >= 6 ? group.errorMessage : null,
        authorizedOperations:
          request.includeAuthorizedOperations && group.errorCode === ErrorCode.NONE
            ? GROUP_OPERATIONS
            : OPERATIONS_NOT_ASKED,
      })),
    }),
    errorResponse: (request, errorCode) => ({
      groups: request.groups.map((groupId) => ({
        errorCode,
        groupId,
        groupState: '',
        protocolType: '',
        protocolData: '',
        members: [],
      })),
    }),
  });
}
