/** SyncGroup: answered when the leader has handed in the assignment. */
import { type SyncResult, syncError } from '../../../coordinator/classic-member.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { syncGroupRequest, syncGroupResponse } from '../../../protocol/messages/sync-group.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';
import { whileConnected } from './waiting-request.ts';

/** From here on a member says by which protocol it believes to be in the group (KIP-559). */
const PROTOCOL_REQUIRED_FROM = 5;

export function syncGroupRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 14,
    name: 'SyncGroup',
    request: syncGroupRequest,
    response: syncGroupResponse,
    minVersion: 0,
    maxVersion: 5,
    ordering: 'serial',
    handle: (request, context) => {
      const { protocolType, protocolName } = request;
      if (context.apiVersion >= PROTOCOL_REQUIRED_FROM && (protocolType === null || protocolName === null)) {
        return shaped(syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL));
      }
      const assignments = new Map(
        request.assignments.map(({ memberId, assignment }) => [memberId, Uint8Array.from(assignment)]),
      );
      return whileConnected(context, coordinator.syncGroup({ ...request, assignments }), shaped);
    },
    errorResponse: (_request, code) => shaped(syncError(code)),
  });
}

function shaped(result: SyncResult): Encodable<typeof syncGroupResponse> {
  return { ...result };
}
