/** Records encoded in place read back as what they were, at every size of length and delta. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchWriter, type Bytes, batchSizeBound, stampProducer } from '../../../src/client/producer/batch-writer.ts';
import { RecordBatch } from '../../../src/protocol/batch.ts';
import { readRecords } from '../../../src/protocol/record.ts';

function bytes(buffer: Buffer | null): Bytes | null {
  return buffer === null ? null : { source: buffer, start: 0, end: buffer.length };
}

const START = 40;

function writerFor(size: number): BatchWriter {
  return new BatchWriter(Buffer.alloc(START + size), START, START + size);
}

describe('BatchWriter', () => {
  it('encodes any record', () => {
    const blob = fc.option(fc.uint8Array({ maxLength: 300 }).map((a) => Buffer.from(a)));
    const record = fc.record({
      timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: 1, max: 1000 })),
      key: blob,
      value: blob,
      headers: fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: blob }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 200 }), (records) => {
        const writer = writerFor(1 << 20);
        for (const { timestamp, key, value, headers } of records) {
          const encoded = headers.map((header) => ({ key: Buffer.from(header.key), value: header.value }));
          expect(writer.append(timestamp, bytes(key), bytes(value), encoded)).toBe(true);
        }
        writer.seal(0);
        stampProducer(writer.buffer, START, 7, 1, 5);
        const batch = new RecordBatch(writer.buffer, START);
        expect(batch.isIntact()).toBe(true);
        expect([batch.producerId, batch.producerEpoch, batch.baseSequence]).toEqual([7, 1, 5]);
        expect(batch.recordCount).toBe(records.length);
        expect(batch.maxTimestamp).toBe(Math.max(...records.map((r) => r.timestamp)));
        const read = readRecords(writer.buffer, START);
        expect(read.map(({ offset, ...rest }) => rest)).toEqual(records);
      }),
      { numRuns: 60 },
    );
  });

  it('takes values alone the same way', () => {
    const writer = writerFor(1 << 20);
    const source = Buffer.from('x'.repeat(70_000));
    const lengths = [0, 1, 23, 24, 25, 63, 64, 127, 128, 8191, 8192, 70_000];
    for (const length of lengths) expect(writer.appendValue(1000, source, 0, length)).toBe(true);
    expect(writer.appendValue(1005, source, 0, 3)).toBe(true);
    writer.seal(0);
    stampProducer(writer.buffer, START, -1, -1, -1);
    const read = readRecords(writer.buffer, START);
    expect(read.map((r) => r.value?.length)).toEqual([...lengths, 3]);
    expect(read.map((r) => r.offset)).toEqual(read.map((_, i) => i));
    expect(read.at(-1)?.timestamp).toBe(1005);
  });

  it('says when there is no room, and changes nothing then', () => {
    const writer = writerFor(100);
    const value = Buffer.from('12345678901234567890');
    expect(writer.appendValue(1, value, 0, 20)).toBe(true);
    const end = writer.end;
    expect(writer.appendValue(1, value, 0, 20)).toBe(false);
    expect(writer.append(1, null, bytes(value), [])).toBe(false);
    expect([writer.end, writer.count]).toEqual([end, 1]);
  });

  it('estimates a record as the Java client does', () => {
    expect(batchSizeBound(null, bytes(Buffer.alloc(300)), [])).toBe(386);
  });
});
