/** SyncGroup (API key 14). */
import { array, bytes, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const syncGroupRequest = message(
  { name: 'SyncGroupRequest', kind: 'request', apiKey: 14, versions: '0-5', flexible: '4+', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignments: array(
      struct('SyncGroupRequestAssignment', {
        memberId: string('0+'),
        assignment: bytes('0+'),
      }),
      '0+',
    ),
  },
);
export type SyncGroupRequest = Decoded<typeof syncGroupRequest>;

export const syncGroupResponse = message(
  { name: 'SyncGroupResponse', kind: 'response', apiKey: 14, versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignment: bytes('0+'),
  },
);
export type SyncGroupResponse = Decoded<typeof syncGroupResponse>;
