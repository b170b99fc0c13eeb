/** Producers: Kafka's performance tool, kcat, and many small requests; with the CPU time that the broker spends on them. */
import type { Broker } from '../harness/broker.ts';
import { lineOf, produceFirst, produceFrame, produceTimes } from '../harness/producing.ts';
import { javaArguments, run } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import type { Readings, Session, SharedLoad } from '../harness/session.ts';
import { WireConnection } from '../harness/wire.ts';

const RECORDS_OF_4_KB = 36;
const IN_FLIGHT = 5;

function cpuRow(key: string, what: string): Row {
  return {
    key,
    title: `  its CPU seconds of the broker (${what})`,
    better: 'less',
    ratio: 'share',
    digits: 2,
    must: { ratio: 0.6 },
    aim: { ratio: 0.4 },
  };
}

/** Runs a load on a topic of its own; adds the broker's CPU seconds. */
async function onNewTopic(
  broker: Broker,
  session: Session,
  { partitions = 1, cpu }: { readonly partitions?: number; readonly cpu: string },
  load: (topic: string) => Promise<Readings>,
): Promise<Readings> {
  const topic = session.topicName();
  await broker.createTopic(topic, partitions);
  try {
    const before = broker.cpuSeconds();
    const readings = await load(topic);
    return { ...readings, [cpu]: broker.cpuSeconds() - before };
  } finally {
    await broker.deleteTopic(topic);
  }
}

async function producerPerf(
  broker: Broker,
  session: Session,
  { topic, records, size, properties }: { topic: string; records: number; size: number; properties: string[] },
): Promise<{ readonly recordsPerSecond: number; readonly megabytesPerSecond: number }> {
  const settings = [`bootstrap.servers=${broker.bootstrap}`, ...properties];
  const args = ['--topic', topic, '--num-records', `${records}`, '--record-size', `${size}`, '--throughput', '-1'];
  const words = [...args, '--command-property', ...settings];
  const { stdout } = await run('java', javaArguments(session.kafkaJars, 'producer-perf-test', words));
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const found = /^(\d+) records sent, ([\d.]+) records\/sec \(([\d.]+) MB\/sec\)/.exec(last);
  if (found === null || Number(found[1]) !== records) throw new Error(`producer-perf-test printed: ${last}`);
  return { recordsPerSecond: Number(found[2]), megabytesPerSecond: Number(found[3]) };
}

export const perf1k: SharedLoad = {
  rows: [
    {
      key: 'perf-1k',
      title: 'producer-perf-test, 1 KB, acks=all, 64 KB, linger 5, MB/s',
      better: 'more',
      ratio: 'times',
      digits: 1,
      must: { ratio: 1.1 },
      aim: { ratio: 1.5 },
    },
    cpuRow('perf-1k-cpu', '1 KB'),
  ],
  run: (broker, session) =>
    onNewTopic(broker, session, { cpu: 'perf-1k-cpu' }, async (topic) => {
      const properties = ['acks=all', 'batch.size=65536', 'linger.ms=5'];
      const records = session.count(500_000);
      const result = await producerPerf(broker, session, { topic, records, size: 1024, properties });
      return { 'perf-1k': result.megabytesPerSecond };
    }),
};

export const perf100: SharedLoad = {
  rows: [
    {
      key: 'perf-100',
      title: 'producer-perf-test, 100 B, defaults, records/s',
      better: 'more',
      ratio: 'times',
      must: { ratio: 1 },
      aim: { ratio: 1.2 },
    },
    cpuRow('perf-100-cpu', '100 B'),
  ],
  run: (broker, session) =>
    onNewTopic(broker, session, { cpu: 'perf-100-cpu' }, async (topic) => {
      const records = session.count(2_000_000);
      const result = await producerPerf(broker, session, { topic, records, size: 100, properties: [] });
      return { 'perf-100': result.recordsPerSecond };
    }),
};

export const kcatProduce: SharedLoad = {
  rows: [
    {
      key: 'kcat-p',
      title: 'kcat -P, 100 B, s',
      better: 'less',
      ratio: 'share',
      digits: 2,
      must: { ratio: 1 },
      aim: { ratio: 0.9 },
    },
    cpuRow('kcat-p-cpu', 'kcat'),
  ],
  run: (broker, session) =>
    onNewTopic(broker, session, { cpu: 'kcat-p-cpu' }, async (topic) => {
      const inputFile = session.inputFile(session.count(2_000_000), (index) => lineOf(99, index));
      const args = ['-P', '-b', broker.bootstrap, '-t', topic, '-p', '0'];
      const { wallMs } = await run('kcat', args, { inputFile });
      return { 'kcat-p': wallMs / 1000 };
    }),
};

/** `connections` producers with batches of 4 KB, each with five requests in flight; seconds until all are answered. */
export async function smallBatches(
  broker: Broker,
  {
    topic,
    partitions,
    connections,
    requests,
  }: { topic: string; partitions: number; connections: number; requests: number },
): Promise<number> {
  const opened = await Promise.all(Array.from({ length: connections }, () => WireConnection.connect(broker.port)));
  try {
    const shape = { topic, records: RECORDS_OF_4_KB, recordBytes: 100 };
    const frames = Array.from({ length: partitions }, (_, partition) => produceFrame({ ...shape, partition }));
    for (const frame of frames) await produceFirst(opened[0] as WireConnection, frame);
    const count = Math.ceil(requests / connections);
    const started = performance.now();
    const producers = opened.map((connection, i) =>
      produceTimes(connection, frames[i % partitions] as Buffer, { count, inFlight: IN_FLIGHT }),
    );
    await Promise.all(producers);
    return (performance.now() - started) / 1000;
  } finally {
    for (const connection of opened) connection.close();
  }
}

export const small: SharedLoad = {
  rows: [
    {
      key: 'small',
      title: '4 producers, batches of 4 KB, 4 x 500k records of 100 B, s',
      better: 'less',
      ratio: 'share',
      digits: 2,
      must: { ratio: 0.65 },
      aim: { ratio: 0.45 },
    },
    {
      key: 'small-cpu',
      title: '  its CPU seconds of the broker (4 KB batches)',
      better: 'less',
      ratio: 'share',
      digits: 2,
    },
  ],
  run: (broker, session) =>
    onNewTopic(broker, session, { cpu: 'small-cpu' }, async (topic) => {
      const requests = session.count(2_000_000) / RECORDS_OF_4_KB;
      return { small: await smallBatches(broker, { topic, partitions: 1, connections: 4, requests }) };
    }),
};

/** How produce grows with connections: 4 KB batches over ten partitions. */
export function growingConnections(connections: number): SharedLoad {
  const key = `connections-${connections}`;
  const requests = 40_000;
  return {
    rows: [
      { key, title: `produce, 4 KB batches, connections: ${connections}, requests/s`, better: 'more', ratio: 'times' },
      {
        key: `${key}-cpu-each`,
        title: '  its CPU of the broker per request, µs',
        better: 'less',
        ratio: 'share',
        digits: 1,
      },
    ],
    run: async (broker, session) => {
      const total = session.count(requests);
      const options = { partitions: 10, cpu: 'cpu' };
      const readings = await onNewTopic(broker, session, options, async (topic) => {
        const seconds = await smallBatches(broker, { topic, partitions: 10, connections, requests: total });
        return { [key]: total / seconds };
      });
      return { [key]: readings[key] as number, [`${key}-cpu-each`]: ((readings['cpu'] as number) * 1e6) / total };
    },
  };
}
