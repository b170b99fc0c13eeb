/** CreateTopics (API key 19). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, bool, type Decoded, int8, int16, int32, message, string, struct, uuid } from '../schema.ts';

export const createTopicsRequest = message(
  {
    name: 'CreateTopicsRequest',
    kind: 'request',
    apiKey: 19,
    versions: '2-7',
    flexible: '5+',
    listeners: ['broker', 'controller'],
  },
  {
    topics: array(
      struct('CreatableTopic', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        numPartitions: int32('0+'),
        replicationFactor: int16('0+'),
        assignments: array(
          struct('CreatableReplicaAssignment', {
            partitionIndex: int32('0+', { mapKey: true }),
            brokerIds: array('int32', '0+', { entityType: 'brokerId' }),
          }),
          '0+',
        ),
        configs: array(
          struct('CreatableTopicConfig', {
            name: string('0+', { mapKey: true }),
            value: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    timeoutMs: int32('0+', { default: 60000 }),
    validateOnly: bool('1+', { default: false }),
  },
);
export type CreateTopicsRequest = Decoded<typeof createTopicsRequest>;

export const createTopicsResponse = message(
  { name: 'CreateTopicsResponse', kind: 'response', apiKey: 19, versions: '2-7', flexible: '5+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array(
      struct('CreatableTopicResult', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        topicId: uuid('7+', { default: ZERO_UUID, ignorable: true }),
        errorCode: int16('0+'),
        errorMessage: string('1+', { nullable: '0+', ignorable: true }),
        topicConfigErrorCode: int16('5+', { tagged: '5+', tag: 0, default: 0, ignorable: true }),
        numPartitions: int32('5+', { default: -1, ignorable: true }),
        replicationFactor: int16('5+', { default: -1, ignorable: true }),
        configs: array(
          struct('CreatableTopicConfigs', {
            name: string('5+', { default: '' }),
            value: string('5+', { nullable: '5+', default: '' }),
            readOnly: bool('5+', { default: false }),
            configSource: int8('5+', { default: -1, ignorable: true }),
            isSensitive: bool('5+', { default: false }),
          }),
          '5+',
          { nullable: '5+', default: [], ignorable: true },
        ),
      }),
      '0+',
    ),
  },
);
export type CreateTopicsResponse = Decoded<typeof createTopicsResponse>;
