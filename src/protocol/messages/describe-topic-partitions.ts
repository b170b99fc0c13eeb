/** DescribeTopicPartitions (API key 75). */
import { array, bool, type Decoded, int16, int32, message, of, string, struct, uuid } from '../schema.ts';

export const describeTopicPartitionsRequest = message(
  {
    name: 'DescribeTopicPartitionsRequest',
    kind: 'request',
    apiKey: 75,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    topics: array(
      struct('TopicRequest', {
        name: string('0+', { entityType: 'topicName' }),
      }),
      '0+',
    ),
    responsePartitionLimit: int32('0+', { default: 2000 }),
    cursor: of(
      struct('Cursor', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitionIndex: int32('0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type DescribeTopicPartitionsRequest = Decoded<typeof describeTopicPartitionsRequest>;

export const describeTopicPartitionsResponse = message(
  { name: 'DescribeTopicPartitionsResponse', kind: 'response', apiKey: 75, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+', { ignorable: true }),
    topics: array(
      struct('DescribeTopicPartitionsResponseTopic', {
        errorCode: int16('0+'),
        name: string('0+', { nullable: '0+', mapKey: true, entityType: 'topicName' }),
        topicId: uuid('0+', { ignorable: true }),
        isInternal: bool('0+', { default: false, ignorable: true }),
        partitions: array(
          struct('DescribeTopicPartitionsResponsePartition', {
            errorCode: int16('0+'),
            partitionIndex: int32('0+'),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('0+', { default: -1, ignorable: true }),
            replicaNodes: array('int32', '0+', { entityType: 'brokerId' }),
            isrNodes: array('int32', '0+', { entityType: 'brokerId' }),
            eligibleLeaderReplicas: array('int32', '0+', { nullable: '0+', default: null, entityType: 'brokerId' }),
            lastKnownElr: array('int32', '0+', { nullable: '0+', default: null, entityType: 'brokerId' }),
            offlineReplicas: array('int32', '0+', { ignorable: true, entityType: 'brokerId' }),
          }),
          '0+',
        ),
        topicAuthorizedOperations: int32('0+', { default: -2147483648 }),
      }),
      '0+',
    ),
    nextCursor: of(
      struct('Cursor', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitionIndex: int32('0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type DescribeTopicPartitionsResponse = Decoded<typeof describeTopicPartitionsResponse>;
