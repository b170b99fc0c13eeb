/** In a file of its own: what the check inflates into grows with the first batches that a process sees. */
import { describe, expect, it } from 'vitest';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { ProducedBatch, type ProducedBatchRules, validateProducedBatch } from '../../src/protocol/batch-validation.ts';
import { CODEC } from '../../src/protocol/compression.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';

const NOW = 1_795_276_977_342;
const RULES: ProducedBatchRules = {
  partition: 'checks-0',
  maxMessageBytes: 1_048_588,
  logAppendTime: false,
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  nowMs: NOW,
  compacted: false,
};

const batch = (value: Buffer, compression: number) =>
  buildBatch([{ key: null, value, timestamp: NOW }], { compression });

describe('the memory that records are inflated into', () => {
  it('is never the pool of small buffers, whatever the codec before left there', () => {
    const text = (i: number) => `mine ${i} ${'m'.repeat(20)}`;
    const mine: Buffer[] = [];
    const keepSome = () => {
      for (let i = 0; i < 1_000; i++) mine.push(Buffer.from(text(mine.length)));
    };
    const large = batch(Buffer.alloc(60_000, 'x'), CODEC.lz4);
    for (const compression of [CODEC.gzip, CODEC.zstd, CODEC.snappy, CODEC.lz4]) {
      keepSome();
      for (const bytes of [batch(Buffer.from('small'), compression), large]) {
        expect(validateProducedBatch(bytes, 0, bytes.length, RULES, new ProducedBatch())).toBe(ErrorCode.NONE);
        if (bytes !== large) keepSome();
      }
    }
    expect(mine.filter((one, i) => one.toString() !== text(i))).toHaveLength(0);
  });
});
