/** Partitions of `__consumer_offsets` that Apache Kafka 4.3.1 wrote: see fixtures/README.md. */
import { readFileSync } from 'node:fs';
import { batchSizeAt, forEachBatch } from '../../src/protocol/batch.ts';

export function kafkaLog(partition: number): Buffer {
  const path = new URL(`fixtures/consumer-offsets-${partition}.log.base64`, import.meta.url);
  return Buffer.from(readFileSync(path, 'latin1'), 'base64');
}

export function kafkaBatches(partition: number): Buffer[] {
  const log = kafkaLog(partition);
  const batches: Buffer[] = [];
  forEachBatch(log, (_bytes, at) => batches.push(log.subarray(at, at + batchSizeAt(log, at))));
  return batches;
}
