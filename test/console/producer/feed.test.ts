/** Whatever way lines take, the same records come of them. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchWriter } from '../../../src/client/producer/batch-writer.ts';
import { AS_IT_IS, LineEncoder } from '../../../src/client/producer/line-encoder.ts';
import type { BulkWriter } from '../../../src/client/producer/producer.ts';
import type { ProducerSettings } from '../../../src/client/producer/settings.ts';
import type { Input } from '../../../src/console/input.ts';
import { linesInBackground } from '../../../src/console/producer/background-lines.ts';
import { type FeedOptions, feedLines } from '../../../src/console/producer/feed.ts';
import { BATCH_HEADER_BYTES } from '../../../src/protocol/batch.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import { BackgroundReader, type Piece, type Pieces } from '../../../src/runtime/background-reader.ts';
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
function encoded(values: readonly Buffer[], bytes: number): Buffer {
  // The writer leaves room for the longest length that a record may have.
  const limit = BATCH_HEADER_BYTES + bytes + 5;
  const writer = new BatchWriter(Buffer.alloc(limit), 0, limit);
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
  /** Of the batches. */
  longestBatch = 0;
  longestValue = 0;
  #full = 0;

  get bulk(): BulkWriter {
    return {
      tick: () => {},
      value: (source, start, end) => this.#take(() => this.values.push(source.toString('latin1', start, end))),
      batch: (records, count) =>
        this.#take(() => {
          const values = decoded(records, count);
          expect(values).toHaveLength(count);
          expect(records.equals(encoded(values, records.length))).toBe(true);
          this.values.push(...values.map((value) => value.toString('latin1')));
          this.batches++;
          this.longestBatch = Math.max(this.longestBatch, records.length);
          this.longestValue = Math.max(this.longestValue, ...values.map((value) => value.length));
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

const SETTINGS: Partial<ProducerSettings> = {
  batchBytes: RECORD_BYTES + BATCH_HEADER_BYTES,
  maxRequestBytes: LONGEST,
};

const PLAIN: Omit<FeedOptions, 'input' | 'bulk'> = {
  pieces: undefined,
  inBackground: () => undefined,
  runtime: nodeRuntime,
  parser: undefined,
  asJava: false,
  prompt: () => {},
  afterRecord: undefined,
  onRefused: (error) => {
    throw error;
  },
};

/** `file`: a thread reads from the beginning; `pipe`: once it turns out to be much; `alone`: never. */
type Way = 'alone' | 'file' | 'pipe';

async function feed(file: string, asJava: boolean, way: Way, given = SETTINGS): Promise<Taker> {
  const taker = new Taker();
  const descriptor = fs.openSync(file, 'r');
  const input: Input = {
    isTerminal: false,
    ...(way === 'file' ? { bytes: fs.statSync(file).size } : {}),
    read: (target, at) => fs.readSync(descriptor, target, at, Math.min(65_536, target.length - at), null),
    descriptor,
    stop: () => {},
  };
  const inBackground = way === 'alone' ? () => undefined : linesInBackground(input, given, asJava);
  const records = await feedLines({
    ...PLAIN,
    input,
    bulk: taker.bulk,
    pieces: inBackground(0, false),
    inBackground,
    asJava,
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

  it('are encoded in a thread only as long as the memory of the producer is', async () => {
    const file = path.join(directory, 'memory');
    const text = `${'x'.repeat(99)}\n`.repeat(50_000);
    fs.writeFileSync(file, `${text}${'y'.repeat(150_000)}\n${text}`);
    const batchBytes = 1 << 18;
    expect((await feed(file, false, 'file', { batchBytes })).longestValue).toBe(150_000);
    expect((await feed(file, false, 'file', { batchBytes, bufferBytes: 100_000 })).longestValue).toBe(99);
    const tiny = await feed(file, false, 'file', { batchBytes, bufferBytes: 8_000 });
    expect([tiny.batches, tiny.values.length]).toEqual([0, 100_001]);
  });

  it('share no more memory with a thread than a megabyte for each piece, however large a batch may be', async () => {
    const file = path.join(directory, 'large');
    fs.writeFileSync(file, `${'x'.repeat(99)}\n`.repeat(50_000));
    const taker = await feed(file, false, 'file', { batchBytes: 1 << 30, maxRequestBytes: 1 << 30 });
    expect(taker.values).toHaveLength(50_000);
    expect(taker.longestBatch).toBeGreaterThan(1_000_000);
    expect(taker.longestBatch).toBeLessThan(1 << 20);
  });
});

/** Pieces that are there already. */
function ready(pieces: readonly Piece[], isCut = false): Pieces {
  const left = pieces.values();
  return { next: async () => left.next().value, isCut, stop: () => {}, abandon: () => {} };
}

const NO_INPUT: Input = { isTerminal: false, read: () => 0, stop: () => {} };

describe('input that is stopped', () => {
  it.each([
    ['stopped', true, ['one']],
    ['at its end', false, ['one', 'tw']],
  ])('gives a line without an end only at the end: %s', async (_, isStopped, values) => {
    const chunks = ['on', 'e\ntw'].values();
    const read = (target: Buffer, at: number) => target.write(chunks.next().value ?? '', at);
    const here = new Taker();
    await feedLines({ ...PLAIN, input: { ...NO_INPUT, read, isStopped }, bulk: here.bulk });
    expect(here.values).toEqual(values);
    const pieces = ready([{ bytes: Buffer.from('one\ntw'), mark: AS_IT_IS }], isStopped);
    const inThread = new Taker();
    await feedLines({ ...PLAIN, input: NO_INPUT, bulk: inThread.bulk, pieces });
    expect(inThread.values).toEqual(values);
  });
});

describe('pieces of a thread', () => {
  it('leave the loop of events its turns', async () => {
    const pieces = ready(Array.from({ length: 64 }, () => ({ bytes: Buffer.from('one\n'), mark: AS_IT_IS })));
    const taker = new Taker();
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await feedLines({ ...PLAIN, input: NO_INPUT, bulk: taker.bulk, pieces });
    isOver = true;
    expect(taker.values).toHaveLength(64);
    expect(turns).toBeGreaterThan(2);
  });
});

describe('a line that is longer than a piece', () => {
  it('comes as it is, in parts, and nothing grows for it', () => {
    const text = `before\n${'x'.repeat(100_000)}\r\nbehind\n${'y'.repeat(10_000)}`;
    const input = Buffer.from(text);
    const seen: { readonly mark: number; readonly bytes: Buffer }[] = [];
    const sizes = new Set<number>();
    const target = Buffer.alloc(1_000);
    let from = 0;
    const encoder = new LineEncoder(
      {
        settings: { sliceBytes: 4_096, longestLine: 500, asJava: false, isWithinLine: false },
        read: (slice, at) => {
          sizes.add(slice.length);
          const bytes = input.copy(slice, at, from);
          from += bytes;
          return bytes;
        },
        piece: () => target,
        give: (end, mark) => seen.push({ mark, bytes: Buffer.from(target.subarray(0, end)) }),
      },
      () => true,
    );
    encoder.run();
    expect([...sizes]).toEqual([4_096]);
    const values = seen.map(({ mark, bytes }) => (mark === AS_IT_IS ? `${bytes}` : `${decoded(bytes, mark)}\n`));
    expect(values.join('')).toBe(text);
    expect(seen.filter(({ mark }) => mark !== AS_IT_IS)).toHaveLength(2);
  });
});

describe('a thread that reads', () => {
  function pipe(name: string) {
    const fifo = path.join(directory, name);
    execFileSync('mkfifo', [fifo]);
    const descriptor = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    return { descriptor, writer: fs.openSync(fifo, 'w') };
  }

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

  it('ends when nothing more is wanted, also while it waits for room', async () => {
    const file = path.join(directory, 'stopped');
    fs.writeFileSync(file, 'a line\n'.repeat(10_000));
    const descriptor = fs.openSync(file, 'r');
    const reader = new BackgroundReader({ ...options, descriptor });
    const piece = await reader.next();
    expect(piece?.mark).not.toBe(AS_IT_IS);
    const next = reader.next().then(() => reader.next());
    reader.abandon();
    expect(await next).toBeUndefined();
    fs.closeSync(descriptor);
  });

  it('gives the whole lines that it has read when it is stopped, and ends', async () => {
    const file = path.join(directory, 'cut');
    fs.writeFileSync(file, 'a line\n'.repeat(10_000));
    const descriptor = fs.openSync(file, 'r');
    const reader = new BackgroundReader({ ...options, descriptor });
    // The pieces do not hold the first slice: until more of them are taken, no second one is read.
    let lines = (await reader.next())?.mark ?? 0;
    reader.stop();
    for (let piece = await reader.next(); piece !== undefined; piece = await reader.next()) {
      expect(piece.mark).not.toBe(AS_IT_IS);
      lines += piece.mark;
    }
    expect(lines).toBe(Math.floor(4_096 / 'a line\n'.length));
    expect(reader.isCut).toBe(true);
    fs.closeSync(descriptor);
  });

  it('hands over lines that trickle, though there is never a pause', async () => {
    const { descriptor, writer } = pipe('trickle');
    const reader = new BackgroundReader({ ...options, pieceBytes: 1 << 22, descriptor });
    fs.writeSync(writer, 'the thread runs\n');
    await reader.next();
    let piece: Piece | undefined;
    void reader.next().then((next) => {
      piece = next;
    });
    let lines = 0;
    for (; lines < 50_000 && piece === undefined; lines++) {
      fs.writeSync(writer, 'x\n');
      for (let turns = 0; turns < 10; turns++) await turn();
    }
    expect(piece?.mark).toBeGreaterThan(1);
    expect(piece?.mark).toBeLessThan(lines + 1);
    reader.abandon();
    fs.closeSync(writer);
    fs.closeSync(descriptor);
  });

  it('hands over what there is when nothing more comes for the moment, and can be ended meanwhile', async () => {
    const { descriptor, writer } = pipe('fifo');
    const reader = new BackgroundReader({ ...options, descriptor });
    fs.writeSync(writer, 'one\ntwo\nthr');
    expect((await reader.next())?.mark).toBe(2);
    fs.writeSync(writer, 'ee\n');
    expect((await reader.next())?.mark).toBe(1);
    fs.writeSync(writer, 'half');
    const next = reader.next();
    reader.stop();
    expect(await next).toBeUndefined();
    expect(reader.isCut).toBe(true);
    fs.closeSync(writer);
    fs.closeSync(descriptor);
  });
});
