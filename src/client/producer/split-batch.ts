/** Two batches with the records of one: for a broker that finds it too large. */
import { attributesAt, CODEC_MASK } from '../../protocol/batch.ts';
import { compress } from '../../protocol/compression.ts';
import { type RecordData, readRecords } from '../../protocol/record.ts';
import { BatchWriter, type Bytes, batchSizeBound, writeHeader } from './batch-writer.ts';
import { TAIL_ROOM } from './produce-frame.ts';
import type { Delivery, SealedBatch } from './sender.ts';

function wholeBytes(buffer: Buffer | null): Bytes | null {
  return buffer === null ? null : { source: buffer, start: 0, end: buffer.length };
}

/** Both halves must end before the whole does: with the first error there was, and the offset of the first. */
function endOfBoth(whole: SealedBatch): (index: number) => SealedBatch['done'] {
  let open = 2;
  let failure: Error | null = null;
  let first: Delivery = { baseOffset: -1, logAppendTime: -1 };
  return (index) => (error, delivery) => {
    failure ??= error;
    if (index === 0) first = delivery;
    if (--open === 0) whole.done(failure, first);
  };
}

function buildHalf(
  whole: SealedBatch,
  records: readonly RecordData[],
  codec: number,
  done: SealedBatch['done'],
): SealedBatch {
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
  return { ...sealed, count: records.length, createdAtMs: whole.createdAtMs, done };
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

export function splitBatch(whole: SealedBatch): readonly [SealedBatch, SealedBatch] {
  const records = readRecords(whole.buffer, whole.start);
  const codec = attributesAt(whole.buffer, whole.start) & CODEC_MASK;
  const middle = Math.ceil(records.length / 2);
  const done = endOfBoth(whole);
  return [
    buildHalf(whole, records.slice(0, middle), codec, done(0)),
    buildHalf(whole, records.slice(middle), codec, done(1)),
  ];
}
