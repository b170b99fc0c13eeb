/** What `leader-election` does: which partitions are meant, and what became of each. */
import { electLeaders } from '../../client/admin-partitions.ts';
import { describeTopics, listTopics, type PartitionDescription } from '../../client/admin-topics.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { partitionsInSetOrder } from '../java-order.ts';
import { asArray, asInteger, asObject, asString, field, fileError, parseJson, readText } from '../json-file.ts';
import { eachOnce, inOrder, partitionText } from '../partition-list.ts';
import type { Sheet, Shown } from '../show/shown.ts';
import type { ElectionKind } from './check-options.ts';

export interface FailedElection extends TopicPartition {
  readonly error: KafkaError;
}

export interface Elections {
  readonly kind: ElectionKind;
  readonly dryRun: boolean;
  readonly elected: readonly TopicPartition[];
  readonly notNeeded: readonly TopicPartition[];
  readonly failed: readonly FailedElection[];
}

const WRAPPED = 'com.fasterxml.jackson.databind.JsonMappingException: ';

function partitionsIn(root: unknown): TopicPartition[] {
  const object = asObject(root);
  if (!Object.hasOwn(object, 'partitions')) {
    throw fileError('"partitions" is missing', 'Replica election data is missing "partitions" field');
  }
  return asArray(object['partitions']).map((item) => {
    const fields = asObject(item);
    return { topic: asString(field(fields, 'topic')), partition: asInteger(field(fields, 'partition')) };
  });
}

/** What is wrong with the values, Kafka's tool says behind the name of Jackson's exception. */
function readPartitions(root: unknown): TopicPartition[] {
  try {
    return partitionsIn(root);
  } catch (error) {
    if (!(error instanceof CommandError) || error.strictText.startsWith('Replica election')) throw error;
    throw fileError(error.message, `${WRAPPED}${error.strictText}`);
  }
}

export async function readElections(context: CommandContext, path: string): Promise<readonly TopicPartition[]> {
  const text = await readText(context, path).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    const { message, exitCode, strictText } = error;
    throw new CommandError(message, { stage: 'run', exitCode, strictText: `java.io.IOException: ${strictText}` });
  });
  const partitions = readPartitions(parseJson(context, text, path, 'Replica election data is empty'));
  const count = Map.groupBy(partitions, partitionText);
  const double = partitions.filter((one) => (count.get(partitionText(one)) ?? []).length > 1);
  const names = partitionsInSetOrder(eachOnce(double)).map(partitionText);
  if (names.length > 0) {
    const strict = `Replica election data contains duplicate partitions: [${names.join(', ')}]`;
    throw fileError(`${names.join(', ')} stands there twice`, strict);
  }
  return partitions;
}

function sorted(
  kind: ElectionKind,
  dryRun: boolean,
  outcomes: readonly (TopicPartition & { error: KafkaError | null })[],
): Elections {
  const elected: TopicPartition[] = [];
  const notNeeded: TopicPartition[] = [];
  const failed: FailedElection[] = [];
  for (const { topic, partition, error } of inOrder(outcomes)) {
    if (error === null) elected.push({ topic, partition });
    else if (error.code === ErrorCode.ELECTION_NOT_NEEDED) notNeeded.push({ topic, partition });
    else failed.push({ topic, partition, error });
  }
  return { kind, dryRun, elected, notNeeded, failed };
}

/** Kafka's tool keeps them in hash sets. */
export function inSets({ elected, notNeeded, failed, ...more }: Elections): Elections {
  return {
    ...more,
    elected: partitionsInSetOrder(elected),
    notNeeded: partitionsInSetOrder(notNeeded),
    failed: partitionsInSetOrder(failed),
  };
}

/** `topic-partition` as brokers name it: a topic may hold dashes too. */
function parsedKey(key: string): TopicPartition {
  const dash = key.lastIndexOf('-');
  return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)) };
}

/** Of all partitions without a list. */
export async function elect(
  cluster: ClusterView,
  kind: ElectionKind,
  partitions: readonly TopicPartition[] | null,
): Promise<Elections> {
  const answers = await electLeaders(cluster, kind, partitions);
  const outcomes = [...answers].map(([key, error]) => ({ ...parsedKey(key), error }));
  return sorted(kind, false, outcomes);
}

/** What the controller would say, as far as it can be seen from here. */
function foreseen(kind: ElectionKind, partition: PartitionDescription, live: ReadonlySet<number>): KafkaError | null {
  const [preferred = -1] = partition.replicas;
  const isFine = kind === 'preferred' ? partition.leader === preferred : partition.leader >= 0;
  if (isFine) return new KafkaError(ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.');
  if (kind === 'preferred') {
    const can = partition.isr.includes(preferred) && live.has(preferred);
    return can
      ? null
      : new KafkaError(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.');
  }
  if (partition.replicas.some((id) => live.has(id))) return null;
  return new KafkaError(
    ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
    'Eligible topic partition leaders are not available.',
  );
}

export async function rehearse(
  cluster: ClusterView,
  kind: ElectionKind,
  partitions: readonly TopicPartition[] | null,
): Promise<Elections> {
  const names = partitions?.map(({ topic }) => topic) ?? (await listTopics(cluster)).map(({ name }) => name);
  const topics = await describeTopics(cluster, [...new Set(names)]);
  await cluster.refresh([]);
  const live = new Set(cluster.brokers.map(({ id }) => id));
  const look = ({ topic, partition }: TopicPartition) => {
    const found = topics.get(topic);
    const there =
      found instanceof KafkaError ? undefined : found?.partitions.find((one) => one.partition === partition);
    const missing = `there is no partition ${partitionText({ topic, partition })}`;
    const error =
      there === undefined ? new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, missing) : foreseen(kind, there, live);
    return { topic, partition, error };
  };
  if (partitions !== null) return sorted(kind, true, partitions.map(look));
  const all = [...topics.values()].flatMap((topic) =>
    topic instanceof KafkaError ? [] : topic.partitions.map(({ partition }) => look({ topic: topic.name, partition })),
  );
  const needed = all.filter(({ error }) => error?.code !== ErrorCode.ELECTION_NOT_NEEDED);
  return sorted(kind, true, needed);
}

/** What went well, as Kafka's tool prints it. */
export function electedText({ kind, dryRun, elected, notNeeded }: Elections): string {
  const names = elected.map(partitionText).join(', ');
  const done = dryRun
    ? `Would elect leaders (${kind.toUpperCase()}) for partitions ${names}\n`
    : `Successfully completed leader election (${kind.toUpperCase()}) for partitions ${names}\n`;
  const fine = `Valid replica already elected for partitions ${notNeeded.map(partitionText).join(', ')}\n`;
  return `${elected.length > 0 ? done : ''}${notNeeded.length > 0 ? fine : ''}`;
}

export function showElections({ kind, dryRun, elected, notNeeded, failed }: Elections): Shown {
  const sheet: Sheet = {
    columns: [
      { head: 'TOPIC', key: 'topic', mark: () => 'name' },
      { head: 'PARTITION', key: 'partition', right: true },
      { head: 'ELECTION', key: 'election', mark: (cell) => (cell === 'failed' ? 'bad' : 'good') },
      { head: 'WHY', key: 'why' },
    ],
    rows: [
      ...elected.map((one) => [one.topic, one.partition, dryRun ? 'would be held' : 'done', null]),
      ...notNeeded.map((one) => [one.topic, one.partition, 'not needed', null]),
      ...failed.map((one) => [one.topic, one.partition, 'failed', one.error.message]),
    ],
  };
  const refusals = failed.map(({ topic, partition, error }) => ({ topic, partition, error: error.message }));
  const data = { type: kind, ...(dryRun ? { dryRun } : {}), elected, notNeeded, failed: refusals };
  return { data, sheets: [sheet], empty: 'no partition needs it' };
}
