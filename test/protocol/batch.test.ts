import { describe, expect, it } from 'vitest';
import {
  addSequence,
  BATCH_CORRUPT,
  BATCH_HEADER_BYTES,
  BATCH_INCOMPLETE,
  BATCH_LENGTH_AT,
  batchIntegrity,
  crcMatches,
  forEachBatch,
  int16At,
  int32At,
  int64At,
  MAGIC_AT,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  RecordBatch,
  setInt16At,
  setInt32At,
  setInt64At,
  setLogAppendTime,
  setMaxCreateTime,
  wholeBatchSize,
} from '../../src/protocol/batch.ts';
import { buildBatch, buildControlBatch } from '../../src/protocol/batch-builder.ts';

const value = (text: string, timestamp = 1000) => ({ value: Buffer.from(text), timestamp });

describe('integers by position', () => {
  it.each([0, 1, -1, 127, -128, 32767, -32768])('int16 %d', (n) => {
    const bytes = Buffer.alloc(4);
    setInt16At(bytes, 1, n);
    expect(bytes.readInt16BE(1)).toBe(n);
    expect(int16At(bytes, 1)).toBe(n);
  });

  it.each([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)])('int32 %d', (n) => {
    const bytes = Buffer.alloc(6);
    setInt32At(bytes, 1, n);
    expect(bytes.readInt32BE(1)).toBe(n);
    expect(int32At(bytes, 1)).toBe(n);
  });

  it.each([
    0,
    1,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 1,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 32 + 1,
    -(2 ** 31) - 1,
    -(2 ** 32),
    -(2 ** 32) - 1,
    -(2 ** 32) + 1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    1_795_276_977_342,
  ])('int64 %d', (n) => {
    const bytes = Buffer.alloc(10);
    setInt64At(bytes, 1, n);
    expect(bytes.readBigInt64BE(1)).toBe(BigInt(n));
    expect(int64At(bytes, 1)).toBe(n);
  });
});

describe('a batch seen by position', () => {
  const bytes = buildBatch([value('a', 5000), value('b', 4000), value('c', 6000)], {
    baseOffset: 2 ** 40 + 7,
    partitionLeaderEpoch: 12,
    producerId: 2 ** 33 + 1,
    producerEpoch: 32767,
    baseSequence: 2 ** 31 - 2,
    isTransactional: true,
  });

  it('has every field of its header', () => {
    const batch = new RecordBatch(bytes);
    expect(batch).toMatchObject({
      baseOffset: 2 ** 40 + 7,
      sizeInBytes: bytes.length,
      end: bytes.length,
      partitionLeaderEpoch: 12,
      magic: 2,
      codec: 0,
      isLogAppendTime: false,
      isTransactional: true,
      isControl: false,
      attributes: 0x10,
      lastOffsetDelta: 2,
      lastOffset: 2 ** 40 + 9,
      nextOffset: 2 ** 40 + 10,
      baseTimestamp: 5000,
      maxTimestamp: 6000,
      producerId: 2 ** 33 + 1,
      producerEpoch: 32767,
      baseSequence: 2 ** 31 - 2,
      lastSequence: 0,
      recordCount: 3,
      hasProducerId: true,
    });
    expect(batch.isIntact()).toBe(true);
  });

  it('lets a leader stamp offset and epoch without breaking the checksum', () => {
    const copy = Buffer.concat([Buffer.alloc(5), bytes]);
    patchBaseOffset(copy, 5, 99);
    patchPartitionLeaderEpoch(copy, 5, -1);
    const batch = new RecordBatch(copy, 5);
    expect([batch.baseOffset, batch.partitionLeaderEpoch, batch.isIntact()]).toEqual([99, -1, true]);
  });

  it('takes the time of the broker, with a new checksum', () => {
    const copy = Buffer.from(bytes);
    setLogAppendTime(copy, 0, 123456);
    const batch = new RecordBatch(copy);
    expect([batch.isLogAppendTime, batch.maxTimestamp, batch.baseTimestamp]).toEqual([true, 123456, 5000]);
    expect([batch.isTransactional, batch.isIntact()]).toEqual([true, true]);
    setMaxCreateTime(copy, 0, 6000);
    expect(copy.equals(bytes)).toBe(true);
  });

  it('leaves a maximum that is right alone, even over a wrong checksum', () => {
    const copy = Buffer.from(bytes);
    copy[17] = ~copy[17]!;
    setMaxCreateTime(copy, 0, 6000);
    expect(crcMatches(copy, 0)).toBe(false);
  });

  it('adds sequences around their end', () => {
    expect(addSequence(2 ** 31 - 1, 1)).toBe(0);
    expect(addSequence(2 ** 31 - 1, 0)).toBe(2 ** 31 - 1);
    expect(addSequence(5, 6)).toBe(11);
  });

  it('marks control batches', () => {
    const control = buildControlBatch([{ key: Buffer.from([0, 0, 0, 2]), value: Buffer.from([0, 0]) }], 77);
    expect(new RecordBatch(control)).toMatchObject({
      isControl: true,
      attributes: 0x20,
      maxTimestamp: 77,
      producerId: -1,
    });
  });
});

describe('walking over batches', () => {
  const first = buildBatch([value('one')]);
  const second = buildBatch([value('two'), value('three')], { baseOffset: 1 });
  const both = Buffer.concat([first, second]);

  it('visits every whole batch and says where it ended', () => {
    for (let cut = 0; cut <= both.length; cut++) {
      const seen: number[] = [];
      const end = forEachBatch(both.subarray(0, cut), (_bytes, at, size) => seen.push(at, size));
      const whole = cut >= both.length ? 2 : cut >= first.length ? 1 : 0;
      expect(seen).toEqual([0, first.length, first.length, second.length].slice(0, whole * 2));
      expect(end).toBe([0, first.length, both.length][whole]);
    }
  });

  it('stops when told to', () => {
    expect(forEachBatch(both, () => false)).toBe(first.length);
  });

  it('collects views', () => {
    expect(RecordBatch.all(both).map((batch) => batch.nextOffset)).toEqual([1, 3]);
  });
});

describe('trusting a batch', () => {
  const good = buildBatch([value('one')]);
  const changed = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(good);
    change(copy);
    return copy;
  };

  it('calls every cut incomplete', () => {
    for (let cut = 0; cut < good.length; cut++) expect(batchIntegrity(good, 0, cut)).toBe(BATCH_INCOMPLETE);
    expect(batchIntegrity(good, 0, good.length)).toBe(good.length);
  });

  it.each([-1, 0, 13, 14, BATCH_HEADER_BYTES - 13])('calls a length of %d corrupt', (length) => {
    const bytes = changed((copy) => copy.writeInt32BE(length, BATCH_LENGTH_AT));
    expect(wholeBatchSize(bytes, 0, bytes.length)).toBe(BATCH_CORRUPT);
  });

  it('knows magic 0 and 1 by size only, and nothing above 2', () => {
    for (const magic of [0, 1]) {
      const bytes = changed((copy) => copy.writeInt8(magic, MAGIC_AT));
      expect(wholeBatchSize(bytes, 0, bytes.length)).toBe(good.length);
      expect(batchIntegrity(bytes, 0, bytes.length)).toBe(BATCH_CORRUPT);
    }
    for (const magic of [3, -1]) {
      const bytes = changed((copy) => copy.writeInt8(magic, MAGIC_AT));
      expect(wholeBatchSize(bytes, 0, bytes.length)).toBe(BATCH_CORRUPT);
    }
  });

  it('notices every flipped bit behind the checksum', () => {
    for (let bit = 17 * 8; bit < good.length * 8; bit++) {
      const bytes = changed((copy) => {
        copy[bit >>> 3]! ^= 1 << (bit & 7);
      });
      expect(batchIntegrity(bytes, 0, bytes.length)).toBe(BATCH_CORRUPT);
    }
  });
});
