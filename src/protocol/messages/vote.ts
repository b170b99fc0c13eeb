/** Vote (API key 52). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, bool, type Decoded, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts';

export const voteRequest = message(
  { name: 'VoteRequest', kind: 'request', apiKey: 52, versions: '0-2', flexible: '0+', listeners: ['controller'] },
  {
    clusterId: string('0+', { nullable: '0+', default: null }),
    voterId: int32('1+', { default: -1, ignorable: true, entityType: 'brokerId' }),
    topics: array(
      struct('TopicData', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            replicaEpoch: int32('0+'),
            replicaId: int32('0+', { entityType: 'brokerId' }),
            replicaDirectoryId: uuid('1+', { default: ZERO_UUID, ignorable: true }),
            voterDirectoryId: uuid('1+', { default: ZERO_UUID, ignorable: true }),
            lastOffsetEpoch: int32('0+'),
            lastOffset: int64('0+'),
            preVote: bool('2+', { default: false }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type VoteRequest = Decoded<typeof voteRequest>;

export const voteResponse = message(
  { name: 'VoteResponse', kind: 'response', apiKey: 52, versions: '0-2', flexible: '0+' },
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
            voteGranted: bool('0+'),
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
export type VoteResponse = Decoded<typeof voteResponse>;
