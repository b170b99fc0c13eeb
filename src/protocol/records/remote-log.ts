/** Records of __remote_log_metadata, the topic of tiered storage. */
import { array, bool, bytes, type Decoded, int8, int32, int64, message, of, string, struct, uuid } from '../schema.ts';

export const remoteLogSegmentMetadataRecord = message(
  { name: 'RemoteLogSegmentMetadataRecord', kind: 'metadata', apiKey: 0, versions: '0', flexible: '0+' },
  {
    remoteLogSegmentId: of(
      struct('RemoteLogSegmentIdEntry', {
        topicIdPartition: of(
          struct('TopicIdPartitionEntry', { name: string('0+'), id: uuid('0+'), partition: int32('0+') }),
          '0+',
        ),
        id: uuid('0+'),
      }),
      '0+',
    ),
    startOffset: int64('0+'),
    endOffset: int64('0+'),
    brokerId: int32('0+'),
    maxTimestampMs: int64('0+'),
    eventTimestampMs: int64('0+'),
    segmentLeaderEpochs: array(
      struct('SegmentLeaderEpochEntry', { leaderEpoch: int32('0+'), offset: int64('0+') }),
      '0+',
    ),
    segmentSizeInBytes: int32('0+'),
    customMetadata: bytes('0+', { nullable: '0+', default: null }),
    remoteLogSegmentState: int8('0+'),
    txnIndexEmpty: bool('0+', { tagged: '0+', tag: 0, default: false }),
  },
);
export type RemoteLogSegmentMetadataRecord = Decoded<typeof remoteLogSegmentMetadataRecord>;

export const remoteLogSegmentMetadataUpdateRecord = message(
  { name: 'RemoteLogSegmentMetadataUpdateRecord', kind: 'metadata', apiKey: 1, versions: '0', flexible: '0+' },
  {
    remoteLogSegmentId: of(
      struct('RemoteLogSegmentIdEntry', {
        topicIdPartition: of(
          struct('TopicIdPartitionEntry', { name: string('0+'), id: uuid('0+'), partition: int32('0+') }),
          '0+',
        ),
        id: uuid('0+'),
      }),
      '0+',
    ),
    brokerId: int32('0+'),
    eventTimestampMs: int64('0+'),
    customMetadata: bytes('0+', { nullable: '0+', default: null }),
    remoteLogSegmentState: int8('0+'),
  },
);
export type RemoteLogSegmentMetadataUpdateRecord = Decoded<typeof remoteLogSegmentMetadataUpdateRecord>;

export const remotePartitionDeleteMetadataRecord = message(
  { name: 'RemotePartitionDeleteMetadataRecord', kind: 'metadata', apiKey: 2, versions: '0', flexible: '0+' },
  {
    topicIdPartition: of(
      struct('TopicIdPartitionEntry', { name: string('0+'), id: uuid('0+'), partition: int32('0+') }),
      '0+',
    ),
    brokerId: int32('0+'),
    eventTimestampMs: int64('0+'),
    remotePartitionDeleteState: int8('0+'),
  },
);
export type RemotePartitionDeleteMetadataRecord = Decoded<typeof remotePartitionDeleteMetadataRecord>;

export const remoteLogSegmentMetadataSnapshotRecord = message(
  { name: 'RemoteLogSegmentMetadataSnapshotRecord', kind: 'metadata', apiKey: 3, versions: '0', flexible: '0+' },
  {
    segmentId: uuid('0+'),
    startOffset: int64('0+'),
    endOffset: int64('0+'),
    brokerId: int32('0+'),
    maxTimestampMs: int64('0+'),
    eventTimestampMs: int64('0+'),
    segmentLeaderEpochs: array(
      struct('SegmentLeaderEpochEntry', { leaderEpoch: int32('0+'), offset: int64('0+') }),
      '0+',
    ),
    segmentSizeInBytes: int32('0+'),
    customMetadata: bytes('0+', { nullable: '0+', default: null }),
    remoteLogSegmentState: int8('0+'),
    txnIndexEmpty: bool('0+', { tagged: '0+', tag: 0, default: false }),
  },
);
export type RemoteLogSegmentMetadataSnapshotRecord = Decoded<typeof remoteLogSegmentMetadataSnapshotRecord>;
