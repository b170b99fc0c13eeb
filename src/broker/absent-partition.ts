/** What to answer for a partition that this broker does not host. A wire error code. */
import type { MetadataImage } from '../metadata/image.ts';
import { ErrorCode } from '../protocol/error-codes.ts';

export function absentPartitionError(image: MetadataImage, nodeId: number, topic: string, partition: number): number {
  const known = image.topics.partition(topic, partition);
  if (!known) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  // The image is shown only once all that it assigns here is hosted: what is not could not be opened.
  return known.replicas.includes(nodeId) ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}
