/**
 * The client for programs: producers, consumers and administration over one view of the cluster.
 *
 * ```ts
 * await using client = connect({ bootstrapServers: 'localhost:9092' });
 * await client.createTopics([{ name: 'orders', partitions: 3 }]);
 * await client.producer().send({ topic: 'orders', key: 'k', value: 'v' });
 * const consumer = client.consumer({ groupId: 'readers', offsetReset: 'earliest' });
 * consumer.subscribe(['orders']);
 * for await (const record of consumer) console.log(record.value?.toString());
 * ```
 *
 * Closing the client closes what it gave out: producers deliver what they hold, consumers commit and leave their group.
 * Java's configuration is taken by `createProducer`, `createConsumer` and `createAdmin`. The guide is docs/client.md.
 */
import { Admin } from './client/admin.ts';
import { ResourceType } from './client/admin-configs.ts';
import type { ListedTopic, NewTopic, TopicDescription } from './client/admin-topics.ts';
import { ClusterView } from './client/cluster-view.ts';
import { type ClientKind, clientReport, clientSettings, clientValues } from './client/config/client-config.ts';
import { consumerSettings } from './client/config/consumer-config.ts';
import { producerSettings } from './client/config/producer-config.ts';
import { Consumer } from './client/consumer/consumer.ts';
import type { ConsumerSettings } from './client/consumer/settings.ts';
import { Producer } from './client/producer/producer.ts';
import type { Data } from './client/producer/record.ts';
import type { ProducerSettings } from './client/producer/settings.ts';
import type { Deserializer, Serializer } from './client/serdes.ts';
import type { ClientSettings } from './client/settings.ts';
import { parseProperties } from './config/properties.ts';
import { ClientLink } from './network/client-link.ts';
import { CODEC, type CodecName } from './protocol/compression.ts';
import { KafkaError } from './protocol/kafka-error.ts';
import { nodeRuntime } from './runtime/node-runtime.ts';
import { emitWarning } from './runtime/warnings.ts';

export { KtsError } from './base/kts-error.ts';
export type { Admin } from './client/admin.ts';
export type { Acl, AclEntry, AclFilter, AclResource } from './client/admin-acls.ts';
export type {
  ClusterDescription,
  ClusterNode,
  Feature,
  FeatureUpdate,
  LogDirectory,
  LogDirectoryReplica,
  QuorumDescription,
} from './client/admin-cluster.ts';
export type { ConfigChange, ConfigEntry, Resource, ResourceConfigs } from './client/admin-configs.ts';
export { ConfigSource, ResourceType } from './client/admin-configs.ts';
export type { CommittedOffset, GroupDescription, GroupMember, ListedGroup } from './client/admin-groups.ts';
export type { OngoingReassignment, Reassignment, RecordsToDelete, ReplicaMove } from './client/admin-partitions.ts';
export type { ClientQuotas, QuotaEntityPart, QuotaFilterPart } from './client/admin-quotas.ts';
export type { ScramChanges, ScramCredential, ScramUpsertion, UserScramCredentials } from './client/admin-scram.ts';
export type {
  ListedTopic,
  NewTopic,
  PartitionDescription,
  PartitionsChange,
  TopicDescription,
} from './client/admin-topics.ts';
export { UnreachableError } from './client/cluster-view.ts';
export type { Assignment, AssignmentMember, Assignor, GroupAssignor } from './client/consumer/assignors.ts';
export { type Consumer, WakeupError } from './client/consumer/consumer.ts';
export type {
  ConsumerInterceptor,
  ConsumerRecord,
  OffsetToCommit,
  RebalanceListener,
} from './client/consumer/record.ts';
export type { ConsumerSettings, OffsetReset } from './client/consumer/settings.ts';
export type { OffsetAnswer, OffsetQuery, TopicPartition } from './client/offsets.ts';
export { OffsetSpec, partitionKey } from './client/offsets.ts';
export { type Partitioner, roundRobin, type TopicPartitions } from './client/producer/partitioner.ts';
export type { Producer } from './client/producer/producer.ts';
export type {
  Data,
  Header,
  ProducerInterceptor,
  ProducerRecord,
  RecordMetadata,
  StoredRange,
  TopicRecord,
} from './client/producer/record.ts';
export type { ProducerSettings } from './client/producer/settings.ts';
export { type Deserializer, type Serde, type Serializer, serdes } from './client/serdes.ts';
export type { ClientSettings } from './client/settings.ts';
export { ConfigError } from './config/config-error.ts';
export { ErrorCode } from './protocol/error-codes.ts';
export { KafkaError } from './protocol/kafka-error.ts';

/** Operations of IncrementalAlterConfigs. */
const SET = 0 as const;
const DELETE = 1 as const;

export interface ProducerOptions<K = Data, V = Data>
  extends Partial<Omit<ProducerSettings, 'acks' | 'compression' | 'keySerializer' | 'valueSerializer'>> {
  /** Default `all`: every in-sync replica. */
  readonly acks?: 'all' | -1 | 0 | 1;
  readonly compression?: CodecName;
  readonly keySerializer?: Serializer<K>;
  readonly valueSerializer?: Serializer<V>;
}

export interface ConsumerOptions<K = Buffer, V = Buffer>
  extends Partial<Omit<ConsumerSettings, 'keyDeserializer' | 'valueDeserializer'>> {
  readonly keyDeserializer?: Deserializer<K>;
  readonly valueDeserializer?: Deserializer<V>;
}

/** Rejects with the first refusal; what was asked for beside it may have been done. */
function throwFirst(outcomes: ReadonlyMap<string, KafkaError | null>): void {
  for (const error of outcomes.values()) if (error !== null) throw error;
}

function settingsOf<K, V>(options: ProducerOptions<K, V>): Partial<ProducerSettings> {
  const { acks = 'all', compression = 'none', keySerializer, valueSerializer, ...settings } = options;
  return {
    ...settings,
    acks: acks === 'all' ? -1 : acks,
    compression: CODEC[compression],
    keySerializer: keySerializer as Serializer<unknown> | undefined,
    valueSerializer: valueSerializer as Serializer<unknown> | undefined,
  };
}

function newCluster(settings: Partial<ClientSettings>): ClusterView {
  return new ClusterView({ runtime: nodeRuntime, openLink: ClientLink.open, settings });
}

export class Client implements AsyncDisposable {
  readonly #cluster: ClusterView;
  readonly #open = new Set<{ close(): Promise<void> }>();
  readonly #admin: Admin;

  constructor(options: Partial<ClientSettings> = {}) {
    this.#cluster = newCluster(options);
    this.#admin = new Admin(this.#cluster);
  }

  /** Everything an administrator does. */
  get admin(): Admin {
    return this.#admin;
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    throwFirst(await this.#admin.createTopics(topics));
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    throwFirst(await this.#admin.deleteTopics(names));
  }

  listTopics(): Promise<ListedTopic[]> {
    return this.#admin.listTopics();
  }

  /** In the order of the names; rejects when one of them does not exist. */
  async describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    const found = await this.#admin.describeTopics(names);
    return [...found.values()].map((topic) => {
      if (topic instanceof KafkaError) throw topic;
      return topic;
    });
  }

  /** Sets configs of a topic; null takes one back to its default. The others stay as they are. */
  async alterTopicConfigs(topic: string, configs: Readonly<Record<string, string | null>>): Promise<void> {
    const resource = { type: ResourceType.topic, name: topic };
    const changes = Object.entries(configs).map(([name, value]) => ({
      resource,
      name,
      operation: value === null ? DELETE : SET,
      value,
    }));
    await this.#admin.alterConfigs(changes);
  }

  /** Idempotent, acks from all in-sync replicas, unless told otherwise. */
  producer<K = Data, V = Data>(options: ProducerOptions<K, V> = {}): Producer<K, V> {
    const producer: Producer<K, V> = new Producer<K, V>(this.#cluster, settingsOf(options), () => {
      this.#open.delete(producer);
    });
    this.#open.add(producer);
    return producer;
  }

  /** With a `groupId` it may `subscribe`; else `assign` its partitions. */
  consumer<K = Buffer, V = Buffer>(options: ConsumerOptions<K, V> = {}): Consumer<K, V> {
    const settings = options as Partial<ConsumerSettings>;
    const consumer: Consumer<K, V> = new Consumer<K, V>(this.#cluster, settings, () => {
      this.#open.delete(consumer);
    });
    this.#open.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    try {
      await Promise.all([...this.#open].map((one) => one.close()));
    } finally {
      this.#cluster.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Connects on first use; nothing is sent before. */
export function connect(options: Partial<ClientSettings> = {}): Client {
  return new Client(options);
}

// ---- Java's configuration ----

/** batch.size where it is not given. */
const JAVA_BATCH_BYTES = 16_384;

/** `{ 'bootstrap.servers': 'localhost:9092', acks: 'all', 'linger.ms': 5 }`, a Map, or the text of a .properties file. */
export type ClientProperties =
  | string
  | ReadonlyMap<string, string>
  | Readonly<Record<string, string | number | boolean>>;

export interface FromPropertiesOptions {
  /** Hears, line by line, of keys that have no effect or that nobody knows. Default: a warning of the process. */
  readonly warn?: (line: string) => void;
}

function mapOf(properties: ClientProperties): ReadonlyMap<string, string> {
  if (typeof properties === 'string') return new Map(parseProperties(properties));
  if (properties instanceof Map) return properties as ReadonlyMap<string, string>;
  return new Map(Object.entries(properties).map(([key, value]) => [key, String(value)]));
}

function fromProperties(kind: ClientKind, properties: ClientProperties, { warn = emitWarning }: FromPropertiesOptions) {
  const values = clientValues(kind, mapOf(properties));
  const cluster = newCluster(clientSettings(values));
  for (const line of clientReport(values)) warn(line);
  return { values, cluster };
}

/** A producer as Java's client makes it of the same properties. Closing it closes its connections. */
export function createProducer<K = Data, V = Data>(
  properties: ClientProperties,
  options: ProducerOptions<K, V> & FromPropertiesOptions = {},
): Producer<K, V> {
  const { warn, ...own } = options;
  const { values, cluster } = fromProperties('producer', properties, warn === undefined ? {} : { warn });
  const given = { batchBytes: JAVA_BATCH_BYTES, ...producerSettings(values) };
  const settings = Object.keys(own).length === 0 ? given : { ...given, ...definedOf(settingsOf(own), own) };
  return new Producer<K, V>(cluster, settings, () => cluster.close());
}

/** Only what was really given: the rest is the properties'. */
function definedOf(settings: Partial<ProducerSettings>, given: object): Partial<ProducerSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name in given));
}

/** A consumer as Java's client makes it of the same properties. Closing it closes its connections. */
export function createConsumer<K = Buffer, V = Buffer>(
  properties: ClientProperties,
  options: ConsumerOptions<K, V> & FromPropertiesOptions = {},
): Consumer<K, V> {
  const { warn, ...own } = options;
  const { values, cluster } = fromProperties('consumer', properties, warn === undefined ? {} : { warn });
  const settings = { ...consumerSettings(values), ...(own as Partial<ConsumerSettings>) };
  return new Consumer<K, V>(cluster, settings, () => cluster.close());
}

/** An admin client as Java's makes it of the same properties. Closing it closes its connections. */
export function createAdmin(properties: ClientProperties, options: FromPropertiesOptions = {}): Admin {
  const { cluster } = fromProperties('admin', properties, options);
  return new Admin(cluster, () => cluster.close());
}
