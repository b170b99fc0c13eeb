/**
 * Throttles of a reassignment: per topic which replicas send and receive under them, per broker how many bytes a second.
 * They are set before the moves and have to be taken away behind them.
 */
import { EXIT } from '../../base/kts-error.ts';
import { alterConfigs, type ConfigChange, type Resource, ResourceType } from '../../client/admin-configs.ts';
import type { OngoingReassignment } from '../../client/admin-partitions.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { inSetOrder, numbersInSetOrder } from '../java-order.ts';
import { partitionText } from '../partition-list.ts';
import type { PlacedPartition } from './plan.ts';
import { type LiveBroker, liveBrokers, plural, type Session } from './session.ts';

const LEADER_RATE = 'leader.replication.throttled.rate';
const FOLLOWER_RATE = 'follower.replication.throttled.rate';
const DIRECTORIES_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second';
const LEADERS = 'leader.replication.throttled.replicas';
const FOLLOWERS = 'follower.replication.throttled.replicas';
const SET = 0;
const DELETE = 1;
/** A broker that does not answer may come back; nobody waits for it for long. */
const PATIENCE_MS = 5_000;

/** What replicates a partition from where to where. */
interface Movement {
  readonly topic: string;
  readonly partition: number;
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
}

/** Those under way, and those that are to come; `present` are the replicas of the latter. */
export function movements(
  under: readonly OngoingReassignment[],
  planned: readonly PlacedPartition[],
  present: ReadonlyMap<string, readonly number[]>,
): Movement[] {
  const found = new Map<string, Movement>();
  for (const { topic, partition, replicas, adding } of under) {
    const sources = replicas.filter((id) => !adding.includes(id));
    found.set(partitionText({ topic, partition }), { topic, partition, sources, destinations: adding });
  }
  for (const { topic, partition, replicas } of planned) {
    const key = partitionText({ topic, partition });
    const sources = found.get(key)?.sources ?? present.get(key) ?? [];
    const destinations = replicas.filter((id) => !sources.includes(id));
    found.set(key, { topic, partition, sources, destinations });
  }
  return [...found.values()];
}

/** `PARTITION:BROKER,…`, in the order of the words. */
function throttledReplicas(list: readonly Movement[], of: 'sources' | 'destinations'): string {
  return list
    .flatMap((movement) => movement[of].map((id) => `${movement.partition}:${id}`))
    .sort()
    .join(',');
}

type Values = readonly (readonly [key: string, value: string | null])[];

/** The configs of each resource by themselves: what one refuses keeps no other from its own. Null takes a value away. */
async function change(
  { client }: Session,
  resources: readonly Resource[],
  valuesOf: (resource: Resource) => Values,
): Promise<unknown[]> {
  const { cluster, ofControllers } = client;
  const results = await Promise.allSettled(
    resources.map((resource) => {
      const changes = valuesOf(resource).map(
        ([name, value]): ConfigChange => ({ resource, name, operation: value === null ? DELETE : SET, value }),
      );
      const patience = resource.type === ResourceType.broker ? { deadline: cluster.deadline(PATIENCE_MS) } : {};
      return alterConfigs(cluster, changes, { anyNode: ofControllers, ...patience });
    }),
  );
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}

function throwFirst(failures: readonly unknown[]): void {
  if (failures.length > 0) throw failures[0];
}

function brokers(ids: readonly number[]): Resource[] {
  return ids.map((id) => ({ type: ResourceType.broker, name: String(id) }));
}

function topics(names: readonly string[]): Resource[] {
  return names.map((name) => ({ type: ResourceType.topic, name }));
}

/** Those that can be asked. Kafka's tool tries all of them, and falls over the one that is away. */
function reachable({ client, context }: Session, ids: readonly number[], live: readonly LiveBroker[]): number[] {
  if (client.ofControllers || context.manner === 'strict') return [...ids];
  return ids.filter((id) => live.some((broker) => broker.id === id));
}

function away(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'broker' : 'brokers'} ${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} away`;
}

export async function throttleBrokers(
  session: Session,
  moving: readonly Movement[],
  { rate, live }: { readonly rate: number; readonly live: readonly LiveBroker[] },
): Promise<void> {
  const byTopic = Map.groupBy(moving, ({ topic }) => topic);
  const replicasOf = ({ name }: Resource): Values => {
    const list = byTopic.get(name) ?? [];
    return [
      [LEADERS, throttledReplicas(list, 'sources')],
      [FOLLOWERS, throttledReplicas(list, 'destinations')],
    ];
  };
  throwFirst(await change(session, topics([...byTopic.keys()]), replicasOf));
  const ids = [...new Set(moving.flatMap(({ sources, destinations }) => [...sources, ...destinations]))];
  const there = reachable(session, ids, live);
  const rates: Values = [LEADER_RATE, FOLLOWER_RATE].map((name) => [name, String(rate)]);
  throwFirst(await change(session, brokers(there), () => rates));
  const missing = ids.filter((id) => !there.includes(id)).sort((a, b) => a - b);
  if (missing.length > 0) session.context.output.err(`kts: ${away(missing)}: no throttle there\n`);
  session.say(`The inter-broker throttle limit was set to ${rate} B/s\n`);
}

export async function throttleDirectories(session: Session, ids: readonly number[], rate: number): Promise<void> {
  throwFirst(await change(session, brokers([...new Set(ids)]), () => [[DIRECTORIES_RATE, String(rate)]]));
  session.say(`The replica-alter-dir throttle limit was set to ${rate} B/s\n`);
}

/** A topic that was deleted took its throttles along. */
function isDeletedTopic(error: unknown): boolean {
  return error instanceof KafkaError && error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

/** All of them: who was throttled by former plans is not known. */
export async function clearThrottles(session: Session, targets: readonly PlacedPartition[]): Promise<void> {
  const { context, say } = session;
  const strict = context.manner === 'strict';
  const live = await liveBrokers(session);
  const wanted = [...live.map(({ id }) => id), ...targets.flatMap(({ replicas }) => replicas)];
  const ids = numbersInSetOrder([...new Set(wanted)]);
  const there = reachable(session, ids, live);
  say(`Clearing broker-level throttles on broker${plural(ids.length)} ${ids.join(',')}\n`);
  const rates: Values = [LEADER_RATE, FOLLOWER_RATE, DIRECTORIES_RATE].map((name) => [name, null]);
  const failures = await change(session, brokers(there), () => rates);
  if (strict) throwFirst(failures);
  const names = inSetOrder([...new Set(targets.map(({ topic }) => topic))], (topic) => topic);
  say(`Clearing topic-level throttles on topic${plural(names.length)} ${names.join(',')}\n`);
  const replicas: Values = [LEADERS, FOLLOWERS].map((name) => [name, null]);
  const refused = await change(session, topics(names), () => replicas);
  throwFirst([...failures, ...(strict ? refused : refused.filter((error) => !isDeletedTopic(error)))]);
  const missing = ids.filter((id) => !there.includes(id)).sort((a, b) => a - b);
  if (missing.length === 0) return;
  throw new CommandError(`${away(missing)}, and a throttle there stays`, {
    stage: 'run',
    exitCode: EXIT.partial,
    hint: 'kts reassign-partitions --verify takes it away later',
  });
}
