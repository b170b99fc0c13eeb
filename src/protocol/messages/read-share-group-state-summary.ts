/** ReadShareGroupStateSummary (API key 87). */
import { array, type Decoded, int16, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const readShareGroupStateSummaryRequest = message(
  {
    name: 'ReadShareGroupStateSummaryRequest',
    kind: 'request',
    apiKey: 87,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+'),
    topics: array(
      struct('ReadStateSummaryData', {
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
export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummaryRequest>;

export const readShareGroupStateSummaryResponse = message(
  { name: 'ReadShareGroupStateSummaryResponse', kind: 'response', apiKey: 87, versions: '0-1', flexible: '0+' },
  {
    results: array(
      struct('ReadStateSummaryResult', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionResult', {
            partition: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
            stateEpoch: int32('0+'),
            leaderEpoch: int32('0+'),
            startOffset: int64('0+'),
            deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ReadShareGroupStateSummaryResponse = Decoded<typeof readShareGroupStateSummaryResponse>;
