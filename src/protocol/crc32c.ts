/**
 * CRC-32C (Castagnoli), the checksum of record batches. Short runs go through tables, sixteen bytes a step; from a few
 * hundred bytes on the native package is quicker in spite of its cost per call, where it loads (bench/crc32c.ts).
 */
import { nativeCrc } from './compression-native.ts';

const POLYNOMIAL = 0x82f63b78;
const LANES = 16;
const NATIVE_FROM_BYTES = 384;

/** Table `k` holds the CRC of a byte followed by k zero bytes; 16 tables behind each other. */
const TABLE = buildTables();

function buildTables(): Int32Array {
  const table = new Int32Array(256 * LANES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number;
    table[i] = (previous >>> 8) ^ (table[previous & 0xff] as number);
  }
  return table;
}

/** The checksum of bytes[start, end) as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (end - start < NATIVE_FROM_BYTES) return crc32cOfTables(bytes, start, end);
  const native = nativeCrc();
  return native === null ? crc32cOfTables(bytes, start, end) : native.crc32c(bytes.subarray(start, end));
}

/** The TypeScript form, for any size. */
export function crc32cOfTables(bytes: Uint8Array, start: number, end: number): number {
  const t = TABLE;
  let crc = -1;
  let i = start;
  for (const last = end - LANES; i <= last; i += LANES) {
    crc =
      t[0xf00 + ((bytes[i]! ^ crc) & 0xff)]! ^
      t[0xe00 + ((bytes[i + 1]! ^ (crc >>> 8)) & 0xff)]! ^
      t[0xd00 + ((bytes[i + 2]! ^ (crc >>> 16)) & 0xff)]! ^
      t[0xc00 + (bytes[i + 3]! ^ (crc >>> 24))]! ^
      t[0xb00 + bytes[i + 4]!]! ^
      t[0xa00 + bytes[i + 5]!]! ^
      t[0x900 + bytes[i + 6]!]! ^
      t[0x800 + bytes[i + 7]!]! ^
      t[0x700 + bytes[i + 8]!]! ^
      t[0x600 + bytes[i + 9]!]! ^
      t[0x500 + bytes[i + 10]!]! ^
      t[0x400 + bytes[i + 11]!]! ^
      t[0x300 + bytes[i + 12]!]! ^
      t[0x200 + bytes[i + 13]!]! ^
      t[0x100 + bytes[i + 14]!]! ^
      t[bytes[i + 15]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
