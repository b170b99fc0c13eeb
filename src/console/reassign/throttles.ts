/**
 * Throttles of a reassignment: per topic which replicas send and receive under them, per broker how many bytes a second.
 * They are set before the moves and have to be taken away behind them.
 */
import { alterConfigs, type ConfigChange, ResourceType } from '../../client/admin-configs.ts';
import type { OngoingReassignment } from '../../client/admin-partitions.ts';
import { UnreachableError } from '../../client/cluster-view.ts';
import { inSetOrder, numbersInSetOrder } from '../java-order.ts';
import { type PlacedPartition, partitionText } from './plan.ts';
import { awayError, liveBrokers, plural, type Session } from './session.ts';

const LEADER_RATE = 'leader.replication.throttled.rate';
const FOLLOWER_RATE = 'follower.replication.throttled.rate';
const DIRECTORIES_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second';
const LEADERS = 'leader.replication.throttled.replicas';
const FOLLOWERS = 'follower.replication.throttled.replicas';
const SET = 0;
const DELETE = 1;
/** A broker that is away may come back; nobody waits for it for long. */
const STRICT_PATIENCE_MS = 5_000;
const OWN_PATIENCE_MS = 1_500;

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

async function setAtBrokers(session: Session, ids: readonly number[], changes: readonly [string, string | null][]) {
  const { context, client } = session;
  const { cluster } = client;
  const patience = context.manner === 'strict' ? STRICT_PATIENCE_MS : OWN_PATIENCE_MS;
  const results = await Promise.allSettled(
    ids.map((id) => {
      const resource = { type: ResourceType.broker, name: String(id) };
      const list = changes.map(
        ([name, value]): ConfigChange => ({ resource, name, operation: value === null ? DELETE : SET, value }),
      );
      return alterConfigs(cluster, list, { anyNode: client.ofControllers, deadline: cluster.deadline(patience) });
    }),
  );
  for (const [i, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    if (!(result.reason instanceof UnreachableError)) throw result.reason;
    throw awayError(ids[i] as number, 'incrementalAlterConfigs', await liveBrokers(session));
  }
}

export async function throttleBrokers(session: Session, moving: readonly Movement[], rate: number): Promise<void> {
  const { client } = session;
  const byTopic = Map.groupBy(moving, ({ topic }) => topic);
  const changes = [...byTopic].flatMap(([name, list]): ConfigChange[] => {
    const resource = { type: ResourceType.topic, name };
    return [
      { resource, name: LEADERS, operation: SET, value: throttledReplicas(list, 'sources') },
      { resource, name: FOLLOWERS, operation: SET, value: throttledReplicas(list, 'destinations') },
    ];
  });
  await alterConfigs(client.cluster, changes, { anyNode: client.ofControllers });
  const ids = new Set(moving.flatMap(({ sources, destinations }) => [...sources, ...destinations]));
  const rates: readonly [string, string][] = [
    [LEADER_RATE, String(rate)],
    [FOLLOWER_RATE, String(rate)],
  ];
  await setAtBrokers(session, [...ids], rates);
  session.say(`The inter-broker throttle limit was set to ${rate} B/s\n`);
}

export async function throttleDirectories(session: Session, ids: readonly number[], rate: number): Promise<void> {
  await setAtBrokers(session, [...new Set(ids)], [[DIRECTORIES_RATE, String(rate)]]);
  session.say(`The replica-alter-dir throttle limit was set to ${rate} B/s\n`);
}

/** All of them: who was throttled by former plans is not known. */
export async function clearThrottles(session: Session, targets: readonly PlacedPartition[]): Promise<void> {
  const { client, say } = session;
  const live = (await liveBrokers(session)).map(({ id }) => id);
  const ids = numbersInSetOrder([...new Set([...live, ...targets.flatMap(({ replicas }) => replicas)])]);
  say(`Clearing broker-level throttles on broker${plural(ids.length)} ${ids.join(',')}\n`);
  await setAtBrokers(
    session,
    ids,
    [LEADER_RATE, FOLLOWER_RATE, DIRECTORIES_RATE].map((name) => [name, null]),
  );
  const topics = inSetOrder([...new Set(targets.map(({ topic }) => topic))], (topic) => topic);
  say(`Clearing topic-level throttles on topic${plural(topics.length)} ${topics.join(',')}\n`);
  const changes = topics.flatMap((topic) =>
    [LEADERS, FOLLOWERS].map((name): ConfigChange => {
      return { resource: { type: ResourceType.topic, name: topic }, name, operation: DELETE, value: null };
    }),
  );
  await alterConfigs(client.cluster, changes, { anyNode: client.ofControllers });
}
