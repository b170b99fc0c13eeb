/**
 * What the actions of `reassign-partitions` share: whom they ask, what they have said so far, and the questions that all
 * of them have. What was said stays said when the work fails in the middle.
 */
import { EXIT } from '../../base/kts-error.ts';
import { describeLogDirs } from '../../client/admin-cluster.ts';
import { listReassignments, type OngoingReassignment, type ReplicaMove } from '../../client/admin-partitions.ts';
import { describeTopics, listTopics, type TopicDescription } from '../../client/admin-topics.ts';
import type { TopicPartition } from '../../client/offsets.ts';
import { nearestWord } from '../../config/nearest.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type AdminClient, clusterNodes, needsBrokers } from '../admin-client.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { inSetOrder } from '../java-order.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { replicaText } from './plan.ts';

/** Kafka's tool says the message of this exception as it is, and no "Error: " before it. */
export const TERSE = 'org.apache.kafka.tools.TerseException';

export interface Session {
  readonly context: CommandContext;
  readonly options: ParsedOptions;
  readonly client: AdminClient;
  /** As Kafka's tool prints it. */
  readonly say: (text: string) => void;
  /** What takes long just now, for those who wait. */
  readonly doing: (text: string) => void;
}

export function isDryRun({ options }: Session): boolean {
  return options.has('dry-run');
}

/** `1 partition`, `2 partitions` are told apart by a letter. */
export function plural(count: number): string {
  return count === 1 ? '' : 's';
}

export function ongoing(
  { client }: Session,
  partitions: readonly TopicPartition[] | null = null,
): Promise<OngoingReassignment[]> {
  return listReassignments(client.cluster, partitions, { node: client.ofControllers ? 'any' : 'controller' });
}

export interface LiveBroker {
  readonly id: number;
  readonly rack: string | null;
}

/** Brokers that are there; of controllers, these. */
export async function liveBrokers({ client }: Session): Promise<LiveBroker[]> {
  const { nodes } = await clusterNodes(client);
  return nodes.map(({ id, rack }) => ({ id, rack })).sort((a, b) => a.id - b.id);
}

/** Their ids for a hint. */
export function brokersHint(live: readonly LiveBroker[]): string {
  return `there are ${live.map(({ id }) => id).join(', ')}`;
}

async function noTopic({ client }: Session, name: string, cause: KafkaError): Promise<Error> {
  const names = (await listTopics(client.cluster)).filter((topic) => !topic.isInternal).map((topic) => topic.name);
  const near = nearestWord(name, names);
  return new CommandError(`there is no topic '${name}'`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic ${name} not found.`,
    hint: near === undefined ? 'kts topics --list shows the topics' : `did you mean ${near}?`,
    cause,
  });
}

/** Topics that all have to be there. */
export async function topicsByName(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const unique = inSetOrder([...new Set(names)], (name) => name);
  const answers = await describeTopics(session.client.cluster, unique);
  const found = new Map<string, TopicDescription>();
  for (const name of unique) {
    const topic = answers.get(name);
    if (topic === undefined || topic instanceof KafkaError) {
      const error = topic ?? new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
      throw error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ? await noTopic(session, name, error) : error;
    }
    found.set(name, topic);
  }
  return found;
}

/** A broker that is needed and is not there; Kafka waits for it for a minute and says this then. */
export function awayError(brokerId: number, call: string, live: readonly LiveBroker[]): CommandError {
  return new CommandError(`broker ${brokerId} is not there`, {
    stage: 'run',
    exitCode: EXIT.unreachable,
    strictText: `org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: ${call}`,
    hint: brokersHint(live),
  });
}

export type Replica = Omit<ReplicaMove, 'directory'>;

export interface ReplicaPlace {
  readonly current?: string;
  /** It is on its way there. */
  readonly future?: string;
}

/** By replica. What a broker has in no directory that works is not in it. */
export async function placesOf(
  { client }: Session,
  replicas: readonly Replica[],
  live: readonly LiveBroker[],
): Promise<ReadonlyMap<string, ReplicaPlace>> {
  const places = new Map<string, ReplicaPlace>();
  if (replicas.length === 0) return places;
  needsBrokers(client);
  const brokers = [...new Set(replicas.map(({ brokerId }) => brokerId))];
  const away = brokers.find((id) => !live.some((broker) => broker.id === id));
  if (away !== undefined) throw awayError(away, 'describeReplicaLogDirs', live);
  const topics = [...new Set(replicas.map(({ topic }) => topic))];
  for (const { brokerId, path, replicas: there } of await describeLogDirs(client.cluster, { brokers, topics })) {
    for (const { topic, partition, isFuture } of there) {
      const key = replicaText({ topic, partition, brokerId });
      places.set(key, { ...places.get(key), ...(isFuture ? { future: path } : { current: path }) });
    }
  }
  return places;
}

/** The directories of replicas, by replica; of brokers that are away nothing is known. */
export async function directoriesOf(
  session: Session,
  replicas: readonly Replica[],
  live: readonly LiveBroker[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(live.map(({ id }) => id));
  const places = await placesOf(
    session,
    replicas.filter(({ brokerId }) => ids.has(brokerId)),
    live,
  );
  return new Map([...places].flatMap(([key, { current }]) => (current === undefined ? [] : [[key, current] as const])));
}
