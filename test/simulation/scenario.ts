/** One seed: a cluster, its clients and its faults, then quiet, then the check that everything acknowledged is there. */
import type { Seeded } from '../support/sim/seeded.ts';
import { SimNetwork } from '../support/sim/sim-network.ts';
import { SimNode } from '../support/sim/sim-node.ts';
import { type Trace, World } from '../support/sim/world.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';

export interface RunOptions {
  readonly trace?: Trace | null;
}

export interface RunResult {
  readonly seed: string;
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

const ONE_NODE: Partial<Record<FaultKind, number>> = {
  kill: 3,
  tornKill: 3,
  power: 2,
  tornPower: 2,
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

/** Properties that all nodes of all scenarios share: short times and small files, so that much happens in little. */
function commonProperties(random: Seeded, flushEach: boolean): Record<string, string> {
  return {
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'offsets.topic.num.partitions': '2',
    'group.initial.rebalance.delay.ms': '0',
    'log.initial.task.delay.ms': '1000',
    'log.flush.offset.checkpoint.interval.ms': String(random.pick([500, 5_000, 60_000])),
    'replica.high.watermark.checkpoint.interval.ms': String(random.pick([500, 5_000])),
    'metadata.log.max.snapshot.interval.ms': String(random.pick([2_000, 10_000, 3_600_000])),
    'metadata.log.max.record.bytes.between.snapshots': String(random.pick([500, 5_000, 20_971_520])),
    'internal.metadata.log.segment.bytes': String(random.pick([4_096, 1_048_576])),
    'num.partitions': '1',
    ...(flushEach ? { 'log.flush.interval.messages': '1' } : {}),
  };
}

function oneNode(network: SimNetwork, random: Seeded): SimNode {
  return new SimNode(network.host('n1'), {
    ...commonProperties(random, true),
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@n1:9093',
    listeners: 'PLAINTEXT://n1:9092,CONTROLLER://n1:9093',
    'log.dirs': '/data',
    'offsets.topic.replication.factor': '1',
  });
}

/** Runs a seed to its end. Call it outside of promises: see World. */
function runSeed(seed: string, options: RunOptions): RunResult {
  const world = new World(seed, options.trace ?? null);
  const network = new SimNetwork(world);
  const random = world.random.fork('setup');
  const troubleMs = random.pick(TROUBLES_MS);
  const nodes = [oneNode(network, random)];
  for (const node of nodes) {
    node.onError = (error, during) => {
      if (!node.hadDiskErrors)
        world.fail(`${node.name} failed to ${during}: ${String((error as Error).stack ?? error)}`);
    };
  }
  const client = network.host('client');
  const ledger = new Ledger(world);
  const faults = new Faults({ world, network, nodes, client, untilMs: troubleMs, weights: ONE_NODE });
  const load = new Load({
    process: client.boot(),
    ledger,
    random: world.random.fork('load'),
    bootstrapServers: nodes.map(({ name }) => `${name}:9092`).join(','),
    topic: 'records',
    partitions: 1 + random.int(3),
    replicationFactor: 1,
    topicConfigs: { 'segment.ms': String(random.pick([1_000, 10_000, 604_800_000])) },
  });
  for (const node of nodes) node.start();
  load.start(1 + random.int(3), 1 + random.int(3));
  faults.start();
  world.run(troubleMs);
  if (world.failure === null) {
    faults.mend();
    heal(world, load, ledger);
  }
  load.finish();
  const sum = (of: (node: SimNode) => number) => nodes.reduce((total, node) => total + of(node), 0);
  return {
    seed,
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
    },
  };
}

function heal(world: World, load: Load, ledger: Ledger): void {
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
    world.fail(`not everything was read, and by the group, ${HEAL_MS} ms after the last fault`);
  }
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
