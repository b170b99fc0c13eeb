/**
 * The order in which a Java HashSet of small numbers is walked through. Kafka's controller collects eligible leader
 * replicas in one, and the order it finds them in is what it writes; ours must be told apart by nobody.
 */
const LOAD_FACTOR = 0.75;
const SMALLEST_TABLE = 16;

function tableSize(first: number, size: number): number {
  const asked = Math.max(Math.trunc(first / LOAD_FACTOR) + 1, SMALLEST_TABLE);
  let table = SMALLEST_TABLE;
  while (table < asked || table * LOAD_FACTOR < size) table *= 2;
  return table;
}

/** A set made of `first`, to which `more` were added. */
export function hashSetOrder(first: readonly number[], more: readonly number[]): number[] {
  const all = [...new Set([...first, ...more])];
  const mask = tableSize(new Set(first).size, all.length) - 1;
  const bucketOf = (id: number): number => (id ^ (id >>> 16)) & mask;
  // The sort is stable: within a bucket they stay as they came.
  return all.sort((a, b) => bucketOf(a) - bucketOf(b));
}
