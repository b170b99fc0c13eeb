/** JoinGroup: answered when the generation begins. */
import type { JoinResult } from '../../../coordinator/classic-member.ts';
import { joinError } from '../../../coordinator/classic-member.ts';
import type { JoinRequest as Join } from '../../../coordinator/join-group.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { type JoinGroupRequest, joinGroupRequest, joinGroupResponse } from '../../../protocol/messages/join-group.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import { type GroupHandlerDeps, requesterOf } from './group-handler-deps.ts';
import { whileConnected } from './waiting-request.ts';

/** Before, no protocol was an empty name. */
const NULL_PROTOCOL_FROM = 7;

export function joinGroupRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 11,
    name: 'JoinGroup',
    request: joinGroupRequest,
    response: joinGroupResponse,
    minVersion: 0,
    maxVersion: 9,
    ordering: 'serial',
    handle: (request, context) => {
      const { apiVersion } = context;
      const result = coordinator.joinGroup(requesterOf(context), toJoin(request, apiVersion));
      return whileConnected(context, result, (joined) => shaped(joined, apiVersion));
    },
    errorResponse: (_request, code, _message, context) => shaped(joinError(code), context.apiVersion),
  });
}

function toJoin(request: JoinGroupRequest, apiVersion: number): Join {
  const { groupId, memberId, groupInstanceId, protocolType, sessionTimeoutMs, reason } = request;
  return {
    groupId,
    memberId,
    groupInstanceId,
    protocolType,
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Uint8Array.from(metadata) })),
    sessionTimeoutMs,
    // Version 0 had one timeout for both.
    rebalanceTimeoutMs: apiVersion === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
    reason,
  };
}

function shaped(result: JoinResult, apiVersion: number): Encodable<typeof joinGroupResponse> {
  const name = result.protocolName ?? '';
  return { ...result, protocolName: name === '' && apiVersion >= NULL_PROTOCOL_FROM ? null : name };
}
