/**
 * The committed offsets of one coordinator partition, by group, topic and partition. What is appended but not committed
 * is visible to operations only. Offsets of open transactions wait apart until their marker is replayed.
 */
import { type CommittedOffset, type OffsetKey, offsetKeyText } from './committed-offset.ts';
import { PendingWrites } from './pending-writes.ts';
import { TransactionalOffsets } from './transactional-offsets.ts';

export type OffsetsByTopic = ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>;
export type View = 'latest' | 'committed';

const NONE: OffsetsByTopic = new Map();

interface OffsetWrite {
  readonly key: OffsetKey;
  /** Null: removed. */
  readonly value: CommittedOffset | null;
}

export class OffsetStore {
  readonly #committed = new Map<string, Map<string, Map<number, CommittedOffset>>>();
  readonly #pending = new PendingWrites<OffsetWrite>();
  readonly transactional = new TransactionalOffsets();

  /** `sequence` of the append; null when the record is committed already (loading). */
  put(key: OffsetKey, value: CommittedOffset | null, sequence: number | null): void {
    if (value === null) this.transactional.remove(key);
    if (sequence === null) this.#apply(key, value);
    else this.#pending.put(offsetKeyText(key), { key, value }, sequence);
  }

  commit(sequence: number): void {
    this.#pending.commit(sequence, (_text, { key, value }) => this.#apply(key, value));
  }

  /** Ends the transaction of a producer: its offsets become plain ones unless a younger commit stands. */
  endTransaction(producerId: number, committed: boolean): void {
    for (const [key, value] of this.transactional.end(producerId)) {
      if (!committed) continue;
      const existing = this.get(key, 'committed');
      if (existing === undefined || value.recordOffset > existing.recordOffset) this.#apply(key, value);
    }
  }

  get(key: OffsetKey, view: View): CommittedOffset | undefined {
    if (view === 'latest' && !this.#pending.isEmpty) {
      const write = this.#pending.get(offsetKeyText(key));
      if (write !== undefined) return write.value.value ?? undefined;
    }
    return this.#committed.get(key.group)?.get(key.topic)?.get(key.partition);
  }

  /** All offsets of a group; empty when it has none. A view to be read at once. */
  ofGroup(group: string, view: View): OffsetsByTopic {
    const committed = this.#committed.get(group);
    if (view === 'committed' || this.#pending.isEmpty) return committed ?? NONE;
    const merged = new Map<string, Map<number, CommittedOffset>>();
    for (const [topic, partitions] of committed ?? []) merged.set(topic, new Map(partitions));
    for (const { value: write } of this.#pending.latest()) {
      if (write.key.group === group) applyTo(merged, write.key, write.value);
    }
    return merged;
  }

  groups(): Iterable<string> {
    return this.#committed.keys();
  }

  #apply(key: OffsetKey, value: CommittedOffset | null): void {
    let topics = this.#committed.get(key.group);
    if (topics === undefined) {
      if (value === null) return;
      topics = new Map();
      this.#committed.set(key.group, topics);
    }
    applyTo(topics, key, value);
    if (topics.size === 0) this.#committed.delete(key.group);
  }
}

function applyTo(
  topics: Map<string, Map<number, CommittedOffset>>,
  key: OffsetKey,
  value: CommittedOffset | null,
): void {
  let partitions = topics.get(key.topic);
  if (value === null) {
    partitions?.delete(key.partition);
    if (partitions?.size === 0) topics.delete(key.topic);
    return;
  }
  if (partitions === undefined) {
    partitions = new Map();
    topics.set(key.topic, partitions);
  }
  partitions.set(key.partition, value);
}
