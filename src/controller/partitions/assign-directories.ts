/** AssignReplicasToDirs: a broker with several directories tells which one a replica is in. */
import type { Uuid } from '../../base/uuid.ts';
import { MV } from '../../metadata/features.ts';
import { type BrokerRegistration, isActive, metadataVersionOf } from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AssignReplicasToDirsRequest } from '../../protocol/messages/assign-replicas-to-dirs.ts';
import { checkBrokerEpoch } from '../brokers/heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { buildPartitionChange } from './change-builder.ts';
import { changeOptions, isOnlineDirectory, leaderAndIsrChanges, type TopicPartitionImage } from './leadership.ts';

export interface AssignedDirectory {
  readonly id: Uuid;
  readonly topics: readonly {
    readonly topicId: Uuid;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

interface Assignment {
  readonly broker: BrokerRegistration;
  readonly topicId: Uuid;
  readonly partitionIndex: number;
  readonly directory: Uuid;
}

interface Assigned {
  readonly one: TopicPartitionImage | null;
  readonly record: MetadataRecord | null;
  readonly errorCode: number;
}

function assignOne(context: OperationContext, assignment: Assignment): Assigned {
  const { image, config } = context;
  const { broker, topicId, partitionIndex, directory } = assignment;
  const brokerId = broker.id;
  const refuse = (errorCode: number): Assigned => ({ one: null, record: null, errorCode });
  const topic = image.topics.byId(topicId);
  if (topic === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_ID);
  const partition = topic.partitions[partitionIndex];
  if (partition === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (!partition.replicas.includes(brokerId)) return refuse(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  const one = { topic, partition };
  const options = changeOptions(image, config, one);
  const record = buildPartitionChange({
    ...options,
    directories: new Map([[brokerId, directory]]),
    // Nobody leads what was in a directory that is gone: found elsewhere it may lead again, and need not wait for the
    // next election as in Kafka.
    isAcceptableLeader: (id) =>
      options.isAcceptableLeader(id) || (id === brokerId && isActive(image, id) && broker.logDirs.includes(directory)),
  });
  return { one, record, errorCode: ErrorCode.NONE };
}

/** A replica that is in a directory which the broker does not have any more leads nothing and is in no ISR. */
export function assignReplicasToDirs(
  context: OperationContext,
  request: AssignReplicasToDirsRequest,
): OperationResult<AssignedDirectory[]> {
  const { image, config } = context;
  if (metadataVersionOf(image) < MV.directoryAssignment) {
    throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, 'Directory assignment is not supported yet.');
  }
  const { brokerId, brokerEpoch } = request;
  const broker = checkBrokerEpoch(image, brokerId, brokerEpoch);
  const records: MetadataRecord[] = [];
  const offline: TopicPartitionImage[] = [];
  const response = request.directories.map(({ id: directory, topics }) => ({
    id: directory,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => {
        const { one, record, errorCode } = assignOne(context, { broker, topicId, partitionIndex, directory });
        if (record !== null) records.push(record);
        if (one !== null && !isOnlineDirectory(broker, directory)) offline.push(one);
        return { partitionIndex, errorCode };
      }),
    })),
  }));
  records.push(...leaderAndIsrChanges(image, config, { brokerToRemove: brokerId }, offline));
  return { records, response, isDivisible: true };
}
