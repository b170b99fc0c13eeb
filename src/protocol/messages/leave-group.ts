/** LeaveGroup (API key 13). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const leaveGroupRequest = message(
  { name: 'LeaveGroupRequest', kind: 'request', apiKey: 13, versions: '0-5', flexible: '4+', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0-2', { default: '' }),
    members: array(
      struct('MemberIdentity', {
        memberId: string('3+', { default: '' }),
        groupInstanceId: string('3+', { nullable: '3+', default: null }),
        reason: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
      '3+',
      { default: [] },
    ),
  },
);
export type LeaveGroupRequest = Decoded<typeof leaveGroupRequest>;

export const leaveGroupResponse = message(
  { name: 'LeaveGroupResponse', kind: 'response', apiKey: 13, versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    members: array(
      struct('MemberResponse', {
        memberId: string('3+', { default: '' }),
        groupInstanceId: string('3+', { nullable: '3+', default: '' }),
        errorCode: int16('3+', { default: 0 }),
      }),
      '3+',
      { default: [] },
    ),
  },
);
export type LeaveGroupResponse = Decoded<typeof leaveGroupResponse>;
