/** ListOffsets (API key 2). */
import { array, bigint64, type Decoded, int8, int16, int32, int64, message, string, struct } from '../schema.ts';

export const listOffsetsRequest = message(
  { name: 'ListOffsetsRequest', kind: 'request', apiKey: 2, versions: '1-11', flexible: '6+', listeners: ['broker'] },
  {
    replicaId: int32('0+', { entityType: 'brokerId' }),
    isolationLevel: int8('2+', { default: 0 }),
    topics: array(
      struct('ListOffsetsTopic', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('ListOffsetsPartition', {
            partitionIndex: int32('0+'),
            currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }),
            // Clients ask for any time, Long.MAX_VALUE included.
            timestamp: bigint64('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    timeoutMs: int32('10+', { default: 0, ignorable: true }),
  },
);
export type ListOffsetsRequest = Decoded<typeof listOffsetsRequest>;

export const listOffsetsResponse = message(
  { name: 'ListOffsetsResponse', kind: 'response', apiKey: 2, versions: '1-11', flexible: '6+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    topics: array(
      struct('ListOffsetsTopicResponse', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('ListOffsetsPartitionResponse', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            timestamp: int64('1+', { default: -1 }),
            offset: int64('1+', { default: -1 }),
            leaderEpoch: int32('4+', { default: -1 }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ListOffsetsResponse = Decoded<typeof listOffsetsResponse>;
