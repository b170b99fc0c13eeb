/** Records of __consumer_offsets: offsets, and groups of the classic and the consumer protocol. */
import { ZERO_UUID } from '../../base/uuid.ts';
import {
  array,
  bigint64,
  bytes,
  type Decoded,
  int8,
  int32,
  int64,
  message,
  of,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const legacyOffsetCommitKey = message(
  { name: 'LegacyOffsetCommitKey', kind: 'coordinator-key', apiKey: 0, versions: '0', flexible: 'none' },
  {
    group: string('0'),
    topic: string('0'),
    partition: int32('0'),
  },
);
export type LegacyOffsetCommitKey = Decoded<typeof legacyOffsetCommitKey>;

export const legacyOffsetCommitValue = message(
  { name: 'LegacyOffsetCommitValue', kind: 'coordinator-value', apiKey: 0, versions: '0', flexible: 'none' },
  {
    offset: int64('0'),
    metadata: string('0'),
    commitTimestamp: int64('0'),
  },
);
export type LegacyOffsetCommitValue = Decoded<typeof legacyOffsetCommitValue>;

export const offsetCommitKey = message(
  { name: 'OffsetCommitKey', kind: 'coordinator-key', apiKey: 1, versions: '0', flexible: 'none' },
  {
    group: string('0'),
    topic: string('0'),
    partition: int32('0'),
  },
);
export type OffsetCommitKey = Decoded<typeof offsetCommitKey>;

export const offsetCommitValue = message(
  { name: 'OffsetCommitValue', kind: 'coordinator-value', apiKey: 1, versions: '0-4', flexible: '4+' },
  {
    offset: int64('0+'),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
    expireTimestamp: int64('1', { default: -1, ignorable: true }),
    topicId: uuid('4+', { tagged: '4+', tag: 0, default: ZERO_UUID, ignorable: true }),
  },
);
export type OffsetCommitValue = Decoded<typeof offsetCommitValue>;

export const groupMetadataKey = message(
  { name: 'GroupMetadataKey', kind: 'coordinator-key', apiKey: 2, versions: '0', flexible: 'none' },
  {
    group: string('0'),
  },
);
export type GroupMetadataKey = Decoded<typeof groupMetadataKey>;

const groupMetadataValueMemberMetadata = struct('MemberMetadata', {
  memberId: string('0+'),
  groupInstanceId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  clientId: string('0+'),
  clientHost: string('0+'),
  rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
  sessionTimeout: int32('0+'),
  subscription: bytes('0+'),
  assignment: bytes('0+'),
});

export const groupMetadataValue = message(
  { name: 'GroupMetadataValue', kind: 'coordinator-value', apiKey: 2, versions: '0-4', flexible: '4+' },
  {
    protocolType: string('0+'),
    generation: int32('0+'),
    protocol: string('0+', { nullable: '0+' }),
    leader: string('0+', { nullable: '0+' }),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: array(groupMetadataValueMemberMetadata, '0+'),
  },
);
export type GroupMetadataValue = Decoded<typeof groupMetadataValue>;

export const consumerGroupMetadataKey = message(
  { name: 'ConsumerGroupMetadataKey', kind: 'coordinator-key', apiKey: 3, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupMetadataKey = Decoded<typeof consumerGroupMetadataKey>;

export const consumerGroupMetadataValue = message(
  { name: 'ConsumerGroupMetadataValue', kind: 'coordinator-value', apiKey: 3, versions: '0', flexible: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: bigint64('0+', { tagged: '0+', tag: 0, default: 0n }),
  },
);
export type ConsumerGroupMetadataValue = Decoded<typeof consumerGroupMetadataValue>;

export const consumerGroupPartitionMetadataKey = message(
  { name: 'ConsumerGroupPartitionMetadataKey', kind: 'coordinator-key', apiKey: 4, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupPartitionMetadataKey = Decoded<typeof consumerGroupPartitionMetadataKey>;

export const consumerGroupPartitionMetadataValue = message(
  { name: 'ConsumerGroupPartitionMetadataValue', kind: 'coordinator-value', apiKey: 4, versions: '0', flexible: '0+' },
  {
    topics: array(
      struct('TopicMetadata', {
        topicId: uuid('0+'),
        topicName: string('0+'),
        numPartitions: int32('0+'),
        partitionMetadata: array(
          struct('PartitionMetadata', {
            partition: int32('0+'),
            racks: array('string', '0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ConsumerGroupPartitionMetadataValue = Decoded<typeof consumerGroupPartitionMetadataValue>;

export const consumerGroupMemberMetadataKey = message(
  { name: 'ConsumerGroupMemberMetadataKey', kind: 'coordinator-key', apiKey: 5, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupMemberMetadataKey = Decoded<typeof consumerGroupMemberMetadataKey>;

export const consumerGroupMemberMetadataValue = message(
  { name: 'ConsumerGroupMemberMetadataValue', kind: 'coordinator-value', apiKey: 5, versions: '0', flexible: '0+' },
  {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('string', '0+'),
    subscribedTopicRegex: string('0+', { nullable: '0+' }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    serverAssignor: string('0+', { nullable: '0+' }),
    classicMemberMetadata: of(
      struct('ClassicMemberMetadata', {
        sessionTimeoutMs: int32('0+'),
        supportedProtocols: array(
          struct('ClassicProtocol', {
            name: string('0+'),
            metadata: bytes('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
      { nullable: '0+', tagged: '0+', tag: 0, default: null },
    ),
  },
);
export type ConsumerGroupMemberMetadataValue = Decoded<typeof consumerGroupMemberMetadataValue>;

export const consumerGroupTargetAssignmentMetadataKey = message(
  {
    name: 'ConsumerGroupTargetAssignmentMetadataKey',
    kind: 'coordinator-key',
    apiKey: 6,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupTargetAssignmentMetadataKey = Decoded<typeof consumerGroupTargetAssignmentMetadataKey>;

export const consumerGroupTargetAssignmentMetadataValue = message(
  {
    name: 'ConsumerGroupTargetAssignmentMetadataValue',
    kind: 'coordinator-value',
    apiKey: 6,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tagged: '0+', tag: 0, default: 0, ignorable: true }),
  },
);
export type ConsumerGroupTargetAssignmentMetadataValue = Decoded<typeof consumerGroupTargetAssignmentMetadataValue>;

export const consumerGroupTargetAssignmentMemberKey = message(
  {
    name: 'ConsumerGroupTargetAssignmentMemberKey',
    kind: 'coordinator-key',
    apiKey: 7,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupTargetAssignmentMemberKey = Decoded<typeof consumerGroupTargetAssignmentMemberKey>;

export const consumerGroupTargetAssignmentMemberValue = message(
  {
    name: 'ConsumerGroupTargetAssignmentMemberValue',
    kind: 'coordinator-value',
    apiKey: 7,
    versions: '0',
    flexible: '0+',
  },
  {
    topicPartitions: array(
      struct('TopicPartition', {
        topicId: uuid('0+'),
        partitions: array('int32', '0+'),
      }),
      '0+',
    ),
  },
);
export type ConsumerGroupTargetAssignmentMemberValue = Decoded<typeof consumerGroupTargetAssignmentMemberValue>;

export const consumerGroupCurrentMemberAssignmentKey = message(
  {
    name: 'ConsumerGroupCurrentMemberAssignmentKey',
    kind: 'coordinator-key',
    apiKey: 8,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupCurrentMemberAssignmentKey = Decoded<typeof consumerGroupCurrentMemberAssignmentKey>;

const consumerGroupCurrentMemberAssignmentValueTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  partitions: array('int32', '0+'),
  assignmentEpochs: array('int32', '0+', { nullable: '0+', tagged: '0+', tag: 0, default: null }),
});

export const consumerGroupCurrentMemberAssignmentValue = message(
  {
    name: 'ConsumerGroupCurrentMemberAssignmentValue',
    kind: 'coordinator-value',
    apiKey: 8,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array(consumerGroupCurrentMemberAssignmentValueTopicPartitions, '0+'),
    partitionsPendingRevocation: array(consumerGroupCurrentMemberAssignmentValueTopicPartitions, '0+'),
  },
);
export type ConsumerGroupCurrentMemberAssignmentValue = Decoded<typeof consumerGroupCurrentMemberAssignmentValue>;

export const consumerGroupRegularExpressionKey = message(
  { name: 'ConsumerGroupRegularExpressionKey', kind: 'coordinator-key', apiKey: 16, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    regularExpression: string('0'),
  },
);
export type ConsumerGroupRegularExpressionKey = Decoded<typeof consumerGroupRegularExpressionKey>;

export const consumerGroupRegularExpressionValue = message(
  { name: 'ConsumerGroupRegularExpressionValue', kind: 'coordinator-value', apiKey: 16, versions: '0', flexible: '0+' },
  {
    topics: array('string', '0+'),
    version: int64('0+'),
    timestamp: int64('0+'),
  },
);
export type ConsumerGroupRegularExpressionValue = Decoded<typeof consumerGroupRegularExpressionValue>;
