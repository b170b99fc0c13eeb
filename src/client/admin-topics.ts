/** Topics, as an administrator sees them: made, listed, described, grown, deleted. Every result is per topic. */
import { ZERO_UUID } from '../base/uuid.ts';
import { api } from '../network/api.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { KafkaError } from '../protocol/kafka-error.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../protocol/messages/create-partitions.ts';
import { createTopicsRequest, createTopicsResponse } from '../protocol/messages/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../protocol/messages/delete-topics.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
} from '../protocol/messages/describe-topic-partitions.ts';
import { type MetadataResponse, metadataRequest, metadataResponse } from '../protocol/messages/metadata.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const CREATE_TOPICS = api(createTopicsRequest, createTopicsResponse);
const DELETE_TOPICS = api(deleteTopicsRequest, deleteTopicsResponse);
const CREATE_PARTITIONS = api(createPartitionsRequest, createPartitionsResponse);
const DESCRIBE_TOPIC_PARTITIONS = api(describeTopicPartitionsRequest, describeTopicPartitionsResponse);
const METADATA = api(metadataRequest, metadataResponse);

export interface NewTopic {
  readonly name: string;
  /** Left out: the broker's default. */
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** Brokers by partition, instead of the two numbers. */
  readonly assignment?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

export interface PartitionDescription {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** Null when the broker does not tell. */
  readonly elr: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

export interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionDescription[];
}

/** By name: nothing, or why not. */
export type Outcomes = Map<string, KafkaError | null>;

function outcome(code: number, message: string | null): KafkaError | null {
  return code === 0 ? null : toKafkaError(code, message);
}

export async function createTopics(
  cluster: ClusterView,
  topics: readonly NewTopic[],
  options: { readonly validateOnly?: boolean } = {},
): Promise<Outcomes> {
  const response = await cluster.call(
    CREATE_TOPICS,
    {
      topics: topics.map((topic) => ({
        name: topic.name,
        numPartitions: topic.assignment === undefined ? (topic.partitions ?? -1) : -1,
        replicationFactor: topic.assignment === undefined ? (topic.replicationFactor ?? -1) : -1,
        assignments: (topic.assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
      })),
      timeoutMs: cluster.settings.requestTimeoutMs,
      validateOnly: options.validateOnly ?? false,
    },
    { doing: 'createTopics' },
  );
  return new Map(response.topics.map((t) => [t.name, outcome(t.errorCode, t.errorMessage)]));
}

export async function deleteTopics(cluster: ClusterView, names: readonly string[]): Promise<Outcomes> {
  const timeoutMs = cluster.settings.requestTimeoutMs;
  const response = await cluster.call(
    DELETE_TOPICS,
    { topics: names.map((name) => ({ name })), timeoutMs },
    { doing: 'deleteTopics' },
  );
  return new Map(response.responses.map((t) => [t.name ?? '', outcome(t.errorCode, t.errorMessage)]));
}

export interface PartitionsChange {
  readonly name: string;
  /** How many there shall be. */
  readonly count: number;
  /** Brokers of the new partitions only. */
  readonly assignment?: readonly (readonly number[])[];
}

export async function createPartitions(
  cluster: ClusterView,
  changes: readonly PartitionsChange[],
  options: { readonly validateOnly?: boolean } = {},
): Promise<Outcomes> {
  const response = await cluster.call(
    CREATE_PARTITIONS,
    {
      topics: changes.map((change) => ({
        name: change.name,
        count: change.count,
        assignments: change.assignment?.map((brokerIds) => ({ brokerIds })) ?? null,
      })),
      timeoutMs: cluster.settings.requestTimeoutMs,
      validateOnly: options.validateOnly ?? false,
    },
    { doing: 'createPartitions' },
  );
  return new Map(response.results.map((t) => [t.name, outcome(t.errorCode, t.errorMessage)]));
}

export interface ListedTopic {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
}

export async function listTopics(cluster: ClusterView): Promise<ListedTopic[]> {
  const response = await cluster.refresh(null, { doing: 'listTopics' });
  const topics: ListedTopic[] = [];
  for (const topic of response.topics) {
    if (topic.name === null || topic.errorCode !== 0) continue;
    topics.push({ name: topic.name, id: topic.topicId, isInternal: topic.isInternal });
  }
  return topics;
}

function fromMetadata(topic: MetadataResponse['topics'][number]): TopicDescription {
  const partitions = topic.partitions.map((p) => ({
    partition: p.partitionIndex,
    leader: p.leaderId,
    leaderEpoch: p.leaderEpoch,
    replicas: p.replicaNodes,
    isr: p.isrNodes,
    elr: null,
    lastKnownElr: null,
  }));
  partitions.sort((a, b) => a.partition - b.partition);
  return { name: topic.name ?? '', id: topic.topicId, isInternal: topic.isInternal, partitions };
}

/** A description, or why there is none. */
export type TopicDescriptions = Map<string, TopicDescription | KafkaError>;

async function describeThroughMetadata(cluster: ClusterView, names: readonly string[]): Promise<TopicDescriptions> {
  const response = await cluster.refresh(names, { doing: 'describeTopics' });
  const found: TopicDescriptions = new Map();
  for (const topic of response.topics) {
    found.set(topic.name ?? '', topic.errorCode === 0 ? fromMetadata(topic) : toKafkaError(topic.errorCode));
  }
  return found;
}

/** Pages through DescribeTopicPartitions, which alone tells the eligible leaders; older brokers are asked for metadata. */
export async function describeTopics(
  cluster: ClusterView,
  names: readonly string[],
  options: { readonly partitionLimit?: number } = {},
): Promise<TopicDescriptions> {
  if (names.length === 0) return new Map();
  if (!(await cluster.supports(DESCRIBE_TOPIC_PARTITIONS))) return describeThroughMetadata(cluster, names);
  const topics = [...names].sort().map((name) => ({ name }));
  const gathered = new Map<string, { description: TopicDescription; partitions: PartitionDescription[] }>();
  const found: TopicDescriptions = new Map();
  let cursor: { readonly topicName: string; readonly partitionIndex: number } | null = null;
  do {
    const from: string = cursor === null ? '' : (cursor as { topicName: string }).topicName;
    const response: Awaited<ReturnType<typeof askPage>> = await askPage(
      cluster,
      topics.filter((topic) => topic.name >= from),
      options.partitionLimit ?? 2000,
      cursor,
    );
    for (const topic of response.topics) {
      const name = topic.name ?? '';
      if (topic.errorCode !== 0) {
        found.set(name, toKafkaError(topic.errorCode));
        continue;
      }
      let entry = gathered.get(name);
      if (entry === undefined) {
        const partitions: PartitionDescription[] = [];
        entry = { description: { name, id: topic.topicId, isInternal: topic.isInternal, partitions }, partitions };
        gathered.set(name, entry);
      }
      for (const p of topic.partitions) {
        entry.partitions.push({
          partition: p.partitionIndex,
          leader: p.leaderId,
          leaderEpoch: p.leaderEpoch,
          replicas: p.replicaNodes,
          isr: p.isrNodes,
          elr: p.eligibleLeaderReplicas,
          lastKnownElr: p.lastKnownElr,
        });
      }
    }
    cursor = response.nextCursor;
  } while (cursor !== null);
  for (const [name, entry] of gathered) found.set(name, entry.description);
  return found;
}

function askPage(
  cluster: ClusterView,
  topics: readonly { readonly name: string }[],
  responsePartitionLimit: number,
  cursor: { readonly topicName: string; readonly partitionIndex: number } | null,
) {
  return cluster.call(
    DESCRIBE_TOPIC_PARTITIONS,
    { topics, responsePartitionLimit, cursor },
    { doing: 'describeTopics' },
  );
}

/** The zero id means every topic, as in Kafka. */
export async function describeTopicById(cluster: ClusterView, topicId: string): Promise<TopicDescription | KafkaError> {
  const response = await cluster.call(
    METADATA,
    { topics: [{ topicId, name: null }], allowAutoTopicCreation: false },
    { doing: 'describeTopics' },
  );
  const topic = response.topics[0];
  if (topic === undefined || topic.topicId === ZERO_UUID) return toKafkaError(ErrorCode.UNKNOWN_TOPIC_ID);
  return topic.errorCode === 0 ? fromMetadata(topic) : toKafkaError(topic.errorCode);
}
