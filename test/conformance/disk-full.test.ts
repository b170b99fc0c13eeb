/**
 * A small disk fills under a producer that knows its acknowledgements: it is told so, the node stays up, consumers go
 * on, and once there is space again everything that was acknowledged is there, once and in order. (Apache Kafka takes a
 * full directory offline and, when it was the last, stops.)
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { type Home, kts, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { RawProducer } from './support/raw-producer.ts';
import { createTopic, readNumbers, upTo } from './support/raw-reader.ts';

const SIZE_MB = 64;
const VALUE = 'x'.repeat(1000);

/** Why there can be no small disk here; null when there is one. */
function mountSmallDisk(at: string): string | null {
  if (process.platform !== 'linux') return 'a tmpfs of a given size needs Linux';
  if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'tmpfs', at], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `mount failed: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}

const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-small-disk-'));
const reason = TARGET === 'kafka' ? 'Kafka stops when its disk is full' : mountSmallDisk(disk);
if (reason !== null) console.log(`left out: a full disk (${reason})`);

describe.skipIf(reason !== null)('a disk that fills', () => {
  let home: Home;
  let node: RunningNode;
  let producer: RawProducer;
  let producing: Promise<void>;

  beforeAll(async () => {
    home = await makeHome({
      'log.dirs': path.join(disk, 'data'),
      'log.segment.bytes': String(4 * 1024 * 1024),
      'log.segment.delete.delay.ms': '100',
      'log.flush.offset.checkpoint.interval.ms': '500',
      'replica.high.watermark.checkpoint.interval.ms': '500',
    });
    node = await startNode(home);
    for (const topic of ['ballast', 'kept']) await createTopic(home.bootstrap, topic);
    producer = await fill('ballast', 20);
    await producing;
  });

  afterAll(() => {
    producer?.abandon();
    node?.child.kill('SIGKILL');
    home?.remove();
    execFileSync('/bin/umount', ['-l', disk]);
    fs.rmdirSync(disk);
  });

  const admin = (...args: readonly string[]) => kts(['topics', '--bootstrap-server', home.bootstrap, ...args]);

  async function fill(topic: string, megabytes: number): Promise<RawProducer> {
    const raw = new RawProducer({
      bootstrap: home.bootstrap,
      topic,
      batchSize: () => 40,
      value: (record) => Buffer.from(`${record} ${VALUE}`),
    });
    producing = raw.run();
    producing.catch(() => {});
    if (megabytes === Number.POSITIVE_INFINITY) return raw;
    await vi.waitUntil(() => raw.acknowledged > megabytes * 1000, { timeout: 60_000 });
    raw.stop();
    return raw;
  }

  it('is told to producers as a storage error that they may try again', async () => {
    producer = await fill('kept', Number.POSITIVE_INFINITY);
    await expect
      .poll(() => producer.refusals.get(ErrorCode.KAFKA_STORAGE_ERROR) ?? 0, { timeout: 60_000 })
      .toBeGreaterThan(5);
    expect([...producer.refusals.keys()]).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
    expect(node.child.exitCode).toBeNull();
  });

  it('may be filled to its last byte by others, and stay so', async () => {
    const hog = fs.openSync(path.join(disk, 'hog'), 'w');
    for (const size of [1 << 20, 1 << 12]) {
      try {
        for (;;) fs.writeSync(hog, Buffer.alloc(size, 1));
      } catch (error) {
        expect((error as { code?: string }).code).toBe('ENOSPC');
      }
    }
    fs.closeSync(hog);
    const waits = () => node.output().includes('changes of metadata wait until there is space');
    await expect.poll(waits, { timeout: 90_000, interval: 500 }).toBe(true);
  });

  it('does not stop consumers, nor what asks for metadata, for as long as it lasts', async () => {
    const acknowledged = producer.acknowledged;
    expect((await readNumbers(home.bootstrap, 'kept')).slice(0, acknowledged)).toEqual(upTo(acknowledged));
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect((await admin('--list')).stdout.split('\n').sort()).toContain('ballast');
    expect((await admin('--describe', '--topic', 'kept')).stdout).toMatch(/Leader: 1/);
    expect(node.child.exitCode, node.output().slice(-3000)).toBeNull();
    expect(producer.acknowledged).toBe(acknowledged);
    fs.rmSync(path.join(disk, 'hog'));
  });

  it('is over when a topic is deleted: the producer goes on where it was refused', async () => {
    const deleted = await admin('--delete', '--topic', 'ballast');
    expect(deleted, node.output().slice(-3000)).toMatchObject({ code: 0 });
    const before = producer.acknowledged;
    await expect.poll(() => producer.acknowledged, { timeout: 60_000 }).toBeGreaterThan(before + 5000);
    producer.stop();
    await producing;
    expect(producer.acknowledged).toBe(producer.sent);
    expect(await readNumbers(home.bootstrap, 'kept')).toEqual(upTo(producer.sent));
  });

  it('leaves a directory that starts again with every record', async () => {
    expect(await node.stop()).toBe(143);
    node = await startNode(home);
    expect(await readNumbers(home.bootstrap, 'kept')).toEqual(upTo(producer.sent));
  });
});
