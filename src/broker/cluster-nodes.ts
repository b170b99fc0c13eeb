/** What Metadata and DescribeCluster say of the brokers, seen from one listener. */
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

/** Replicas that do not run: fenced or unknown brokers. */
export function offlineReplicas(image: MetadataImage, partition: PartitionImage): number[] {
  return partition.replicas.filter((id) => image.brokers.get(id)?.fenced !== false);
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

/** One partition as Metadata answers it. A leader that cannot be reached on this listener is no leader. */
export function partitionAnswer(
  image: MetadataImage,
  partition: PartitionImage,
  listenerName: string,
): PartitionAnswer {
  const leader = image.brokers.get(partition.leader);
  const endpoint = leader && !leader.fenced ? endpointOf(leader, listenerName) : undefined;
  let errorCode: number = ErrorCode.NONE;
  if (!leader || leader.fenced) errorCode = ErrorCode.LEADER_NOT_AVAILABLE;
  else if (!endpoint) errorCode = ErrorCode.LISTENER_NOT_FOUND;
  return {
    errorCode,
    partitionIndex: partition.partitionId,
    leaderId: errorCode === ErrorCode.NONE ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: offlineReplicas(image, partition),
  };
}

/** Names in Kafka's order of answers to "all topics": that of its map is no order, so ours is by name. */
export function topicsByName(image: MetadataImage): TopicImage[] {
  return [...image.topics.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
