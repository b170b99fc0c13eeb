/** EndQuorumEpoch (API key 54). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts';

export const endQuorumEpochRequest = message(
  {
    name: 'EndQuorumEpochRequest',
    kind: 'request',
    apiKey: 54,
    versions: '0-1',
    flexible: '1+',
    listeners: ['controller'],
  },
  {
    clusterId: string('0+', { nullable: '0+', default: null }),
    topics: array(
      struct('TopicData', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('0+'),
            preferredSuccessors: array('int32', '0', { default: [], ignorable: true }),
            preferredCandidates: array(
              struct('ReplicaInfo', {
                candidateId: int32('1+', { default: 0, entityType: 'brokerId' }),
                candidateDirectoryId: uuid('1+', { default: ZERO_UUID }),
              }),
              '1+',
              { default: [], ignorable: true },
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    leaderEndpoints: array(
      struct('LeaderEndpoint', {
        name: string('1+', { default: '', mapKey: true }),
        host: string('1+', { default: '' }),
        port: uint16('1+', { default: 0 }),
      }),
      '1+',
      { default: [], ignorable: true },
    ),
  },
);
export type EndQuorumEpochRequest = Decoded<typeof endQuorumEpochRequest>;

export const endQuorumEpochResponse = message(
  { name: 'EndQuorumEpochResponse', kind: 'response', apiKey: 54, versions: '0-1', flexible: '1+' },
  {
    errorCode: int16('0+'),
    topics: array(
      struct('TopicData', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    nodeEndpoints: array(
      struct('NodeEndpoint', {
        nodeId: int32('1+', { default: 0, mapKey: true, entityType: 'brokerId' }),
        host: string('1+', { default: '' }),
        port: uint16('1+', { default: 0 }),
      }),
      '1+',
      { tagged: '1+', tag: 0, default: [] },
    ),
  },
);
export type EndQuorumEpochResponse = Decoded<typeof endQuorumEpochResponse>;
