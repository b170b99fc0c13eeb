/** ConsumerGroupHeartbeat (API key 68). */
import { array, type Decoded, int16, int32, message, of, string, struct, uuid } from '../schema.ts';

export const consumerGroupHeartbeatRequest = message(
  {
    name: 'ConsumerGroupHeartbeatRequest',
    kind: 'request',
    apiKey: 68,
    versions: '0-1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    subscribedTopicNames: array('string', '0+', { nullable: '0+', default: null, entityType: 'topicName' }),
    subscribedTopicRegex: string('1+', { nullable: '1+', default: null }),
    serverAssignor: string('0+', { nullable: '0+', default: null }),
    topicPartitions: array(
      struct('TopicPartitions', {
        topicId: uuid('0+'),
        partitions: array('int32', '0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type ConsumerGroupHeartbeatRequest = Decoded<typeof consumerGroupHeartbeatRequest>;

const consumerGroupHeartbeatResponseTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  partitions: array('int32', '0+'),
});

export const consumerGroupHeartbeatResponse = message(
  { name: 'ConsumerGroupHeartbeatResponse', kind: 'response', apiKey: 68, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    assignment: of(
      struct('Assignment', {
        topicPartitions: array(consumerGroupHeartbeatResponseTopicPartitions, '0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type ConsumerGroupHeartbeatResponse = Decoded<typeof consumerGroupHeartbeatResponse>;
