/** JoinGroup (API key 11). */
import { array, bool, bytes, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const joinGroupRequest = message(
  { name: 'JoinGroupRequest', kind: 'request', apiKey: 11, versions: '0-9', flexible: '6+', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    sessionTimeoutMs: int32('0+'),
    rebalanceTimeoutMs: int32('1+', { default: -1, ignorable: true }),
    memberId: string('0+'),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string('0+'),
    protocols: array(
      struct('JoinGroupRequestProtocol', {
        name: string('0+', { mapKey: true }),
        metadata: bytes('0+'),
      }),
      '0+',
    ),
    reason: string('8+', { nullable: '8+', default: null, ignorable: true }),
  },
);
export type JoinGroupRequest = Decoded<typeof joinGroupRequest>;

export const joinGroupResponse = message(
  { name: 'JoinGroupResponse', kind: 'response', apiKey: 11, versions: '0-9', flexible: '6+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    generationId: int32('0+', { default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null, ignorable: true }),
    protocolName: string('0+', { nullable: '7+' }),
    leader: string('0+'),
    skipAssignment: bool('9+', { default: false }),
    memberId: string('0+'),
    members: array(
      struct('JoinGroupResponseMember', {
        memberId: string('0+'),
        groupInstanceId: string('5+', { nullable: '5+', default: null, ignorable: true }),
        metadata: bytes('0+'),
      }),
      '0+',
    ),
  },
);
export type JoinGroupResponse = Decoded<typeof joinGroupResponse>;
