/** DescribeGroups (API key 15). */
import { array, bool, bytes, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const describeGroupsRequest = message(
  {
    name: 'DescribeGroupsRequest',
    kind: 'request',
    apiKey: 15,
    versions: '0-6',
    flexible: '5+',
    listeners: ['broker'],
  },
  {
    groups: array('string', '0+', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('3+', { default: false }),
  },
);
export type DescribeGroupsRequest = Decoded<typeof describeGroupsRequest>;

export const describeGroupsResponse = message(
  { name: 'DescribeGroupsResponse', kind: 'response', apiKey: 15, versions: '0-6', flexible: '5+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    groups: array(
      struct('DescribedGroup', {
        errorCode: int16('0+'),
        errorMessage: string('6+', { nullable: '6+', default: null }),
        groupId: string('0+', { entityType: 'groupId' }),
        groupState: string('0+'),
        protocolType: string('0+'),
        protocolData: string('0+'),
        members: array(
          struct('DescribedGroupMember', {
            memberId: string('0+'),
            groupInstanceId: string('4+', { nullable: '4+', default: null, ignorable: true }),
            clientId: string('0+'),
            clientHost: string('0+'),
            memberMetadata: bytes('0+'),
            memberAssignment: bytes('0+'),
          }),
          '0+',
        ),
        authorizedOperations: int32('3+', { default: -2147483648 }),
      }),
      '0+',
    ),
  },
);
export type DescribeGroupsResponse = Decoded<typeof describeGroupsResponse>;
