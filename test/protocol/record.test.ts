import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { CODEC, codecName } from '../../src/protocol/compression.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import { forEachRecord, RecordCursor, readRecords } from '../../src/protocol/record.ts';

/** Segments that Apache Kafka 4.3.1 wrote: from its console producer (java-*) and from kcat 1.7.1, librdkafka 2.0.2. */
const FIXTURES = new URL('../fixtures/batches/', import.meta.url);

function smallValue(i: number): string {
  return `value number ${i} of a small recorded batch, ${'ab'.repeat(i % 9)}`;
}

function bigValue(i: number): string {
  return `{"id":${i},"name":"customer ${i % 97}","note":"the quick brown fox jumps over the lazy dog"}`;
}

describe.each(readdirSync(FIXTURES))('recorded batch %s', (file) => {
  const [client, codec, size] = file.replace('.bin', '').split('-') as [string, string, string];
  const bytes = readFileSync(new URL(file, FIXTURES));
  const batches = RecordBatch.all(bytes);

  it('is one whole intact batch of its codec', () => {
    expect(batches.map((batch) => [batch.isIntact(), batch.end, codecName(batch.codec)])).toEqual([
      [true, bytes.length, codec],
    ]);
    expect(batches[0]!.hasProducerId).toBe(client === 'java');
  });

  it('holds every record as it was sent', () => {
    const count = size === 'small' ? 40 : 2500;
    const textOf = size === 'small' ? smallValue : bigValue;
    const headers = client === 'kcat' ? ['origin=kcat', 'lang=c'] : [];
    const records = readRecords(bytes);
    expect(records.length).toBe(count);
    records.forEach((record, i) => {
      expect(record.offset).toBe(i);
      expect(String(record.key)).toBe(`key-${i}`);
      expect(String(record.value)).toBe(textOf(i));
      expect(record.headers.map(({ key, value }) => `${key}=${value}`)).toEqual(headers);
      expect(record.timestamp).toBeGreaterThanOrEqual(batches[0]!.baseTimestamp);
      expect(record.timestamp).toBeLessThanOrEqual(batches[0]!.maxTimestamp);
    });
  });
});

describe('reading records', () => {
  const records = [
    { key: Buffer.from('k'), value: null, timestamp: 100, headers: [{ key: 'ü', value: null }] },
    { key: null, value: Buffer.from(''), timestamp: 90 },
    { key: Buffer.from(''), value: Buffer.from('v'), timestamp: 2 ** 45 },
  ];

  it('tells null from empty', () => {
    expect(readRecords(buildBatch(records, { baseOffset: 50 }))).toEqual([
      { offset: 50, timestamp: 100, key: Buffer.from('k'), value: null, headers: [{ key: 'ü', value: null }] },
      { offset: 51, timestamp: 90, key: null, value: Buffer.from(''), headers: [] },
      { offset: 52, timestamp: 2 ** 45, key: Buffer.from(''), value: Buffer.from('v'), headers: [] },
    ]);
  });

  it('gives every record the broker’s time in a LogAppendTime batch', () => {
    const times = readRecords(buildBatch(records, { logAppendTimeMs: 7 })).map(({ timestamp }) => timestamp);
    expect(times).toEqual([7, 7, 7]);
  });

  it('keeps the gaps that compaction leaves', () => {
    const thinned = buildBatch(
      [
        { value: Buffer.from('a'), offsetDelta: 3 },
        { value: Buffer.from('b'), offsetDelta: 90_000 },
      ],
      { baseOffset: 10, compression: CODEC.lz4 },
    );
    expect(readRecords(thinned).map(({ offset }) => offset)).toEqual([13, 90_010]);
    expect(new RecordBatch(thinned).nextOffset).toBe(90_011);
  });

  it('finds nothing in an emptied batch', () => {
    expect(readRecords(buildBatch([], { compression: CODEC.gzip }))).toEqual([]);
  });

  it('hands out views, and stops when told to', () => {
    const bytes = buildBatch(records);
    let visits = 0;
    forEachRecord(bytes, 0, (record) => {
      visits++;
      expect(record.key?.buffer).toBe(bytes.buffer);
      return false;
    });
    expect(visits).toBe(1);
  });

  it('refuses other formats', () => {
    const bytes = buildBatch(records);
    bytes[16] = 1;
    expect(() => RecordCursor.open(bytes)).toThrow(ProtocolError);
  });

  it('answers only ProtocolError to damaged records', () => {
    for (const compression of Object.values(CODEC)) {
      const good = buildBatch(records, { compression });
      for (let bit = 57 * 8; bit < good.length * 8; bit++) {
        const bytes = Buffer.from(good);
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
        try {
          readRecords(bytes, 0, 1 << 20);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }
  });
});
