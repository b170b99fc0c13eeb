/** Records of __consumer_offsets about streams groups. */
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
  string,
  struct,
  uint16,
} from '../schema.ts';

export const streamsGroupMetadataKey = message(
  { name: 'StreamsGroupMetadataKey', kind: 'coordinator-key', apiKey: 17, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupMetadataKey = Decoded<typeof streamsGroupMetadataKey>;

const streamsGroupMetadataValueLastAssignmentConfig = struct('LastAssignmentConfig', {
  key: string('0+'),
  value: string('0+'),
});

export const streamsGroupMetadataValue = message(
  { name: 'StreamsGroupMetadataValue', kind: 'coordinator-value', apiKey: 17, versions: '0', flexible: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: bigint64('0+'),
    validatedTopologyEpoch: int32('0+', { tagged: '0+', tag: 0, default: -1 }),
    lastAssignmentConfigs: array(streamsGroupMetadataValueLastAssignmentConfig, '0+', {
      nullable: '0+',
      tagged: '0+',
      tag: 1,
      default: null,
    }),
  },
);
export type StreamsGroupMetadataValue = Decoded<typeof streamsGroupMetadataValue>;

export const streamsGroupMemberMetadataKey = message(
  { name: 'StreamsGroupMemberMetadataKey', kind: 'coordinator-key', apiKey: 19, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupMemberMetadataKey = Decoded<typeof streamsGroupMemberMetadataKey>;

const streamsGroupMemberMetadataValueEndpoint = struct('Endpoint', {
  host: string('0+'),
  port: uint16('0+'),
});

const streamsGroupMemberMetadataValueKeyValue = struct('KeyValue', {
  key: string('0+'),
  value: string('0+'),
});

export const streamsGroupMemberMetadataValue = message(
  { name: 'StreamsGroupMemberMetadataValue', kind: 'coordinator-value', apiKey: 19, versions: '0', flexible: '0+' },
  {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topologyEpoch: int32('0+'),
    processId: string('0+'),
    userEndpoint: of(streamsGroupMemberMetadataValueEndpoint, '0+', { nullable: '0+', default: null }),
    clientTags: array(streamsGroupMemberMetadataValueKeyValue, '0+'),
  },
);
export type StreamsGroupMemberMetadataValue = Decoded<typeof streamsGroupMemberMetadataValue>;

export const streamsGroupTargetAssignmentMetadataKey = message(
  {
    name: 'StreamsGroupTargetAssignmentMetadataKey',
    kind: 'coordinator-key',
    apiKey: 20,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupTargetAssignmentMetadataKey = Decoded<typeof streamsGroupTargetAssignmentMetadataKey>;

export const streamsGroupTargetAssignmentMetadataValue = message(
  {
    name: 'StreamsGroupTargetAssignmentMetadataValue',
    kind: 'coordinator-value',
    apiKey: 20,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tagged: '0+', tag: 0, default: 0, ignorable: true }),
  },
);
export type StreamsGroupTargetAssignmentMetadataValue = Decoded<typeof streamsGroupTargetAssignmentMetadataValue>;

export const streamsGroupTargetAssignmentMemberKey = message(
  {
    name: 'StreamsGroupTargetAssignmentMemberKey',
    kind: 'coordinator-key',
    apiKey: 21,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupTargetAssignmentMemberKey = Decoded<typeof streamsGroupTargetAssignmentMemberKey>;

const streamsGroupTargetAssignmentMemberValueTaskIds = struct('TaskIds', {
  subtopologyId: string('0+'),
  partitions: array('int32', '0+'),
});

export const streamsGroupTargetAssignmentMemberValue = message(
  {
    name: 'StreamsGroupTargetAssignmentMemberValue',
    kind: 'coordinator-value',
    apiKey: 21,
    versions: '0',
    flexible: '0+',
  },
  {
    activeTasks: array(streamsGroupTargetAssignmentMemberValueTaskIds, '0+'),
    standbyTasks: array(streamsGroupTargetAssignmentMemberValueTaskIds, '0+'),
    warmupTasks: array(streamsGroupTargetAssignmentMemberValueTaskIds, '0+'),
  },
);
export type StreamsGroupTargetAssignmentMemberValue = Decoded<typeof streamsGroupTargetAssignmentMemberValue>;

export const streamsGroupCurrentMemberAssignmentKey = message(
  {
    name: 'StreamsGroupCurrentMemberAssignmentKey',
    kind: 'coordinator-key',
    apiKey: 22,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupCurrentMemberAssignmentKey = Decoded<typeof streamsGroupCurrentMemberAssignmentKey>;

const streamsGroupCurrentMemberAssignmentValueTaskIds = struct('TaskIds', {
  subtopologyId: string('0+'),
  partitions: array('int32', '0+'),
  assignmentEpochs: array('int32', '0+', { nullable: '0+', tagged: '0+', tag: 0, default: null }),
});

export const streamsGroupCurrentMemberAssignmentValue = message(
  {
    name: 'StreamsGroupCurrentMemberAssignmentValue',
    kind: 'coordinator-value',
    apiKey: 22,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    activeTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
    standbyTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
    warmupTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
    activeTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
    standbyTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
    warmupTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds, '0+'),
  },
);
export type StreamsGroupCurrentMemberAssignmentValue = Decoded<typeof streamsGroupCurrentMemberAssignmentValue>;

export const streamsGroupTopologyKey = message(
  { name: 'StreamsGroupTopologyKey', kind: 'coordinator-key', apiKey: 23, versions: '0', flexible: 'none' },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupTopologyKey = Decoded<typeof streamsGroupTopologyKey>;

const streamsGroupTopologyValueTopicConfig = struct('TopicConfig', {
  key: string('0+'),
  value: string('0+'),
});

const streamsGroupTopologyValueTopicInfo = struct('TopicInfo', {
  name: string('0+'),
  partitions: int32('0+'),
  replicationFactor: int16('0+'),
  topicConfigs: array(streamsGroupTopologyValueTopicConfig, '0+'),
});

export const streamsGroupTopologyValue = message(
  { name: 'StreamsGroupTopologyValue', kind: 'coordinator-value', apiKey: 23, versions: '0', flexible: '0+' },
  {
    epoch: int32('0+'),
    subtopologies: array(
      struct('Subtopology', {
        subtopologyId: string('0+'),
        sourceTopics: array('string', '0+'),
        sourceTopicRegex: array('string', '0+'),
        stateChangelogTopics: array(streamsGroupTopologyValueTopicInfo, '0+'),
        repartitionSinkTopics: array('string', '0+'),
        repartitionSourceTopics: array(streamsGroupTopologyValueTopicInfo, '0+'),
        copartitionGroups: array(
          struct('CopartitionGroup', {
            sourceTopics: array('int16', '0+'),
            sourceTopicRegex: array('int16', '0+'),
            repartitionSourceTopics: array('int16', '0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type StreamsGroupTopologyValue = Decoded<typeof streamsGroupTopologyValue>;
