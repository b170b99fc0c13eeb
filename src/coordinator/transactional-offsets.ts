/**
 * Offsets that open transactions have committed. They count only once the transaction's end marker is replayed; until
 * then a fetch that requires stable offsets is told that they are unstable, and their group does not expire.
 */
import { type CommittedOffset, type OffsetKey, offsetKeyText } from './committed-offset.ts';

export class TransactionalOffsets {
  readonly #byProducer = new Map<number, Map<string, { readonly key: OffsetKey; readonly value: CommittedOffset }>>();
  readonly #producersByKey = new Map<string, Set<number>>();
  /** Group to the keys (topic and partition) with open transactions. */
  readonly #keysByGroup = new Map<string, Map<string, OffsetKey>>();

  add(producerId: number, key: OffsetKey, value: CommittedOffset): void {
    const text = offsetKeyText(key);
    getOrMake(this.#byProducer, producerId, () => new Map()).set(text, { key, value });
    getOrMake(this.#producersByKey, text, () => new Set<number>()).add(producerId);
    getOrMake(this.#keysByGroup, key.group, () => new Map<string, OffsetKey>()).set(text, key);
  }

  isOpen(key: OffsetKey): boolean {
    return this.#byProducer.size > 0 && this.#producersByKey.has(offsetKeyText(key));
  }

  isGroupOpen(group: string): boolean {
    return this.#keysByGroup.has(group);
  }

  openKeys(group: string): Iterable<OffsetKey> {
    return this.#keysByGroup.get(group)?.values() ?? [];
  }

  /** A tombstone takes the pending commits of its key with it. */
  remove(key: OffsetKey): void {
    const text = offsetKeyText(key);
    for (const producerId of this.#producersByKey.get(text) ?? []) this.#byProducer.get(producerId)?.delete(text);
    this.#close(key, text);
  }

  /** Takes out what the producer's transaction committed. */
  end(producerId: number): Array<[OffsetKey, CommittedOffset]> {
    const ended: Array<[OffsetKey, CommittedOffset]> = [];
    for (const [text, { key, value }] of this.#byProducer.get(producerId) ?? []) {
      ended.push([key, value]);
      const producers = this.#producersByKey.get(text);
      producers?.delete(producerId);
      if (producers === undefined || producers.size === 0) this.#close(key, text);
    }
    this.#byProducer.delete(producerId);
    return ended;
  }

  #close(key: OffsetKey, text: string): void {
    this.#producersByKey.delete(text);
    const keys = this.#keysByGroup.get(key.group);
    keys?.delete(text);
    if (keys?.size === 0) this.#keysByGroup.delete(key.group);
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
