/**
 * The partitions that this broker hosts, found by topic name and number without building a key string.
 */
import { AwaitedFollowers } from './awaited-followers.ts';
import type { Partition } from './partition.ts';

export class ReplicaManager {
  /** Followers that partitions led here wait for. */
  readonly awaited = new AwaitedFollowers();
  readonly #byTopic = new Map<string, (Partition | undefined)[]>();
  #count = 0;

  get partitionCount(): number {
    return this.#count;
  }

  get(topic: string, partition: number): Partition | undefined {
    return this.#byTopic.get(topic)?.[partition];
  }

  add(partition: Partition): void {
    let partitions = this.#byTopic.get(partition.topic);
    if (!partitions) {
      partitions = [];
      this.#byTopic.set(partition.topic, partitions);
    }
    if (!partitions[partition.id]) this.#count++;
    partitions[partition.id] = partition;
  }

  remove(topic: string, partition: number): Partition | undefined {
    const partitions = this.#byTopic.get(topic);
    const found = partitions?.[partition];
    if (!partitions || !found) return undefined;
    partitions[partition] = undefined;
    this.#count--;
    if (partitions.every((other) => other === undefined)) this.#byTopic.delete(topic);
    return found;
  }

  partitionsOf(topic: string): Partition[] {
    return (this.#byTopic.get(topic) ?? []).filter((partition) => partition !== undefined);
  }

  *all(): IterableIterator<Partition> {
    for (const partitions of this.#byTopic.values()) {
      for (const partition of partitions) if (partition) yield partition;
    }
  }
}
