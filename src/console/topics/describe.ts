/** `topics --describe`: what is asked, which partitions the filters leave, and Kafka's lines for them. */
import { EXIT } from '../../base/kts-error.ts';
import { ZERO_UUID } from '../../base/uuid.ts';
import { ConfigSource, describeConfigs, ResourceType } from '../../client/admin-configs.ts';
import {
  describeTopicById,
  describeTopics,
  listTopics,
  type PartitionDescription,
  type TopicDescription,
} from '../../client/admin-topics.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { inJavaOrder } from '../java-order.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { FILTERS } from './check-options.ts';
import { isPlainName, noSuchTopic, selectTopics } from './select.ts';

export interface DescribedTopic extends TopicDescription {
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
  readonly minInsyncReplicas: number;
}

export interface DescribeResult {
  readonly topics: readonly DescribedTopic[];
  /** `topics`: head lines; `partitions`: lines of partitions. */
  readonly show: { readonly topics: boolean; readonly partitions: boolean };
}

async function withConfigs(cluster: ClusterView, topics: readonly TopicDescription[]): Promise<DescribedTopic[]> {
  if (topics.length === 0) return [];
  const resources = topics.map((topic) => ({ type: ResourceType.topic, name: topic.name }));
  const configs = new Map((await describeConfigs(cluster, resources)).map((c) => [c.resource.name, c.entries]));
  return topics.map((topic) => {
    const entries = configs.get(topic.name) ?? [];
    const least = entries.find((entry) => entry.name === 'min.insync.replicas')?.value;
    return {
      ...topic,
      configs: inJavaOrder(entries, (entry) => entry.name)
        .filter((entry) => entry.source !== ConfigSource.default)
        .map((entry) => ({ name: entry.name, value: entry.value })),
      minInsyncReplicas: Number(least ?? 1),
    };
  });
}

async function byId(cluster: ClusterView, id: string): Promise<TopicDescription[]> {
  const decoded = Buffer.from(id, 'base64url').length;
  if (decoded !== 16) {
    throw new CommandError(`'${id}' is not a topic id`, {
      stage: 'run',
      exitCode: EXIT.usage,
      strictText: `Input string \`${id}\` decoded as ${decoded} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`,
      hint: 'topics --describe shows the ids',
    });
  }
  const topic = await describeTopicById(cluster, id);
  if (!(topic instanceof KafkaError)) return [topic];
  if (topic.code !== ErrorCode.UNKNOWN_TOPIC_ID) throw topic;
  throw new CommandError(`there is no topic with the id ${id}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `TopicId '${id}' does not exist as expected`,
    hint: 'topics --describe shows the ids',
  });
}

async function byPattern(cluster: ClusterView, pattern: string | undefined, options: ParsedOptions) {
  const ifExists = options.has('if-exists');
  const excludeInternal = options.has('exclude-internal');
  const limit = options.integer('partition-size-limit-per-response');
  const paging = limit === undefined ? {} : { partitionLimit: limit };
  const plain = pattern !== undefined && isPlainName(pattern) && !excludeInternal;
  const names = plain ? [pattern] : await selectTopics(cluster, pattern, { ifExists, excludeInternal });
  const described = await describeTopics(cluster, names, paging);
  const topics: TopicDescription[] = [];
  for (const [name, topic] of described) {
    if (!(topic instanceof KafkaError)) topics.push(topic);
    else if (topic.code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throw topic;
    else if (plain && !ifExists)
      throw noSuchTopic(
        name,
        (await listTopics(cluster)).map((t) => t.name),
      );
  }
  return topics.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function passes(
  options: ParsedOptions,
  topic: DescribedTopic,
  partition: PartitionDescription,
  alive: Set<number>,
): boolean {
  if (options.has('under-replicated-partitions') && partition.isr.length < partition.replicas.length) return true;
  if (options.has('unavailable-partitions') && !alive.has(partition.leader)) return true;
  if (options.has('under-min-isr-partitions') && partition.isr.length < topic.minInsyncReplicas) return true;
  return options.has('at-min-isr-partitions') && partition.isr.length === topic.minInsyncReplicas;
}

export async function describe(
  cluster: ClusterView,
  pattern: string | undefined,
  options: ParsedOptions,
): Promise<DescribeResult> {
  const id = options.value('topic-id');
  const found =
    id !== undefined && id !== ZERO_UUID ? await byId(cluster, id) : await byPattern(cluster, pattern, options);
  let topics = await withConfigs(cluster, found);
  const filtered = FILTERS.some((filter) => options.has(filter));
  const overrides = options.has('topics-with-overrides');
  if (overrides) topics = topics.filter((topic) => topic.configs.length > 0);
  if (filtered) {
    if (cluster.brokers.length === 0) await cluster.refresh([]);
    const alive = new Set(cluster.brokers.map((broker) => broker.id));
    topics = topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.filter((partition) => passes(options, topic, partition, alive)),
    }));
  }
  return { topics, show: { topics: !filtered, partitions: !overrides } };
}

function partitionLine(topic: DescribedTopic, p: PartitionDescription): string {
  const elr = p.elr === null ? 'N/A' : p.elr.join(',');
  const lastKnownElr = p.lastKnownElr === null ? 'N/A' : p.lastKnownElr.join(',');
  const leader = p.leader < 0 ? 'none' : String(p.leader);
  return `\tTopic: ${topic.name}\tPartition: ${p.partition}\tLeader: ${leader}\tReplicas: ${p.replicas.join(',')}\tIsr: ${p.isr.join(',')}\tElr: ${elr}\tLastKnownElr: ${lastKnownElr}\n`;
}

export function describeText(result: DescribeResult): string {
  let text = '';
  for (const topic of result.topics) {
    if (result.show.topics) {
      const configs = topic.configs.map((config) => `${config.name}=${config.value}`).join(',');
      const factor = topic.partitions[0]?.replicas.length ?? 0;
      text += `Topic: ${topic.name}\tTopicId: ${topic.id}\tPartitionCount: ${topic.partitions.length}\tReplicationFactor: ${factor}\tConfigs: ${configs}\n`;
    }
    if (result.show.partitions) for (const partition of topic.partitions) text += partitionLine(topic, partition);
  }
  return text;
}
