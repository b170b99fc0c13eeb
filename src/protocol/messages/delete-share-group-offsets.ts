/** DeleteShareGroupOffsets (API key 92). */
import { array, type Decoded, int16, int32, message, string, struct, uuid } from '../schema.ts';

export const deleteShareGroupOffsetsRequest = message(
  {
    name: 'DeleteShareGroupOffsetsRequest',
    kind: 'request',
    apiKey: 92,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array(
      struct('DeleteShareGroupOffsetsRequestTopic', {
        topicName: string('0+', { entityType: 'topicName' }),
      }),
      '0+',
    ),
  },
);
export type DeleteShareGroupOffsetsRequest = Decoded<typeof deleteShareGroupOffsetsRequest>;

export const deleteShareGroupOffsetsResponse = message(
  { name: 'DeleteShareGroupOffsetsResponse', kind: 'response', apiKey: 92, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    responses: array(
      struct('DeleteShareGroupOffsetsResponseTopic', {
        topicName: string('0+', { entityType: 'topicName' }),
        topicId: uuid('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
      '0+',
    ),
  },
);
export type DeleteShareGroupOffsetsResponse = Decoded<typeof deleteShareGroupOffsetsResponse>;
