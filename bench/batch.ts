/**
 * What batches cost: building, walking, validating and reading, per record and per codec. Run: npx node bench/batch.ts
 */
import { BATCH_HEADER_BYTES } from '../src/protocol/batch.ts';
import { BatchBuilder, buildBatch } from '../src/protocol/batch-builder.ts';
import { ProducedBatch, type ProducedBatchRules, validateProducedBatch } from '../src/protocol/batch-validation.ts';
import { CODEC, type CodecName, compress, decompress } from '../src/protocol/compression.ts';
import { RecordCursor } from '../src/protocol/record.ts';
import { walkRecords } from '../src/protocol/record-walk.ts';
import { measure, row } from './measure.ts';

const NOW = 1_700_000_000_000;
const BATCH_BYTES = 512 * 1024;

/** Text that compresses about four to one, cut into values of `size` bytes. */
function values(size: number): Buffer[] {
  const lines: string[] = [];
  for (let i = 0; i < 12_000; i++) {
    lines.push(
      `{"id":${i},"name":"customer ${(i * 7919) % 997}","amount":${(i * 104_729) % 10_007},"note":"some words"}`,
    );
  }
  const text = Buffer.from(lines.join('\n'));
  return Array.from({ length: Math.floor(BATCH_BYTES / size) }, (_, i) => text.subarray(i * size, (i + 1) * size));
}

const RULES: ProducedBatchRules = {
  partition: 'bench-0',
  maxMessageBytes: 1 << 20,
  logAppendTime: false,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  nowMs: NOW,
  compacted: false,
};

for (const size of [10, 100, 1000]) {
  const records = values(size).map((value, i) => ({ value, timestamp: NOW + (i >> 3) }));
  const count = records.length;
  const batch = buildBatch(records);
  const builder = new BatchBuilder({ initialBytes: 2 * BATCH_BYTES });
  const per = `per record of ${size} B`;
  row(
    `append, ${per}`,
    measure(() => {
      builder.reset();
      for (const record of records) builder.append(record);
    }) / count,
  );
  row(
    `appendValue, ${per}`,
    measure(() => {
      builder.reset();
      for (const { value, timestamp } of records) builder.appendValue(value, 0, value.length, timestamp);
    }) / count,
  );
  row(`walk, ${per}`, measure(() => walkRecords(batch, BATCH_HEADER_BYTES, batch.length, count)) / count);
  row(
    `cursor, ${per}`,
    measure(() => {
      const cursor = RecordCursor.open(batch);
      while (cursor.next());
    }) / count,
  );
}

const records = values(100).map((value) => ({ value, timestamp: NOW }));
for (const name of Object.keys(CODEC) as CodecName[]) {
  const batch = buildBatch(records, { compression: CODEC[name] });
  const found = new ProducedBatch();
  row(
    `validate ${name}, ${batch.length} B, per record of 100 B`,
    measure(() => {
      const code = validateProducedBatch(batch, 0, batch.length, RULES, found);
      if (code !== 0) throw new Error(found.reason ?? String(code));
    }) / records.length,
  );
}

const block = Buffer.concat(values(64 * 1024).slice(0, 4));
for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  const packed = compress(CODEC[name], undefined, block);
  row(
    `${name} of 256 KB to ${packed.length} B`,
    measure(() => compress(CODEC[name], undefined, block)),
  );
  row(
    `${name} back`,
    measure(() => decompress(CODEC[name], packed, 1 << 30)),
  );
}
