/**
 * LZ4 in its frame format with independent blocks, as Kafka writes and requires it. Blocks are compressed here (the
 * native package is no quicker) and inflated natively where that loads and pays.
 */
import { nativeLz4 } from './compression-native.ts';
import { ProtocolError } from './kafka-error.ts';

const MAGIC = 0x184d2204;
const VERSION_BITS = 0x40;
const VERSION_MASK = 0xc0;
const INDEPENDENT_BIT = 0x20;
const BLOCK_CHECKSUM_BIT = 0x10;
const CONTENT_SIZE_BIT = 0x08;
const CONTENT_CHECKSUM_BIT = 0x04;
const DICTIONARY_BIT = 0x01;
const UNCOMPRESSED_BIT = 0x8000_0000;
/** Kafka's block size. Its code in the frame descriptor is 4. */
const BLOCK_BYTES = 64 * 1024;
const BLOCK_CODE = 4;

/**
 * Inflates the block bytes[from, end) into out[start, limit); returns the position after it, or -1 when it is damaged or
 * does not fit.
 */
export type Lz4Inflate = (
  bytes: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  start: number,
  limit: number,
) => number;

function corrupt(what: string): ProtocolError {
  return new ProtocolError(`corrupt lz4 data: ${what}`);
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

function rotl(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function round(lane: number, input: number): number {
  return Math.imul(rotl((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1);
}

/** xxHash32 with seed 0, unsigned. */
export function xxhash32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let at = start;
  let hash: number;
  if (end - start >= 16) {
    let a = (PRIME_1 + PRIME_2) | 0;
    let b = PRIME_2 | 0;
    let c = 0;
    let d = -PRIME_1 | 0;
    for (; at + 16 <= end; at += 16) {
      a = round(a, read32(bytes, at));
      b = round(b, read32(bytes, at + 4));
      c = round(c, read32(bytes, at + 8));
      d = round(d, read32(bytes, at + 12));
    }
    hash = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else hash = PRIME_5;
  hash = (hash + (end - start)) | 0;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(rotl((hash + Math.imul(read32(bytes, at), PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < end; at++) hash = Math.imul(rotl((hash + Math.imul(bytes[at]!, PRIME_5)) | 0, 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Below this a native call costs more than it saves. */
const NATIVE_FROM_BYTES = 1024;
const SIZE_BYTES = 4;
/** Takes a size and a block of the usual size together; made when first needed. */
let scratch: Buffer | null = null;

const inflateBlock: Lz4Inflate = (bytes, from, end, out, start, limit) => {
  const size = end - from;
  const native = size < NATIVE_FROM_BYTES || size > BLOCK_BYTES ? null : nativeLz4();
  if (native === null) return inflateLz4Block(bytes, from, end, out, start, limit);
  scratch ??= Buffer.allocUnsafeSlow(SIZE_BYTES + BLOCK_BYTES);
  write32(scratch, 0, limit - start);
  scratch.set(bytes.subarray(from, end), SIZE_BYTES);
  try {
    const block = native.uncompressSync(scratch.subarray(0, SIZE_BYTES + size));
    out.set(block, start);
    return start + block.length;
  } catch {
    return -1;
  }
};

/** The TypeScript form. */
export const inflateLz4Block: Lz4Inflate = (bytes, from, end, out, start, limit) => {
  let at = from;
  let to = start;
  while (at < end) {
    const token = bytes[at++]!;
    let size = token >>> 4;
    if (size === 15) {
      let more: number;
      do {
        if (at >= end) return -1;
        more = bytes[at++]!;
        size += more;
      } while (more === 255);
    }
    if (size > 0) {
      if (size > end - at || size > limit - to) return -1;
      if (size > 24) out.set(bytes.subarray(at, at + size), to);
      else for (let i = 0; i < size; i++) out[to + i] = bytes[at + i]!;
      at += size;
      to += size;
    }
    if (at === end) return to;
    if (end - at < 2) return -1;
    const offset = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    size = token & 15;
    if (size === 15) {
      let more: number;
      do {
        if (at >= end) return -1;
        more = bytes[at++]!;
        size += more;
      } while (more === 255);
    }
    size += 4;
    if (offset === 0 || offset > to - start || size > limit - to) return -1;
    if (size > 48 && offset >= size) out.copyWithin(to, to - offset, to - offset + size);
    else for (let i = 0; i < size; i++) out[to + i] = out[to - offset + i]!;
    to += size;
  }
  return end === from ? start : -1;
};

const HASH_BITS = 14;
const table = new Int32Array(1 << HASH_BITS);
/** The format wants the last five bytes as literals, and no match to begin in the last twelve. */
const LAST_LITERALS = 5;
const MATCH_SAFETY = 12;

/** Compresses one block of up to 64 KiB; null when it does not shrink. */
function deflateLz4Block(bytes: Uint8Array): Uint8Array | null {
  const length = bytes.length;
  const out = Buffer.allocUnsafeSlow(length + Math.ceil(length / 255) + 16);
  table.fill(-1);
  const matchEnd = length - LAST_LITERALS;
  let literal = 0;
  let at = 0;
  let to = 0;
  let misses = 64;
  while (at <= length - MATCH_SAFETY) {
    const word = read32(bytes, at);
    const slot = Math.imul(word, PRIME_1) >>> (32 - HASH_BITS);
    const candidate = table[slot]!;
    table[slot] = at;
    if (candidate < 0 || at - candidate > 0xffff || read32(bytes, candidate) !== word) {
      at += misses++ >>> 6;
      continue;
    }
    let size = 4;
    while (at + size < matchEnd && bytes[candidate + size] === bytes[at + size]) size++;
    to = writeSequence(out, to, bytes, literal, at, size - 4);
    out[to++] = at - candidate;
    out[to++] = (at - candidate) >>> 8;
    to = writeLengthRest(out, to, size - 4);
    at += size;
    literal = at;
    misses = 64;
  }
  to = writeSequence(out, to, bytes, literal, length, 0);
  return to < length ? out.subarray(0, to) : null;
}

function writeSequence(
  out: Uint8Array,
  start: number,
  bytes: Uint8Array,
  from: number,
  end: number,
  matchCode: number,
): number {
  const size = end - from;
  out[start] = (Math.min(size, 15) << 4) | Math.min(matchCode, 15);
  const to = writeLengthRest(out, start + 1, size);
  if (size > 24) out.set(bytes.subarray(from, end), to);
  else for (let i = 0; i < size; i++) out[to + i] = bytes[from + i]!;
  return to + size;
}

function writeLengthRest(out: Uint8Array, start: number, size: number): number {
  let to = start;
  if (size < 15) return to;
  let rest = size - 15;
  for (; rest >= 255; rest -= 255) out[to++] = 255;
  out[to++] = rest;
  return to;
}

const HEADER_BYTES = 7;
const HEADER = frameHeader();

function frameHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  write32(header, 0, MAGIC);
  header[4] = VERSION_BITS | INDEPENDENT_BIT;
  header[5] = BLOCK_CODE << 4;
  header[6] = xxhash32(header, 4, 6) >>> 8;
  return header;
}

/** One frame of independent blocks of 64 KiB without checksums, as Kafka's producer writes it. */
export function deflateLz4(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [HEADER];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const packed = deflateLz4Block(block);
    const size = Buffer.allocUnsafe(4);
    write32(size, 0, packed === null ? block.length | UNCOMPRESSED_BIT : packed.length);
    parts.push(size, packed ?? block);
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

interface FrameDescriptor {
  readonly blockBytes: number;
  readonly blockChecksum: boolean;
  readonly contentChecksum: boolean;
  /** Position of the first block. */
  readonly at: number;
}

function readDescriptor(bytes: Uint8Array, start: number): FrameDescriptor {
  if (bytes.length - start < HEADER_BYTES) throw corrupt('no frame header');
  if (read32(bytes, start) !== MAGIC) throw corrupt('no frame magic');
  const flags = bytes[start + 4]!;
  const blockCode = (bytes[start + 5]! >>> 4) & 7;
  if ((flags & VERSION_MASK) !== VERSION_BITS) throw corrupt('unknown frame version');
  if ((flags & INDEPENDENT_BIT) === 0) throw corrupt('dependent blocks are not supported');
  if ((flags & DICTIONARY_BIT) !== 0) throw corrupt('dictionaries are not supported');
  if (blockCode < BLOCK_CODE) throw corrupt('unknown block size');
  const at = start + 6 + ((flags & CONTENT_SIZE_BIT) !== 0 ? 8 : 0);
  if (at >= bytes.length) throw corrupt('cut off in the frame header');
  if (bytes[at] !== ((xxhash32(bytes, start + 4, at) >>> 8) & 0xff)) throw corrupt('wrong header checksum');
  return {
    blockBytes: 1 << (2 * blockCode + 8),
    blockChecksum: (flags & BLOCK_CHECKSUM_BIT) !== 0,
    contentChecksum: (flags & CONTENT_CHECKSUM_BIT) !== 0,
    at: at + 1,
  };
}

export interface InflateLz4Options {
  readonly maxBytes: number;
  /** Makes the error for more than `maxBytes`. */
  readonly tooLarge: () => Error;
  /** Space to use first. */
  readonly into?: Buffer | undefined;
  readonly inflate?: Lz4Inflate;
}

/** Inflates one frame. */
export function inflateLz4(bytes: Uint8Array, options: InflateLz4Options): Uint8Array {
  const { maxBytes, tooLarge, into, inflate = inflateBlock } = options;
  const frame = readDescriptor(bytes, 0);
  // A block can give 255 times its size at most, and no more than the frame's block size.
  let out =
    into?.subarray(0, maxBytes) ??
    Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(frame.blockBytes, bytes.length * 4)));
  let to = 0;
  let at = frame.at;
  for (;;) {
    if (bytes.length - at < 4) throw corrupt('cut off before a block');
    const word = read32(bytes, at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fff_ffff;
    if (size > frame.blockBytes || size > bytes.length - at) throw corrupt('block reaches beyond its frame');
    const most = word < 0 ? size : Math.min(frame.blockBytes, size * 255);
    if (to + most > out.length) out = grow(out, to, Math.min(maxBytes, Math.max(2 * out.length, to + most)));
    if (word < 0) {
      if (size > out.length - to) throw tooLarge();
      out.set(bytes.subarray(at, at + size), to);
      to += size;
    } else {
      const limit = Math.min(out.length, to + frame.blockBytes);
      const end = inflate(bytes, at, at + size, out, to, limit);
      if (end < 0) throw limit - to < most ? tooLarge() : corrupt('damaged block');
      to = end;
    }
    at += size;
    if (frame.blockChecksum) at = checked(bytes, at, xxhash32(bytes, at - size, at));
  }
  if (frame.contentChecksum) at = checked(bytes, at, xxhash32(out, 0, to));
  if (at !== bytes.length) throw corrupt('bytes behind the frame');
  return out.subarray(0, to);
}

function checked(bytes: Uint8Array, at: number, hash: number): number {
  if (bytes.length - at < 4) throw corrupt('cut off in a checksum');
  if (read32(bytes, at) !== (hash | 0)) throw corrupt('wrong checksum');
  return at + 4;
}

function grow(old: Buffer, used: number, bytes: number): Buffer {
  if (bytes <= old.length) return old;
  const grown = Buffer.allocUnsafeSlow(bytes);
  old.copy(grown, 0, 0, used);
  return grown;
}
