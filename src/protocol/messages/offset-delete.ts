/** OffsetDelete (API key 47). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const offsetDeleteRequest = message(
  { name: 'OffsetDeleteRequest', kind: 'request', apiKey: 47, versions: '0', flexible: 'none', listeners: ['broker'] },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array(
      struct('OffsetDeleteRequestTopic', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('OffsetDeleteRequestPartition', {
            partitionIndex: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type OffsetDeleteRequest = Decoded<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = message(
  { name: 'OffsetDeleteResponse', kind: 'response', apiKey: 47, versions: '0', flexible: 'none' },
  {
    errorCode: int16('0+'),
    throttleTimeMs: int32('0+', { ignorable: true }),
    topics: array(
      struct('OffsetDeleteResponseTopic', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('OffsetDeleteResponsePartition', {
            partitionIndex: int32('0+', { mapKey: true }),
            errorCode: int16('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type OffsetDeleteResponse = Decoded<typeof offsetDeleteResponse>;
