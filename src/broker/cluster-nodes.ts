/** What Metadata and DescribeCluster say of the brokers, seen from one listener. */
import { LOST_DIR, MIGRATING_DIR, UNASSIGNED_DIR, type Uuid } from '../base/uuid.ts';
import type { BrokerRegistration, MetadataImage, PartitionImage, TopicImage } from '../metadata/image.ts';
import { ErrorCode } from '../protocol/error-codes.ts';

const INTERNAL_TOPICS = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state']);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/** The address of a broker on a listener; undefined when it has no such listener. */
export function endpointOf(broker: BrokerRegistration, listenerName: string) {
  return broker.endpoints.find((endpoint) => endpoint.name === listenerName);
}

/** Brokers that are not fenced, by id. */
export function aliveNodes(image: MetadataImage, listenerName: string) {
  const nodes: { nodeId: number; host: string; port: number; rack: string | null }[] = [];
  for (const broker of image.brokers.values()) {
    const endpoint = broker.fenced ? undefined : endpointOf(broker, listenerName);
    if (endpoint) nodes.push({ nodeId: broker.id, host: endpoint.host, port: endpoint.port, rack: broker.rack });
  }
  return nodes.sort((a, b) => a.nodeId - b.nodeId);
}

/** Replicas that nobody can read: their broker is fenced or has no such listener, or their directory is gone. */
function offlineReplicas(image: MetadataImage, partition: PartitionImage, listenerName: string): number[] {
  return partition.replicas.filter((id, i) => {
    const broker = image.brokers.get(id);
    if (!broker || broker.fenced || !endpointOf(broker, listenerName)) return true;
    return !isOnline(broker, partition.directories[i] ?? MIGRATING_DIR);
  });
}

/** A broker names its directories when it registers; what is not placed yet counts as online. */
function isOnline(broker: BrokerRegistration, directory: Uuid): boolean {
  if (directory === UNASSIGNED_DIR || directory === MIGRATING_DIR) return true;
  if (directory === LOST_DIR) return false;
  return broker.logDirs.length === 0 || broker.logDirs.includes(directory);
}

export interface PartitionAnswer {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/**
 * One partition as Metadata answers it, on one listener. A leader that cannot be reached on it is no leader; the error
 * that says so is older clients' only from version 6 on, and version 0 also complains of followers that do not run.
 */
export function partitionAnswer(
  image: MetadataImage,
  partition: PartitionImage,
  listenerName: string,
  version = NEWEST,
): PartitionAnswer {
  const leader = image.brokers.get(partition.leader);
  const endpoint = leader && !leader.fenced ? endpointOf(leader, listenerName) : undefined;
  let replicaNodes = partition.replicas;
  let isrNodes = partition.isr;
  if (version === 0) {
    replicaNodes = replicaNodes.filter((id) => isAlive(image, id, listenerName));
    isrNodes = isrNodes.filter((id) => isAlive(image, id, listenerName));
  }
  let errorCode: number = ErrorCode.NONE;
  if (!leader || leader.fenced) errorCode = ErrorCode.LEADER_NOT_AVAILABLE;
  else if (!endpoint) errorCode = version >= 6 ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.LEADER_NOT_AVAILABLE;
  const leaderId = errorCode === ErrorCode.NONE ? partition.leader : -1;
  const isShort = replicaNodes.length < partition.replicas.length || isrNodes.length < partition.isr.length;
  if (errorCode === ErrorCode.NONE && isShort) errorCode = ErrorCode.REPLICA_NOT_AVAILABLE;
  return {
    errorCode,
    partitionIndex: partition.partitionId,
    leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes,
    isrNodes,
    offlineReplicas: offlineReplicas(image, partition, listenerName),
  };
}

const NEWEST = 99;

function isAlive(image: MetadataImage, brokerId: number, listenerName: string): boolean {
  const broker = image.brokers.get(brokerId);
  return broker?.fenced === false && endpointOf(broker, listenerName) !== undefined;
}

/** Names in Kafka's order of answers to "all topics": that of its map is no order, so ours is by name. */
export function topicsByName(image: MetadataImage): TopicImage[] {
  return [...image.topics.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
