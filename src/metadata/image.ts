/**
 * The cluster's metadata at one offset of the metadata log, as plain immutable values. An image never changes: replay
 * (delta.ts) makes its successor and shares what stayed. Brokers see images of committed records only.
 */
import type { Uuid } from '../base/uuid.ts';
import { ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION, MV } from './features.ts';
import { PersistentMap } from './persistent-map.ts';
import type { MetadataRecord } from './records.ts';

export const NO_LEADER = -1;

/** `LeaderRecoveryState`: after an unclean election a partition is RECOVERING until its leader says otherwise. */
export const RECOVERED = 0;
export const RECOVERING = 1;

/** Resource types of Config records and of the config APIs. */
export const ConfigResourceType = {
  UNKNOWN: 0,
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;

export interface PartitionImage {
  readonly partitionId: number;
  readonly replicas: readonly number[];
  /** One directory id for each replica; a log without directory ids gives ZERO_UUID (MIGRATING). */
  readonly directories: readonly Uuid[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
  /** NO_LEADER when there is none: the normal state of a single replica after its broker stopped. */
  readonly leader: number;
  readonly leaderRecoveryState: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

export interface TopicImage {
  readonly name: string;
  readonly id: Uuid;
  /** The index is the partition id. */
  readonly partitions: readonly PartitionImage[];
}

export interface Endpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number;
}

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export interface BrokerRegistration {
  readonly id: number;
  readonly epoch: number;
  readonly incarnationId: Uuid;
  readonly endpoints: readonly Endpoint[];
  readonly features: ReadonlyMap<string, VersionRange>;
  readonly rack: string | null;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  readonly logDirs: readonly Uuid[];
  /** Null until the broker has told. */
  readonly cordonedLogDirs: readonly Uuid[] | null;
  /** The offset of the RegisterBroker record, which may lie behind the epoch; out of a snapshot the snapshot's last. */
  readonly registrationOffset: number;
}

export interface ControllerRegistration {
  readonly id: number;
  readonly incarnationId: Uuid;
  readonly zkMigrationReady: boolean;
  readonly endpoints: readonly Endpoint[];
  readonly features: ReadonlyMap<string, VersionRange>;
}

/** Topics by name and by id. */
export class TopicsImage {
  readonly #byName: PersistentMap<string, TopicImage>;
  readonly #nameOf: PersistentMap<Uuid, string>;

  private constructor(byName: PersistentMap<string, TopicImage>, nameOf: PersistentMap<Uuid, string>) {
    this.#byName = byName;
    this.#nameOf = nameOf;
  }

  static readonly EMPTY: TopicsImage = new TopicsImage(PersistentMap.empty(), PersistentMap.empty());

  get size(): number {
    return this.#byName.size;
  }

  byName(name: string): TopicImage | undefined {
    return this.#byName.get(name);
  }

  byId(id: Uuid): TopicImage | undefined {
    const name = this.#nameOf.get(id);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  partition(name: string, partitionId: number): PartitionImage | undefined {
    return this.#byName.get(name)?.partitions[partitionId];
  }

  partitionById(id: Uuid, partitionId: number): PartitionImage | undefined {
    return this.byId(id)?.partitions[partitionId];
  }

  values(): IterableIterator<TopicImage> {
    return this.#byName.values();
  }

  names(): IterableIterator<string> {
    return this.#byName.keys();
  }

  /** `removed` first, so that a topic created anew under a deleted one's name stays. */
  with(removed: readonly TopicImage[], changed: readonly TopicImage[]): TopicsImage {
    if (removed.length === 0 && changed.length === 0) return this;
    const byName = new Map<string, TopicImage | undefined>();
    const nameOf = new Map<Uuid, string | undefined>();
    for (const topic of removed) {
      byName.set(topic.name, undefined);
      nameOf.set(topic.id, undefined);
    }
    for (const topic of changed) {
      byName.set(topic.name, topic);
      nameOf.set(topic.id, topic.name);
    }
    return new TopicsImage(this.#byName.with(byName), this.#nameOf.with(nameOf));
  }
}

export interface ConfigResource {
  /** A value of ConfigResourceType. */
  readonly type: number;
  /** For brokers the id, or `` for the cluster-wide default. */
  readonly name: string;
}

export function configKey(type: number, name: string): string {
  return `${type}:${name}`;
}

export function configResourceOf(key: string): ConfigResource {
  const colon = key.indexOf(':');
  return { type: Number(key.slice(0, colon)), name: key.slice(colon + 1) };
}

export type ConfigMap = ReadonlyMap<string, string>;
const NO_CONFIGS: ConfigMap = new Map();

/** A record that is kept as it came: what a node does not use yet still stands in its next snapshot. */
export type KeptRecords = PersistentMap<string, MetadataRecord>;

export interface MetadataImage {
  /** The last offset that is part of this image; -1 before any. */
  readonly offset: number;
  readonly epoch: number;
  /** The append time of the last batch, -1 before any. */
  readonly timestampMs: number;
  /** Finalised levels; a feature at level 0 is absent. `kraft.version` is raft's and not here. */
  readonly features: ReadonlyMap<string, number>;
  readonly brokers: ReadonlyMap<number, BrokerRegistration>;
  readonly controllers: ReadonlyMap<number, ControllerRegistration>;
  readonly topics: TopicsImage;
  /** By configKey. */
  readonly configs: PersistentMap<string, ConfigMap>;
  /** The next producer id that no block covers; -1 before the first block. */
  readonly nextProducerId: number;
  readonly clientQuotas: KeptRecords;
  readonly acls: KeptRecords;
  readonly scram: KeptRecords;
  readonly delegationTokens: KeptRecords;
}

export const EMPTY_IMAGE: MetadataImage = {
  offset: -1,
  epoch: -1,
  timestampMs: -1,
  features: new Map(),
  brokers: new Map(),
  controllers: new Map(),
  topics: TopicsImage.EMPTY,
  configs: PersistentMap.empty(),
  nextProducerId: -1,
  clientQuotas: PersistentMap.empty(),
  acls: PersistentMap.empty(),
  scram: PersistentMap.empty(),
  delegationTokens: PersistentMap.empty(),
};

/** The overrides of one resource; empty when there are none. */
export function configsOf(image: MetadataImage, type: number, name: string): ConfigMap {
  return image.configs.get(configKey(type, name)) ?? NO_CONFIGS;
}

export function topicConfigs(image: MetadataImage, topic: string): ConfigMap {
  return configsOf(image, ConfigResourceType.TOPIC, topic);
}

export function metadataVersionOf(image: MetadataImage): number {
  return image.features.get(METADATA_VERSION) ?? MV.unset;
}

export function elrEnabled(image: MetadataImage): boolean {
  return (image.features.get(ELIGIBLE_LEADER_REPLICAS_VERSION) ?? 0) >= 1;
}

/** May lead and join an ISR: unfenced and not on its way out. */
export function isActive(image: MetadataImage, brokerId: number): boolean {
  const broker = image.brokers.get(brokerId);
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

/** The directory in which a broker's replica lives, undefined when it has none. */
export function replicaDirectory(partition: PartitionImage, brokerId: number): Uuid | undefined {
  const index = partition.replicas.indexOf(brokerId);
  return index < 0 ? undefined : partition.directories[index];
}
