/** IP addresses as bytes, 4 or 16, as an Envelope carries them. */

/** Throws a RangeError when the text is no address. */
export function addressBytes(text: string): Uint8Array {
  const mapped = text.toLowerCase().startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
  if (!mapped.includes(':')) return ipv4Bytes(mapped);
  const [head = '', tail] = (mapped.split('%')[0] as string).split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const missing = 8 - front.length - back.length;
  if (missing < 0 || (tail === undefined && missing !== 0)) throw new RangeError(`not an IP address: ${text}`);
  const bytes = new Uint8Array(16);
  [...front, ...new Array<number>(missing).fill(0), ...back].forEach((group, index) => {
    bytes[index * 2] = group >>> 8;
    bytes[index * 2 + 1] = group & 0xff;
  });
  return bytes;
}

function ipv4Bytes(text: string): Uint8Array {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new RangeError(`not an IP address: ${text}`);
  }
  return Uint8Array.from(parts);
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').map((group) => {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw new RangeError(`not a group of an IP address: ${group}`);
    return Number.parseInt(group, 16);
  });
}
