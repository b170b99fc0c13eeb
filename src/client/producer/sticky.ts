/**
 * Where records without a key go: to one partition until a batch's worth of bytes went there, then to another. Those with
 * fewer batches in their queue are chosen more often, those without a leader not at all (KIP-794).
 */
import type { ClusterView } from '../cluster-view.ts';
import type { Sender } from './sender.ts';
import type { ProducerSettings } from './settings.ts';

export interface StickyOptions {
  readonly cluster: ClusterView;
  readonly sender: Sender;
  readonly settings: ProducerSettings;
}

export class Sticky {
  readonly #options: StickyOptions;
  readonly #topic: string;
  #partition = -1;
  #bytes = 0;

  constructor(topic: string, options: StickyOptions) {
    this.#topic = topic;
    this.#options = options;
  }

  current(partitions: number): number {
    if (this.#partition < 0 || this.#partition >= partitions) this.#partition = this.#choose(partitions);
    return this.#partition;
  }

  /** A batch of the partition was sealed: the next one may be another's. */
  sealed(partition: number, bytes: number, isFull: boolean): void {
    if (partition !== this.#partition) return;
    this.#bytes += bytes;
    if (!isFull && this.#bytes < this.#options.settings.batchBytes) return;
    this.#partition = -1;
    this.#bytes = 0;
  }

  #choose(partitions: number): number {
    if (partitions === 1) return 0;
    const { cluster, sender, settings } = this.#options;
    const candidates: number[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const leader = cluster.partition(this.#topic, partition)?.leader ?? -1;
      const isAway =
        leader < 0 || (settings.availabilityTimeoutMs > 0 && sender.isStuck(leader, settings.availabilityTimeoutMs));
      if (!isAway) candidates.push(partition);
    }
    if (candidates.length === 0) return cluster.runtime.random.int(partitions);
    if (!settings.adaptivePartitioning) return candidates[cluster.runtime.random.int(candidates.length)] as number;
    return this.#weighted(candidates);
  }

  /** The longest queue has weight 1, one that is shorter by n has n + 1. */
  #weighted(candidates: readonly number[]): number {
    const { cluster, sender } = this.#options;
    const sizes = candidates.map((partition) => sender.backlog(this.#topic, partition));
    const longest = Math.max(...sizes);
    let total = 0;
    for (const size of sizes) total += longest + 1 - size;
    let left = cluster.runtime.random.int(total);
    for (let i = 0; i < candidates.length; i++) {
      left -= longest + 1 - (sizes[i] as number);
      if (left < 0) return candidates[i] as number;
    }
    return candidates[0] as number;
  }
}
