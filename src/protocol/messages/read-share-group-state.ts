/** ReadShareGroupState (API key 84). */
import { array, type Decoded, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const readShareGroupStateRequest = message(
  {
    name: 'ReadShareGroupStateRequest',
    kind: 'request',
    apiKey: 84,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+'),
    topics: array(
      struct('ReadStateData', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionData', {
            partition: int32('0+'),
            leaderEpoch: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ReadShareGroupStateRequest = Decoded<typeof readShareGroupStateRequest>;

export const readShareGroupStateResponse = message(
  { name: 'ReadShareGroupStateResponse', kind: 'response', apiKey: 84, versions: '0', flexible: '0+' },
  {
    results: array(
      struct('ReadStateResult', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionResult', {
            partition: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
            stateEpoch: int32('0+'),
            startOffset: int64('0+'),
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
export type ReadShareGroupStateResponse = Decoded<typeof readShareGroupStateResponse>;
