/** Which partition a record goes to: the same as the Java client chooses for a key. */
import type { ProducerRecord } from './record.ts';

/** murmur2 with Kafka's seed, over bytes[start, end); a signed 32-bit number. */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let h = 0x9747b28c ^ length;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    let k =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = end - at;
  if (rest === 3) h ^= (bytes[at + 2] as number) << 16;
  if (rest >= 2) h ^= (bytes[at + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (bytes[at] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

export function partitionForKey(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  return (murmur2(bytes, start, end) & 0x7fff_ffff) % partitions;
}

export interface TopicPartitions {
  readonly name: string;
  readonly partitions: number;
  /** Those that have a leader. */
  readonly available: readonly number[];
}

/** Chooses a partition for records that name none. */
export type Partitioner = (record: ProducerRecord<unknown, unknown>, topic: TopicPartitions) => number;

/** One after the other, whatever the key; of each topic by itself. Those without a leader are passed over. */
export function roundRobin(): Partitioner {
  const turns = new Map<string, number>();
  return (record, { partitions, available }) => {
    const turn = turns.get(record.topic) ?? 0;
    turns.set(record.topic, (turn + 1) % 0x7fff_ffff);
    return available.length > 0 ? (available[turn % available.length] as number) : turn % partitions;
  };
}
