/** Points a consumer at what is to be read: what its group gives it, one partition, or what lies between two bounds. */
import { EXIT } from '../../base/kts-error.ts';
import { listTopics } from '../../client/admin-topics.ts';
import { isUnreachable } from '../../client/cluster-view.ts';
import type { Consumer } from '../../client/consumer/consumer.ts';
import type { StartOffset } from '../../client/consumer/fetcher.ts';
import type { RebalanceListener } from '../../client/consumer/record.ts';
import { toKafkaError } from '../../client/error-text.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../../client/offsets.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { noSuchTopic } from '../topics/select.ts';
import type { ConsumePlan } from './check-options.ts';
import type { Range } from './range.ts';

const FOREVER_MS = 2_000_000_000;
/** A shorter --timeout-ms bounds the waiting, not the asking. */
const ASKING_MS = 1_000;

/** The topic's partitions. The own manner refuses a topic that is not there; the strict one waits for it, as Kafka does. */
async function partitionsOf(
  context: CommandContext,
  consumer: Consumer,
  topic: string,
  waitMs: number,
): Promise<number | 'late'> {
  const { cluster } = consumer;
  const strict = context.manner === 'strict';
  const deadline = cluster.deadline(waitMs < 0 ? FOREVER_MS : waitMs);
  const isBounded = strict && waitMs >= 0;
  const asking = isBounded ? { deadline: cluster.deadline(Math.max(ASKING_MS, waitMs)) } : {};
  for (let attempt = 0; ; attempt++) {
    try {
      await cluster.refresh([topic], { ...asking, create: strict && consumer.settings.allowAutoCreate });
    } catch (error) {
      // To Kafka's tool, who does not answer in time is a topic in which nothing came.
      if (isBounded && isUnreachable(error)) return 'late';
      throw error;
    }
    const view = cluster.topic(topic);
    if (view !== undefined && view.errorCode === 0 && view.partitions.length > 0) return view.partitions.length;
    const code = view?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (code === ErrorCode.INVALID_TOPIC_EXCEPTION) throw toKafkaError(code, `Invalid topics: [${topic}]`);
    if (code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && !strict) {
      throw noSuchTopic(
        topic,
        (await listTopics(cluster)).map((t) => t.name),
      );
    }
    if (deadline.passed) return 0;
    await cluster.pause(attempt, deadline);
  }
}

/** Where each partition ends, by its key; undefined: nowhere. */
type Ends = ReadonlyMap<string, number> | undefined;

/**
 * `waitMs`: how long to wait for the topic in the strict manner; below 0 as long as it takes. `late`: it took too long.
 * `listener` hears of partitions that the group takes away.
 */
export async function startConsumer(
  context: CommandContext,
  consumer: Consumer,
  plan: ConsumePlan,
  { waitMs, listener }: { readonly waitMs: number; readonly listener: RebalanceListener },
): Promise<Ends | 'late'> {
  if (plan.range !== undefined) return startRange(context, consumer, plan, plan.range);
  if (plan.include === undefined) return startPlainly(context, consumer, plan, { waitMs, listener });
  consumer.subscribe(plan.include, listener);
  return undefined;
}

/** --from and --to: the partitions that have something between the two. */
async function startRange(context: CommandContext, consumer: Consumer, plan: ConsumePlan, range: Range): Promise<Ends> {
  const { planRange } = await import('./range.ts');
  const partitions =
    plan.include === undefined
      ? await rangePartitions(context, consumer, plan)
      : await matching(consumer, plan.include);
  const { starts, ends } = await planRange(consumer, partitions, range);
  consumer.assign(starts);
  return ends;
}

async function rangePartitions(context: CommandContext, consumer: Consumer, plan: ConsumePlan) {
  const topic = plan.topic as string;
  const count = (await partitionsOf(context, consumer, topic, 0)) as number;
  if (plan.partition === undefined) return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  checkPartition(topic, plan.partition, count);
  return [{ topic, partition: plan.partition }];
}

async function matching(consumer: Consumer, pattern: RegExp): Promise<TopicPartition[]> {
  const { cluster } = consumer;
  const names = (await listTopics(cluster)).filter((t) => !t.isInternal && pattern.test(t.name)).map((t) => t.name);
  return names.flatMap((topic) =>
    (cluster.topic(topic)?.partitions ?? []).map(({ partition }) => ({ topic, partition })),
  );
}

async function startPlainly(
  context: CommandContext,
  consumer: Consumer,
  plan: ConsumePlan,
  { waitMs, listener }: { readonly waitMs: number; readonly listener: RebalanceListener },
): Promise<undefined | 'late'> {
  const topic = plan.topic as string;
  const count = await partitionsOf(context, consumer, topic, waitMs);
  if (count === 'late') return count;
  if (plan.partition === undefined) consumer.subscribe([topic], listener);
  else {
    if (context.manner === 'own') checkPartition(topic, plan.partition, count);
    consumer.assign([await startOffset(consumer, topic, plan.partition, plan.offset)]);
  }
  return undefined;
}

function checkPartition(topic: string, partition: number, count: number): void {
  if (partition >= 0 && partition < count) return;
  throw new CommandError(`${topic} has no partition ${partition}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    hint: count === 1 ? 'its only partition is 0' : `its partitions are 0 to ${count - 1}`,
  });
}

async function startOffset(
  consumer: Consumer,
  topic: string,
  partition: number,
  offset: ConsumePlan['offset'],
): Promise<StartOffset> {
  if (typeof offset === 'number') return { topic, partition, offset };
  const timestamp = offset === 'earliest' ? OffsetSpec.earliest : OffsetSpec.latest;
  const answers = await listOffsets(consumer.cluster, [{ topic, partition, timestamp }], { failFast: true });
  const answer = answers.get(partitionKey(topic, partition));
  return { topic, partition, offset: answer === undefined || answer.errorCode !== 0 ? undefined : answer.offset };
}
