/**
 * Kafka's Uuid: 16 bytes, printed as 22 characters of unpadded base64url. In this code a uuid is always that
 * printed string: it compares, serves as a map key, and needs no object.
 */
export type Uuid = string;

/** No id: (0, 0). As a directory id it means MIGRATING. */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA';
/** (0, 1): the id of the topic `__cluster_metadata`; as a directory id UNASSIGNED. */
export const METADATA_TOPIC_ID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const UNASSIGNED_DIR: Uuid = METADATA_TOPIC_ID;
export const MIGRATING_DIR: Uuid = ZERO_UUID;
/** (0, 2): the directory of a replica that was in one that is gone. */
export const LOST_DIR: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUE_OF = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE_OF[ALPHABET.charCodeAt(i)] = i;
const CHARS = [...ALPHABET];

/** Reads 16 bytes at `position`. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): Uuid {
  let text = '';
  for (let i = position; i < position + 15; i += 3) {
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text +=
      (CHARS[three >>> 18] as string) +
      (CHARS[(three >>> 12) & 63] as string) +
      (CHARS[(three >>> 6) & 63] as string) +
      (CHARS[three & 63] as string);
  }
  const last = bytes[position + 15] as number;
  return text + (CHARS[last >>> 2] as string) + (CHARS[(last & 3) << 4] as string);
}

/** Writes 16 bytes at `position`. Throws a RangeError when the text is not a uuid. */
export function uuidToBytes(uuid: Uuid, target: Uint8Array, position = 0): void {
  if (!isUuid(uuid)) throw new RangeError(`not a uuid (22 characters of base64url): ${uuid}`);
  let at = position;
  for (let i = 0; i < 20; i += 4) {
    const three =
      (VALUE_OF[uuid.charCodeAt(i)] as number) * 0x40000 +
      ((VALUE_OF[uuid.charCodeAt(i + 1)] as number) << 12) +
      ((VALUE_OF[uuid.charCodeAt(i + 2)] as number) << 6) +
      (VALUE_OF[uuid.charCodeAt(i + 3)] as number);
    target[at++] = three >>> 16;
    target[at++] = three >>> 8;
    target[at++] = three;
  }
  target[at] = ((VALUE_OF[uuid.charCodeAt(20)] as number) << 2) | ((VALUE_OF[uuid.charCodeAt(21)] as number) >>> 4);
}

/** True for the canonical text of 16 bytes. */
export function isUuid(text: string): boolean {
  if (text.length !== 22) return false;
  for (let i = 0; i < 22; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || (VALUE_OF[code] as number) < 0) return false;
  }
  return ((VALUE_OF[text.charCodeAt(21)] as number) & 15) === 0;
}

/** A random id as Kafka makes them: version 4 bits, not one of the 100 reserved ids, not beginning with a dash. */
export function randomUuid(randomBytes: (size: number) => Uint8Array): Uuid {
  for (;;) {
    const bytes = randomBytes(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const uuid = uuidFromBytes(bytes);
    if (!uuid.startsWith('-')) return uuid;
  }
}
