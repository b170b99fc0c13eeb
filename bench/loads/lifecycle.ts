/**
 * Starting, dying and being large: time to the first Metadata answer of a fresh node, after a clean stop and after
 * kill -9, resident memory and `topics --describe`, with 1 to 5,000 partitions. Each on a broker of its own.
 */
import type { Broker, Engine } from '../harness/broker.ts';
import { produceFirst, produceFrame, produceTimes } from '../harness/producing.ts';
import { sleep } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import type { Session } from '../harness/session.ts';
import { WireConnection } from '../harness/wire.ts';
import { describeOnce } from './describe.ts';

const PARTITIONS_PER_TOPIC = 10;
const TOPICS_PER_REQUEST = 50;
const IDLE_MS = 3000;

const START: Row = {
  key: 'start',
  title: 'start of process to first Metadata answer, ms',
  better: 'less',
  ratio: 'times',
  must: { ratio: 15 },
  aim: { ratio: 30, value: 60 },
};
const RESTART: Row = {
  key: 'restart',
  title: 'kill -9 to next Metadata answer, 100 partitions, ms',
  better: 'less',
  ratio: 'times',
  must: { value: 1000 },
  aim: { value: 200 },
};

/** The engines take turns; the first start of each is not counted. */
export async function start(session: Session): Promise<void> {
  const rounds = session.settings.runs + 2;
  const brokers: Broker[] = [];
  await session.eachEngine('start', async (engine: Engine) => {
    brokers.push(await startedOnce(session, engine));
  });
  try {
    for (let round = 0; round < rounds; round++) {
      for (const broker of brokers) {
        session.say(`start: ${broker.name}, run ${round + 1}`);
        session.record(broker.name, { start: await broker.start() });
        await broker.stop();
      }
    }
  } finally {
    for (const broker of brokers) {
      await broker.stop();
      broker.remove();
    }
  }
  session.report([START]);
}

async function startedOnce(session: Session, engine: Engine): Promise<Broker> {
  const broker = await session.makeBroker(engine);
  await broker.start();
  await broker.stop();
  return broker;
}

/** With a few records in each partition, so that there is something to recover. */
export async function restart(session: Session): Promise<void> {
  await session.eachEngine('restart', (engine) =>
    session.withBroker(engine, async (broker) => {
      await broker.start();
      const topics = await withPartitions(broker, 100);
      await produceEverywhere(broker, topics);
      for (let round = 0; round < session.settings.runs; round++) {
        session.say(`restart: ${engine.name}, run ${round + 1}`);
        const killed = performance.now();
        await broker.kill();
        await broker.start();
        session.record(engine.name, { restart: performance.now() - killed });
      }
    }),
  );
  session.report([RESTART]);
}

async function withPartitions(broker: Broker, partitions: number): Promise<string[]> {
  const each = Math.min(partitions, PARTITIONS_PER_TOPIC);
  const topics = Array.from({ length: partitions / each }, (_, i) => ({ name: `grown-${i}`, partitions: each }));
  for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
    await broker.createTopics(topics.slice(at, at + TOPICS_PER_REQUEST));
  }
  return topics.map((topic) => topic.name);
}

async function produceEverywhere(broker: Broker, topics: readonly string[]): Promise<void> {
  const connection = await WireConnection.connect(broker.port);
  try {
    for (const topic of topics) {
      for (let partition = 0; partition < PARTITIONS_PER_TOPIC; partition++) {
        const frame = produceFrame({ topic, partition, records: 36, recordBytes: 100 });
        await produceFirst(connection, frame);
        await produceTimes(connection, frame, { count: 10, inFlight: 5 });
      }
    }
  } finally {
    connection.close();
  }
}

function growthRows(partitions: number): Row[] {
  const size = partitions.toLocaleString('en');
  const row = (key: string, title: string): Row => ({
    key: `${key}-${partitions}`,
    title: `${size} partitions: ${title}`,
    better: 'less',
    ratio: 'times',
  });
  return [
    row('grown-start', 'start after a clean stop, ms'),
    row('grown-restart', 'kill -9 to next Metadata answer, ms'),
    row('grown-memory', 'resident memory, started, idle, MB'),
    row('grown-describe', 'topics --describe, own node, ms'),
  ];
}

export async function growth(session: Session): Promise<void> {
  const sizes = session.settings.quick ? [1, 100, 1000] : [1, 100, 1000, 5000];
  for (const partitions of sizes) {
    await session.eachEngine(`${partitions} partitions`, (engine) =>
      session.withBroker(engine, (broker) => grow(session, broker, partitions)),
    );
    session.report(growthRows(partitions));
  }
}

async function grow(session: Session, broker: Broker, partitions: number): Promise<void> {
  session.say(`growth: ${broker.name}, ${partitions} partitions`);
  const record = (key: string, value: number) => session.record(broker.name, { [`${key}-${partitions}`]: value });
  await broker.start();
  await withPartitions(broker, partitions);
  await broker.stop();
  record('grown-start', await broker.start());
  await sleep(IDLE_MS);
  record('grown-memory', broker.residentMegabytes());
  for (let round = 0; round < session.settings.runs; round++) {
    record('grown-describe', await describeOnce(session, broker.name, broker));
  }
  const killed = performance.now();
  await broker.kill();
  await broker.start();
  record('grown-restart', performance.now() - killed);
}
