/** DescribeQuorum (API key 55). */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts';

export const describeQuorumRequest = message(
  {
    name: 'DescribeQuorumRequest',
    kind: 'request',
    apiKey: 55,
    versions: '0-2',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    topics: array(
      struct('TopicData', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeQuorumRequest = Decoded<typeof describeQuorumRequest>;

const describeQuorumResponseReplicaState = struct('ReplicaState', {
  replicaId: int32('0+', { entityType: 'brokerId' }),
  replicaDirectoryId: uuid('2+', { default: ZERO_UUID }),
  logEndOffset: int64('0+'),
  lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
});

export const describeQuorumResponse = message(
  { name: 'DescribeQuorumResponse', kind: 'response', apiKey: 55, versions: '0-2', flexible: '0+' },
  {
    errorCode: int16('0+'),
    errorMessage: string('2+', { nullable: '2+', default: '', ignorable: true }),
    topics: array(
      struct('TopicData', {
        topicName: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('2+', { nullable: '2+', default: '', ignorable: true }),
            leaderId: int32('0+', { entityType: 'brokerId' }),
            leaderEpoch: int32('0+'),
            highWatermark: int64('0+'),
            currentVoters: array(describeQuorumResponseReplicaState, '0+'),
            observers: array(describeQuorumResponseReplicaState, '0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    nodes: array(
      struct('Node', {
        nodeId: int32('2+', { default: 0, mapKey: true, entityType: 'brokerId' }),
        listeners: array(
          struct('Listener', {
            name: string('2+', { default: '', mapKey: true }),
            host: string('2+', { default: '' }),
            port: uint16('2+', { default: 0 }),
          }),
          '2+',
          { default: [] },
        ),
      }),
      '2+',
      { default: [] },
    ),
  },
);
export type DescribeQuorumResponse = Decoded<typeof describeQuorumResponse>;
