/** What is measured of a cluster of three: the rows, and how each figure comes about on the cluster that it is given. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AckedProducers } from '../../test/cluster/support/acked-producer.ts';
import type { TestCluster } from '../../test/cluster/support/nodes.ts';
import { lineOf } from '../harness/producing.ts';
import { javaArguments, run } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import { endToEnd } from './end-to-end.ts';

export interface ClusterBench {
  readonly cluster: TestCluster;
  /** Of Kafka's tools. */
  readonly jars: string;
  readonly isQuick: boolean;
  readonly record: (key: string, value: number) => void;
  readonly say: (text: string) => void;
  readonly topicName: () => string;
}

export interface ClusterLoad {
  readonly rows: readonly Row[];
  readonly runs: number;
  readonly run: (bench: ClusterBench) => Promise<void>;
}

const REPLICATED = { 'min.insync.replicas': '2' };

async function newTopic({ cluster, topicName }: ClusterBench, partitions: number): Promise<string> {
  const name = topicName();
  await cluster.probe.createTopics([{ name, partitions, replicas: 3, configs: REPLICATED }]);
  await cluster.probe.until(
    `${name} is whole`,
    (all) => all.every(({ isr, leader }) => leader > 0 && isr.length === 3),
    [name],
  );
  return name;
}

function perf(key: string, bytes: number, records: number, title: string): ClusterLoad {
  return {
    runs: 3,
    rows: [{ key, title, better: 'more', ratio: 'times', digits: 1, must: { ratio: 1.2 } }],
    run: async (bench) => {
      const topic = await newTopic(bench, 3);
      const count = bench.isQuick ? records / 5 : records;
      const words = ['--topic', topic, '--num-records', `${count}`, '--record-size', `${bytes}`, '--throughput', '-1'];
      const settings = [`bootstrap.servers=${bench.cluster.bootstrap().join(',')}`, 'acks=all'];
      const more = ['batch.size=65536', 'linger.ms=5'];
      const given = javaArguments(bench.jars, 'producer-perf-test', [
        ...words,
        '--command-property',
        ...settings,
        ...more,
      ]);
      const { stdout } = await run('java', given);
      const found = /^(\d+) records sent, [\d.]+ records\/sec \(([\d.]+) MB\/sec\)/.exec(
        stdout.trim().split('\n').at(-1) ?? '',
      );
      if (found === null || Number(found[1]) !== count) throw new Error(`producer-perf-test printed: ${stdout}`);
      bench.record(key, Number(found[2]));
      await bench.cluster.probe.deleteTopic(topic);
    },
  };
}

const latency: ClusterLoad = {
  runs: 3,
  rows: [
    { key: 'e2e-p50', title: 'end to end at 2k/s, RF=3, acks=all, p50, ms', better: 'less', ratio: 'share', digits: 2 },
    {
      key: 'e2e-p99',
      title: 'end to end at 2k/s, RF=3, acks=all, p99, ms',
      better: 'less',
      ratio: 'share',
      digits: 2,
      must: { ratio: 1 },
    },
  ],
  run: async (bench) => {
    const topic = await newTopic(bench, 1);
    const times = await endToEnd(bench.cluster, topic, bench.isQuick ? 6_000 : 20_000, lineOf(100, 1));
    const at = (share: number) => times[Math.floor(times.length * share)] as number;
    bench.record('e2e-p50', at(0.5));
    bench.record('e2e-p99', at(0.99));
    await bench.cluster.probe.deleteTopic(topic);
  },
};

/** kill -9 of the node that leads the partition and is the active controller, to the next acknowledgement. */
const failover: ClusterLoad = {
  runs: 3,
  rows: [
    {
      key: 'failover',
      title: 'kill -9 of leader and controller to next ack, ms',
      better: 'less',
      ratio: 'times',
      must: { value: 1000 },
    },
  ],
  run: async (bench) => {
    const { cluster } = bench;
    const controller = await cluster.controller();
    const others = cluster.nodes.filter((node) => node !== controller);
    const replicas = [controller, ...others].map(({ id }) => id);
    const name = bench.topicName();
    await cluster.probe.createTopics([{ name, assignments: [replicas], configs: REPLICATED }]);
    await cluster.probe.until('it is led by the controller', (all) => all[0]?.leader === controller.id, [name]);
    const producers = new AckedProducers({ probe: cluster.probe, topics: [{ name, partitions: 1 }], pauseMs: 1 });
    await producers.progress(100);
    const killed = performance.now();
    await controller.kill();
    const before = producers.acknowledged;
    // What was on its way when the node died is answered in the same instant.
    await producers.progress(60);
    bench.record('failover', Math.max(producers.longestGapMs, 0));
    bench.say(`${producers.acknowledged - before} acknowledged ${Math.round(performance.now() - killed)} ms after`);
    await producers.stop();
    controller.start();
    await controller.untilReady();
    await cluster.probe.untilWhole(3);
    await cluster.probe.deleteTopic(name);
  },
};

const startUp: ClusterLoad = {
  runs: 3,
  rows: [
    {
      key: 'start',
      title: 'start of three processes to three ready brokers, ms',
      better: 'less',
      ratio: 'times',
      must: { ratio: 10 },
    },
  ],
  run: async ({ cluster, record }) => {
    await cluster.stopAll();
    const began = performance.now();
    await cluster.startAll();
    record('start', performance.now() - began);
  },
};

const memory: ClusterLoad = {
  runs: 1,
  rows: [
    {
      key: 'memory',
      title: 'resident memory of the three nodes after these loads, MB',
      better: 'less',
      ratio: 'times',
      must: { ratio: 5 },
    },
  ],
  run: async ({ cluster, record }) => {
    await sleep(3_000);
    record(
      'memory',
      cluster.nodes.reduce((sum, node) => sum + node.residentMegabytes, 0),
    );
  },
};

const TOPICS_PER_REQUEST = 50;

async function createMany({ cluster, topicName }: ClusterBench, count: number, partitions: number): Promise<string[]> {
  const names = Array.from({ length: count }, () => topicName());
  for (let at = 0; at < count; at += TOPICS_PER_REQUEST) {
    const some = names.slice(at, at + TOPICS_PER_REQUEST);
    await cluster.probe.createTopics(some.map((name) => ({ name, partitions, replicas: 3 })));
  }
  await cluster.probe.until(
    'all partitions are whole',
    (all) => all.length >= count * partitions && all.every(({ isr, replicas }) => isr.length === replicas.length),
    null,
    300_000,
  );
  return names;
}

const topics: ClusterLoad = {
  runs: 1,
  rows: [
    {
      key: 'topics',
      title: '1,000 topics of 3 partitions, 3 replicas, until led, s',
      better: 'less',
      ratio: 'times',
      digits: 1,
      must: { ratio: 1 },
    },
  ],
  run: async (bench) => {
    const began = performance.now();
    await createMany(bench, bench.isQuick ? 200 : 1_000, 3);
    bench.record('topics', (performance.now() - began) / 1_000);
  },
};

/** On top of the topics before: the controller is killed, and the next topic that is acknowledged ends it. */
const controllerFailover: ClusterLoad = {
  runs: 1,
  rows: [
    {
      key: 'controller-failover',
      title: 'kill -9 of the controller to next new topic, 10,000 partitions, s',
      better: 'less',
      ratio: 'times',
      digits: 1,
      must: { ratio: 1 },
    },
  ],
  run: async (bench) => {
    const { cluster } = bench;
    await createMany(bench, bench.isQuick ? 100 : 700, 10);
    for (let round = 0; round < (bench.isQuick ? 1 : 3); round++) {
      const controller = await cluster.controller();
      const killed = performance.now();
      await controller.kill();
      await cluster.probe.createTopics([{ name: bench.topicName(), partitions: 1, replicas: 2 }]);
      bench.record('controller-failover', (performance.now() - killed) / 1_000);
      controller.start();
      await controller.untilReady(120_000);
      await cluster.probe.untilWhole(3, 180_000);
    }
  },
};

/** In the order in which they run. */
export const CLUSTER_LOADS: Readonly<Record<string, ClusterLoad>> = {
  start: startUp,
  'perf-1k': perf('perf-1k', 1024, 200_000, 'producer-perf-test, RF=3, 3 partitions, 1 KB, acks=all, MB/s'),
  'perf-100': perf('perf-100', 100, 1_000_000, 'producer-perf-test, RF=3, 3 partitions, 100 B, acks=all, MB/s'),
  latency,
  memory,
  failover,
  topics,
  'controller-failover': controllerFailover,
};
