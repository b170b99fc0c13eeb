/** ConsumerGroupDescribe (API key 69). */
import { array, bool, type Decoded, int8, int16, int32, message, of, string, struct, uuid } from '../schema.ts';

export const consumerGroupDescribeRequest = message(
  {
    name: 'ConsumerGroupDescribeRequest',
    kind: 'request',
    apiKey: 69,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupIds: array('string', '0+', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
  },
);
export type ConsumerGroupDescribeRequest = Decoded<typeof consumerGroupDescribeRequest>;

const consumerGroupDescribeResponseTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  topicName: string('0+', { entityType: 'topicName' }),
  partitions: array('int32', '0+'),
});

const consumerGroupDescribeResponseAssignment = struct('Assignment', {
  topicPartitions: array(consumerGroupDescribeResponseTopicPartitions, '0+'),
});

export const consumerGroupDescribeResponse = message(
  { name: 'ConsumerGroupDescribeResponse', kind: 'response', apiKey: 69, versions: '0-1', flexible: '0+' },
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
            instanceId: string('0+', { nullable: '0+', default: null }),
            rackId: string('0+', { nullable: '0+', default: null }),
            memberEpoch: int32('0+'),
            clientId: string('0+'),
            clientHost: string('0+'),
            subscribedTopicNames: array('string', '0+', { entityType: 'topicName' }),
            subscribedTopicRegex: string('0+', { nullable: '0+', default: null }),
            assignment: of(consumerGroupDescribeResponseAssignment, '0+'),
            targetAssignment: of(consumerGroupDescribeResponseAssignment, '0+'),
            memberType: int8('1+', { default: -1, ignorable: true }),
          }),
          '0+',
        ),
        authorizedOperations: int32('0+', { default: -2147483648 }),
      }),
      '0+',
    ),
  },
);
export type ConsumerGroupDescribeResponse = Decoded<typeof consumerGroupDescribeResponse>;
