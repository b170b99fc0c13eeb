/** OffsetCommit (API key 8). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const offsetCommitRequest = message(
  { name: 'OffsetCommitRequest', kind: 'request', apiKey: 8, versions: '2-10', flexible: '8+', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    generationIdOrMemberEpoch: int32('1+', { default: -1, ignorable: true }),
    memberId: string('1+', { ignorable: true }),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    retentionTimeMs: int64('2-4', { default: -1, ignorable: true }),
    topics: array(
      struct('OffsetCommitRequestTopic', {
        name: string('0-9', { default: '', ignorable: true, entityType: 'topicName' }),
        topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
        partitions: array(
          struct('OffsetCommitRequestPartition', {
            partitionIndex: int32('0+'),
            committedOffset: int64('0+'),
            committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
            committedMetadata: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type OffsetCommitRequest = Decoded<typeof offsetCommitRequest>;

export const offsetCommitResponse = message(
  { name: 'OffsetCommitResponse', kind: 'response', apiKey: 8, versions: '2-10', flexible: '8+' },
  {
    throttleTimeMs: int32('3+', { default: 0, ignorable: true }),
    topics: array(
      struct('OffsetCommitResponseTopic', {
        name: string('0-9', { default: '', ignorable: true, entityType: 'topicName' }),
        topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
        partitions: array(
          struct('OffsetCommitResponsePartition', {
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
export type OffsetCommitResponse = Decoded<typeof offsetCommitResponse>;
