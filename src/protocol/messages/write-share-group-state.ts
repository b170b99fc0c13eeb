/** WriteShareGroupState (API key 85). */
import { array, type Decoded, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const writeShareGroupStateRequest = message(
  {
    name: 'WriteShareGroupStateRequest',
    kind: 'request',
    apiKey: 85,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+'),
    topics: array(
      struct('WriteStateData', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionData', {
            partition: int32('0+'),
            stateEpoch: int32('0+'),
            leaderEpoch: int32('0+'),
            startOffset: int64('0+'),
            deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
            stateBatches: array(
              struct('StateBatch', {
                firstOffset: int64('0+'),
                lastOffset: int64('0+'),
                deliveryState: int8('0+'),
                deliveryCount: int16('0+'),
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
export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupStateRequest>;

export const writeShareGroupStateResponse = message(
  { name: 'WriteShareGroupStateResponse', kind: 'response', apiKey: 85, versions: '0-1', flexible: '0+' },
  {
    results: array(
      struct('WriteStateResult', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionResult', {
            partition: int32('0+'),
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
export type WriteShareGroupStateResponse = Decoded<typeof writeShareGroupStateResponse>;
