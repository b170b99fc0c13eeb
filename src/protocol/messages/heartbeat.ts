/** Heartbeat (API key 12). */
import { type Decoded, int16, int32, message, string } from '../schema.ts';

export const heartbeatRequest = message(
  { name: 'HeartbeatRequest', kind: 'request', apiKey: 12, versions: '0-4', flexible: '4+', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  },
);
export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;

export const heartbeatResponse = message(
  { name: 'HeartbeatResponse', kind: 'response', apiKey: 12, versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
  },
);
export type HeartbeatResponse = Decoded<typeof heartbeatResponse>;
