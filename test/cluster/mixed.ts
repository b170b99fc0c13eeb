/**
 * Clusters of kts and Apache Kafka together, in the order in which a cluster would be moved: brokers of Kafka under a kts
 * controller, a kts broker in a quorum of Kafka, a kts voter in a quorum of Kafka. In each the nodes are killed one after
 * the other under producers, consumers and groups; then every acknowledgement is there, and all replicas and metadata
 * logs are the same, byte by byte.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AckedProducers } from './support/acked-producer.ts';
import { GroupLedgers } from './support/group-ledger.ts';
import { type ClusterNode, type ClusterPlan, TestCluster } from './support/nodes.ts';
import { verifyAcknowledged } from './support/read-back.ts';
import { TailReaders } from './support/tail-reader.ts';
import { verifyBytes } from './support/verify.ts';

type Say = (line: string) => void;

const TOPICS = [{ name: 'mixed', partitions: 4 }];
const PROPERTIES = { 'min.insync.replicas': '2', 'replica.lag.time.max.ms': '10000' };
const seconds = (ms: number) => (ms / 1_000).toFixed(1);

export interface MixedDrill {
  readonly name: string;
  readonly what: string;
  readonly plan: ClusterPlan;
}

/** The leaders of the topic's partitions by engine, so that it is seen that both engines lead. */
async function leaders(cluster: TestCluster): Promise<string> {
  const partitions = await cluster.probe.partitions(TOPICS.map(({ name }) => name));
  const count = (engine: string) => partitions.filter(({ leader }) => cluster.node(leader).engine === engine).length;
  return `${count('kts')} partitions led by kts, ${count('kafka')} by Kafka`;
}

async function killAndReturn(cluster: TestCluster, node: ClusterNode, producers: AckedProducers): Promise<string> {
  producers.forgetGaps();
  const began = performance.now();
  await node.kill();
  await sleep(1_500);
  // Without it, those that are left must do.
  if (cluster.brokers.filter(({ isRunning }) => isRunning).length >= 2) await producers.progress().catch(() => {});
  node.start();
  await node.untilReady();
  await cluster.probe.untilWhole(cluster.brokers.length, 90_000);
  await producers.progress();
  const gap = seconds(producers.longestGapMs);
  return `${node.name} was killed and is back in every Isr after ${seconds(performance.now() - began)} s, longest wait ${gap} s`;
}

async function drill({ name, what, plan }: MixedDrill, rounds: number, say: Say): Promise<void> {
  say(`\n## ${name}: ${what}\n`);
  const cluster = await TestCluster.start(plan);
  try {
    const { probe } = cluster;
    const replicas = Math.min(3, cluster.brokers.length);
    await probe.createTopics(TOPICS.map((topic) => ({ ...topic, replicas })));
    await probe.untilWhole(cluster.brokers.length);
    const producers = new AckedProducers({ probe, topics: TOPICS, pauseMs: 20, recordBytes: 200 });
    const readers = new TailReaders(probe, TOPICS);
    const groups = new GroupLedgers(probe, 'mixed', 3);
    await producers.progress();
    const controller = await cluster.controller();
    say(`${controller.name} is the active controller; ${await leaders(cluster)}`);
    for (let round = 0; round < rounds; round++) {
      for (const node of cluster.nodes) say(await killAndReturn(cluster, node, producers));
      await probe.electPreferred();
      await sleep(1_000);
      say(
        `the preferred leaders are back: ${await leaders(cluster)}; controller: ${(await cluster.controller()).name}`,
      );
    }
    await producers.stop();
    await groups.stop();
    const records = await verifyAcknowledged(probe, producers);
    await readers.stop();
    const bytes = await verifyBytes(cluster);
    say(
      `${records} records acknowledged, all there once and in order; ${readers.records} read meanwhile, none taken back; ` +
        `${groups.commits} commits of groups, none lost; ${bytes.partitions} partitions with ${bytes.batches} batches ` +
        `and ${bytes.metadataBatches} batches of metadata identical on all nodes`,
    );
  } catch (error) {
    for (const node of cluster.nodes) say(`${node.name}: ${node.story()}`);
    throw error;
  } finally {
    await cluster.close();
  }
}

export const MIXED: readonly MixedDrill[] = [
  {
    name: 'kafka-brokers',
    what: 'brokers of Apache Kafka under a controller of kts',
    plan: {
      properties: PROPERTIES,
      nodes: [
        { id: 1, engine: 'kts', roles: 'controller' },
        { id: 2, engine: 'kafka', roles: 'broker' },
        { id: 3, engine: 'kafka', roles: 'broker' },
        { id: 4, engine: 'kts', roles: 'broker' },
      ],
    },
  },
  {
    name: 'kts-broker',
    what: 'a broker of kts in a quorum of Apache Kafka',
    plan: {
      properties: PROPERTIES,
      nodes: [
        { id: 1, engine: 'kafka' },
        { id: 2, engine: 'kafka' },
        { id: 3, engine: 'kts', roles: 'broker' },
        { id: 4, engine: 'kafka', roles: 'controller' },
      ],
    },
  },
  {
    name: 'kts-voter',
    what: 'a voter of kts in a quorum of Apache Kafka',
    plan: {
      properties: PROPERTIES,
      nodes: [
        { id: 1, engine: 'kafka' },
        { id: 2, engine: 'kafka' },
        { id: 3, engine: 'kts' },
      ],
    },
  },
  {
    name: 'kafka-voter',
    what: 'a voter of Apache Kafka in a quorum of kts',
    plan: {
      properties: PROPERTIES,
      nodes: [
        { id: 1, engine: 'kts' },
        { id: 2, engine: 'kts' },
        { id: 3, engine: 'kafka' },
      ],
    },
  },
];

export async function mixed(only: readonly string[] | undefined, rounds: number, say: Say): Promise<void> {
  for (const one of MIXED) if (only === undefined || only.includes(one.name)) await drill(one, rounds, say);
}
