/** OffsetFetch (API key 9). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, bool, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const offsetFetchRequest = message(
  { name: 'OffsetFetchRequest', kind: 'request', apiKey: 9, versions: '1-10', flexible: '6+', listeners: ['broker'] },
  {
    groupId: string('0-7', { default: '', entityType: 'groupId' }),
    topics: array(
      struct('OffsetFetchRequestTopic', {
        name: string('0-7', { default: '', entityType: 'topicName' }),
        partitionIndexes: array('int32', '0-7', { default: [] }),
      }),
      '0-7',
      { nullable: '2-7', default: [] },
    ),
    groups: array(
      struct('OffsetFetchRequestGroup', {
        groupId: string('8+', { default: '', entityType: 'groupId' }),
        memberId: string('9+', { nullable: '9+', default: null, ignorable: true }),
        memberEpoch: int32('9+', { default: -1, ignorable: true }),
        topics: array(
          struct('OffsetFetchRequestTopics', {
            name: string('8-9', { default: '', ignorable: true, entityType: 'topicName' }),
            topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
            partitionIndexes: array('int32', '8+', { default: [] }),
          }),
          '8+',
          { nullable: '8+', default: [] },
        ),
      }),
      '8+',
      { default: [] },
    ),
    requireStable: bool('7+', { default: false }),
  },
);
export type OffsetFetchRequest = Decoded<typeof offsetFetchRequest>;

export const offsetFetchResponse = message(
  { name: 'OffsetFetchResponse', kind: 'response', apiKey: 9, versions: '1-10', flexible: '6+' },
  {
    throttleTimeMs: int32('3+', { default: 0, ignorable: true }),
    topics: array(
      struct('OffsetFetchResponseTopic', {
        name: string('0-7', { default: '', entityType: 'topicName' }),
        partitions: array(
          struct('OffsetFetchResponsePartition', {
            partitionIndex: int32('0-7', { default: 0 }),
            committedOffset: int64('0-7', { default: 0 }),
            committedLeaderEpoch: int32('5-7', { default: -1, ignorable: true }),
            metadata: string('0-7', { nullable: '0-7', default: '' }),
            errorCode: int16('0-7', { default: 0 }),
          }),
          '0-7',
          { default: [] },
        ),
      }),
      '0-7',
      { default: [] },
    ),
    errorCode: int16('2-7', { default: 0, ignorable: true }),
    groups: array(
      struct('OffsetFetchResponseGroup', {
        groupId: string('8+', { default: '', entityType: 'groupId' }),
        topics: array(
          struct('OffsetFetchResponseTopics', {
            name: string('8-9', { default: '', ignorable: true, entityType: 'topicName' }),
            topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
            partitions: array(
              struct('OffsetFetchResponsePartitions', {
                partitionIndex: int32('8+', { default: 0 }),
                committedOffset: int64('8+', { default: 0 }),
                committedLeaderEpoch: int32('8+', { default: -1, ignorable: true }),
                metadata: string('8+', { nullable: '8+', default: '' }),
                errorCode: int16('8+', { default: 0 }),
              }),
              '8+',
              { default: [] },
            ),
          }),
          '8+',
          { default: [] },
        ),
        errorCode: int16('8+', { default: 0 }),
      }),
      '8+',
      { default: [] },
    ),
  },
);
export type OffsetFetchResponse = Decoded<typeof offsetFetchResponse>;
