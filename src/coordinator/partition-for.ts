/**
 * Which partition of `__consumer_offsets` coordinates a group, and the text form of an address, as Java has them:
 * both end up in places where Kafka's own broker must find the same.
 */

/** String.hashCode of Java: over UTF-16 units, in 32 bits. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

export function partitionFor(key: string, partitionCount: number): number {
  const hash = javaHashCode(key);
  // Kafka takes the absolute value, with 0 for the one number that has none in 32 bits.
  return (hash === -2147483648 ? 0 : Math.abs(hash)) % partitionCount;
}

/** `/127.0.0.1`, `/0:0:0:0:0:0:0:1`: an InetAddress without host name, printed. */
export function javaAddress(address: string): string {
  const bare = address.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (mapped !== null) return `/${mapped[1]}`;
  if (!bare.includes(':')) return `/${bare}`;
  const [head = '', tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const parts = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `/${parts.map((part) => part.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}`;
}
