/** Heartbeat: a member of a classic group is alive. */
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { heartbeatRequest, heartbeatResponse } from '../../../protocol/messages/heartbeat.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

export function heartbeatRow({ coordinator }: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 12,
    name: 'Heartbeat',
    request: heartbeatRequest,
    response: heartbeatResponse,
    minVersion: 0,
    maxVersion: 4,
    ordering: 'serial',
    handle: async (request) => ({ errorCode: await coordinator.heartbeat(request) }),
    errorResponse: (_request, errorCode) => ({ errorCode }),
  });
}
