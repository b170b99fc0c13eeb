/** DescribeShareGroupOffsets (API key 90). */
import { array, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const describeShareGroupOffsetsRequest = message(
  {
    name: 'DescribeShareGroupOffsetsRequest',
    kind: 'request',
    apiKey: 90,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groups: array(
      struct('DescribeShareGroupOffsetsRequestGroup', {
        groupId: string('0+', { entityType: 'groupId' }),
        topics: array(
          struct('DescribeShareGroupOffsetsRequestTopic', {
            topicName: string('0+', { entityType: 'topicName' }),
            partitions: array('int32', '0+'),
          }),
          '0+',
          { nullable: '0+' },
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeShareGroupOffsetsRequest = Decoded<typeof describeShareGroupOffsetsRequest>;

export const describeShareGroupOffsetsResponse = message(
  { name: 'DescribeShareGroupOffsetsResponse', kind: 'response', apiKey: 90, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    groups: array(
      struct('DescribeShareGroupOffsetsResponseGroup', {
        groupId: string('0+', { entityType: 'groupId' }),
        topics: array(
          struct('DescribeShareGroupOffsetsResponseTopic', {
            topicName: string('0+', { entityType: 'topicName' }),
            topicId: uuid('0+'),
            partitions: array(
              struct('DescribeShareGroupOffsetsResponsePartition', {
                partitionIndex: int32('0+'),
                startOffset: int64('0+'),
                leaderEpoch: int32('0+'),
                lag: int64('1+', { default: -1, ignorable: true }),
                errorCode: int16('0+'),
                errorMessage: string('0+', { nullable: '0+', default: null }),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
      '0+',
    ),
  },
);
export type DescribeShareGroupOffsetsResponse = Decoded<typeof describeShareGroupOffsetsResponse>;
