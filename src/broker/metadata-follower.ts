/**
 * Makes this broker what the metadata says: logs exist for the replicas it is assigned, partitions lead or do not,
 * deleted topics are gone, configs apply. Only when all of that is done is the new image shown to clients, so that a
 * leader that Metadata names accepts writes.
 */
import type { Logger } from '../base/logger.ts';
import type { MetadataDelta } from '../metadata/delta.ts';
import {
  ConfigResourceType,
  configResourceOf,
  type MetadataImage,
  NO_LEADER,
  type PartitionImage,
  type TopicImage,
} from '../metadata/image.ts';
import type { MetadataPublisher } from '../metadata/loader.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { LogConfig } from '../storage/log-config.ts';
import type { LogManager } from '../storage/log-manager.ts';
import { CONSUMER_OFFSETS_TOPIC } from './auto-topic-creation.ts';
import { Partition, type PartitionSurroundings, type TopicSettings } from './partition.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { DirectoryMoves } from './replication/directory-moves.ts';
import type { Followers } from './replication/replica-fetchers.ts';

/** A topic's configs as they are with the broker's defaults. */
export interface EffectiveTopicConfig {
  readonly log: LogConfig;
  readonly settings: TopicSettings;
}

/** The group coordinator's part. */
export interface OffsetsLeadership {
  elected(partition: number, leaderEpoch: number): void;
  resigned(partition: number): void;
  topicsDeleted(topics: readonly TopicImage[]): void;
}

export interface MetadataFollowerOptions {
  readonly nodeId: number;
  readonly logs: LogManager;
  readonly replicas: ReplicaManager;
  /** Fetches for the partitions that do not lead. */
  readonly followers: Followers;
  readonly moves: DirectoryMoves;
  readonly logger: Logger;
  readonly offsets: OffsetsLeadership;
  /** Merges the image's overrides of a topic over the broker's own configuration. */
  readonly effectiveConfig: (image: MetadataImage, topic: string) => EffectiveTopicConfig;
  /** A replica lives in another directory than the metadata says. */
  readonly assignDirectory: (topicId: string, partition: number, directoryId: string) => void;
  /** What the hosted partitions share. */
  readonly around: PartitionSurroundings;
  /** Dynamic broker configs changed, of this broker or of all. */
  readonly brokerConfigChanged: (image: MetadataImage) => void;
  readonly publish: (image: MetadataImage) => void;
}

export class MetadataFollower implements MetadataPublisher {
  readonly #options: MetadataFollowerOptions;
  readonly #effective = new Map<string, EffectiveTopicConfig>();

  constructor(options: MetadataFollowerOptions) {
    this.#options = options;
  }

  onMetadataUpdate(delta: MetadataDelta, image: MetadataImage): void {
    this.#deleteTopics(delta);
    this.#applyConfigs(delta, image);
    for (const topic of delta.topics.values()) {
      for (const partition of topic.partitions.values()) this.#applyPartition(image, topic, partition);
    }
    this.#options.publish(image);
    // Who may join an ISR is asked of the image that is shown.
    this.#lookAgain(delta);
  }

  /** Partitions of which the delta says nothing may wait for less than before: brokers and configs are others. */
  #lookAgain(delta: MetadataDelta): void {
    const { replicas } = this.#options;
    const resources = [...delta.configs.keys()].map(configResourceOf);
    if (delta.brokers.size > 0 || resources.some(({ type }) => type === ConfigResourceType.BROKER)) {
      for (const partition of replicas.all()) partition.lookAgain();
      return;
    }
    for (const { type, name } of resources) {
      if (type !== ConfigResourceType.TOPIC) continue;
      for (const partition of replicas.partitionsOf(name)) partition.lookAgain();
    }
  }

  /** What the topic is configured to now; kept until something about it changes. */
  effectiveConfig(image: MetadataImage, topic: string): EffectiveTopicConfig {
    let effective = this.#effective.get(topic);
    if (!effective) {
      effective = this.#options.effectiveConfig(image, topic);
      this.#effective.set(topic, effective);
    }
    return effective;
  }

  /** The disk under a log directory is gone: whoever waits there is answered, and what it held leads no more. */
  directoryFailed(path: string): void {
    for (const partition of this.#options.replicas.all()) {
      if (partition.log.directory !== path) continue;
      if (partition.topic === CONSUMER_OFFSETS_TOPIC && partition.isLeader)
        this.#options.offsets.resigned(partition.id);
      this.#options.followers.unfollow(partition);
      partition.close(ErrorCode.KAFKA_STORAGE_ERROR);
    }
    this.#options.moves.directoryFailed(path);
  }

  #deleteTopics(delta: MetadataDelta): void {
    if (delta.deletedTopics.size === 0) return;
    const topics = [...delta.deletedTopics.values()];
    for (const topic of topics) {
      this.#effective.delete(topic.name);
      for (const { id } of this.#options.replicas.partitionsOf(topic.name)) {
        this.#deletePartition(topic, id, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      }
    }
    this.#options.offsets.topicsDeleted(topics);
  }

  /** Whoever waits there is answered with `errorCode`. */
  #deletePartition(topic: Pick<TopicImage, 'name'>, id: number, errorCode: number): void {
    const partition = this.#options.replicas.remove(topic.name, id);
    if (!partition) return;
    if (topic.name === CONSUMER_OFFSETS_TOPIC && partition.isLeader) this.#options.offsets.resigned(id);
    this.#options.followers.unfollow(partition);
    this.#options.moves.abandon(partition);
    partition.close(errorCode);
    this.#options.logs.deleteLog(partition.log);
  }

  #applyConfigs(delta: MetadataDelta, image: MetadataImage): void {
    let everything = false;
    const changed = new Set<string>();
    for (const key of delta.configs.keys()) {
      const resource = configResourceOf(key);
      if (resource.type === ConfigResourceType.TOPIC) changed.add(resource.name);
      if (resource.type === ConfigResourceType.BROKER) everything = true;
    }
    if (everything) {
      this.#options.brokerConfigChanged(image);
      this.#effective.clear();
      for (const partition of this.#options.replicas.all()) {
        partition.log.updateConfig(this.effectiveConfig(image, partition.topic).log);
      }
      return;
    }
    for (const topic of changed) {
      this.#effective.delete(topic);
      for (const partition of this.#options.replicas.partitionsOf(topic)) {
        partition.log.updateConfig(this.effectiveConfig(image, topic).log);
      }
    }
  }

  #applyPartition(
    image: MetadataImage,
    topic: { readonly name: string; readonly id: string },
    state: PartitionImage,
  ): void {
    const { nodeId, replicas } = this.#options;
    const hosted = replicas.get(topic.name, state.partitionId);
    if (!state.replicas.includes(nodeId)) {
      if (hosted) this.#deletePartition(topic, state.partitionId, ErrorCode.NOT_LEADER_OR_FOLLOWER);
      return;
    }
    const partition = hosted ?? this.#host(image, topic, state);
    if (!partition) return;
    const assigned = state.directories[state.replicas.indexOf(nodeId)];
    if (hosted && assigned !== undefined) this.#options.moves.assigned(hosted, assigned);
    const led = hosted?.isLeader ? hosted.leaderEpoch : -1;
    // Before it leads: nothing that another leader sent may get into the log from here on.
    if (state.leader === nodeId || state.leader === NO_LEADER) this.#options.followers.unfollow(partition);
    partition.applyState(state);
    // After it has ceased to lead, when nothing of its own gets in any more. Where the disk has failed nobody follows.
    const { leader, leaderEpoch } = partition;
    if (leader !== nodeId && leader !== NO_LEADER && !partition.isClosed) {
      this.#options.followers.follow(partition, leader, leaderEpoch);
    }
    if (topic.name === CONSUMER_OFFSETS_TOPIC) this.#followOffsets(partition, led);
  }

  #followOffsets(partition: Partition, ledBefore: number): void {
    if (partition.isLeader && partition.leaderEpoch !== ledBefore) {
      this.#options.offsets.elected(partition.id, partition.leaderEpoch);
    } else if (!partition.isLeader && ledBefore >= 0) {
      this.#options.offsets.resigned(partition.id);
    }
  }

  #host(
    image: MetadataImage,
    topic: { readonly name: string; readonly id: string },
    state: PartitionImage,
  ): Partition | null {
    const { nodeId, logs, replicas, moves, logger, around } = this.#options;
    const assigned = state.directories[state.replicas.indexOf(nodeId)];
    try {
      const log = logs.getOrCreateLog({
        topic: topic.name,
        partition: state.partitionId,
        topicId: topic.id,
        config: this.effectiveConfig(image, topic.name).log,
        directoryId: assigned,
      });
      const settings = () => this.effectiveConfig(image, topic.name).settings;
      const partition = new Partition({ topic: topic.name, id: state.partitionId, log, around, settings });
      replicas.add(partition);
      moves.resume(partition);
      if (log.directoryId !== assigned) this.#options.assignDirectory(topic.id, state.partitionId, log.directoryId);
      return partition;
    } catch (error) {
      logger.error(`The log of ${topic.name}-${state.partitionId} could not be opened`, error);
      return null;
    }
  }
}
