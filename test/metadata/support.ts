/** Recorded logs of Kafka 4.3.1 and short ways to make records and images. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MetadataDelta } from '../../src/metadata/delta.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../../src/metadata/image.ts';
import { ImageBuilder } from '../../src/metadata/image-builder.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { baseOffsetAt, batchSizeAt, forEachBatch, isControlAt, lastOffsetAt } from '../../src/protocol/batch.ts';
import type { CommittedBatch } from '../../src/raft/raft-client.ts';
import { batchTimes, batchValues } from '../../src/raft/snapshot-files.ts';

export function fixture(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`./fixtures/kafka-4.3.1-${name}`, import.meta.url)));
}

export function committedBatches(log: Buffer): CommittedBatch[] {
  const batches: CommittedBatch[] = [];
  forEachBatch(log, (bytes, at) => {
    const { epoch, timestampMs } = batchTimes(bytes, at);
    batches.push({
      baseOffset: baseOffsetAt(bytes, at),
      lastOffset: lastOffsetAt(bytes, at),
      epoch,
      appendTimestampMs: timestampMs,
      sizeInBytes: batchSizeAt(bytes, at),
      values: isControlAt(bytes, at) ? [] : batchValues(bytes, at),
    });
  });
  return batches;
}

export function imageOfLog(log: Buffer, endOffset = Number.POSITIVE_INFINITY): MetadataImage {
  const builder = new ImageBuilder();
  for (const batch of committedBatches(log)) if (batch.lastOffset < endOffset) builder.applyBatch(batch);
  return builder.image;
}

export function imageOf(records: Iterable<MetadataRecord>, before: MetadataImage = EMPTY_IMAGE): MetadataImage {
  const delta = new MetadataDelta(before);
  let offset = before.offset;
  for (const record of records) delta.replay(record, ++offset);
  return delta.apply({ offset, epoch: 1, timestampMs: 1 });
}

/** An image as plain data, to be compared whatever the order of its maps. */
export function plain(image: MetadataImage): unknown {
  const sorted = <V>(entries: Iterable<readonly [string | number, V]>): unknown[] =>
    [...entries]
      .map(([key, value]) => [String(key), normal(value)])
      .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  const normal = (value: unknown): unknown => {
    if (value instanceof Map) return sorted(value);
    if (Array.isArray(value)) return value.map(normal);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normal(inner)]));
  };
  return {
    features: sorted(image.features),
    brokers: sorted([...image.brokers].map(([id, broker]) => [id, { ...broker, registrationOffset: 0 }] as const)),
    controllers: sorted(image.controllers),
    topics: sorted([...image.topics.values()].map((topic) => [topic.name, topic] as const)),
    configs: sorted(image.configs),
    nextProducerId: image.nextProducerId,
    kept: [image.clientQuotas, image.acls, image.scram, image.delegationTokens].map((kept) =>
      sorted([...kept].map(([key, record]) => [key, Buffer.from(record.frame ?? []).toString('hex')] as const)),
    ),
  };
}
