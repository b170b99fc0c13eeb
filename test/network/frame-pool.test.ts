import { describe, expect, it } from 'vitest';
import { FramePool } from '../../src/network/frame-pool.ts';
import { FrameReader } from '../../src/network/frame-reader.ts';

describe('FramePool', () => {
  it('hands out what was given back, in the size that is asked', () => {
    const pool = new FramePool();
    const first = pool.take(100_000);
    expect(first.length).toBe(100_000);
    pool.give(first);
    expect(pool.keptBytes).toBe(131_072);
    const second = pool.take(70_000);
    expect([second.buffer === first.buffer, second.length, pool.keptBytes]).toEqual([true, 70_000, 0]);
  });

  it('takes back nothing twice, nothing foreign, no view, and no more than its bound', () => {
    const pool = new FramePool(200_000);
    const frame = pool.take(100_000);
    pool.give(frame);
    pool.give(frame);
    pool.give(Buffer.alloc(131_072));
    expect(pool.keptBytes).toBe(131_072);
    pool.take(100_000);
    const other = pool.take(100_000);
    pool.give(other.subarray(8));
    expect(pool.keptBytes).toBe(0);
    pool.give(other);
    pool.give(pool.take(150_000));
    expect(pool.keptBytes).toBe(131_072);
  });
});

describe('FrameReader', () => {
  const reader = (): FrameReader =>
    new FrameReader({ maxBytes: 10_000_000, reserve: () => true, allocate: (size) => Buffer.alloc(size) });
  const frameOf = (size: number): Buffer => {
    const frame = Buffer.alloc(size + 4);
    frame.writeInt32BE(size, 0);
    for (let i = 0; i < size; i++) frame[4 + i] = i * 7;
    return frame;
  };

  it('gives the same frames however the bytes are cut', () => {
    const sizes = [0, 1, 3, 4, 100, 65_536, 1_048_576, 3_000_001];
    const all = Buffer.concat(sizes.map(frameOf));
    for (const step of [7777, 65_536, 1_000_000, all.length]) {
      const own = reader();
      const found: Buffer[] = [];
      for (let at = 0; at < all.length; at += step) {
        // What was borrowed is overwritten as soon as it may be.
        const borrowed = Buffer.from(all.subarray(at, at + step));
        own.push(borrowed);
        if (at % 3 > 0) for (let frame = own.next(); frame !== null; frame = own.next()) found.push(frame);
        own.keep();
        borrowed.fill(0xff);
      }
      for (let frame = own.next(); frame !== null; frame = own.next()) found.push(frame);
      expect(found.map((frame) => frame.length)).toEqual(sizes);
      expect(found.every((frame) => frame.equals(frameOf(frame.length).subarray(4)))).toBe(true);
      expect(own.isMidFrame).toBe(false);
    }
  });

  it('has large frames read straight into their buffers', () => {
    const own = reader();
    const scratch = Buffer.alloc(65_536);
    const all = Buffer.concat([frameOf(200_000), frameOf(10), frameOf(3_000_000)]);
    const found: Buffer[] = [];
    let direct = 0;
    for (let at = 0; at < all.length; ) {
      const target = own.target(scratch);
      const part = all.subarray(at, at + Math.min(target.length, 50_000));
      target.set(part);
      if (target !== scratch) direct += part.length;
      own.push(target.subarray(0, part.length));
      for (let frame = own.next(); frame !== null; frame = own.next()) found.push(frame);
      own.keep();
      at += part.length;
    }
    expect(found.map((frame) => frame.length)).toEqual([200_000, 10, 3_000_000]);
    expect(found.every((frame) => frame.equals(frameOf(frame.length).subarray(4)))).toBe(true);
    expect(direct).toBeGreaterThan(3_000_000);
  });

  it('does not believe sizes: memory grows with the bytes that come', () => {
    const asked: number[] = [];
    const own = new FrameReader({
      maxBytes: 100_000_000,
      reserve: (size) => {
        asked.push(size);
        return asked.length > 1;
      },
      allocate: (size) => {
        expect(size).toBeLessThanOrEqual(1_048_576);
        return Buffer.alloc(size);
      },
    });
    own.push(frameOf(5_000_000).subarray(0, 10));
    expect(own.next()).toBe(null);
    expect(own.reservedBytes).toBe(0);
    expect(own.next()).toBe(null);
    expect(own.reservedBytes).toBe(5_000_000);
    expect(asked).toEqual([5_000_000, 5_000_000]);
  });
});
