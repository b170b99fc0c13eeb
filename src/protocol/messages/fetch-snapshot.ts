/** FetchSnapshot (API key 59). */
import { ZERO_UUID } from '../../base/uuid.ts';
import {
  array,
  type Decoded,
  int16,
  int32,
  int64,
  message,
  of,
  records,
  STRUCT_DEFAULT,
  string,
  struct,
  uint16,
  uuid,
} from '../schema.ts';

export const fetchSnapshotRequest = message(
  {
    name: 'FetchSnapshotRequest',
    kind: 'request',
    apiKey: 59,
    versions: '0-1',
    flexible: '0+',
    listeners: ['controller'],
  },
  {
    clusterId: string('0+', { nullable: '0+', tagged: '0+', tag: 0, default: null }),
    replicaId: int32('0+', { default: -1, entityType: 'brokerId' }),
    maxBytes: int32('0+', { default: 2147483647 }),
    topics: array(
      struct('TopicSnapshot', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionSnapshot', {
            partition: int32('0+'),
            currentLeaderEpoch: int32('0+'),
            snapshotId: of(
              struct('SnapshotId', {
                endOffset: int64('0+'),
                epoch: int32('0+'),
              }),
              '0+',
            ),
            position: int64('0+'),
            replicaDirectoryId: uuid('1+', { tagged: '1+', tag: 0, default: ZERO_UUID, ignorable: true }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type FetchSnapshotRequest = Decoded<typeof fetchSnapshotRequest>;

export const fetchSnapshotResponse = message(
  { name: 'FetchSnapshotResponse', kind: 'response', apiKey: 59, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+', { ignorable: true }),
    errorCode: int16('0+'),
    topics: array(
      struct('TopicSnapshot', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array(
          struct('PartitionSnapshot', {
            index: int32('0+'),
            errorCode: int16('0+'),
            snapshotId: of(
              struct('SnapshotId', {
                endOffset: int64('0+'),
                epoch: int32('0+'),
              }),
              '0+',
            ),
            currentLeader: of(
              struct('LeaderIdAndEpoch', {
                leaderId: int32('0+', { entityType: 'brokerId' }),
                leaderEpoch: int32('0+'),
              }),
              '0+',
              { tagged: '0+', tag: 0, default: STRUCT_DEFAULT },
            ),
            size: int64('0+'),
            position: int64('0+'),
            unalignedRecords: records('0+'),
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
export type FetchSnapshotResponse = Decoded<typeof fetchSnapshotResponse>;
