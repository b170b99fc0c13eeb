/**
 * An immutable map that is cheap to change: `with` copies the buckets it touches and shares the rest. A metadata image
 * of thousands of topics gets a successor for each committed batch, while readers keep the image they hold.
 */
const BUCKETS = 256;

function bucketOf(key: string | number): number {
  if (typeof key === 'number') return key & (BUCKETS - 1);
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}

type Buckets<K, V> = readonly (ReadonlyMap<K, V> | undefined)[];

export class PersistentMap<K extends string | number, V> {
  readonly size: number;
  readonly #buckets: Buckets<K, V>;

  private constructor(buckets: Buckets<K, V>, size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<K extends string | number, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(new Array(BUCKETS).fill(undefined), 0);
  }

  get(key: K): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  has(key: K): boolean {
    return this.#buckets[bucketOf(key)]?.has(key) ?? false;
  }

  *entries(): IterableIterator<[K, V]> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.entries();
  }

  *keys(): IterableIterator<K> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.keys();
  }

  *values(): IterableIterator<V> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  /** The map after `changes`; undefined removes a key. */
  with(changes: ReadonlyMap<K, V | undefined>): PersistentMap<K, V> {
    if (changes.size === 0) return this;
    const buckets = this.#buckets.slice();
    const copied = new Map<number, Map<K, V>>();
    let size = this.size;
    for (const [key, value] of changes) {
      const index = bucketOf(key);
      let bucket = copied.get(index);
      if (bucket === undefined) {
        bucket = new Map(buckets[index] ?? []);
        copied.set(index, bucket);
        buckets[index] = bucket;
      }
      const before = bucket.size;
      if (value === undefined) bucket.delete(key);
      else bucket.set(key, value);
      size += bucket.size - before;
    }
    return new PersistentMap<K, V>(buckets, size);
  }

  withOne(key: K, value: V | undefined): PersistentMap<K, V> {
    return this.with(new Map([[key, value]]));
  }
}
