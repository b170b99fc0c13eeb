/**
 * Damaged files of a node that has stopped, or was killed: it says which file, and goes on wherever Kafka does. What the
 * damage did not touch is all still there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { Home } from './node-harness.ts';

const DAMAGE = {
  empty: (file: string) => fs.truncateSync(file, 0),
  cut: (file: string) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2)),
  garbage: (file: string) => fs.writeFileSync(file, Buffer.alloc(Math.max(8, fs.statSync(file).size), 0xa7)),
  flip: (file: string) => {
    const bytes = fs.readFileSync(file);
    const at = Math.floor(bytes.length * 0.6);
    bytes[at] = (bytes[at] as number) ^ 0xff;
    fs.writeFileSync(file, bytes);
  },
  removed: (file: string) => fs.rmSync(file),
} as const;

type Kind = keyof typeof DAMAGE;

/** Offsets 0 to 30 and 31 to 59 in two segments. */
const RECORDS = 60;
const value = (n: number) => `${n} ${'x'.repeat(n === 30 ? 900_000 : n === 31 ? 300_000 : 100)}`;
const FIRST = 't-0/00000000000000000000';
const SECOND = 't-0/00000000000000000031';
const METADATA = '__cluster_metadata-0';

let stopped: Home;
let killed: Home;
const copies: Home[] = [];

beforeAll(async () => {
  stopped = new Home();
  const node = await stopped.start();
  await node.createTopic('t', { 'segment.bytes': '1048576', 'index.interval.bytes': '100' });
  await node.createTopic('bystander');
  for (let n = 0; n < RECORDS; n++) expect(await node.produce('t', [value(n)])).toBe(0);
  await node.produce('bystander', ['here']);
  killed = stopped.crashed();
  await node.stop();
});

afterEach(async () => {
  for (const copy of copies.splice(0)) {
    await copy.remove();
    fs.rmSync(`${copy.directories[0]}.recovered`, { recursive: true, force: true });
  }
});

afterAll(async () => {
  await stopped.remove();
  await killed.remove();
});

function damaged(home: Home, name: string, kind: Kind): Home {
  const copy = home.crashed();
  copies.push(copy);
  const file = path.join(copy.directories[0] as string, name);
  fs.chmodSync(file, 0o600);
  DAMAGE[kind](file);
  return copy;
}

/** Reads all of `t` from an offset on; the numbers of the records. */
async function numbers(node: Awaited<ReturnType<Home['start']>>, from = 0): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const { errorCode, values } = await node.read('t', 0, from + found.length);
    if (errorCode !== 0 || values.length === 0) return found;
    found.push(...values.map((text) => Number(text.split(' ')[0])));
  }
}

const alarms = (lines: readonly string[]) => lines.filter((line) => / (WARN|ERROR|FATAL) /.test(line));
const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);

describe('after a clean stop', () => {
  it.each<[string, Kind, RegExp | null]>([
    [`${FIRST}.index`, 'garbage', null],
    [`${FIRST}.index`, 'flip', null],
    [`${FIRST}.index`, 'removed', /Could not find offset index file corresponding to log file .*00000\.log/],
    [`${FIRST}.timeindex`, 'garbage', null],
    [`${SECOND}.index`, 'garbage', /Found a corrupted index file corresponding to log file .*00031\.log/],
    [`${SECOND}.index`, 'cut', null],
    [`${SECOND}.timeindex`, 'garbage', /Corrupt time index found, time index file .*00031\.timeindex/],
    [`${SECOND}.timeindex`, 'removed', /Could not find offset index file/],
    [`${SECOND}.snapshot`, 'garbage', null],
    ['t-0/00000000000000000060.snapshot', 'empty', /Producer snapshot .*00060\.snapshot is corrupt/],
    ['t-0/00000000000000000060.snapshot', 'flip', /Producer snapshot .*00060\.snapshot is corrupt/],
    ['t-0/leader-epoch-checkpoint', 'garbage', /checkpoint file .*t-0\/leader-epoch-checkpoint/],
    ['recovery-point-offset-checkpoint', 'garbage', /checkpoint file .*recovery-point-offset-checkpoint/],
    ['recovery-point-offset-checkpoint', 'removed', null],
    ['log-start-offset-checkpoint', 'flip', /checkpoint file .*log-start-offset-checkpoint/],
    ['replication-offset-checkpoint', 'cut', /checkpoint file .*replication-offset-checkpoint/],
    ['.kafka_cleanshutdown', 'garbage', null],
    [`${METADATA}/00000000000000000000.index`, 'garbage', null],
    [
      `${METADATA}/leader-epoch-checkpoint`,
      'garbage',
      /checkpoint file .*__cluster_metadata-0\/leader-epoch-checkpoint/,
    ],
    ['bootstrap.checkpoint', 'removed', null],
  ])('%s, %s: all records are there', async (name, kind, line) => {
    const node = await damaged(stopped, name, kind).start();
    expect(await numbers(node)).toEqual(upTo(RECORDS));
    expect(await node.produce('t', ['60 after'])).toBe(0);
    expect(await numbers(node, RECORDS)).toEqual([60]);
    const said = alarms(node.lines);
    if (line !== null) expect(said.filter((text) => line.test(text)).length, said.join('')).toBeGreaterThan(0);
  });

  it('a segment that became garbage is cut off where it lies last, and named where it does not', async () => {
    const last = await damaged(stopped, `${SECOND}.log`, 'garbage').start();
    expect(await numbers(last)).toEqual(upTo(31));
    expect(alarms(last.lines).join('')).toMatch(
      /Found a corrupt batch at position 0 of .*00031\.log.* records that were on the disk are damaged/,
    );
    const first = await damaged(stopped, `${FIRST}.log`, 'garbage').start();
    expect((await first.read('t')).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE);
    expect(alarms(first.lines).join('')).toMatch(
      /Record batch at position 0 of file .*t-0\/00000000000000000000\.log is corrupt/,
    );
    expect(await numbers(first, 31)).toEqual(upTo(RECORDS).slice(31));
  });

  it('a directory whose topic cannot be told apart is offline alone', async () => {
    const node = await damaged(stopped, 't-0/partition.metadata', 'garbage').start();
    expect((await node.read('t')).errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await node.produce('t', ['a'])).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect((await node.read('bystander')).values).toEqual(['here']);
    expect(alarms(node.lines).join('')).toMatch(/Malformed partition metadata file .*t-0\/partition\.metadata/);
  });
});

describe('after a kill', () => {
  it.each<[string, Kind, number]>([
    [`${SECOND}.log`, 'cut', 31],
    [`${SECOND}.log`, 'flip', 31],
    [`${FIRST}.log`, 'flip', 30],
    [`${FIRST}.log`, 'garbage', 0],
  ])('%s, %s: the log ends at the first bad batch, and what is dropped is kept aside', async (name, kind, end) => {
    const home = damaged(killed, name, kind);
    const node = await home.start();
    expect(await numbers(node)).toEqual(upTo(end));
    const said = alarms(node.lines).join('');
    expect(said).toContain(`${home.directories[0]}/${name}; discarding`);
    const kept = `${home.directories[0]}.recovered`;
    if (kind !== 'cut')
      expect(fs.readdirSync(kept, { recursive: true }).filter((file) => String(file).endsWith('.log'))).not.toEqual([]);
    expect(await node.produce('t', [`${end} after`])).toBe(0);
    expect((await numbers(node)).at(-1)).toBe(end);
    expect((await node.read('bystander')).values).toEqual(['here']);
  });

  it.each<[string, Kind]>([
    [`${FIRST}.index`, 'garbage'],
    [`${FIRST}.timeindex`, 'cut'],
    [`${SECOND}.snapshot`, 'garbage'],
    ['replication-offset-checkpoint', 'garbage'],
  ])('%s, %s: all records are there', async (name, kind) => {
    const node = await damaged(killed, name, kind).start();
    expect(await numbers(node)).toEqual(upTo(RECORDS));
  });
});

describe('the metadata log', () => {
  it('ends at its first bad batch, as Kafka\u2019s; logs of topics that it has lost are kept as stray', async () => {
    const home = damaged(stopped, `${METADATA}/00000000000000000000.log`, 'flip');
    const node = await home.start();
    const said = alarms(node.lines).join('');
    expect(said).toMatch(
      /Found a corrupt batch at position \d+ of .*__cluster_metadata-0\/00000000000000000000\.log; discarding/,
    );
    expect(said).toMatch(
      /Recovery dropped \d+ whole batches .* of __cluster_metadata-0; they are kept in .*\.recovered/,
    );
    const names = fs.readdirSync(home.directories[0] as string);
    expect(names.filter((name) => /^(t|bystander)-0/.test(name))).toHaveLength(2);
    await node.createTopic('new');
    expect(await node.produce('new', ['a'])).toBe(0);
  });
});

describe('what a node must not guess', () => {
  it.each<[string, Kind]>([
    ['meta.properties', 'empty'],
    ['meta.properties', 'garbage'],
    ['meta.properties', 'cut'],
    [`${METADATA}/quorum-state`, 'garbage'],
    [`${METADATA}/quorum-state`, 'cut'],
    ['bootstrap.checkpoint', 'flip'],
    ['bootstrap.checkpoint', 'empty'],
    [`${METADATA}/partition.metadata`, 'garbage'],
  ])('%s, %s: it refuses to start and names the file', async (name, kind) => {
    const home = damaged(stopped, name, kind);
    await expect(home.start()).rejects.toThrow(path.join(home.directories[0] as string, name));
  });
});
