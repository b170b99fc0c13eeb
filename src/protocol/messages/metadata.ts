/** Metadata (API key 3). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, bool, type Decoded, int16, int32, message, string, struct, uuid } from '../schema.ts';

export const metadataRequest = message(
  { name: 'MetadataRequest', kind: 'request', apiKey: 3, versions: '0-13', flexible: '9+', listeners: ['broker'] },
  {
    topics: array(
      struct('MetadataRequestTopic', {
        topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
        name: string('0+', { nullable: '10+', entityType: 'topicName' }),
      }),
      '0+',
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10', { default: false }),
    includeTopicAuthorizedOperations: bool('8+', { default: false }),
  },
);
export type MetadataRequest = Decoded<typeof metadataRequest>;

export const metadataResponse = message(
  { name: 'MetadataResponse', kind: 'response', apiKey: 3, versions: '0-13', flexible: '9+' },
  {
    throttleTimeMs: int32('3+', { default: 0, ignorable: true }),
    brokers: array(
      struct('MetadataResponseBroker', {
        nodeId: int32('0+', { mapKey: true, entityType: 'brokerId' }),
        host: string('0+'),
        port: int32('0+'),
        rack: string('1+', { nullable: '1+', default: null, ignorable: true }),
      }),
      '0+',
    ),
    clusterId: string('2+', { nullable: '2+', default: null, ignorable: true }),
    controllerId: int32('1+', { default: -1, ignorable: true, entityType: 'brokerId' }),
    topics: array(
      struct('MetadataResponseTopic', {
        errorCode: int16('0+'),
        name: string('0+', { nullable: '12+', mapKey: true, entityType: 'topicName' }),
        topicId: uuid('10+', { default: ZERO_UUID, ignorable: true }),
        isInternal: bool('1+', { default: false, ignorable: true }),
        partitions: array(
          struct('MetadataResponsePartition', {
            errorCode: int16('0+'),
            partitionIndex: int32('0+'),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('7+', { default: -1, ignorable: true }),
            replicaNodes: array('int32', '0+', { entityType: 'brokerId' }),
            isrNodes: array('int32', '0+', { entityType: 'brokerId' }),
            offlineReplicas: array('int32', '5+', { default: [], ignorable: true, entityType: 'brokerId' }),
          }),
          '0+',
        ),
        topicAuthorizedOperations: int32('8+', { default: -2147483648 }),
      }),
      '0+',
    ),
    clusterAuthorizedOperations: int32('8-10', { default: -2147483648 }),
    errorCode: int16('13+', { default: 0, ignorable: true }),
  },
);
export type MetadataResponse = Decoded<typeof metadataResponse>;
