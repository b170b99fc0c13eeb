/** The walk over what a Fetch brought: what is passed over, where it stops, where it goes on. */
import { describe, expect, it } from 'vitest';
import { type FetchedPartition, PieceReader, visitRecords } from '../../../src/client/consumer/fetched.ts';
import { buildBatch, buildControlBatch } from '../../../src/protocol/batch-builder.ts';
import { CODEC } from '../../../src/protocol/compression.ts';

interface Options {
  readonly from: number;
  readonly values: readonly string[];
  readonly producerId?: number;
  readonly isTransactional?: boolean;
  readonly epoch?: number;
  readonly compression?: number;
}

function batch({
  from,
  values,
  producerId = -1,
  isTransactional = false,
  epoch = 3,
  compression = 0,
}: Options): Buffer {
  const records = values.map((value) => ({ timestamp: 1, key: null, value: Buffer.from(value), headers: [] }));
  return buildBatch(records, {
    baseOffset: from,
    partitionLeaderEpoch: epoch,
    producerId,
    producerEpoch: producerId < 0 ? -1 : 0,
    baseSequence: producerId < 0 ? -1 : 0,
    isTransactional,
    compression,
  });
}

function marker(offset: number, producerId: number, type: 'commit' | 'abort'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const options = { baseOffset: offset, producerId, producerEpoch: 0, isTransactional: true };
  return buildControlBatch([{ key, value: Buffer.alloc(6) }], 1, options);
}

function piece(batches: readonly Buffer[], more: Partial<FetchedPartition> = {}): FetchedPartition {
  const records = Buffer.concat(batches);
  return {
    topic: 't',
    partition: 0,
    offset: 0,
    nextOffset: 99,
    highWatermark: 99,
    records,
    leaderEpoch: 3,
    aborted: [],
    ...more,
  };
}

function read(fetched: FetchedPartition): string[] {
  const seen: string[] = [];
  visitRecords(fetched, true, (record) => {
    seen.push(`${record.offset}=${record.value}`);
  });
  return seen;
}

describe('what is read', () => {
  it('begins at the offset that was asked for, inside a batch', () => {
    const fetched = piece([batch({ from: 10, values: ['a', 'b', 'c'], compression: CODEC.gzip })], { offset: 11 });
    expect(read(fetched)).toEqual(['11=b', '12=c']);
  });

  it('leaves out aborted transactions and markers, and nothing else', () => {
    const batches = [
      batch({ from: 0, values: ['kept'], producerId: 7, isTransactional: true }),
      batch({ from: 1, values: ['gone'], producerId: 8, isTransactional: true }),
      batch({ from: 2, values: ['plain'] }),
      marker(3, 8, 'abort'),
      batch({ from: 4, values: ['again'], producerId: 8, isTransactional: true }),
      marker(5, 8, 'commit'),
      marker(6, 7, 'commit'),
    ];
    expect(read(piece(batches, { aborted: [{ producerId: 8, firstOffset: 1 }] }))).toEqual([
      '0=kept',
      '2=plain',
      '4=again',
    ]);
    expect(read(piece(batches))).toEqual(['0=kept', '1=gone', '2=plain', '4=again']);
  });

  it('ends before a batch that is not whole', () => {
    const whole = batch({ from: 0, values: ['a'] });
    const cut = batch({ from: 1, values: ['b'] }).subarray(0, 40);
    const reader = new PieceReader(piece([whole, cut]), true);
    expect(reader.next()?.offset).toBe(0);
    expect(reader.next()).toBeUndefined();
    expect(reader.nextOffset).toBe(1);
  });

  it('goes on where it was left', () => {
    const fetched = piece([batch({ from: 0, values: ['a', 'b'] }), batch({ from: 2, values: ['c'], epoch: 4 })]);
    const next = visitRecords(fetched, true, () => false);
    expect(next).toBe(1);
    const reader = new PieceReader(fetched, true);
    reader.next();
    expect([reader.nextOffset, reader.leaderEpoch]).toEqual([1, 3]);
    reader.next();
    reader.next();
    expect([reader.nextOffset, reader.leaderEpoch]).toEqual([3, 4]);
  });

  it('counts on behind batches of which nothing is handed out', () => {
    const reader = new PieceReader(piece([marker(0, 8, 'commit'), marker(1, 8, 'commit')]), true);
    expect(reader.next()).toBeUndefined();
    expect(reader.nextOffset).toBe(2);
  });

  it('tells of a damaged batch, unless checksums are not wanted', () => {
    const damaged = batch({ from: 0, values: ['abc'] });
    damaged[damaged.length - 2] = 120;
    expect(() => read(piece([damaged]))).toThrow('damaged batch of t-0 at offset 0');
    const seen: unknown[] = [];
    visitRecords(piece([damaged]), false, (record) => seen.push(record.offset));
    expect(seen).toEqual([0]);
  });
});
