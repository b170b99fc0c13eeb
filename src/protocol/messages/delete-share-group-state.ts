/** DeleteShareGroupState (API key 86). */
import { array, type Decoded, int16, int32, message, string, struct, uuid } from '../schema.ts';

export const deleteShareGroupStateRequest = message(
  {
    name: 'DeleteShareGroupStateRequest',
    kind: 'request',
    apiKey: 86,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+'),
    topics: array(
      struct('DeleteStateData', {
        topicId: uuid('0+'),
        partitions: array(
          struct('PartitionData', {
            partition: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupStateRequest>;

export const deleteShareGroupStateResponse = message(
  { name: 'DeleteShareGroupStateResponse', kind: 'response', apiKey: 86, versions: '0', flexible: '0+' },
  {
    results: array(
      struct('DeleteStateResult', {
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
export type DeleteShareGroupStateResponse = Decoded<typeof deleteShareGroupStateResponse>;
