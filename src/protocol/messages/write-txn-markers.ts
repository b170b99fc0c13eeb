/** WriteTxnMarkers (API key 27). */
import { array, bool, type Decoded, int8, int16, int32, int64, message, string, struct } from '../schema.ts';

export const writeTxnMarkersRequest = message(
  {
    name: 'WriteTxnMarkersRequest',
    kind: 'request',
    apiKey: 27,
    versions: '1-2',
    flexible: '1+',
    listeners: ['broker'],
  },
  {
    markers: array(
      struct('WritableTxnMarker', {
        producerId: int64('0+', { entityType: 'producerId' }),
        producerEpoch: int16('0+'),
        transactionResult: bool('0+'),
        topics: array(
          struct('WritableTxnMarkerTopic', {
            name: string('0+', { entityType: 'topicName' }),
            partitionIndexes: array('int32', '0+'),
          }),
          '0+',
        ),
        coordinatorEpoch: int32('0+'),
        transactionVersion: int8('2+', { default: 0, ignorable: true }),
      }),
      '0+',
    ),
  },
);
export type WriteTxnMarkersRequest = Decoded<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = message(
  { name: 'WriteTxnMarkersResponse', kind: 'response', apiKey: 27, versions: '1-2', flexible: '1+' },
  {
    markers: array(
      struct('WritableTxnMarkerResult', {
        producerId: int64('0+', { entityType: 'producerId' }),
        topics: array(
          struct('WritableTxnMarkerTopicResult', {
            name: string('0+', { entityType: 'topicName' }),
            partitions: array(
              struct('WritableTxnMarkerPartitionResult', {
                partitionIndex: int32('0+'),
                errorCode: int16('0+'),
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
export type WriteTxnMarkersResponse = Decoded<typeof writeTxnMarkersResponse>;
