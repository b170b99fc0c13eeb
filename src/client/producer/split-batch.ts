/** Two batches with the records of one: for a broker that finds it too large. */
import { attributesAt, CODEC_MASK } from '../../protocol/batch.ts';
import { compress } from '../../protocol/compression.ts';
import { type RecordData, readRecords } from '../../protocol/record.ts';
import { BatchWriter, type Bytes, batchSizeBound, writeHeader } from './batch-writer.ts';
import type { SealedBatch } from './partition-queue.ts';
import { TAIL_ROOM } from './produce-frame.ts';

function wholeBytes(buffer: Buffer | null): Bytes | null {
  return buffer === null ? null : { source: buffer, start: 0, end: buffer.length };
}

/** The records of the half, which begin at `first` of the whole. */
function buildHalf(whole: SealedBatch, first: number, records: readonly RecordData[]): SealedBatch {
  const codec = attributesAt(whole.buffer, whole.start) & CODEC_MASK;
  const head = whole.start;
  const encoded = records.map((record) => ({
    timestamp: record.timestamp,
    key: wholeBytes(record.key),
    value: wholeBytes(record.value),
    headers: record.headers.map((header) => ({ key: Buffer.from(header.key), value: header.value })),
  }));
  let bound = 0;
  for (const record of encoded) bound += batchSizeBound(record.key, record.value, record.headers);
  const writer = new BatchWriter(Buffer.allocUnsafe(head + 61 + bound + TAIL_ROOM), head, head + 61 + bound);
  for (const record of encoded) writer.append(record.timestamp, record.key, record.value, record.headers);
  const sealed = sealInto(writer, codec, undefined);
  const { createdAtMs, settle } = whole;
  return {
    ...sealed,
    first: whole.first + first,
    count: records.length,
    createdAtMs,
    settle,
    release: () => undefined,
  };
}

/** The finished batch of a writer: in its own buffer, or compressed in a new one with the same room in front. */
export function sealInto(
  writer: BatchWriter,
  codec: number,
  level: number | undefined,
): { readonly buffer: Buffer; readonly start: number; readonly end: number } {
  writer.seal(codec);
  const { buffer, start, end } = writer;
  if (codec === 0) return { buffer, start, end };
  const packed = compress(codec, level, buffer.subarray(start + 61, end));
  const target = Buffer.allocUnsafe(start + 61 + packed.length + TAIL_ROOM);
  packed.copy(target, start + 61);
  const { baseTimestamp, maxTimestamp, count } = writer;
  writeHeader(target, start, { size: 61 + packed.length, count, codec, baseTimestamp, maxTimestamp });
  return { buffer: target, start, end: start + 61 + packed.length };
}

/** The halves are copies: the whole is released. */
export function splitBatch(whole: SealedBatch): readonly [SealedBatch, SealedBatch] {
  const records = readRecords(whole.buffer, whole.start);
  const middle = Math.ceil(records.length / 2);
  const halves = [
    buildHalf(whole, 0, records.slice(0, middle)),
    buildHalf(whole, middle, records.slice(middle)),
  ] as const;
  whole.release();
  return halves;
}
