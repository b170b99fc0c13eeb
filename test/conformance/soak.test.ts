/**
 * The soak: a broker that is killed and started again every 20 seconds, an idempotent producer, a consumer in a group that
 * is itself abandoned now and then. The log holds each acknowledged record once; the consumer skips none, and repeats only
 * from its last committed offset; memory stays flat.
 *   KTS_TEST_SOAK_MS (60000), KTS_TEST_SOAK_RATE (3000 records a second)
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, type Consumer, connect } from '../../src/client.ts';
import { type Home, makeHome, type RunningNode, startNode } from './support/node.ts';

const SOAK_MS = Number(process.env['KTS_TEST_SOAK_MS'] ?? 60_000);
const RATE = Number(process.env['KTS_TEST_SOAK_RATE'] ?? 3_000);
const KILL_EVERY_MS = 20_000;
const TICK_MS = 20;
const PARTITIONS = 3;
const TOPIC = 'soak';
const SESSION_MS = 6_000;
/** What a steady client may still gain: caches, compiled code, the noise of the collector. */
const FLAT_BYTES = 24 * 1024 * 1024;

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

let home: Home;
let node: RunningNode;

beforeAll(async () => {
  home = await makeHome({ 'group.min.session.timeout.ms': '1000', 'log.segment.bytes': String(64 * 1024 * 1024) });
  node = await startNode(home);
});

afterAll(() => {
  node?.child.kill('SIGKILL');
  home?.remove();
});

async function killAndRestart(): Promise<void> {
  const gone = new Promise((resolve) => node.child.once('close', resolve));
  node.child.kill('SIGKILL');
  await gone;
  node = await startNode(home);
}

/** What was acknowledged, in memory that does not grow: by record its partition and offset. */
class Ledger {
  readonly #places = new Float64Array(Math.ceil((SOAK_MS / 1_000 + 30) * RATE * 1.5)).fill(-1);
  acknowledged = 0;

  get capacity(): number {
    return this.#places.length;
  }

  note(record: number, partition: number, offset: number): void {
    this.#places[record] = offset * PARTITIONS + partition;
    this.acknowledged++;
  }

  place(record: number): { readonly partition: number; readonly offset: number } | undefined {
    const place = this.#places[record] as number;
    return place < 0 ? undefined : { partition: place % PARTITIONS, offset: Math.floor(place / PARTITIONS) };
  }
}

class Writing {
  readonly ledger = new Ledger();
  readonly failures: string[] = [];
  sent = 0;
  #open = 0;

  async run(client: Client, untilMs: number): Promise<void> {
    const producer = client.producer({ lingerMs: 5, compression: 'lz4' });
    const began = Date.now();
    while (Date.now() < untilMs) {
      const due = Math.min(((Date.now() - began) / 1_000) * RATE, this.ledger.capacity);
      // Behind a broker that is away nothing piles up but what the producer's memory holds.
      while (this.sent < due && this.#open < 20_000) this.#send(producer);
      await sleep(TICK_MS);
    }
    await producer.close();
  }

  #send(producer: ReturnType<Client['producer']>): void {
    const record = this.sent++;
    this.#open++;
    const value = `${record} ${'x'.repeat(record % 150)}`;
    producer.send({ topic: TOPIC, key: record % 3 === 0 ? `k${record % 1000}` : null, value }).then(
      ({ partition, offset }) => {
        this.#open--;
        this.ledger.note(record, partition, offset);
      },
      (error: Error) => {
        this.#open--;
        this.failures.push(error.message);
      },
    );
  }
}

/** Reads on whatever happens, and holds each offset against what it saw before. */
class Reading {
  readonly faults: string[] = [];
  readonly next = new Array<number>(PARTITIONS).fill(0);
  readonly #high = new Array<number>(PARTITIONS).fill(0);
  readonly committed = new Array<number>(PARTITIONS).fill(0);
  records = 0;
  repeated = 0;
  errors = 0;
  stopped = false;
  #current: Consumer | undefined;

  #open(client: Client): Consumer {
    const consumer = client.consumer({
      groupId: 'soakers',
      offsetReset: 'earliest',
      sessionTimeoutMs: SESSION_MS,
      heartbeatIntervalMs: 500,
      autoCommitIntervalMs: 1_000,
      interceptors: [
        {
          onCommit: (offsets) => {
            for (const { partition, offset } of offsets) this.committed[partition] = offset;
          },
        },
      ],
    });
    consumer.subscribe([TOPIC]);
    return consumer;
  }

  /** Without a word to the group: the next one begins at the last commit. */
  abandon(): void {
    this.#current?.abort();
    this.#current = undefined;
  }

  async run(client: Client): Promise<void> {
    while (!this.stopped) {
      this.#current ??= this.#open(client);
      const consumer = this.#current;
      try {
        for (const { partition, offset } of await consumer.poll(200)) this.#see(partition, offset);
      } catch (error) {
        if (consumer !== this.#current) continue;
        this.errors++;
        this.faults.push(`poll: ${(error as Error).message}`);
        await sleep(100);
      }
    }
    await this.#current?.close();
  }

  #see(partition: number, offset: number): void {
    const expected = this.next[partition] as number;
    this.records++;
    if (offset > expected) this.faults.push(`partition ${partition}: skipped ${expected} to ${offset - 1}`);
    if (offset < expected) {
      const committed = this.committed[partition] as number;
      if (offset < committed)
        this.faults.push(`partition ${partition}: repeated ${offset}, committed was ${committed}`);
    }
    const high = this.#high[partition] as number;
    if (offset < high) this.repeated++;
    this.#high[partition] = Math.max(high, offset + 1);
    this.next[partition] = offset + 1;
  }
}

/** Everything in the log, from its beginning. */
async function readAll(
  client: Client,
  visit: (record: number, partition: number, offset: number) => void,
): Promise<void> {
  await using consumer = client.consumer({ offsetReset: 'earliest', maxPollRecords: 5_000 });
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition }));
  const ends = await consumer.endOffsets(partitions);
  consumer.assign(partitions);
  let left = [...ends.values()].reduce((sum, { offset }) => sum + offset, 0);
  while (left > 0) {
    for (const { partition, offset, value } of await consumer.poll(5_000)) {
      visit(Number.parseInt(value?.toString() ?? '', 10), partition, offset);
      left--;
    }
  }
}

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;

it(`survives ${SOAK_MS / 1_000} s with a broker killed every 20 s`, { timeout: SOAK_MS + 180_000 }, async () => {
  await using client = connect({ bootstrapServers: home.bootstrap });
  await client.createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
  const [writing, reading] = [new Writing(), new Reading()];
  const endMs = Date.now() + SOAK_MS;
  const written = writing.run(client, endMs);
  const read = reading.run(client);
  const heap: number[] = [];
  let kills = 0;
  while (Date.now() < endMs) {
    for (let i = 0; i < 4 && Date.now() < endMs; i++) {
      await sleep(Math.max(0, Math.min(KILL_EVERY_MS / 4, endMs - Date.now())));
      heap.push(heapBytes());
      if (kills % 2 === 1 && i === 1) reading.abandon();
    }
    await killAndRestart();
    kills++;
  }
  await written;
  const ends = await client.consumer().endOffsets([0, 1, 2].map((partition) => ({ topic: TOPIC, partition })));
  const deadline = Date.now() + 60_000;
  const isBehind = () =>
    [...ends.values()].some(({ partition, offset }) => (reading.next[partition] as number) < offset);
  while (isBehind() && Date.now() < deadline) await sleep(100);
  reading.stopped = true;
  await read;

  const times = new Uint8Array(writing.ledger.capacity);
  const wrong: string[] = [];
  await readAll(client, (record, partition, offset) => {
    times[record] = (times[record] as number) + 1;
    const place = writing.ledger.place(record);
    if (place === undefined) return;
    if (place.partition !== partition || place.offset !== offset)
      wrong.push(`record ${record} at ${partition}/${offset}`);
  });
  let lost = 0;
  let twice = 0;
  for (let record = 0; record < writing.sent; record++) {
    if (writing.ledger.place(record) !== undefined && times[record] === 0) lost++;
    if ((times[record] as number) > 1) twice++;
  }
  const third = Math.max(1, Math.floor(heap.length / 3));
  const growth = mean(heap.slice(-third)) - mean(heap.slice(0, third));
  console.log(
    `soak ${SOAK_MS / 1_000} s, ${kills} kills: ${writing.ledger.acknowledged} of ${writing.sent} records acknowledged, ` +
      `${lost} lost, ${twice} twice; ${reading.records} read, ${reading.repeated} of them again after a lost member; ` +
      `memory ${(mean(heap) / 2 ** 20).toFixed(1)} MB, ${(growth / 2 ** 20).toFixed(1)} MB more in the last third than in the first`,
  );
  expect(writing.failures.slice(0, 3)).toEqual([]);
  expect({ lost, twice, wrong: wrong.slice(0, 3) }).toEqual({ lost: 0, twice: 0, wrong: [] });
  expect(reading.faults.slice(0, 5)).toEqual([]);
  expect(isBehind()).toBe(false);
  expect(growth).toBeLessThan(FLAT_BYTES);
});
