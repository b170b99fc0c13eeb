/** A full disk as the node sees it: nothing is lost, nothing stops, and everything goes on when there is space. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { RESERVED_BYTES } from '../../src/storage/space-guard.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';
import { Home } from './node-harness.ts';

const homes: Home[] = [];

afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});

class SmallDisk extends FaultyFiles {
  usableBytes = 1 << 30;

  override freeBytesSync(): { readonly totalBytes: number; readonly usableBytes: number } {
    return { totalBytes: 1 << 30, usableBytes: this.usableBytes };
  }

  /** To the last byte, reserve included. */
  fill(): void {
    this.usableBytes = 0;
    for (const operation of ['write', 'replace'] as const) this.failWith({ operation, path: /./, code: 'ENOSPC' });
  }

  free(): void {
    this.heal();
    this.usableBytes = 1 << 30;
  }
}

async function start() {
  const disk = new SmallDisk();
  const home = new Home();
  homes.push(home);
  const node = await home.start({}, disk);
  await node.createTopic('t');
  expect(await node.produce('t', ['before'])).toBe(0);
  return { disk, home, node };
}

const said = (lines: readonly string[], pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;

describe('when only the reserve is left', () => {
  it('records are refused, and a topic can still be deleted to make space', async () => {
    const { disk, node } = await start();
    disk.usableBytes = RESERVED_BYTES;
    // What the last look at the disk allowed is still taken.
    await vi.waitUntil(async () => (await node.produce('t', ['x'.repeat(900_000)])) === ErrorCode.KAFKA_STORAGE_ERROR, {
      timeout: 15_000,
      interval: 0,
    });
    expect((await node.read('t')).values[0]).toBe('before');
    await node.createTopic('u');
    expect(await node.produce('u', ['a'])).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    disk.usableBytes = 1 << 30;
    expect(await node.produce('u', ['a'])).toBe(0);
    expect(said(node.lines, /ERROR The disk of log directory .* is full/)).toBe(1);
    expect(node.fatal).toEqual([]);
  });
});

describe('when nothing at all is left', () => {
  it('changes of metadata wait, and are made in their order once there is space', async () => {
    const { disk, home, node } = await start();
    disk.fill();
    const created = node.createTopic('u');
    await vi.waitUntil(() => said(node.lines, /changes of metadata wait until there is space/) === 1, 15_000);
    const reader = node.sibling();
    expect((await reader.read('t')).values).toEqual(['before']);
    expect(await reader.produce('t', ['during'])).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await reader.partition('u')).toBeUndefined();
    disk.free();
    await created;
    expect(await node.produce('u', ['after'])).toBe(0);
    expect(await node.produce('t', ['after'])).toBe(0);
    expect(said(node.lines, /There is space again for __cluster_metadata-0/)).toBe(1);
    expect(node.fatal).toEqual([]);
    await node.stop();
    const again = await home.start();
    expect((await again.read('t')).values).toEqual(['before', 'after']);
    expect((await again.read('u')).values).toEqual(['after']);
  });

  it('a node that is told to stop does, and what was committed is there at the next start', async () => {
    const { disk, home, node } = await start();
    disk.fill();
    const created = node.createTopic('u').catch(() => 'not created');
    await vi.waitUntil(() => said(node.lines, /changes of metadata wait/) === 1, 15_000);
    await node.stop();
    expect(await created).toBe('not created');
    expect(node.fatal).toEqual([]);
    disk.free();
    const again = await home.start();
    expect((await again.read('t')).values).toEqual(['before']);
    expect(await again.partition('u')).toBeUndefined();
    await again.createTopic('u');
  });
});
