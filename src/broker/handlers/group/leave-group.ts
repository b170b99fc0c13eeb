/** LeaveGroup: members leave by themselves, or are removed by an administrator; several at once from version 3 on. */
import type { LeaveResult } from '../../../coordinator/group-coordinator.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { leaveGroupRequest, leaveGroupResponse } from '../../../protocol/messages/leave-group.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

const BATCHED_FROM = 3;

export function leaveGroupRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 13,
    name: 'LeaveGroup',
    request: leaveGroupRequest,
    response: leaveGroupResponse,
    minVersion: 0,
    maxVersion: 5,
    ordering: 'serial',
    handle: async (request, { apiVersion }) => {
      const single = { memberId: request.memberId, groupInstanceId: null, reason: null };
      const members = apiVersion < BATCHED_FROM ? [single] : request.members;
      return shaped(await coordinator.leaveGroup(request.groupId, members), apiVersion);
    },
    errorResponse: (_request, errorCode) => ({ errorCode }),
  });
}

/** Before version 3 the one member's error is the answer's. */
function shaped({ errorCode, members }: LeaveResult, apiVersion: number): Encodable<typeof leaveGroupResponse> {
  if (apiVersion >= BATCHED_FROM || errorCode !== ErrorCode.NONE)
    return { errorCode, members: apiVersion >= BATCHED_FROM ? members : [] };
  return { errorCode: members[0]?.errorCode ?? ErrorCode.NONE };
}
