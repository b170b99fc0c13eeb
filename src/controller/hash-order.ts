/**
 * The order in which Java walks through a HashSet of numbers or a HashMap of strings. Kafka's controller collects
 * eligible leader replicas in the one and configs in the other, and the order it finds them in is what it writes; ours
 * must be told apart by nobody.
 */
const LOAD_FACTOR = 0.75;
const SMALLEST_TABLE = 16;

function tableSize(first: number, size: number): number {
  const asked = Math.max(Math.trunc(first / LOAD_FACTOR) + 1, SMALLEST_TABLE);
  let table = SMALLEST_TABLE;
  while (table < asked || table * LOAD_FACTOR < size) table *= 2;
  return table;
}

/** The sort is stable: within a bucket they stay as they came. */
function inBuckets<T>(keys: T[], table: number, hashOf: (key: T) => number): T[] {
  const bucketOf = (key: T): number => {
    const hash = hashOf(key);
    return (hash ^ (hash >>> 16)) & (table - 1);
  };
  return keys.sort((a, b) => bucketOf(a) - bucketOf(b));
}

/** A set made of `first`, to which `more` were added. */
export function hashSetOrder(first: readonly number[], more: readonly number[]): number[] {
  const all = [...new Set([...first, ...more])];
  return inBuckets(all, tableSize(new Set(first).size, all.length), (id) => id);
}

function hashOfString(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** The same entries, as a map gives them to which they were added one by one. */
export function hashMapOrder<V>(entries: ReadonlyMap<string, V>): Map<string, V> {
  const all = [...entries];
  return new Map(inBuckets(all, tableSize(0, all.length), ([key]) => hashOfString(key)));
}
