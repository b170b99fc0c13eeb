/** StreamsGroupDescribe (API key 89). */
import { array, bool, type Decoded, int16, int32, int64, message, of, string, struct, uint16 } from '../schema.ts';

export const streamsGroupDescribeRequest = message(
  {
    name: 'StreamsGroupDescribeRequest',
    kind: 'request',
    apiKey: 89,
    versions: '0',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupIds: array('string', '0+', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
  },
);
export type StreamsGroupDescribeRequest = Decoded<typeof streamsGroupDescribeRequest>;

const streamsGroupDescribeResponseTaskIds = struct('TaskIds', {
  subtopologyId: string('0+'),
  partitions: array('int32', '0+'),
});

const streamsGroupDescribeResponseAssignment = struct('Assignment', {
  activeTasks: array(streamsGroupDescribeResponseTaskIds, '0+'),
  standbyTasks: array(streamsGroupDescribeResponseTaskIds, '0+'),
  warmupTasks: array(streamsGroupDescribeResponseTaskIds, '0+'),
});

const streamsGroupDescribeResponseEndpoint = struct('Endpoint', {
  host: string('0+'),
  port: uint16('0+'),
});

const streamsGroupDescribeResponseKeyValue = struct('KeyValue', {
  key: string('0+'),
  value: string('0+'),
});

const streamsGroupDescribeResponseTaskOffset = struct('TaskOffset', {
  subtopologyId: string('0+'),
  partition: int32('0+'),
  offset: int64('0+'),
});

const streamsGroupDescribeResponseTopicInfo = struct('TopicInfo', {
  name: string('0+', { entityType: 'topicName' }),
  partitions: int32('0+'),
  replicationFactor: int16('0+'),
  topicConfigs: array(streamsGroupDescribeResponseKeyValue, '0+'),
});

export const streamsGroupDescribeResponse = message(
  { name: 'StreamsGroupDescribeResponse', kind: 'response', apiKey: 89, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    groups: array(
      struct('DescribedGroup', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        groupId: string('0+', { entityType: 'groupId' }),
        groupState: string('0+'),
        groupEpoch: int32('0+'),
        assignmentEpoch: int32('0+'),
        topology: of(
          struct('Topology', {
            epoch: int32('0+'),
            subtopologies: array(
              struct('Subtopology', {
                subtopologyId: string('0+'),
                sourceTopics: array('string', '0+', { entityType: 'topicName' }),
                repartitionSinkTopics: array('string', '0+', { entityType: 'topicName' }),
                stateChangelogTopics: array(streamsGroupDescribeResponseTopicInfo, '0+'),
                repartitionSourceTopics: array(streamsGroupDescribeResponseTopicInfo, '0+'),
              }),
              '0+',
              { nullable: '0+', default: null },
            ),
          }),
          '0+',
          { nullable: '0+', default: null },
        ),
        members: array(
          struct('Member', {
            memberId: string('0+'),
            memberEpoch: int32('0+'),
            instanceId: string('0+', { nullable: '0+', default: null }),
            rackId: string('0+', { nullable: '0+', default: null }),
            clientId: string('0+'),
            clientHost: string('0+'),
            topologyEpoch: int32('0+'),
            processId: string('0+'),
            userEndpoint: of(streamsGroupDescribeResponseEndpoint, '0+', { nullable: '0+', default: null }),
            clientTags: array(streamsGroupDescribeResponseKeyValue, '0+'),
            taskOffsets: array(streamsGroupDescribeResponseTaskOffset, '0+'),
            taskEndOffsets: array(streamsGroupDescribeResponseTaskOffset, '0+'),
            assignment: of(streamsGroupDescribeResponseAssignment, '0+'),
            targetAssignment: of(streamsGroupDescribeResponseAssignment, '0+'),
            isClassic: bool('0+'),
          }),
          '0+',
        ),
        authorizedOperations: int32('0+', { default: -2147483648 }),
      }),
      '0+',
    ),
  },
);
export type StreamsGroupDescribeResponse = Decoded<typeof streamsGroupDescribeResponse>;
