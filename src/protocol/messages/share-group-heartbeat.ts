/** ShareGroupHeartbeat (API key 76). */
import { array, type Decoded, int16, int32, message, of, string, struct, uuid } from '../schema.ts';

export const shareGroupHeartbeatRequest = message(
  {
    name: 'ShareGroupHeartbeatRequest',
    kind: 'request',
    apiKey: 76,
    versions: '1',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    rackId: string('0+', { nullable: '0+', default: null }),
    subscribedTopicNames: array('string', '0+', { nullable: '0+', default: null, entityType: 'topicName' }),
  },
);
export type ShareGroupHeartbeatRequest = Decoded<typeof shareGroupHeartbeatRequest>;

const shareGroupHeartbeatResponseTopicPartitions = struct('TopicPartitions', {
  topicId: uuid('0+'),
  partitions: array('int32', '0+'),
});

export const shareGroupHeartbeatResponse = message(
  { name: 'ShareGroupHeartbeatResponse', kind: 'response', apiKey: 76, versions: '1', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    assignment: of(
      struct('Assignment', {
        topicPartitions: array(shareGroupHeartbeatResponseTopicPartitions, '0+'),
      }),
      '0+',
      { nullable: '0+', default: null },
    ),
  },
);
export type ShareGroupHeartbeatResponse = Decoded<typeof shareGroupHeartbeatResponse>;
