/** StreamsGroupHeartbeat (API key 88). */
import {
  array,
  bool,
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

const streamsGroupHeartbeatRequestEndpoint = struct('Endpoint', {
  host: string('0+'),
  port: uint16('0+'),
});

const streamsGroupHeartbeatRequestKeyValue = struct('KeyValue', {
  key: string('0+'),
  value: string('0+'),
});

const streamsGroupHeartbeatRequestTaskIds = struct('TaskIds', {
  subtopologyId: string('0+'),
  partitions: array('int32', '0+'),
});

const streamsGroupHeartbeatRequestTaskOffset = struct('TaskOffset', {
  subtopologyId: string('0+'),
  partition: int32('0+'),
  offset: int64('0+'),
});

const streamsGroupHeartbeatRequestTopicInfo = struct('TopicInfo', {
  name: string('0+', { entityType: 'topicName' }),
  partitions: int32('0+'),
  replicationFactor: int16('0+'),
  topicConfigs: array(streamsGroupHeartbeatRequestKeyValue, '0+'),
});

export const streamsGroupHeartbeatRequest = message(
  {
    name: 'StreamsGroupHeartbeatRequest',
    kind: 'request',
    apiKey: 88,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    endpointInformationEpoch: int32('0+'),
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topology: of(
      struct('Topology', {
        epoch: int32('0+'),
        subtopologies: array(
          struct('Subtopology', {
            subtopologyId: string('0+'),
            sourceTopics: array('string', '0+', { entityType: 'topicName' }),
            sourceTopicRegex: array('string', '0+'),
            stateChangelogTopics: array(streamsGroupHeartbeatRequestTopicInfo, '0+'),
            repartitionSinkTopics: array('string', '0+', { entityType: 'topicName' }),
            repartitionSourceTopics: array(streamsGroupHeartbeatRequestTopicInfo, '0+'),
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
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
    activeTasks: array(streamsGroupHeartbeatRequestTaskIds, '0+', { nullable: '0+', default: null }),
    standbyTasks: array(streamsGroupHeartbeatRequestTaskIds, '0+', { nullable: '0+', default: null }),
    warmupTasks: array(streamsGroupHeartbeatRequestTaskIds, '0+', { nullable: '0+', default: null }),
    processId: string('0+', { nullable: '0+', default: null }),
    userEndpoint: of(streamsGroupHeartbeatRequestEndpoint, '0+', { nullable: '0+', default: null }),
    clientTags: array(streamsGroupHeartbeatRequestKeyValue, '0+', { nullable: '0+', default: null }),
    taskOffsets: array(streamsGroupHeartbeatRequestTaskOffset, '0+', { nullable: '0+', default: null }),
    taskEndOffsets: array(streamsGroupHeartbeatRequestTaskOffset, '0+', { nullable: '0+', default: null }),
    shutdownApplication: bool('0+', { default: false }),
  },
);
export type StreamsGroupHeartbeatRequest = Decoded<typeof streamsGroupHeartbeatRequest>;

const streamsGroupHeartbeatResponseEndpoint = struct('Endpoint', {
  host: string('0+'),
  port: uint16('0+'),
});

const streamsGroupHeartbeatResponseStatus = struct('Status', {
  statusCode: int8('0+'),
  statusDetail: string('0+'),
});

const streamsGroupHeartbeatResponseTaskIds = struct('TaskIds', {
  subtopologyId: string('0+'),
  partitions: array('int32', '0+'),
});

const streamsGroupHeartbeatResponseTopicPartition = struct('TopicPartition', {
  topic: string('0+', { entityType: 'topicName' }),
  partitions: array('int32', '0+'),
});

export const streamsGroupHeartbeatResponse = message(
  { name: 'StreamsGroupHeartbeatResponse', kind: 'response', apiKey: 88, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    acceptableRecoveryLag: int32('0+'),
    taskOffsetIntervalMs: int32('0+'),
    status: array(streamsGroupHeartbeatResponseStatus, '0+', { nullable: '0+' }),
    activeTasks: array(streamsGroupHeartbeatResponseTaskIds, '0+', { nullable: '0+', default: null }),
    standbyTasks: array(streamsGroupHeartbeatResponseTaskIds, '0+', { nullable: '0+', default: null }),
    warmupTasks: array(streamsGroupHeartbeatResponseTaskIds, '0+', { nullable: '0+', default: null }),
    endpointInformationEpoch: int32('0+'),
    partitionsByUserEndpoint: array(
      struct('EndpointToPartitions', {
        userEndpoint: of(streamsGroupHeartbeatResponseEndpoint, '0+'),
        activePartitions: array(streamsGroupHeartbeatResponseTopicPartition, '0+'),
        standbyPartitions: array(streamsGroupHeartbeatResponseTopicPartition, '0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type StreamsGroupHeartbeatResponse = Decoded<typeof streamsGroupHeartbeatResponse>;
