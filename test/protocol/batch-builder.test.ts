import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { BatchBuilder, buildBatch, buildControlBatch, type RecordInput } from '../../src/protocol/batch-builder.ts';
import { CODEC } from '../../src/protocol/compression.ts';
import { readRecords } from '../../src/protocol/record.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const anyRecord: fc.Arbitrary<RecordInput> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestamp: fc.oneof(fc.integer({ min: -1, max: 5 }), fc.integer({ min: 0, max: 2 ** 48 })),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: fc.option(bytes) }), { maxLength: 4 }),
});

describe('BatchBuilder', () => {
  it.each(Object.entries(CODEC))('writes with %s what reading gives back', (_name, compression) => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), (records) => {
        const batch = buildBatch(records, { compression, baseOffset: 1000, initialBytes: 64 });
        expect(new RecordBatch(batch).isIntact()).toBe(true);
        expect(readRecords(batch)).toEqual(
          records.map(({ key, value, timestamp, headers }, i) => ({
            offset: 1000 + i,
            key,
            value,
            timestamp,
            headers,
          })),
        );
        const times = records.map(({ timestamp }) => timestamp!);
        expect(new RecordBatch(batch).maxTimestamp).toBe(Math.max(-1, ...times));
      }),
      { numRuns: 60 },
    );
  });

  it('tells before it appends what the size would be', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), (records) => {
        const builder = new BatchBuilder();
        for (const record of records) {
          const told = builder.sizeWith(record);
          builder.append(record);
          expect(builder.sizeInBytes).toBe(told);
        }
        expect(builder.seal().length).toBe(builder.sizeInBytes);
      }),
    );
  });

  it('has a bulk path that writes the same bytes', () => {
    const text = Buffer.from('alpha\nbeta\n'.repeat(40));
    const plain = new BatchBuilder();
    const bulk = new BatchBuilder();
    for (let i = 0; i < 200; i++) {
      plain.append({ value: text.subarray(i, i + i), timestamp: 5000 + i * 100 });
      bulk.appendValue(text, i, i + i, 5000 + i * 100);
    }
    expect(bulk.seal().equals(plain.seal())).toBe(true);
  });

  it('leaves a prefix free before the batch, compressed or not, and is used again after reset', () => {
    for (const compression of [CODEC.none, CODEC.zstd]) {
      const builder = new BatchBuilder({ prefixBytes: 33, compression });
      for (const round of [1, 2]) {
        builder.append({ value: Buffer.from(`round ${round}`) });
        const frame = builder.sealFrame();
        expect(new RecordBatch(frame, 33).end).toBe(frame.length);
        expect(readRecords(frame, 33).map(({ value }) => String(value))).toEqual([`round ${round}`]);
        builder.reset();
        expect(builder.recordCount).toBe(0);
      }
    }
  });

  it('carries the fields of an idempotent, transactional producer', () => {
    const batch = buildBatch([{ value: null }], {
      producerId: 2 ** 40,
      producerEpoch: 3,
      baseSequence: 2 ** 31 - 1,
      isTransactional: true,
    });
    expect(new RecordBatch(batch)).toMatchObject({
      producerId: 2 ** 40,
      producerEpoch: 3,
      baseSequence: 2 ** 31 - 1,
      isTransactional: true,
      partitionLeaderEpoch: -1,
      baseOffset: 0,
    });
  });

  it('builds control batches whose records are key and value as given', () => {
    const key = Buffer.from([0, 0, 0, 3]);
    const batch = buildControlBatch([{ key, value: Buffer.from('x') }], 42, { baseOffset: 9, partitionLeaderEpoch: 2 });
    expect(new RecordBatch(batch)).toMatchObject({ isControl: true, partitionLeaderEpoch: 2, lastOffset: 9 });
    expect(readRecords(batch)[0]).toMatchObject({ key, value: Buffer.from('x'), timestamp: 42, offset: 9 });
  });

  it('compresses harder at a higher level', () => {
    const records = Array.from({ length: 3000 }, (_, i) => ({
      value: Buffer.from(`{"id":${i},"n":${(i * 7919) % 997}}`),
    }));
    for (const [codec, low, high] of [
      [CODEC.gzip, 1, 9],
      [CODEC.zstd, -5, 15],
    ] as const) {
      const size = (compressionLevel: number) => buildBatch(records, { compression: codec, compressionLevel }).length;
      expect(size(high)).toBeLessThan(size(low));
    }
  });
});
