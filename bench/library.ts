/**
 * The library beside other clients in JavaScript, on one kts broker: how many records a second a program produces and
 * consumes, and what CPU that costs it. Each measurement is a process of its own; runs of the clients alternate.
 *   node bench/library.ts [--quick] [--runs N] [--only NAME,...] [--json FILE]
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { connect } from '../src/client.ts';
import { Broker } from './harness/broker.ts';
import { settleDisk } from './harness/programs.ts';

const PARTITIONS = 3;
const RECORDS_PER_CALL = 1_000;
const CALLS_AT_ONCE = 10;
const WARM_UP = 20_000;
const MARK = 'RESULT ';

interface Work {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  readonly value: Buffer;
  /** From here on it counts. */
  readonly begin: () => void;
}

interface Library {
  readonly produce: (work: Work) => Promise<void>;
  readonly consume: (work: Work) => Promise<void>;
}

/** Calls of so many records each, a few at once; the first ones only warm up. */
async function produceInCalls(work: Work, call: (count: number) => Promise<unknown>): Promise<void> {
  const round = async (records: number) => {
    let left = records;
    const lane = async () => {
      while (left > 0) {
        const count = Math.min(RECORDS_PER_CALL, left);
        left -= count;
        await call(count);
      }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, lane));
  };
  await round(WARM_UP);
  work.begin();
  await round(work.records);
}

/** Counts up to the end; the first records start the clock. */
function counter(work: Work): { readonly add: (count: number) => number; readonly all: Promise<void> } {
  const all = Promise.withResolvers<void>();
  let seen = 0;
  const add = (count: number) => {
    if (seen === 0 && count > 0) work.begin();
    seen += count;
    if (seen >= work.records) all.resolve();
    return seen;
  };
  return { add, all: all.promise };
}

const kts: Library = {
  produce: async (work) => {
    await using client = connect({ bootstrapServers: work.bootstrap });
    const producer = client.producer();
    await produceInCalls(work, (count) =>
      producer.sendAll(
        work.topic,
        Array.from({ length: count }, () => ({ value: work.value })),
      ),
    );
  },
  consume: async (work) => {
    await using client = connect({ bootstrapServers: work.bootstrap });
    const consumer = client.consumer({ groupId: `readers-${process.pid}`, offsetReset: 'earliest' });
    consumer.subscribe([work.topic]);
    const { add } = counter(work);
    while (add((await consumer.poll(1_000)).length) < work.records);
  },
};

const ktsEach: Library = {
  produce: async (work) => {
    await using client = connect({ bootstrapServers: work.bootstrap });
    const producer = client.producer();
    await produceInCalls(work, (count) =>
      Promise.all(Array.from({ length: count }, () => producer.send({ topic: work.topic, value: work.value }))),
    );
  },
  consume: async (work) => {
    await using client = connect({ bootstrapServers: work.bootstrap });
    const consumer = client.consumer({ groupId: `readers-${process.pid}`, offsetReset: 'earliest' });
    consumer.subscribe([work.topic]);
    let seen = 0;
    for await (const record of consumer) {
      void record;
      if (seen === 0) work.begin();
      if (++seen === work.records) break;
    }
  },
};

const kafkajs: Library = {
  produce: async (work) => {
    const { Kafka, Partitioners, logLevel } = await import('kafkajs');
    const kafka = new Kafka({ brokers: [work.bootstrap], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await produceInCalls(work, (count) =>
      producer.send({ topic: work.topic, messages: Array.from({ length: count }, () => ({ value: work.value })) }),
    );
    await producer.disconnect();
  },
  consume: async (work) => {
    const { Kafka, logLevel } = await import('kafkajs');
    const kafka = new Kafka({ brokers: [work.bootstrap], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `readers-${process.pid}` });
    await consumer.connect();
    await consumer.subscribe({ topic: work.topic, fromBeginning: true });
    const { add, all } = counter(work);
    await consumer.run({
      eachBatch: async ({ batch }) => {
        add(batch.messages.length);
      },
    });
    await all;
    await consumer.disconnect();
  },
};

/** The part of its face that is used here. */
interface Platformatic {
  readonly Producer: new (
    options: object,
  ) => {
    send(options: object): Promise<unknown>;
    close(): Promise<void>;
  };
  readonly Consumer: new (
    options: object,
  ) => {
    consume(
      options: object,
    ): Promise<AsyncIterable<unknown> & { on(event: 'data', run: () => void): void; close(): Promise<void> }>;
    close(force?: boolean): Promise<void>;
  };
}

const platformatic: Library = {
  produce: async (work) => {
    const { Producer } = (await import('@platformatic/kafka')) as unknown as Platformatic;
    const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [work.bootstrap] });
    await produceInCalls(work, (count) =>
      producer.send({
        acks: -1,
        messages: Array.from({ length: count }, () => ({ topic: work.topic, value: work.value })),
      }),
    );
    await producer.close();
  },
  consume: async (work) => {
    const { Consumer } = (await import('@platformatic/kafka')) as unknown as Platformatic;
    const consumer = new Consumer({
      groupId: `readers-${process.pid}`,
      clientId: 'bench',
      bootstrapBrokers: [work.bootstrap],
    });
    const stream = await consumer.consume({ autocommit: true, topics: [work.topic], mode: 'earliest' });
    const { add, all } = counter(work);
    stream.on('data', () => add(1));
    await all;
    await stream.close();
    await consumer.close(true);
  },
};

const LIBRARIES: Readonly<Record<string, Library>> = {
  kts,
  'kts, one by one': ktsEach,
  kafkajs,
  platformatic,
};

interface Load {
  readonly name: string;
  readonly direction: 'produce' | 'consume';
  readonly bytes: number;
  readonly records: number;
}

const LOADS: readonly Load[] = [
  { name: 'produce-100', direction: 'produce', bytes: 100, records: 500_000 },
  { name: 'produce-1k', direction: 'produce', bytes: 1_024, records: 200_000 },
  { name: 'consume-100', direction: 'consume', bytes: 100, records: 1_000_000 },
  { name: 'consume-1k', direction: 'consume', bytes: 1_024, records: 300_000 },
];

interface Outcome {
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

// ---- one measurement, in its own process ----

async function child(words: readonly string[]): Promise<void> {
  const [library, direction, bootstrap, topic, records, bytes] = words as [string, 'produce' | 'consume', ...string[]];
  let startedMs = 0;
  let startedCpu = process.cpuUsage();
  const work: Work = {
    bootstrap: bootstrap as string,
    topic: topic as string,
    records: Number(records),
    // Neither constant nor random: what a line of JSON looks like.
    value: Buffer.from('{"id":12345678,"name":"customer","items":[1,2,3],"note":"'.padEnd(Number(bytes), 'x')),
    begin: () => {
      startedMs = performance.now();
      startedCpu = process.cpuUsage();
    },
  };
  await LIBRARIES[library]?.[direction](work);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(startedCpu);
  const outcome: Outcome = {
    recordsPerSecond: work.records / seconds,
    cpuMicrosPerRecord: (user + system) / work.records,
  };
  process.stdout.write(`${MARK}${JSON.stringify(outcome)}\n`);
  process.exit(0);
}

async function measure(broker: Broker, library: string, load: Load, topic: string): Promise<Outcome> {
  const words = ['--child', library, load.direction, broker.bootstrap, topic, String(load.records), String(load.bytes)];
  const run = spawn(process.execPath, [import.meta.filename, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  run.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  const timer = setTimeout(() => run.kill('SIGKILL'), 120_000);
  await new Promise((resolve) => run.once('close', resolve));
  clearTimeout(timer);
  const line = output.split('\n').find((one) => one.startsWith(MARK));
  if (line === undefined) throw new Error(`${library} did not get through ${load.name}`);
  return JSON.parse(line.slice(MARK.length)) as Outcome;
}

// ---- all of them ----

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string', default: '3' },
      only: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return { ...values, runs: values.quick ? 1 : Number(values.runs), names: values.only?.split(',') };
}

async function fill(broker: Broker, topic: string, load: Load): Promise<void> {
  await using client = connect({ bootstrapServers: broker.bootstrap });
  const producer = client.producer({ batchBytes: 65_536 });
  const value = Buffer.from('{"id":12345678,"name":"customer","items":[1,2,3],"note":"'.padEnd(load.bytes, 'x'));
  for (let left = load.records; left > 0; left -= 10_000) {
    await producer.sendAll(
      topic,
      Array.from({ length: Math.min(left, 10_000) }, () => ({ value })),
    );
  }
}

/** Records a second of each run, by library. */
type Rates = Record<string, number[]>;

async function runLoad(broker: Broker, load: Load, given: ReturnType<typeof options>): Promise<Rates> {
  const names = Object.keys(LIBRARIES);
  const results = new Map<string, Outcome[]>(names.map((name) => [name, []]));
  for (let run = 0; run < given.runs; run++) {
    const shared = `${load.name}-${run}`;
    if (load.direction === 'consume') {
      await broker.createTopic(shared, PARTITIONS);
      await fill(broker, shared, load);
    }
    settleDisk();
    // Nobody is always the first one after the writing.
    const order = [...names];
    order.push(...order.splice(0, run % order.length));
    for (const name of order) {
      const topic = load.direction === 'consume' ? shared : `${shared}-${name.replaceAll(/\W+/g, '-')}`;
      if (load.direction === 'produce') await broker.createTopic(topic, PARTITIONS);
      results.get(name)?.push(await measure(broker, name, load, topic));
      if (load.direction === 'produce') await broker.deleteTopic(topic);
    }
    if (load.direction === 'consume') await broker.deleteTopic(shared);
  }
  const own = median((results.get('kts') as Outcome[]).map((one) => one.recordsPerSecond));
  for (const [name, outcomes] of results) {
    const rate = median(outcomes.map((one) => one.recordsPerSecond));
    const cpu = median(outcomes.map((one) => one.cpuMicrosPerRecord));
    const ratio = name === 'kts' ? '' : `kts is ${(own / rate).toFixed(1)} times as quick`;
    const columns = [load.name.padEnd(13), name.padEnd(17), `${Math.round(rate / 1_000)} k records/s`.padStart(18)];
    process.stdout.write(`${columns.join('')}${`${cpu.toFixed(2)} µs CPU`.padStart(16)}   ${ratio}\n`);
  }
  return Object.fromEntries([...results].map(([name, all]) => [name, all.map((one) => one.recordsPerSecond)]));
}

async function main(): Promise<void> {
  const given = options();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-bench-library-'));
  const rates: Record<string, Rates> = {};
  const broker = await Broker.make({ name: 'kts', jars: '', nodeOptions: [] }, directory);
  try {
    await broker.start();
    const load = os.loadavg().map((value) => Math.round(value * 100) / 100);
    process.stdout.write(
      `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}, Node ${process.version}, load ${load.join(' ')}; ${given.runs} runs each, medians\n`,
    );
    for (const one of LOADS) {
      if (given.names !== undefined && !given.names.includes(one.name)) continue;
      rates[one.name] = await runLoad(broker, given.quick ? { ...one, records: one.records / 5 } : one, given);
    }
    if (given.json !== undefined) fs.writeFileSync(given.json, JSON.stringify(rates));
  } finally {
    await broker.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--child') await child(process.argv.slice(3));
else await main();
