/**
 * The client for programs: topics, producers, consumers over one view of the cluster.
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
 */
import { alterConfigs, ResourceType } from './client/admin-configs.ts';
import {
  createTopics,
  deleteTopics,
  describeTopics,
  type ListedTopic,
  listTopics,
  type NewTopic,
  type TopicDescription,
} from './client/admin-topics.ts';
import { ClientLink } from './client/client-link.ts';
import { ClusterView } from './client/cluster-view.ts';
import { Consumer } from './client/consumer/consumer.ts';
import type { ConsumerSettings } from './client/consumer/settings.ts';
import { Producer } from './client/producer/producer.ts';
import type { ProducerSettings } from './client/producer/settings.ts';
import type { ClientSettings } from './client/settings.ts';
import { CODEC, type CodecName } from './protocol/compression.ts';
import { KafkaError } from './protocol/kafka-error.ts';
import { nodeRuntime } from './runtime/node-runtime.ts';

export type { ListedTopic, NewTopic, PartitionDescription, TopicDescription } from './client/admin-topics.ts';
export type { Consumer } from './client/consumer/consumer.ts';
export type { ConsumerRecord } from './client/consumer/record.ts';
export type { ConsumerSettings, OffsetReset } from './client/consumer/settings.ts';
export type { Producer } from './client/producer/producer.ts';
export type { ProducerRecord, RecordMetadata } from './client/producer/record.ts';
export type { ProducerSettings } from './client/producer/settings.ts';
export type { ClientSettings } from './client/settings.ts';
export { KafkaError } from './protocol/kafka-error.ts';

/** Operations of IncrementalAlterConfigs. */
const SET = 0 as const;
const DELETE = 1 as const;

export interface ProducerOptions extends Partial<Omit<ProducerSettings, 'compression'>> {
  readonly compression?: CodecName;
}

/** Rejects with the first refusal; what was asked for beside it may have been done. */
function throwFirst(outcomes: ReadonlyMap<string, KafkaError | null>): void {
  for (const error of outcomes.values()) if (error !== null) throw error;
}

export class Client implements AsyncDisposable {
  readonly #cluster: ClusterView;
  readonly #open: (Producer | Consumer)[] = [];

  constructor(options: Partial<ClientSettings> = {}) {
    this.#cluster = new ClusterView({ runtime: nodeRuntime, openLink: ClientLink.open, settings: options });
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    throwFirst(await createTopics(this.#cluster, topics));
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    throwFirst(await deleteTopics(this.#cluster, names));
  }

  listTopics(): Promise<ListedTopic[]> {
    return listTopics(this.#cluster);
  }

  /** In the order of the names; rejects when one of them does not exist. */
  async describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    const found = await describeTopics(this.#cluster, names);
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
    await alterConfigs(this.#cluster, changes);
  }

  /** Idempotent, acks from all in-sync replicas, unless told otherwise. */
  producer(options: ProducerOptions = {}): Producer {
    const { compression = 'none', ...settings } = options;
    const producer = new Producer(this.#cluster, { ...settings, compression: CODEC[compression] });
    this.#open.push(producer);
    return producer;
  }

  /** With a `groupId` it may `subscribe`; else `assign` its partitions. */
  consumer(options: Partial<ConsumerSettings> = {}): Consumer {
    const consumer = new Consumer(this.#cluster, options);
    this.#open.push(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    try {
      await Promise.all(this.#open.splice(0).map((one) => one.close()));
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
