/** OffsetForLeaderEpoch (API key 23). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const offsetForLeaderEpochRequest = message(
  {
    name: 'OffsetForLeaderEpochRequest',
    kind: 'request',
    apiKey: 23,
    versions: '2-4',
    flexible: '4+',
    listeners: ['broker'],
  },
  {
    replicaId: int32('3+', { default: -2, ignorable: true, entityType: 'brokerId' }),
    topics: array(
      struct('OffsetForLeaderTopic', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('OffsetForLeaderPartition', {
            partition: int32('0+'),
            currentLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
            leaderEpoch: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type OffsetForLeaderEpochRequest = Decoded<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = message(
  { name: 'OffsetForLeaderEpochResponse', kind: 'response', apiKey: 23, versions: '2-4', flexible: '4+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array(
      struct('OffsetForLeaderTopicResult', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('EpochEndOffset', {
            errorCode: int16('0+'),
            partition: int32('0+'),
            leaderEpoch: int32('1+', { default: -1, ignorable: true }),
            endOffset: int64('0+', { default: -1 }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type OffsetForLeaderEpochResponse = Decoded<typeof offsetForLeaderEpochResponse>;
