/** InitializeShareGroupState (API key 83). */
import { array, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const initializeShareGroupStateRequest = message(
  {
    name: 'InitializeShareGroupStateRequest',
    kind: 'request',
    apiKey: 83,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+'),
    topics: array(
      struct('InitializeStateData', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionData', {
            partition: int32('0+'),
            stateEpoch: int32('0+'),
            startOffset: int64('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupStateRequest>;

export const initializeShareGroupStateResponse = message(
  { name: 'InitializeShareGroupStateResponse', kind: 'response', apiKey: 83, versions: '0', flexible: '0+' },
  {
    results: array(
      struct('InitializeStateResult', {
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
export type InitializeShareGroupStateResponse = Decoded<typeof initializeShareGroupStateResponse>;
