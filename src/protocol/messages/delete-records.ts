/** DeleteRecords (API key 21). */
import { array, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

export const deleteRecordsRequest = message(
  { name: 'DeleteRecordsRequest', kind: 'request', apiKey: 21, versions: '0-2', flexible: '2+', listeners: ['broker'] },
  {
    topics: array(
      struct('DeleteRecordsTopic', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('DeleteRecordsPartition', {
            partitionIndex: int32('0+'),
            offset: int64('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    timeoutMs: int32('0+'),
  },
);
export type DeleteRecordsRequest = Decoded<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = message(
  { name: 'DeleteRecordsResponse', kind: 'response', apiKey: 21, versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    topics: array(
      struct('DeleteRecordsTopicResult', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array(
          struct('DeleteRecordsPartitionResult', {
            partitionIndex: int32('0+', { mapKey: true }),
            lowWatermark: int64('0+'),
            errorCode: int16('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DeleteRecordsResponse = Decoded<typeof deleteRecordsResponse>;
