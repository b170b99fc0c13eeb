/** The order in which Java's HashMap and HashSet give what they hold: what Kafka's tools print where they keep one. */

/** Java's String.hashCode. */
function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Of a new set that was filled one by one. */
const FIRST_CAPACITY = 16;

function inBuckets<T>(entries: readonly T[], hashOf: (entry: T) => number, least: number): T[] {
  let capacity = least;
  // It doubles when it is fuller than three quarters.
  while (entries.length > capacity * 0.75) capacity *= 2;
  const bucket = (entry: T) => {
    const hash = hashOf(entry);
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return entries
    .map((entry, i) => ({ entry, i, at: bucket(entry) }))
    .sort((a, b) => a.at - b.at || a.i - b.i)
    .map(({ entry }) => entry);
}

/** Of a map that was made for so many entries and holds them all. Keys that collide keep their order. */
export function inJavaOrder<T>(entries: readonly T[], nameOf: (entry: T) => string): T[] {
  let capacity = 1;
  while (capacity < entries.length) capacity *= 2;
  return inBuckets(entries, (entry) => hashCode(nameOf(entry)), capacity);
}

/** Of a HashSet of names, or a HashMap by them, that grew with what was put in. */
export function inSetOrder<T>(entries: readonly T[], nameOf: (entry: T) => string): T[] {
  return inBuckets(entries, (entry) => hashCode(nameOf(entry)), FIRST_CAPACITY);
}

/** The same of numbers. */
export function numbersInSetOrder(numbers: readonly number[]): number[] {
  return inBuckets(numbers, (number) => number, FIRST_CAPACITY);
}

/** The same of Kafka's TopicPartition. */
export function partitionsInSetOrder<T extends { readonly topic: string; readonly partition: number }>(
  entries: readonly T[],
): T[] {
  const hashOf = ({ topic, partition }: T) => (Math.imul(31, 31 + partition) + hashCode(topic)) | 0;
  return inBuckets(entries, hashOf, FIRST_CAPACITY);
}
