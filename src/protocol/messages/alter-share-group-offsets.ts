/** AlterShareGroupOffsets (API key 91). */
import { array, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const alterShareGroupOffsetsRequest = message(
  {
    name: 'AlterShareGroupOffsetsRequest',
    kind: 'request',
    apiKey: 91,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array(
      struct('AlterShareGroupOffsetsRequestTopic', {
        topicName: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('AlterShareGroupOffsetsRequestPartition', {
            partitionIndex: int32('0+'),
            startOffset: int64('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterShareGroupOffsetsRequest = Decoded<typeof alterShareGroupOffsetsRequest>;

export const alterShareGroupOffsetsResponse = message(
  { name: 'AlterShareGroupOffsetsResponse', kind: 'response', apiKey: 91, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    responses: array(
      struct('AlterShareGroupOffsetsResponseTopic', {
        topicName: string('0+', { mapKey: true, entityType: 'topicName' }),
        topicId: uuid('0+'),
        partitions: array(
          struct('AlterShareGroupOffsetsResponsePartition', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type AlterShareGroupOffsetsResponse = Decoded<typeof alterShareGroupOffsetsResponse>;
