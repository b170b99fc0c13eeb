/** What the controller is told from outside: its settings, and the rules of configs that another folder knows. */
import type { Uuid } from '../base/uuid.ts';
import type { MetadataRecord } from '../metadata/records.ts';

export interface ControllerConfig {
  readonly nodeId: number;
  readonly clusterId: string;
  /** The voters of a static quorum: no feature level rises before all of them have registered. */
  readonly quorumNodeIds?: readonly number[];
  /** broker.session.timeout.ms */
  readonly brokerSessionTimeoutMs: number;
  /** metadata.max.idle.interval.ms; 0 writes no NoOp records. */
  readonly metadataMaxIdleIntervalMs: number;
  /** leader.imbalance.check.interval.seconds, or 0 when auto.leader.rebalance.enable is false. */
  readonly leaderImbalanceCheckIntervalMs: number;
  /** unclean.leader.election.interval.ms */
  readonly uncleanElectionCheckIntervalMs: number;
  /** num.partitions */
  readonly defaultNumPartitions: number;
  /** default.replication.factor */
  readonly defaultReplicationFactor: number;
  /** delete.topic.enable */
  readonly deleteTopicEnable: boolean;
  /** min.insync.replicas of the node's own configuration. */
  readonly staticMinInsyncReplicas: number;
  /** unclean.leader.election.enable of the node's own configuration. */
  readonly staticUncleanLeaderElection: boolean;
  /**
   * The broker in this very process. It holds the lock on its directories, so a former incarnation of it cannot be
   * alive: it replaces its registration at once, where any other broker waits for the old session to expire.
   */
  readonly localBroker: { readonly id: number; readonly incarnationId: Uuid } | null;
  /**
   * A broker that names the directories of its former incarnation holds their locks, so that one is dead: it is replaced
   * at once. Kafka, and the default, wait for the old session to expire.
   */
  readonly directoriesProveDeath?: boolean;
}

/** A config as CreateTopics answers it. */
export interface EffectiveConfig {
  readonly name: string;
  readonly value: string | null;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  /** As on the wire: 1 topic, 2 broker, 3 cluster default, 4 static broker, 5 default. */
  readonly source: number;
}

/** A config resource's overrides, in the order in which they are looked through. */
export interface ConfigLayers {
  readonly topic: ReadonlyMap<string, string>;
  /** Dynamic overrides of this controller's node. */
  readonly node: ReadonlyMap<string, string>;
  /** Dynamic overrides of all brokers. */
  readonly cluster: ReadonlyMap<string, string>;
}

/**
 * What is allowed as a config. Methods that check throw a KafkaError with the code and message of the answer
 * (INVALID_CONFIG as a rule).
 */
export interface TopicConfigValidator {
  /** `overrides`: everything the topic would have after the change. */
  checkTopic(overrides: ReadonlyMap<string, string>): void;
  checkGroup(overrides: ReadonlyMap<string, string>): void;
  checkClientMetrics(overrides: ReadonlyMap<string, string>): void;
  /** Whether APPEND and SUBTRACT make sense: `type` is a value of ConfigResourceType. */
  isList(type: number, name: string): boolean;
  /** Where APPEND and SUBTRACT begin when there is no override; null without a default. */
  defaultOf(type: number, name: string): string | null;
  /** Never shown: passwords, and keys that nobody knows. */
  isSensitive(type: number, name: string): boolean;
  /** All topic configs with their values and sources, in any order. */
  effectiveTopicConfigs(layers: ConfigLayers): readonly EffectiveConfig[];
}

/** The content of bootstrap.checkpoint: what a cluster starts with. */
export interface BootstrapMetadata {
  /** FeatureLevel records, metadata.version first, then SCRAM credentials if there are any. */
  readonly records: readonly MetadataRecord[];
  /** `the binary bootstrap metadata file: …` or `the default bootstrap`; for the log. */
  readonly source: string;
}
