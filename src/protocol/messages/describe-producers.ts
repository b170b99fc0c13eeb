/** DescribeProducers (API key 61). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const describeProducersRequest = message(
  {
    name: 'DescribeProducersRequest',
    kind: 'request',
    apiKey: 61,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    topics: array(
      struct('TopicRequest', {
        name: string('0+', { entityType: 'topicName' }),
        partitionIndexes: array('int32', '0+'),
      }),
      '0+',
    ),
  },
);
export type DescribeProducersRequest = Decoded<typeof describeProducersRequest>;

export const describeProducersResponse = message(
  { name: 'DescribeProducersResponse', kind: 'response', apiKey: 61, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    topics: array(
      struct('TopicResponse', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionResponse', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
            activeProducers: array(
              struct('ProducerState', {
                producerId: int64('0+', { entityType: 'producerId' }),
                producerEpoch: int32('0+'),
                lastSequence: int32('0+', { default: -1 }),
                lastTimestamp: int64('0+', { default: -1 }),
                coordinatorEpoch: int32('0+'),
                currentTxnStartOffset: int64('0+', { default: -1 }),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeProducersResponse = Decoded<typeof describeProducersResponse>;
