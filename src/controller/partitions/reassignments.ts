/** AlterPartitionReassignments and ListPartitionReassignments (KIP-455). */
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/image.ts';
import { isReassigning } from '../../metadata/partition.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AlterPartitionReassignmentsRequest } from '../../protocol/messages/alter-partition-reassignments.ts';
import type { ListPartitionReassignmentsRequest } from '../../protocol/messages/list-partition-reassignments.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { checkManualAssignment } from '../topics/new-partitions.ts';
import { buildPartitionChange } from './change-builder.ts';
import { changeOptions, permittedElection } from './leadership.ts';

export interface ReassignedTopic {
  readonly name: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

interface Change {
  readonly context: OperationContext;
  readonly topic: TopicImage;
  readonly partition: PartitionImage;
}

/** Back to where the reassignment began: those that were being added go, those on their way out stay. */
function cancel({ context, topic, partition }: Change): MetadataRecord | null {
  const { image, config } = context;
  if (!isReassigning(partition)) {
    throw new KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, 'No partition reassignment is in progress.');
  }
  const replicas = partition.replicas.filter((id) => !partition.adding.includes(id));
  const [first] = replicas;
  if (first === undefined) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'Invalid replica assignment: addingReplicas contains all replicas.',
    );
  }
  const isr = partition.isr.filter((id) => !partition.adding.includes(id));
  const election = permittedElection(image, config, topic);
  if (isr.length === 0 && election !== 'unclean') {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Unable to revert partition assignment for ${topic.name}:${partition.partitionId} because it would require an ` +
        'unclean leader election.',
    );
  }
  return buildPartitionChange({
    ...changeOptions(image, config, { topic, partition }),
    election,
    targetReplicas: replicas,
    targetIsr: isr.length === 0 ? [first] : isr,
    targetAdding: [],
    targetRemoving: [],
  });
}

const ascending = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

/**
 * Also over one that is under way: then what is there now, of the old plan or the new one, counts as the beginning. Of
 * the old plan only those additions stay that the new one wants as well. Kafka keeps the others too, if the new plan
 * adds nobody, and then waits for them without end.
 */
function begin({ context, topic, partition }: Change, target: readonly number[]): MetadataRecord | null {
  const removing = ascending(partition.replicas.filter((id) => !target.includes(id)));
  const adding = ascending(target.filter((id) => !partition.replicas.includes(id)));
  return buildPartitionChange({
    ...changeOptions(context.image, context.config, { topic, partition }),
    targetReplicas: [...target, ...removing],
    targetAdding: adding.length > 0 ? adding : partition.adding.filter((id) => target.includes(id)),
    targetRemoving: removing,
  });
}

/** How many replicas the partition has, or will have when what is under way is done. */
function replicationFactorOf(partition: PartitionImage): number {
  return partition.replicas.filter((id) => !partition.removing.includes(id)).length;
}

function reassign(
  context: OperationContext,
  name: string,
  partitionId: number,
  replicas: readonly number[] | null,
  allowRfChange: boolean,
): MetadataRecord | null {
  const topic = context.image.topics.byName(name);
  const partition = topic?.partitions[partitionId];
  if (topic === undefined || partition === undefined) {
    const message =
      topic === undefined
        ? `Unable to find a topic named ${name}.`
        : `Unable to find partition ${name}:${partitionId}.`;
    throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
  }
  const change = { context, topic, partition };
  if (replicas === null) return cancel(change);
  checkManualAssignment(context.image, replicas, null);
  const current = replicationFactorOf(partition);
  if (!allowRfChange && replicas.length !== current) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `The replication factor is changed from ${current} to ${replicas.length}`,
    );
  }
  return begin(change, replicas);
}

export function alterPartitionReassignments(
  context: OperationContext,
  request: AlterPartitionReassignmentsRequest,
): OperationResult<ReassignedTopic[]> {
  const records: MetadataRecord[] = [];
  const response = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => {
      try {
        const record = reassign(context, name, partitionIndex, replicas, request.allowReplicationFactorChange);
        if (record !== null) records.push(record);
        return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null };
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        return { partitionIndex, errorCode: error.code, errorMessage: error.message };
      }
    }),
  }));
  return { records, response };
}

export interface OngoingTopic {
  readonly name: string;
  readonly partitions: {
    readonly partitionIndex: number;
    readonly replicas: readonly number[];
    readonly addingReplicas: readonly number[];
    readonly removingReplicas: readonly number[];
  }[];
}

export function listPartitionReassignments(
  image: MetadataImage,
  request: ListPartitionReassignmentsRequest,
): OngoingTopic[] {
  const asked =
    request.topics ??
    [...image.topics.values()].map((topic) => ({
      name: topic.name,
      partitionIndexes: topic.partitions.map((partition) => partition.partitionId),
    }));
  const found: OngoingTopic[] = [];
  for (const { name, partitionIndexes } of asked) {
    const partitions = partitionIndexes
      .map((index) => image.topics.partition(name, index))
      .filter((partition) => partition !== undefined && isReassigning(partition))
      .map((partition) => ({
        partitionIndex: (partition as PartitionImage).partitionId,
        replicas: (partition as PartitionImage).replicas,
        addingReplicas: (partition as PartitionImage).adding,
        removingReplicas: (partition as PartitionImage).removing,
      }));
    if (partitions.length > 0) found.push({ name, partitions });
  }
  return found;
}
