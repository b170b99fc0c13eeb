/** Whatever way lines take, the same records come of them. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchWriter } from '../../../src/client/producer/batch-writer.ts';
import { AS_IT_IS, LineEncoder } from '../../../src/client/producer/line-encoder.ts';
import type { BulkWriter } from '../../../src/client/producer/producer.ts';
import type { Input } from '../../../src/console/input.ts';
import { linesInBackground } from '../../../src/console/producer/background-lines.ts';
import { feedLines } from '../../../src/console/producer/feed.ts';
import { BATCH_HEADER_BYTES } from '../../../src/protocol/batch.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import { BackgroundReader } from '../../../src/runtime/background-reader.ts';
import { nodeRuntime } from '../../../src/runtime/node-runtime.ts';
import { Seeded } from '../../support/sim/seeded.ts';

const RECORD_BYTES = 40_000;
const LONGEST = 30_000;
let directory: string;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-feed-'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

/** Lines of all lengths and kinds; the last one has no end. */
function lines(seed: string, bytes: number): Buffer {
  const random = new Seeded(seed);
  const parts: Buffer[] = [];
  for (let size = 0; size < bytes; ) {
    const length = random.pick([0, 1, 3, 23, 24, 25, 63, 64, 100, 100, 8_191, 8_192, 29_999, 30_000, 30_001, 90_000]);
    const line = Buffer.alloc(length, `${parts.length} ${random.pick(['abc', 'straße', '漢字', '\r', 'x\ry'])} `);
    if (random.chance(0.1)) line[random.int(Math.max(1, length))] = 0xff;
    parts.push(line, Buffer.from(random.pick(['\n', '\n', '\r\n'])));
    size += length + 1;
  }
  // One that is longer than what is read at once, and none behind it that ends.
  return Buffer.concat([...parts, Buffer.alloc(2_500_000, 'long '), Buffer.from('\nshort\nno end')]);
}

/** The batch that a writer makes of the same values. */
function encoded(values: readonly Buffer[]): Buffer {
  const writer = new BatchWriter(Buffer.alloc(RECORD_BYTES + BATCH_HEADER_BYTES), 0, RECORD_BYTES + BATCH_HEADER_BYTES);
  for (const value of values) expect(writer.appendValue(5, value, 0, value.length)).toBe(true);
  return writer.buffer.subarray(BATCH_HEADER_BYTES, writer.end);
}

function decoded(records: Buffer, count: number): Buffer[] {
  const writer = new BatchWriter(Buffer.alloc(records.length + BATCH_HEADER_BYTES), 0, 0);
  writer.takeEncoded(5, records, count);
  writer.seal(0);
  return [...readRecords(writer.buffer, 0)].map(({ value }) => Buffer.from(value as Uint8Array));
}

class Taker {
  readonly values: string[] = [];
  batches = 0;
  #full = 0;

  get bulk(): BulkWriter {
    return {
      tick: () => {},
      value: (source, start, end) => this.#take(() => this.values.push(source.toString('latin1', start, end))),
      batch: (records, count) =>
        this.#take(() => {
          const values = decoded(records, count);
          expect(values).toHaveLength(count);
          expect(records.equals(encoded(values))).toBe(true);
          this.values.push(...values.map((value) => value.toString('latin1')));
          this.batches++;
        }),
      record: () => expect.unreachable(),
      room: async () => {},
    };
  }

  /** There is no memory now and then. */
  #take(take: () => void): boolean {
    if (++this.#full % 7 === 0) return false;
    take();
    return true;
  }
}

/** `file`: a thread reads from the beginning; `pipe`: once it turns out to be much; `alone`: never. */
type Way = 'alone' | 'file' | 'pipe';

async function feed(file: string, asJava: boolean, way: Way): Promise<Taker> {
  const taker = new Taker();
  const descriptor = fs.openSync(file, 'r');
  const input: Input = {
    isTerminal: false,
    ...(way === 'file' ? { bytes: fs.statSync(file).size } : {}),
    read: (target, at) => fs.readSync(descriptor, target, at, Math.min(65_536, target.length - at), null),
    inBackground: (options) => new BackgroundReader({ ...options, descriptor }),
    stop: () => {},
  };
  const settings = { batchBytes: RECORD_BYTES + BATCH_HEADER_BYTES, maxRequestBytes: LONGEST };
  const inBackground = way === 'alone' ? () => undefined : linesInBackground(input, settings, asJava);
  const records = await feedLines({
    input,
    bulk: taker.bulk,
    pieces: inBackground(0, false),
    inBackground,
    runtime: nodeRuntime,
    parser: undefined,
    asJava,
    prompt: () => {},
    afterRecord: undefined,
    onRefused: (error) => {
      throw error;
    },
  });
  fs.closeSync(descriptor);
  expect(records).toBe(taker.values.length);
  return taker;
}

describe('lines', () => {
  it.each([
    ['one', false],
    ['two', false],
    ['three', true],
    ['four', true],
  ])('give the same records in a thread (%s, as Java reads them: %s)', async (seed, asJava) => {
    const file = path.join(directory, seed);
    fs.writeFileSync(file, lines(seed, 9_000_000));
    const alone = await feed(file, asJava, 'alone');
    expect(alone.batches).toBe(0);
    for (const way of ['file', 'pipe'] as const) {
      const inThread = await feed(file, asJava, way);
      expect(inThread.values.length).toBe(alone.values.length);
      expect(inThread.values.every((value, i) => value === alone.values[i])).toBe(true);
      if (!asJava) expect(inThread.batches).toBeGreaterThan(50);
    }
  });

  it('are encoded in a thread where Java reads them as they are', async () => {
    const file = path.join(directory, 'plain');
    const text = Array.from({ length: 100_000 }, (_, i) => `${i} über`.padEnd(i % 120, 'x'));
    fs.writeFileSync(file, `${text.join('\n')}\n`);
    const taker = await feed(file, true, 'file');
    expect(taker.values.map((value) => Buffer.from(value, 'latin1').toString())).toEqual(text);
    expect(taker.batches).toBeGreaterThan(50);
  });
});

describe('a thread that reads', () => {
  const options = {
    pieceBytes: 1_000,
    maker: LineEncoder,
    settings: { sliceBytes: 4_096, longestLine: 500, asJava: false, isWithinLine: false },
  };

  it('ends with the error of its reading', async () => {
    const descriptor = fs.openSync(directory, 'r');
    const reader = new BackgroundReader({ ...options, descriptor });
    await expect(reader.next()).rejects.toMatchObject({ code: 'EISDIR' });
    fs.closeSync(descriptor);
  });

  it('ends when it is stopped, also while it waits for room', async () => {
    const file = path.join(directory, 'stopped');
    fs.writeFileSync(file, 'a line\n'.repeat(10_000));
    const descriptor = fs.openSync(file, 'r');
    const reader = new BackgroundReader({ ...options, descriptor });
    const piece = await reader.next();
    expect(piece?.mark).not.toBe(AS_IT_IS);
    const next = reader.next().then(() => reader.next());
    reader.stop();
    expect(await next).toBeUndefined();
    fs.closeSync(descriptor);
  });

  it('hands over what there is when nothing more comes for the moment, and can be ended meanwhile', async () => {
    const fifo = path.join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const descriptor = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const writer = fs.openSync(fifo, 'w');
    const reader = new BackgroundReader({ ...options, descriptor });
    fs.writeSync(writer, 'one\ntwo\nthr');
    expect((await reader.next())?.mark).toBe(2);
    fs.writeSync(writer, 'ee\n');
    expect((await reader.next())?.mark).toBe(1);
    const next = reader.next();
    reader.stop();
    expect(await next).toBeUndefined();
    fs.closeSync(writer);
    fs.closeSync(descriptor);
  });
});
