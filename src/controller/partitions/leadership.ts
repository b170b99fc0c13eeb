/** The partitions that a broker's coming and going concerns, and the changes that follow. */
import { LOST_DIR, MIGRATING_DIR, UNASSIGNED_DIR, type Uuid } from '../../base/uuid.ts';
import {
  type BrokerRegistration,
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
import { buildPartitionChange, type Election, type PartitionChangeOptions } from './change-builder.ts';
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

/** What counts is the size that the topic's first partition has now, also for others and for what it is to become. */
export function effectiveMinIsr(image: MetadataImage, config: ControllerConfig, topic: TopicImage): number {
  const text = layeredConfig(image, config, topic.name, MIN_INSYNC_REPLICAS);
  const minIsr = text === undefined ? config.staticMinInsyncReplicas : Number(text);
  return Math.min(minIsr, topic.partitions[0]?.replicas.length ?? 0);
}

export function uncleanElectionEnabled(image: MetadataImage, config: ControllerConfig, topic: string): boolean {
  const text = layeredConfig(image, config, topic, UNCLEAN_LEADER_ELECTION_ENABLE);
  return text === undefined ? config.staticUncleanLeaderElection : text.trim().toLowerCase() === 'true';
}

/** UNASSIGNED and MIGRATING may lie anywhere and count as working. */
export function isOnlineDirectory(broker: BrokerRegistration | undefined, directory: Uuid): boolean {
  if (directory === UNASSIGNED_DIR || directory === MIGRATING_DIR) return true;
  if (broker === undefined || directory === LOST_DIR) return false;
  // Before brokers told their directories nothing is known, and nothing is held against them.
  return broker.logDirs.length === 0 || broker.logDirs.includes(directory);
}

/** A broker that has lost the directory of its replica cannot serve it, however alive it is (KIP-858). */
function isInOnlineDirectory(image: MetadataImage, partition: PartitionImage, id: number): boolean {
  const directory = replicaDirectory(partition, id);
  return directory === undefined || isOnlineDirectory(image.brokers.get(id), directory);
}

/** What every change of a partition has in common. Its election is `online`; who may go further says so. */
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
    minIsr: effectiveMinIsr(image, config, topic),
    defaultDirectory: (id) => defaultDirectory(image, id),
  };
}

/** Unclean where the topic allows it. */
export function permittedElection(image: MetadataImage, config: ControllerConfig, topic: TopicImage): Election {
  return uncleanElectionEnabled(image, config, topic.name) ? 'unclean' : 'online';
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
      election: permittedElection(image, config, one.topic),
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

export function* partitionsWithBrokerInElr(image: MetadataImage, id: number): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) if (one.partition.elr.includes(id)) yield one;
}

export function* partitionsWithNoLeader(image: MetadataImage): IterableIterator<TopicPartitionImage> {
  for (const one of partitionsOf(image)) if (one.partition.leader === NO_LEADER) yield one;
}

export function hasLeaderships(image: MetadataImage, id: number): boolean {
  for (const { partition } of partitionsOf(image)) if (partition.leader === id) return true;
  return false;
}
