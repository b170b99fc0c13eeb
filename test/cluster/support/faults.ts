/** What can befall a cluster of three, each with its end. A fault returns once everything is running again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode, TestCluster } from './nodes.ts';
import type { SmallDisk } from './small-disk.ts';

export interface FaultContext {
  readonly cluster: TestCluster;
  /** Seeded: in [0, 1). */
  readonly random: () => number;
  /** Of the node that has it. */
  readonly disk: { readonly node: number; readonly disk: SmallDisk } | undefined;
}

export interface Fault {
  readonly name: string;
  /** Why it cannot be had here; undefined where it can. */
  readonly missing: (context: FaultContext) => string | undefined;
  /** Resolves with what was done to whom. */
  readonly strike: (context: FaultContext) => Promise<string>;
}

const always = () => undefined;

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

const between = (random: () => number, low: number, high: number) => low + random() * (high - low);

async function startAgain(nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.untilReady()));
}

/** Down for a moment or for longer than a session lasts. */
function downtimeMs(random: () => number): number {
  return random() < 0.5 ? between(random, 0, 500) : between(random, 2_000, 12_000);
}

const kill: Fault = {
  name: 'kill -9',
  missing: always,
  strike: async ({ cluster, random }) => {
    const node = pick(cluster.nodes, random);
    await node.kill();
    await sleep(downtimeMs(random));
    await startAgain([node]);
    return `node ${node.id}`;
  },
};

const killController: Fault = {
  name: 'kill -9 of the controller',
  missing: always,
  strike: async ({ cluster, random }) => {
    const node = await cluster.controller();
    await node.kill();
    await sleep(downtimeMs(random));
    await startAgain([node]);
    return `node ${node.id}`;
  },
};

const killLeader: Fault = {
  name: 'kill -9 of a leader',
  missing: always,
  strike: async ({ cluster, random }) => {
    const led = (await cluster.probe.partitions()).filter(({ leader }) => leader >= 0);
    const node = cluster.node(pick(led, random).leader);
    await node.kill();
    await sleep(downtimeMs(random));
    await startAgain([node]);
    return `node ${node.id}`;
  },
};

const killTwo: Fault = {
  name: 'kill -9 of two',
  missing: always,
  strike: async ({ cluster, random }) => {
    const nodes = shuffled(cluster.nodes, random).slice(0, 2);
    for (const node of nodes) {
      await node.kill();
      await sleep(between(random, 0, 1_500));
    }
    await sleep(downtimeMs(random));
    await startAgain(shuffled(nodes, random));
    return nodes.map(({ id }) => `node ${id}`).join(' and ');
  },
};

const killAll: Fault = {
  name: 'kill -9 of all',
  missing: always,
  strike: async ({ cluster, random }) => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await sleep(between(random, 0, 2_000));
    await startAgain(shuffled(cluster.nodes, random));
    return 'all nodes';
  },
};

const restart: Fault = {
  name: 'restart',
  missing: always,
  strike: async ({ cluster, random }) => {
    const node = pick(cluster.nodes, random);
    const inTime = await node.stop();
    await sleep(between(random, 0, 1_000));
    await startAgain([node]);
    return `node ${node.id}${inTime ? '' : ', which did not stop by itself'}`;
  },
};

const rolling: Fault = {
  name: 'rolling restart',
  missing: always,
  strike: async ({ cluster, random }) => {
    const late: number[] = [];
    for (const node of shuffled(cluster.nodes, random)) {
      if (!(await node.stop())) late.push(node.id);
      await startAgain([node]);
      await cluster.probe.untilWhole(cluster.brokers.length);
    }
    return `all nodes${late.length === 0 ? '' : `; ${late.join(', ')} did not stop by themselves`}`;
  },
};

const freeze: Fault = {
  name: 'SIGSTOP',
  missing: always,
  strike: async ({ cluster, random }) => {
    const node = random() < 0.5 ? await cluster.controller() : pick(cluster.nodes, random);
    const ms = random() < 0.5 ? between(random, 200, 2_000) : between(random, 8_000, 15_000);
    node.pause();
    await sleep(ms);
    node.resume();
    return `node ${node.id} for ${Math.round(ms)} ms`;
  },
};

const cutNode: Fault = {
  name: 'network: a node cut off from the others',
  missing: ({ cluster }) => cluster.network.uncut,
  strike: async ({ cluster, random }) => {
    const node = random() < 0.5 ? await cluster.controller() : pick(cluster.nodes, random);
    const others = cluster.nodes.filter(({ id }) => id !== node.id);
    const ms = between(random, 2_000, 15_000);
    for (const { id } of others) {
      cluster.network.block(node.id, id);
      cluster.network.block(id, node.id);
    }
    await sleep(ms);
    for (const { id } of others) {
      cluster.network.unblock(node.id, id);
      cluster.network.unblock(id, node.id);
    }
    return `node ${node.id} for ${Math.round(ms)} ms`;
  },
};

const cutOneWay: Fault = {
  name: 'network: one way between two nodes',
  missing: ({ cluster }) => cluster.network.uncut,
  strike: async ({ cluster, random }) => {
    const [from, to] = shuffled(cluster.nodes, random) as [ClusterNode, ClusterNode];
    const ms = between(random, 2_000, 15_000);
    cluster.network.block(from.id, to.id);
    await sleep(ms);
    cluster.network.unblock(from.id, to.id);
    return `node ${from.id} to node ${to.id} for ${Math.round(ms)} ms`;
  },
};

/** Records are refused, votes go on: a full disk is no reason to stop. */
function mustStillRun(node: ClusterNode): void {
  if (!node.isRunning) throw new Error(`${node.name} stopped because its disk was full`);
}

const fullDisk: Fault = {
  name: 'full disk',
  missing: ({ disk, cluster }) => {
    if (disk === undefined) return 'there is no small disk';
    return cluster.node(disk.node).engine === 'kts' ? undefined : 'Kafka stops when its disk is full';
  },
  strike: async ({ cluster, disk, random }) => {
    const { node, disk: small } = disk as NonNullable<typeof disk>;
    const ms = between(random, 2_000, 8_000);
    small.fill();
    await sleep(ms);
    small.free();
    mustStillRun(cluster.node(node));
    return `node ${node} for ${Math.round(ms)} ms`;
  },
};

/** The node with the full disk must vote, or cease to lead, while it cannot write. */
const fullDiskElection: Fault = {
  name: 'full disk, and an election meanwhile',
  missing: (context) => fullDisk.missing(context),
  strike: async ({ cluster, disk, random }) => {
    const { node, disk: small } = disk as NonNullable<typeof disk>;
    small.fill();
    await sleep(between(random, 200, 1_000));
    const controller = await cluster.controller();
    const gone = controller.id === node ? pick(cluster.nodes, random) : controller;
    if (gone.id === node) gone.pause();
    else await gone.kill();
    await sleep(between(random, 1_000, 6_000));
    if (gone.id === node) gone.resume();
    small.free();
    if (gone.id !== node) await startAgain([gone]);
    mustStillRun(cluster.node(node));
    return `node ${node}; node ${gone.id} was away meanwhile`;
  },
};

export const FAULTS: readonly Fault[] = [
  kill,
  killController,
  killLeader,
  killTwo,
  killAll,
  restart,
  rolling,
  freeze,
  cutNode,
  cutOneWay,
  fullDisk,
  fullDiskElection,
];
