import { describe, expect, it } from 'vitest';
import { LeaderEpochCache } from '../../src/storage/leader-epoch-cache.ts';

const make = (...pairs: [number, number][]) =>
  new LeaderEpochCache(pairs.map(([epoch, startOffset]) => ({ epoch, startOffset })));
const entries = (cache: LeaderEpochCache) => cache.entries.map((e) => [e.epoch, e.startOffset]);

describe('LeaderEpochCache', () => {
  it('answers where an epoch ended', () => {
    const cache = make([2, 10], [4, 20], [7, 20 + 11]);
    const end = (epoch: number) => Object.values(cache.endOffsetFor(epoch, 50));
    expect(end(-1)).toEqual([-1, -1]);
    expect(end(1)).toEqual([1, 10]);
    expect(end(2)).toEqual([2, 20]);
    expect(end(3)).toEqual([2, 20]);
    expect(end(4)).toEqual([4, 31]);
    expect(end(6)).toEqual([4, 31]);
    expect(end(7)).toEqual([7, 50]);
    expect(end(8)).toEqual([-1, -1]);
    expect(Object.values(make().endOffsetFor(0, 5))).toEqual([-1, -1]);
  });

  it('tells the epoch of an offset', () => {
    const cache = make([2, 10], [4, 20]);
    expect([9, 10, 19, 20, 99].map((offset) => cache.epochFor(offset))).toEqual([-1, 2, 2, 4, 4]);
  });

  it('replaces what a new epoch contradicts', () => {
    const cache = make([2, 10], [4, 20]);
    cache.assign(4, 25);
    expect(cache.dirty).toBe(false);
    cache.assign(5, 20);
    expect(entries(cache)).toEqual([
      [2, 10],
      [5, 20],
    ]);
    cache.assign(3, 15);
    expect(entries(cache)).toEqual([
      [2, 10],
      [3, 15],
    ]);
    expect(cache.dirty).toBe(true);
  });

  it('forgets what the log no longer has at either end', () => {
    const cache = make([1, 0], [2, 10], [3, 20]);
    cache.truncateFromEnd(20);
    cache.truncateFromStart(5);
    expect(entries(cache)).toEqual([
      [1, 5],
      [2, 10],
    ]);
    cache.truncateFromStart(10);
    expect(entries(cache)).toEqual([[2, 10]]);
    cache.truncateFromStart(99);
    expect(entries(cache)).toEqual([[2, 99]]);
  });
});
