/** Partitions as tools of an administrator name and list them. */
import type { TopicPartition } from '../client/offsets.ts';

export function partitionText({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** By UTF-16 units, as Java compares. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function inOrder<T extends TopicPartition>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => compareNames(a.topic, b.topic) || a.partition - b.partition);
}

/** Each partition once: what is said last of it counts. */
export function eachOnce<T extends TopicPartition>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [partitionText(one), one])).values()];
}
