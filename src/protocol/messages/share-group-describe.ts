/** ShareGroupDescribe (API key 77). */
import { array, bool, type Decoded, int16, int32, message, of, string, struct, uuid } from '../schema.ts';

export const shareGroupDescribeRequest = message(
  {
    name: 'ShareGroupDescribeRequest',
    kind: 'request',
    apiKey: 77,
    versions: '1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupIds: array('string', '0+', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
  },
);
export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribeRequest>;

const shareGroupDescribeResponseTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  topicName: string('0+', { entityType: 'topicName' }),
  partitions: array('int32', '0+'),
});

const shareGroupDescribeResponseAssignment = struct('Assignment', {
  topicPartitions: array(shareGroupDescribeResponseTopicPartitions, '0+'),
});

export const shareGroupDescribeResponse = message(
  { name: 'ShareGroupDescribeResponse', kind: 'response', apiKey: 77, versions: '1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    groups: array(
      struct('DescribedGroup', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        groupId: string('0+', { entityType: 'groupId' }),
        groupState: string('0+'),
        groupEpoch: int32('0+'),
        assignmentEpoch: int32('0+'),
        assignorName: string('0+'),
        members: array(
          struct('Member', {
            memberId: string('0+'),
            rackId: string('0+', { nullable: '0+', default: null }),
            memberEpoch: int32('0+'),
            clientId: string('0+'),
            clientHost: string('0+'),
            subscribedTopicNames: array('string', '0+', { entityType: 'topicName' }),
            assignment: of(shareGroupDescribeResponseAssignment, '0+'),
          }),
          '0+',
        ),
        authorizedOperations: int32('0+', { default: -2147483648 }),
      }),
      '0+',
    ),
  },
);
export type ShareGroupDescribeResponse = Decoded<typeof shareGroupDescribeResponse>;
