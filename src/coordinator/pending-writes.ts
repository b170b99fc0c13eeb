/**
 * Writes that were appended and replayed but are not committed yet, as a layer over committed state. Reads of an
 * operation look through it; reads for clients look below it. Committing moves writes down in order; going back to the
 * committed state is dropping the layer.
 */

export interface PendingWrite<V> {
  readonly sequence: number;
  readonly key: string;
  readonly value: V;
}

export class PendingWrites<V> {
  #journal: PendingWrite<V>[] = [];
  /** The journal begins here; cut off when it has been worked off. */
  #head = 0;
  readonly #latest = new Map<string, PendingWrite<V>>();

  get isEmpty(): boolean {
    return this.#latest.size === 0;
  }

  put(key: string, value: V, sequence: number): void {
    const write = { sequence, key, value };
    this.#journal.push(write);
    this.#latest.set(key, write);
  }

  /** The newest write of the key; undefined: none is pending. */
  get(key: string): PendingWrite<V> | undefined {
    return this.#latest.get(key);
  }

  /** The newest write of each key. */
  latest(): Iterable<PendingWrite<V>> {
    return this.#latest.values();
  }

  /** Hands down every write up to `sequence`, oldest first. */
  commit(sequence: number, apply: (key: string, value: V) => void): void {
    const journal = this.#journal;
    while (this.#head < journal.length) {
      const write = journal[this.#head] as PendingWrite<V>;
      if (write.sequence > sequence) return;
      this.#head++;
      apply(write.key, write.value);
      if (this.#latest.get(write.key) === write) this.#latest.delete(write.key);
    }
    this.#journal = [];
    this.#head = 0;
  }
}
