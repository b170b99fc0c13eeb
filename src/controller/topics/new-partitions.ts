/** New partitions: assignments given by hand or placed, checked in Kafka's order and words. */
import { isActive, type MetadataImage, NO_LEADER, type PartitionImage, RECOVERED } from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { defaultDirectory } from '../partitions/directories.ts';

/** The partition as it begins: in sync are those who live, led by the first of them. */
export function newPartition(
  image: MetadataImage,
  partitionId: number,
  replicas: readonly number[],
  isr: readonly number[],
): PartitionImage {
  return {
    partitionId,
    replicas,
    directories: replicas.map((id) => defaultDirectory(image, id)),
    isr,
    elr: [],
    lastKnownElr: [],
    adding: [],
    removing: [],
    leader: isr[0] ?? NO_LEADER,
    leaderRecoveryState: RECOVERED,
    leaderEpoch: 0,
    partitionEpoch: 0,
  };
}

export function activeOf(image: MetadataImage, replicas: readonly number[]): number[] {
  return replicas.filter((id) => isActive(image, id));
}

export function failFenced(replicationFactor: number): never {
  throw new KafkaError(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    `Unable to replicate the partition ${replicationFactor} time(s): ` +
      'All brokers are currently fenced or in controlled shutdown.',
  );
}

/** `replicationFactor`: that of the partitions before it; null for the first. */
export function checkManualAssignment(
  image: MetadataImage,
  replicas: readonly number[],
  replicationFactor: number | null,
): void {
  const refuse = (message: string): never => {
    throw new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  };
  if (replicas.length === 0) refuse('The manual partition assignment includes an empty replica list.');
  let previous: number | null = null;
  for (const id of [...replicas].sort((a, b) => a - b)) {
    if (!image.brokers.has(id)) {
      refuse(`The manual partition assignment includes broker ${id}, but no such broker is registered.`);
    }
    if (id === previous) refuse(`The manual partition assignment includes the broker ${id} more than once.`);
    previous = id;
  }
  if (replicationFactor !== null && replicas.length !== replicationFactor) {
    refuse(
      `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not ` +
        `consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
}
