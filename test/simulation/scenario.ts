/** One seed: a cluster, its clients and its faults, then quiet, then the check that everything acknowledged is there. */
import type { SimHost } from '../support/sim/sim-host.ts';
import { SimNetwork } from '../support/sim/sim-network.ts';
import type { SimNode } from '../support/sim/sim-node.ts';
import { type Trace, World } from '../support/sim/world.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Load, type LoadOptions } from './load.ts';
import { differenceOf, readReplica } from './replicas.ts';
import { buildCluster, type Cluster, SHAPES, type Shape } from './shapes.ts';
import { Watch } from './watch.ts';

export interface RunOptions {
  readonly trace?: Trace | null;
  readonly shape?: Shape | undefined;
}

export interface RunResult {
  readonly seed: string;
  readonly shape: Shape;
  readonly failure: string | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** How long things go wrong. */
const TROUBLES_MS = [5_000, 10_000, 20_000];
/** Within this time after the last fault everything works again, and everybody is up to date. */
const HEAL_MS = 60_000;
/** And within this, every replica is the same. */
const SAME_MS = 5_000;
const TOPIC = 'records';

const WEIGHTS: Partial<Record<FaultKind, number>> = {
  kill: 3,
  tornKill: 3,
  power: 2,
  tornPower: 2,
  outage: 1,
  killLeader: 2,
  reader: 2,
  restart: 2,
  hold: 1,
  cut: 2,
  slow: 1,
  reset: 2,
  clock: 1,
  fullDisk: 1,
  badDisk: 1,
  slowDisk: 1,
};

/** Runs a seed to its end. Call it outside of promises: see World. */
function runSeed(seed: string, options: RunOptions): RunResult {
  const world = new World(seed, options.trace ?? null);
  const network = new SimNetwork(world);
  const random = world.random.fork('setup');
  const troubleMs = random.pick(TROUBLES_MS);
  const shape = options.shape ?? world.random.fork('shape').pick(SHAPES);
  const cluster = buildCluster(network, shape, random);
  const { nodes } = cluster;
  const watch = new Watch(world);
  for (const node of nodes) {
    node.onError = (error, during) => {
      if (!node.hadDiskErrors)
        world.fail(`${node.name} failed to ${during}: ${String((error as Error).stack ?? error)}`);
    };
  }
  const client = network.host('client');
  const ledger = new Ledger(world, shape === 'one');
  const loadOptions = {
    ledger,
    bootstrapServers: cluster.bootstrapServers,
    topic: TOPIC,
    partitions: 1 + random.int(3),
    replicationFactor: cluster.replicationFactor,
    joining: cluster.joining,
    administered: shape === 'dynamic' || random.chance(0.5) ? cluster.brokers.map(({ config }) => config.nodeId) : [],
    topicConfigs: { 'segment.ms': String(random.pick([1_000, 10_000, 604_800_000])) },
    placementOf: (partition: number) => watch.placementOf(TOPIC, partition),
  };
  const load = new Load({ ...loadOptions, process: client.boot(), random: world.random.fork('load') });
  const readers = readersOn(network.host('readers'), loadOptions);
  const faults = new Faults({
    world,
    network,
    nodes,
    mayLosePages: (node) => mayLosePages(node, cluster, watch),
    isRecovered: (node) => node.state === 'running' && everyIsr(cluster, watch, () => true),
    lossBinds: (node) => !cluster.syncsEach && cluster.brokers.includes(node),
    client,
    controller: () => watch.leader,
    reader: () => readers.change(),
    untilMs: troubleMs,
    weights: WEIGHTS,
  });
  for (const node of nodes) node.start();
  load.start(1 + random.int(3), 1 + random.int(3));
  faults.start();
  world.run(troubleMs);
  if (world.failure === null) {
    faults.mend();
    heal(world, load, ledger, cluster, watch);
  }
  load.finish();
  readers.finish();
  watch.stop();
  const sum = (of: (node: SimNode) => number) => nodes.reduce((total, node) => total + of(node), 0);
  return {
    seed,
    shape,
    failure: world.failure,
    hash: world.hash,
    events: world.events,
    virtualMs: world.nowMs,
    counts: {
      starts: sum((node) => node.starts),
      crashes: sum((node) => node.crashes),
      stops: sum((node) => node.stops),
      sent: ledger.sent,
      acked: ledger.acked,
      refused: ledger.refused,
      read: ledger.read,
      commits: ledger.commits,
      ends: ledger.ends,
      operations: load.operations?.count ?? 0,
      voterChanges: load.operations?.voterChanges ?? 0,
      epochs: watch.leaders,
      metadata: watch.committedOffset,
    },
  };
}

/** Consumers of the group that come and go, one at a time, and go without a word. */
function readersOn(host: SimHost, options: Omit<LoadOptions, 'process' | 'random'>) {
  let load: Load | null = null;
  let name = 100;
  return {
    change: () => {
      if (load !== null) {
        host.crash('kill');
        load = null;
        return;
      }
      const process = host.boot();
      load = new Load({ ...options, process, random: process.random.fork('load') });
      load.startReader(name++);
    },
    finish: () => load?.finish(),
  };
}

/**
 * acks=all is not fsync: where records are not synced one by one, a replica may lose pages only while another one that runs
 * has everything too. (When the only replica in sync loses pages, Kafka elects it all the same: it is the last known leader.
 * To a controller every crash may have lost pages: of several replicas that crashed, it believes the last that is left.)
 * What a controller commits is always synced.
 */
function mayLosePages(node: SimNode, cluster: Cluster, watch: Watch): boolean {
  if (cluster.syncsEach || !cluster.brokers.includes(node)) return true;
  if (node !== cluster.victim) return false;
  // A node whose disk fails ends by itself.
  const isWell = ({ host }: SimNode) => host.disk.fault === null && !Number.isFinite(host.disk.capacity);
  if (!cluster.brokers.every(isWell)) return false;
  return everyIsr(cluster, watch, (other) => other !== node);
}

/** Every partition has such a broker in sync, and it runs. */
function everyIsr(cluster: Cluster, watch: Watch, isMeant: (node: SimNode) => boolean): boolean {
  const running = (id: number) =>
    cluster.brokers.some((node) => isMeant(node) && node.config.nodeId === id && node.state === 'running');
  return watch.isrs.every((isr) => isr.some(running));
}

function heal(world: World, load: Load, ledger: Ledger, cluster: Cluster, watch: Watch): void {
  const until = world.nowMs + HEAL_MS;
  const ackedBefore = ledger.acked;
  if (!world.run(until, () => ledger.acked > ackedBefore + 20)) {
    world.fail(`nothing is acknowledged ${HEAL_MS} ms after the last fault`);
    return;
  }
  load.stopSending();
  if (!world.run(until, () => load.settled)) {
    world.fail(`what was sent is not settled ${HEAL_MS} ms after the last fault`);
    return;
  }
  load.check();
  if (!world.run(until, () => load.checked)) {
    world.fail(
      `not everything is there and was read, by the group too, or its commits are not, or a replica is not in sync or not known to a broker, ${HEAL_MS} ms after the last fault`,
    );
    return;
  }
  let difference: string | null = null;
  const until2 = world.nowMs + SAME_MS;
  for (;;) {
    difference = differenceBetweenReplicas(load, cluster, watch);
    if (difference === null || world.nowMs >= until2) break;
    world.run(world.nowMs + 200);
  }
  if (difference !== null) world.fail(difference);
}

/** Null when every partition's replicas are the same bytes. */
function differenceBetweenReplicas(load: Load, cluster: Cluster, watch: Watch): string | null {
  for (const [partition, end] of load.ends) {
    // Not as a broker has told: replicas may have moved since.
    const ids = watch.placementOf(TOPIC, partition)?.replicas ?? [];
    const holders = cluster.brokers.filter(({ config }) => ids.includes(config.nodeId));
    const replicas = holders.map((node) => readReplica(node, TOPIC, partition));
    const found = replicas.filter((replica) => replica !== null);
    if (found.length < holders.length) return `a replica of ${TOPIC}-${partition} is missing`;
    const short = found.find((replica) => replica.end < end);
    if (short !== undefined)
      return `the replica of ${TOPIC}-${partition} on ${short.node} ends at ${short.end}, not ${end}`;
    const difference = differenceOf(found, end);
    if (difference !== null) return `${TOPIC}-${partition}: ${difference}`;
  }
  return null;
}

/** In a turn of the loop of its own; what nobody catches in it fails the seed. */
export function simulate(seed: string, options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      const uncaught: unknown[] = [];
      const note = (error: unknown): void => {
        uncaught.push(error);
      };
      process.on('unhandledRejection', note);
      try {
        const result = runSeed(seed, options);
        const first = uncaught[0];
        const words = first instanceof Error ? (first.stack ?? first.message) : String(first);
        resolve(uncaught.length === 0 ? result : { ...result, failure: result.failure ?? `nobody caught: ${words}` });
      } catch (error) {
        reject(error);
      } finally {
        process.off('unhandledRejection', note);
      }
    });
  });
}
