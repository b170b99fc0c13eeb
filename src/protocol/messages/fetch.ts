/** Fetch (API key 1). */
import { ZERO_UUID } from '../../base/uuid.ts';
import {
  array,
  bigint64,
  type Decoded,
  int8,
  int16,
  int32,
  int64,
  message,
  of,
  records,
  STRUCT_DEFAULT,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const fetchRequest = message(
  {
    name: 'FetchRequest',
    kind: 'request',
    apiKey: 1,
    versions: '4-18',
    flexible: '12+',
    listeners: ['broker', 'controller'],
  },
  {
    clusterId: string('12+', { nullable: '12+', tagged: '12+', tag: 0, default: null, ignorable: true }),
    replicaId: int32('0-14', { default: -1, entityType: 'brokerId' }),
    replicaState: of(
      struct('ReplicaState', {
        replicaId: int32('15+', { default: -1, entityType: 'brokerId' }),
        replicaEpoch: int64('15+', { default: -1 }),
      }),
      '15+',
      { tagged: '15+', tag: 1, default: STRUCT_DEFAULT },
    ),
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('3+', { default: 2147483647, ignorable: true }),
    isolationLevel: int8('4+', { default: 0, ignorable: true }),
    sessionId: int32('7+', { default: 0, ignorable: true }),
    sessionEpoch: int32('7+', { default: -1, ignorable: true }),
    topics: array(
      struct('FetchTopic', {
        topic: string('0-12', { default: '', ignorable: true, entityType: 'topicName' }),
        topicId: uuid('13+', { default: ZERO_UUID, ignorable: true }),
        partitions: array(
          struct('FetchPartition', {
            partition: int32('0+'),
            currentLeaderEpoch: int32('9+', { default: -1, ignorable: true }),
            fetchOffset: int64('0+'),
            lastFetchedEpoch: int32('12+', { default: -1 }),
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            partitionMaxBytes: int32('0+'),
            replicaDirectoryId: uuid('17+', { tagged: '17+', tag: 0, default: ZERO_UUID, ignorable: true }),
            highWatermark: bigint64('18+', { tagged: '18+', tag: 1, default: 9223372036854775807n, ignorable: true }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    forgottenTopicsData: array(
      struct('ForgottenTopic', {
        topic: string('7-12', { default: '', ignorable: true, entityType: 'topicName' }),
        topicId: uuid('13+', { default: ZERO_UUID, ignorable: true }),
        partitions: array('int32', '7+', { default: [] }),
      }),
      '7+',
      { default: [] },
    ),
    rackId: string('11+', { default: '', ignorable: true }),
  },
);
export type FetchRequest = Decoded<typeof fetchRequest>;

export const fetchResponse = message(
  { name: 'FetchResponse', kind: 'response', apiKey: 1, versions: '4-18', flexible: '12+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('7+', { default: 0, ignorable: true }),
    sessionId: int32('7+', { default: 0 }),
    responses: array(
      struct('FetchableTopicResponse', {
        topic: string('0-12', { default: '', ignorable: true, entityType: 'topicName' }),
        topicId: uuid('13+', { default: ZERO_UUID, ignorable: true }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            highWatermark: int64('0+'),
            lastStableOffset: int64('4+', { default: -1, ignorable: true }),
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            divergingEpoch: of(
              struct('EpochEndOffset', {
                epoch: int32('12+', { default: -1 }),
                endOffset: int64('12+', { default: -1 }),
              }),
              '12+',
              { tagged: '12+', tag: 0, default: STRUCT_DEFAULT },
            ),
            currentLeader: of(
              struct('LeaderIdAndEpoch', {
                leaderId: int32('12+', { default: -1, entityType: 'brokerId' }),
                leaderEpoch: int32('12+', { default: -1 }),
              }),
              '12+',
              { tagged: '12+', tag: 1, default: STRUCT_DEFAULT },
            ),
            snapshotId: of(
              struct('SnapshotId', {
                endOffset: int64('0+', { default: -1 }),
                epoch: int32('0+', { default: -1 }),
              }),
              '12+',
              { tagged: '12+', tag: 2, default: STRUCT_DEFAULT },
            ),
            abortedTransactions: array(
              struct('AbortedTransaction', {
                producerId: int64('4+', { entityType: 'producerId' }),
                firstOffset: int64('4+'),
              }),
              '4+',
              { nullable: '4+', ignorable: true },
            ),
            preferredReadReplica: int32('11+', { default: -1, entityType: 'brokerId' }),
            records: records('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    nodeEndpoints: array(
      struct('NodeEndpoint', {
        nodeId: int32('16+', { default: 0, mapKey: true, entityType: 'brokerId' }),
        host: string('16+', { default: '' }),
        port: int32('16+', { default: 0 }),
        rack: string('16+', { nullable: '16+', default: null }),
      }),
      '16+',
      { tagged: '16+', tag: 0, default: [] },
    ),
  },
);
export type FetchResponse = Decoded<typeof fetchResponse>;
