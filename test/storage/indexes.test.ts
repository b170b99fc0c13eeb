import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import { CorruptIndexError } from '../../src/storage/entry-file.ts';
import { FilePool } from '../../src/storage/file-pool.ts';
import { OffsetIndex } from '../../src/storage/offset-index.ts';
import { TimeIndex } from '../../src/storage/time-index.ts';
import { FaultyFiles } from './faulty-files.ts';
import { removeDirectory, temporaryDirectory } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

const BASE = 1000;

describe('OffsetIndex', () => {
  const path = () => join(directory, 'x.index');
  const make = (isNew = true) => new OffsetIndex(new FilePool(nodeFiles), path(), BASE, isNew);

  it('finds the greatest entry that is not above the offset, in memory, on disk and across both', () => {
    const index = make();
    // Enough for the tail to be written out several times, with some left in memory.
    const count = 1800;
    for (let i = 1; i <= count; i++) index.append(BASE + i * 10, i * 5000);
    expect(index.entries).toBe(count);
    expect(index.unwritten).toBeGreaterThan(0);
    expect(fs.statSync(path()).size).toBe((count - index.unwritten) * 8);
    const check = (of: OffsetIndex) => {
      expect(of.positionBefore(BASE)).toBe(0);
      expect(of.positionBefore(BASE + 9)).toBe(0);
      for (let i = 1; i <= count; i += 7) {
        expect(of.positionBefore(BASE + i * 10)).toBe(i * 5000);
        expect(of.positionBefore(BASE + i * 10 + 9)).toBe(i * 5000);
      }
      expect(of.positionBefore(BASE + 1e6)).toBe(count * 5000);
      expect([of.lastOffset, of.lastPosition]).toEqual([BASE + count * 10, count * 5000]);
    };
    check(index);
    index.seal();
    expect(fs.statSync(path()).size).toBe(count * 8);
    check(index);
    check(make(false));
  });

  it('writes Kafka s bytes: relative offset and position, big endian', () => {
    const index = make();
    index.append(BASE + 0x33, 0x4049);
    index.seal();
    expect(fs.readFileSync(path()).toString('hex')).toBe('0000003300004049');
  });

  it('is an empty file when there is nothing to say', () => {
    make().seal();
    expect(fs.statSync(path()).size).toBe(0);
    expect(make(false).positionBefore(BASE + 5)).toBe(0);
  });

  it('truncates by offset, in the file and in memory', () => {
    const index = make();
    for (let i = 1; i <= 10; i++) index.append(BASE + i * 10, i * 100);
    index.truncateTo(BASE + 95);
    expect(index.entries).toBe(9);
    index.write();
    index.append(BASE + 100, 1000);
    index.truncateTo(BASE + 50);
    expect([index.entries, index.lastOffset]).toEqual([4, BASE + 40]);
    expect(fs.statSync(path()).size).toBe(4 * 8);
    index.append(BASE + 44, 444);
    index.seal();
    expect(make(false).positionBefore(BASE + 50)).toBe(444);
  });

  it('cuts the zeros of a preallocated file', () => {
    const index = make();
    for (let i = 1; i <= 5; i++) index.append(BASE + i, i * 100);
    index.seal();
    fs.truncateSync(path(), 10_485_760);
    const again = make(false);
    expect([again.entries, again.lastOffset]).toEqual([5, BASE + 5]);
    expect(fs.statSync(path()).size).toBe(40);
    fs.truncateSync(path(), 0);
    fs.truncateSync(path(), 10_485_760);
    expect(make(false).entries).toBe(0);
  });

  it('refuses files of another size and entries that lie outside of the segment', () => {
    fs.writeFileSync(path(), Buffer.alloc(9, 1));
    expect(() => make(false).entries).toThrow(CorruptIndexError);
    fs.writeFileSync(path(), Buffer.from('0000000500000400', 'hex'));
    expect(() => make(false).sanityCheck(0x400)).toThrow(path());
    make(false).sanityCheck(0x401);
  });

  it('goes on in memory while the disk is full', () => {
    const files = new FaultyFiles();
    const index = new OffsetIndex(new FilePool(files), path(), BASE, true);
    files.failWith({ operation: 'write', path: /index/, code: 'ENOSPC' });
    for (let i = 1; i <= 2000; i++) index.append(BASE + i, i * 10);
    expect(index.positionBefore(BASE + 1234)).toBe(12340);
    expect(() => index.seal()).toThrow(/ENOSPC/);
    files.heal();
    index.seal();
    expect(make(false).entries).toBe(2000);
  });
});

describe('TimeIndex', () => {
  const path = () => join(directory, 'x.timeindex');
  const make = (isNew = true) => new TimeIndex(new FilePool(nodeFiles), path(), BASE, isNew);

  it('takes only later timestamps, and finds the last that is not later than asked', () => {
    const index = make();
    for (const [timestamp, offset] of [
      [100, 5],
      [100, 6],
      [90, 7],
      [300, 9],
    ] as const) {
      index.maybeAppend(timestamp, BASE + offset);
    }
    const check = (of: TimeIndex) => {
      expect(of.entries).toBe(2);
      expect(of.last).toEqual({ timestamp: 300, offset: BASE + 9 });
      expect(of.lookup(99)).toEqual({ timestamp: -1, offset: BASE });
      expect(of.lookup(100)).toEqual({ timestamp: 100, offset: BASE + 5 });
      expect(of.lookup(299)).toEqual({ timestamp: 100, offset: BASE + 5 });
      expect(of.lookup(9e15)).toEqual({ timestamp: 300, offset: BASE + 9 });
    };
    check(index);
    index.seal();
    check(make(false));
    expect(fs.readFileSync(path()).toString('hex')).toBe('000000000000006400000005000000000000012c00000009');
  });

  it('truncates by offset', () => {
    const index = make();
    for (let i = 1; i <= 700; i++) index.maybeAppend(i * 10, BASE + i);
    index.truncateTo(BASE + 600);
    expect(index.last).toEqual({ timestamp: 5990, offset: BASE + 599 });
    index.truncateTo(BASE + 3);
    expect(index.last).toEqual({ timestamp: 20, offset: BASE + 2 });
  });

  it('refuses what does not ascend', () => {
    fs.writeFileSync(path(), Buffer.alloc(24, 7));
    expect(() => make(false).sanityCheck()).toThrow(path());
  });
});

describe('FilePool', () => {
  it('keeps at most so many files open, and reopens what is used again', () => {
    const pool = new FilePool(nodeFiles, 3);
    const all = Array.from({ length: 10 }, (_, i) => pool.file(join(directory, `f${i}`)));
    for (let round = 0; round < 3; round++) {
      for (const [i, file] of all.entries()) file.get().writeSync(Buffer.from([i]), 0, 1, round);
      expect(pool.openCount).toBeLessThanOrEqual(3);
    }
    for (const [i, file] of all.entries()) {
      expect(fs.readFileSync(file.path)).toEqual(Buffer.from([i, i, i]));
      file.close();
    }
    expect(pool.openCount).toBe(0);
  });

  it('gives up files when the system has no more descriptors', () => {
    const files = new FaultyFiles();
    const pool = new FilePool(files, 100);
    for (let i = 0; i < 10; i++) pool.file(join(directory, `f${i}`)).get();
    files.failWith({ operation: 'open', path: /extra/, code: 'EMFILE', times: 1 });
    expect(pool.file(join(directory, 'extra')).get().sizeSync()).toBe(0);
    expect(pool.openCount).toBe(6);
  });

  it('does not make a file again that vanished', () => {
    const pool = new FilePool(nodeFiles, 1);
    const file = pool.file(join(directory, 'gone'));
    file.get();
    pool.file(join(directory, 'other')).get();
    fs.rmSync(join(directory, 'gone'));
    expect(() => file.get()).toThrow(/ENOENT/);
  });
});
