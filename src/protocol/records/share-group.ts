/** Records of __consumer_offsets about share groups. */
import { array, bigint64, type Decoded, int8, int32, int64, message, string, struct, uuid } from '../schema.ts';

export const shareGroupMemberMetadataKey = message(
  { name: 'ShareGroupMemberMetadataKey', kind: 'coordinator-key', apiKey: 10, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupMemberMetadataKey = Decoded<typeof shareGroupMemberMetadataKey>;

export const shareGroupMemberMetadataValue = message(
  { name: 'ShareGroupMemberMetadataValue', kind: 'coordinator-value', apiKey: 10, versions: '0', flexible: '0+' },
  {
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('string', '0+'),
  },
);
export type ShareGroupMemberMetadataValue = Decoded<typeof shareGroupMemberMetadataValue>;

export const shareGroupMetadataKey = message(
  { name: 'ShareGroupMetadataKey', kind: 'coordinator-key', apiKey: 11, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type ShareGroupMetadataKey = Decoded<typeof shareGroupMetadataKey>;

export const shareGroupMetadataValue = message(
  { name: 'ShareGroupMetadataValue', kind: 'coordinator-value', apiKey: 11, versions: '0', flexible: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: bigint64('0+'),
  },
);
export type ShareGroupMetadataValue = Decoded<typeof shareGroupMetadataValue>;

export const shareGroupTargetAssignmentMetadataKey = message(
  {
    name: 'ShareGroupTargetAssignmentMetadataKey',
    kind: 'coordinator-key',
    apiKey: 12,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
  },
);
export type ShareGroupTargetAssignmentMetadataKey = Decoded<typeof shareGroupTargetAssignmentMetadataKey>;

export const shareGroupTargetAssignmentMetadataValue = message(
  {
    name: 'ShareGroupTargetAssignmentMetadataValue',
    kind: 'coordinator-value',
    apiKey: 12,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tagged: '0+', tag: 0, default: 0, ignorable: true }),
  },
);
export type ShareGroupTargetAssignmentMetadataValue = Decoded<typeof shareGroupTargetAssignmentMetadataValue>;

export const shareGroupTargetAssignmentMemberKey = message(
  { name: 'ShareGroupTargetAssignmentMemberKey', kind: 'coordinator-key', apiKey: 13, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupTargetAssignmentMemberKey = Decoded<typeof shareGroupTargetAssignmentMemberKey>;

export const shareGroupTargetAssignmentMemberValue = message(
  {
    name: 'ShareGroupTargetAssignmentMemberValue',
    kind: 'coordinator-value',
    apiKey: 13,
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
export type ShareGroupTargetAssignmentMemberValue = Decoded<typeof shareGroupTargetAssignmentMemberValue>;

export const shareGroupCurrentMemberAssignmentKey = message(
  {
    name: 'ShareGroupCurrentMemberAssignmentKey',
    kind: 'coordinator-key',
    apiKey: 14,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupCurrentMemberAssignmentKey = Decoded<typeof shareGroupCurrentMemberAssignmentKey>;

const shareGroupCurrentMemberAssignmentValueTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  partitions: array('int32', '0+'),
});

export const shareGroupCurrentMemberAssignmentValue = message(
  {
    name: 'ShareGroupCurrentMemberAssignmentValue',
    kind: 'coordinator-value',
    apiKey: 14,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array(shareGroupCurrentMemberAssignmentValueTopicPartitions, '0+'),
  },
);
export type ShareGroupCurrentMemberAssignmentValue = Decoded<typeof shareGroupCurrentMemberAssignmentValue>;

export const shareGroupStatePartitionMetadataKey = message(
  { name: 'ShareGroupStatePartitionMetadataKey', kind: 'coordinator-key', apiKey: 15, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type ShareGroupStatePartitionMetadataKey = Decoded<typeof shareGroupStatePartitionMetadataKey>;

const shareGroupStatePartitionMetadataValueTopicInfo = struct('TopicInfo', {
  topicId: uuid('0+'),
  topicName: string('0+'),
});

const shareGroupStatePartitionMetadataValueTopicPartitionsInfo = struct('TopicPartitionsInfo', {
  topicId: uuid('0+'),
  topicName: string('0+'),
  partitions: array('int32', '0+'),
});

export const shareGroupStatePartitionMetadataValue = message(
  {
    name: 'ShareGroupStatePartitionMetadataValue',
    kind: 'coordinator-value',
    apiKey: 15,
    versions: '0',
    flexible: '0+',
  },
  {
    initializingTopics: array(shareGroupStatePartitionMetadataValueTopicPartitionsInfo, '0+'),
    initializedTopics: array(shareGroupStatePartitionMetadataValueTopicPartitionsInfo, '0+'),
    deletingTopics: array(shareGroupStatePartitionMetadataValueTopicInfo, '0+'),
  },
);
export type ShareGroupStatePartitionMetadataValue = Decoded<typeof shareGroupStatePartitionMetadataValue>;
