/** AssignReplicasToDirs: a broker with several directories tells which one a replica is in. */
import { UNASSIGNED_DIR, type Uuid } from '../../base/uuid.ts';
import { MV } from '../../metadata/features.ts';
import { isActive, metadataVersionOf } from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AssignReplicasToDirsRequest } from '../../protocol/messages/assign-replicas-to-dirs.ts';
import { checkBrokerEpoch } from '../brokers/heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { buildPartitionChange } from './change-builder.ts';
import { changeOptions } from './leadership.ts';

export interface AssignedDirectory {
  readonly id: Uuid;
  readonly topics: readonly {
    readonly topicId: Uuid;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

interface Assignment {
  readonly brokerId: number;
  readonly topicId: Uuid;
  readonly partitionIndex: number;
  readonly directory: Uuid;
  /** The broker says that this directory works. */
  readonly isOnline: boolean;
}

function assignOne(
  context: OperationContext,
  assignment: Assignment,
): { readonly record: MetadataRecord | null; readonly errorCode: number } {
  const { image, config } = context;
  const { brokerId, topicId, partitionIndex, directory, isOnline } = assignment;
  const topic = image.topics.byId(topicId);
  if (topic === undefined) return { record: null, errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  const partition = topic.partitions[partitionIndex];
  if (partition === undefined) return { record: null, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  if (!partition.replicas.includes(brokerId)) return { record: null, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
  const options = changeOptions(image, config, { topic, partition });
  const record = buildPartitionChange({
    ...options,
    directories: new Map([[brokerId, directory]]),
    // A replica in a directory that is gone neither leads nor is in sync; one that is found elsewhere may lead again.
    isAcceptableLeader: (id) => (id === brokerId ? isOnline && isActive(image, id) : options.isAcceptableLeader(id)),
    ...(isOnline ? {} : { targetIsr: partition.isr.filter((id) => id !== brokerId) }),
  });
  return { record, errorCode: ErrorCode.NONE };
}

export function assignReplicasToDirs(
  context: OperationContext,
  request: AssignReplicasToDirsRequest,
): OperationResult<AssignedDirectory[]> {
  if (metadataVersionOf(context.image) < MV.directoryAssignment) {
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_VERSION,
      'Directory assignment is not supported yet with the current MetadataVersion.',
    );
  }
  const { brokerId, brokerEpoch } = request;
  const broker = checkBrokerEpoch(context.image, brokerId, brokerEpoch);
  const records: MetadataRecord[] = [];
  const response = request.directories.map(({ id: directory, topics }) => {
    const isOnline = directory === UNASSIGNED_DIR || broker.logDirs.includes(directory);
    return {
      id: directory,
      topics: topics.map(({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map(({ partitionIndex }) => {
          const { record, errorCode } = assignOne(context, { brokerId, topicId, partitionIndex, directory, isOnline });
          if (record !== null) records.push(record);
          return { partitionIndex, errorCode };
        }),
      })),
    };
  });
  return { records, response };
}
