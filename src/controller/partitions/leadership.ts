/** The partitions that a broker's coming and going concerns, and the changes that follow. */
import { MIGRATING_DIR, UNASSIGNED_DIR } from '../../base/uuid.ts';
import {
  ConfigResourceType,
  configsOf,
  elrEnabled,
  isActive,
  type MetadataImage,
  metadataVersionOf,
  NO_LEADER,
  type PartitionImage,
  replicaDirectory,
  type TopicImage,
  topicConfigs,
} from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import type { ControllerConfig } from '../controller-config.ts';
import { buildPartitionChange, type PartitionChangeOptions } from './change-builder.ts';
import { defaultDirectory } from './directories.ts';

export const UNCLEAN_LEADER_ELECTION_ENABLE = 'unclean.leader.election.enable';

export interface TopicPartitionImage {
  readonly topic: TopicImage;
  readonly partition: PartitionImage;
}

export function* partitionsOf(image: MetadataImage): IterableIterator<TopicPartitionImage> {
  for (const topic of image.topics.values()) {
    for (const partition of topic.partitions) yield { topic, partition };
  }
}

/** Topic, then this node's dynamic configs, then the cluster's, then what the node was started with. */
function layeredConfig(
  image: MetadataImage,
  config: ControllerConfig,
  topic: string,
  name: string,
): string | undefined {
  return (
    topicConfigs(image, topic).get(name) ??
    configsOf(image, ConfigResourceType.BROKER, String(config.nodeId)).get(name) ??
    configsOf(image, ConfigResourceType.BROKER, '').get(name)
  );
}

export function effectiveMinIsr(image: MetadataImage, config: ControllerConfig, topic: string): number {
  const text = layeredConfig(image, config, topic, MIN_INSYNC_REPLICAS);
  return text === undefined ? config.staticMinInsyncReplicas : Number(text);
}

export function uncleanElectionEnabled(image: MetadataImage, config: ControllerConfig, topic: string): boolean {
  const text = layeredConfig(image, config, topic, UNCLEAN_LEADER_ELECTION_ENABLE);
  return text === undefined ? config.staticUncleanLeaderElection : text.trim().toLowerCase() === 'true';
}

/** A broker that has lost the directory of its replica cannot serve it, however alive it is (KIP-858). */
export function isInOnlineDirectory(image: MetadataImage, partition: PartitionImage, id: number): boolean {
  const directory = replicaDirectory(partition, id);
  if (directory === undefined || directory === UNASSIGNED_DIR || directory === MIGRATING_DIR) return true;
  const online = image.brokers.get(id)?.logDirs ?? [];
  // Before brokers told their directories nothing is known, and nothing is held against them.
  return online.length === 0 || online.includes(directory);
}

/** What every change of a partition has in common. */
export function changeOptions(
  image: MetadataImage,
  config: ControllerConfig,
  { topic, partition }: TopicPartitionImage,
): PartitionChangeOptions {
  return {
    topicId: topic.id,
    partition,
    isAcceptableLeader: (id) => isActive(image, id) && isInOnlineDirectory(image, partition, id),
    metadataVersion: metadataVersionOf(image),
    elrEnabled: elrEnabled(image),
    minIsr: effectiveMinIsr(image, config, topic.name),
    defaultDirectory: (id) => defaultDirectory(image, id),
    election: uncleanElectionEnabled(image, config, topic.name) ? 'unclean' : 'online',
  };
}

export interface LeadershipChange {
  /** Leaves every ISR, leads nothing. */
  readonly brokerToRemove?: number;
  /** May lead although the image still has it fenced. */
  readonly brokerToAdd?: number;
  /** Leaves every ISR and every ELR. */
  readonly brokerWithUncleanShutdown?: number;
}

/** The changes of those partitions; none for a partition that stays as it is. */
export function leaderAndIsrChanges(
  image: MetadataImage,
  config: ControllerConfig,
  change: LeadershipChange,
  partitions: Iterable<TopicPartitionImage>,
): MetadataRecord[] {
  const { brokerToRemove = NO_LEADER, brokerToAdd = NO_LEADER, brokerWithUncleanShutdown = NO_LEADER } = change;
  const isThere = (id: number): boolean =>
    id !== brokerToRemove && id !== brokerWithUncleanShutdown && (id === brokerToAdd || isActive(image, id));
  const records: MetadataRecord[] = [];
  for (const one of partitions) {
    const record = buildPartitionChange({
      ...changeOptions(image, config, one),
      isAcceptableLeader: (id) => isThere(id) && isInOnlineDirectory(image, one.partition, id),
      targetIsr: one.partition.isr.filter((id) => id !== brokerToRemove && id !== brokerWithUncleanShutdown),
      ...(brokerWithUncleanShutdown === NO_LEADER ? {} : { uncleanShutdownReplicas: [brokerWithUncleanShutdown] }),
    });
    if (record !== null) records.push(record);
  }
  return records;
}

export function* partitionsWithBrokerInIsr(image: MetadataImage, id: number): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) if (one.partition.isr.includes(id)) yield one;
}

export function* partitionsWithBrokerInIsrOrElr(
  image: MetadataImage,
  id: number,
): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) {
    if (one.partition.isr.includes(id) || one.partition.elr.includes(id)) yield one;
  }
}

export function* partitionsWithNoLeader(image: MetadataImage): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) if (one.partition.leader === NO_LEADER) yield one;
}

export function hasLeaderships(image: MetadataImage, id: number): boolean {
  for (const { partition } of partitionsOf(image)) if (partition.leader === id) return true;
  return false;
}
