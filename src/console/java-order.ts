/** The order in which Java's HashMap gives its keys: what Kafka's tools print where they keep a map. */

/** Java's String.hashCode. */
function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Of a map that was made for so many entries and holds them all. Keys that collide keep their order. */
export function inJavaOrder<T>(entries: readonly T[], nameOf: (entry: T) => string): T[] {
  let capacity = 1;
  while (capacity < entries.length) capacity *= 2;
  // It doubles when it is fuller than three quarters.
  if (entries.length > capacity * 0.75) capacity *= 2;
  const bucket = (entry: T) => {
    const hash = hashCode(nameOf(entry));
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return entries
    .map((entry, i) => ({ entry, i, at: bucket(entry) }))
    .sort((a, b) => a.at - b.at || a.i - b.i)
    .map(({ entry }) => entry);
}
