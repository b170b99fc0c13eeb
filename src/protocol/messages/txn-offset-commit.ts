/** TxnOffsetCommit (API key 28). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const txnOffsetCommitRequest = message(
  {
    name: 'TxnOffsetCommitRequest',
    kind: 'request',
    apiKey: 28,
    versions: '0-5',
    flexible: '3+',
    listeners: ['broker'],
  },
  {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    groupId: string('0+', { entityType: 'groupId' }),
    producerId: int64('0+', { entityType: 'producerId' }),
    producerEpoch: int16('0+'),
    generationId: int32('3+', { default: -1 }),
    memberId: string('3+', { default: '' }),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array(
      struct('TxnOffsetCommitRequestTopic', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('TxnOffsetCommitRequestPartition', {
            partitionIndex: int32('0+'),
            committedOffset: int64('0+'),
            committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
            committedMetadata: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type TxnOffsetCommitRequest = Decoded<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = message(
  { name: 'TxnOffsetCommitResponse', kind: 'response', apiKey: 28, versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32('0+'),
    topics: array(
      struct('TxnOffsetCommitResponseTopic', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('TxnOffsetCommitResponsePartition', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type TxnOffsetCommitResponse = Decoded<typeof txnOffsetCommitResponse>;
