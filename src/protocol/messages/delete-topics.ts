/** DeleteTopics (API key 20). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, message, string, struct, uuid } from '../schema.ts';

export const deleteTopicsRequest = message(
  {
    name: 'DeleteTopicsRequest',
    kind: 'request',
    apiKey: 20,
    versions: '1-6',
    flexible: '4+',
    listeners: ['broker', 'controller'],
  },
  {
    topics: array(
      struct('DeleteTopicState', {
        name: string('6+', { nullable: '6+', default: null, entityType: 'topicName' }),
        topicId: uuid('6+', { default: ZERO_UUID }),
      }),
      '6+',
      { default: [] },
    ),
    topicNames: array('string', '0-5', { default: [], ignorable: true, entityType: 'topicName' }),
    timeoutMs: int32('0+'),
  },
);
export type DeleteTopicsRequest = Decoded<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = message(
  { name: 'DeleteTopicsResponse', kind: 'response', apiKey: 20, versions: '1-6', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    responses: array(
      struct('DeletableTopicResult', {
        name: string('0+', { nullable: '6+', mapKey: true, entityType: 'topicName' }),
        topicId: uuid('6+', { default: ZERO_UUID, ignorable: true }),
        errorCode: int16('0+'),
        errorMessage: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
      '0+',
    ),
  },
);
export type DeleteTopicsResponse = Decoded<typeof deleteTopicsResponse>;
