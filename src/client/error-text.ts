/** The sentences that Kafka's clients say for an error code that came without a message of its own. */
import { errorName } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const TEXT: Readonly<Record<number, string>> = {
  [-1]: 'The server experienced an unexpected error when processing the request.',
  1: 'The requested offset is not within the range of offsets maintained by the server.',
  2: 'This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise corrupt.',
  3: 'This server does not host this topic-partition.',
  5: 'There is no leader for this topic-partition as we are in the middle of a leadership election.',
  6: 'For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests intended for any replica, this error indicates that the broker is not a replica of the topic partition.',
  7: 'The request timed out.',
  8: 'The broker is not available.',
  9: 'The replica is not available for the requested topic-partition. Produce/Fetch requests and other requests intended only for the leader or follower return NOT_LEADER_OR_FOLLOWER if the broker is not a replica of the topic-partition.',
  10: 'The request included a message larger than the max message size the server will accept.',
  14: "The coordinator is loading and hence can't process requests.",
  15: 'The coordinator is not available.',
  16: 'This is not the correct coordinator.',
  17: 'The request attempted to perform an operation on an invalid topic.',
  19: 'Messages are rejected since there are fewer in-sync replicas than required.',
  22: 'Specified group generation id is not valid.',
  23: "The group member's supported protocols are incompatible with those of existing members or first group member tried to join with empty protocol type or empty protocol list.",
  24: 'The group id is invalid.',
  25: 'The coordinator is not aware of this member.',
  27: 'The group is rebalancing, so a rejoin is needed.',
  29: 'Topic authorization failed.',
  30: 'Group authorization failed.',
  31: 'Cluster authorization failed.',
  35: 'The version of API is not supported.',
  36: 'Topic with this name already exists.',
  37: 'Number of partitions is below 1.',
  38: 'Replication factor is below 1 or larger than the number of available brokers.',
  39: 'Replica assignment is invalid.',
  40: 'Configuration is invalid.',
  41: 'This is not the correct controller for this cluster.',
  42: 'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
  44: 'Request parameters do not satisfy the configured policy.',
  45: 'The broker received an out of order sequence number.',
  46: 'The broker received a duplicate sequence number.',
  56: 'Disk error when trying to access log file on the disk.',
  57: 'The user-specified log directory is not found in the broker config.',
  59: "This exception is raised by the broker if it could not locate the producer metadata associated with the producerId in question. This could happen if, for instance, the producer's records were deleted because their retention time had elapsed. Once the last records of the producerId are removed, the producer's metadata is removed from the broker, and future appends by the producer will return this exception.",
  60: 'A partition reassignment is in progress.',
  68: 'The group is not empty.',
  69: 'The group id does not exist.',
  73: 'Topic deletion is disabled.',
  74: 'The leader epoch in the request is older than the epoch on the broker.',
  75: 'The leader epoch in the request is newer than the epoch on the broker.',
  78: 'The requested offset is no longer available.',
  80: 'The preferred leader was not available.',
  82: 'The broker rejected this static consumer since another consumer with the same group.instance.id has registered with a different member.id.',
  83: 'Eligible topic partition leaders are not available.',
  84: 'Leader election not needed for topic partition.',
  85: 'No partition reassignment is in progress.',
  86: 'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.',
  87: 'This record has failed the validation on the broker and hence will be rejected.',
  100: 'This server does not host this topic ID.',
};

export function errorText(code: number): string {
  return TEXT[code] ?? errorName(code);
}

/** The error of a code; the broker's own message where there is one. */
export function toKafkaError(code: number, message?: string | null): KafkaError {
  return new KafkaError(code, message ? message : errorText(code));
}
