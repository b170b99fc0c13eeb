/**
 * Snappy as Kafka uses it: blocks in the framing of xerial's Java library, or one bare block (librdkafka, others).
 * The JavaScript form of the block codec; compression.ts takes a native one instead where it loads.
 */
import { nativeSnappy } from './compression-native.ts';
import { ProtocolError } from './kafka-error.ts';

/** Compresses or inflates one bare snappy block. Whoever inflates has looked at the length that the block claims. */
export interface SnappyBlocks {
  deflate(bytes: Uint8Array): Uint8Array;
  inflate(bytes: Uint8Array): Uint8Array;
}

/** Below this a native call costs more than it saves. */
const NATIVE_FROM_BYTES = 512;

/** Native where it loads and pays. */
export const SNAPPY_BLOCKS: SnappyBlocks = {
  deflate(bytes) {
    const native = bytes.length < NATIVE_FROM_BYTES ? null : nativeSnappy();
    return native === null ? deflateSnappyBlock(bytes) : native.compressSync(bytes, { copyOutputData: true });
  },
  inflate(bytes) {
    const native = bytes.length < NATIVE_FROM_BYTES ? null : nativeSnappy();
    if (native === null) return inflateSnappyBlock(bytes);
    try {
      return native.uncompressSync(bytes, { asBuffer: true, copyOutputData: true });
    } catch (error) {
      throw new ProtocolError('corrupt snappy data', { cause: error });
    }
  },
};

/** The TypeScript form. */
export const SNAPPY_BLOCKS_OF_TABLES: SnappyBlocks = { deflate: deflateSnappyBlock, inflate: inflateSnappyBlock };

const MAX_OFFSET_BITS = 14;

/**
 * The inflated length that the block claims, and where its elements begin. No element of three bytes yields more than
 * 64, so a claim beyond that is a lie, and nothing is ever allocated for it.
 */
function blockLength(bytes: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    const byte = bytes[i]!;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (length > bytes.length * 64) break;
      return { length, at: i + 1 };
    }
  }
  throw corrupt();
}

function corrupt(): ProtocolError {
  return new ProtocolError('corrupt snappy data');
}

function inflateSnappyBlock(bytes: Uint8Array): Uint8Array {
  const { length, at: first } = blockLength(bytes);
  const out = Buffer.allocUnsafeSlow(length);
  const end = bytes.length;
  let at = first;
  let to = 0;
  while (at < end) {
    const tag = bytes[at++]!;
    let size = tag >>> 2;
    if ((tag & 3) === 0) {
      if (size >= 60) {
        const extra = size - 59;
        if (at + extra > end) throw corrupt();
        size = 0;
        for (let i = 0; i < extra; i++) size += bytes[at + i]! * 2 ** (8 * i);
        at += extra;
      }
      size++;
      if (size > end - at || size > length - to) throw corrupt();
      if (size > 24) out.set(bytes.subarray(at, at + size), to);
      else for (let i = 0; i < size; i++) out[to + i] = bytes[at + i]!;
      at += size;
      to += size;
      continue;
    }
    let offset: number;
    if ((tag & 3) === 1) {
      if (at + 1 > end) throw corrupt();
      size = 4 + (size & 7);
      offset = ((tag >>> 5) << 8) | bytes[at++]!;
    } else if ((tag & 3) === 2) {
      if (at + 2 > end) throw corrupt();
      size++;
      offset = bytes[at]! | (bytes[at + 1]! << 8);
      at += 2;
    } else {
      if (at + 4 > end) throw corrupt();
      size++;
      offset = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
      at += 4;
    }
    if (offset === 0 || offset > to || size > length - to) throw corrupt();
    // The source may overlap what is being written: it repeats.
    for (let i = 0; i < size; i++) out[to + i] = out[to - offset + i]!;
    to += size;
  }
  if (to !== length) throw corrupt();
  return out;
}

const table = new Int32Array(1 << MAX_OFFSET_BITS);

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Blocks of up to 64 KiB only, which is all that the framing makes. */
function deflateSnappyBlock(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  const out = Buffer.allocUnsafeSlow(32 + length + Math.ceil(length / 6));
  let to = 0;
  let rest = length;
  while (rest > 0x7f) {
    out[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[to++] = rest;
  table.fill(-1);
  let literal = 0;
  let at = 0;
  let misses = 32;
  while (at + 4 <= length) {
    const word = read32(bytes, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - MAX_OFFSET_BITS);
    const candidate = table[slot]!;
    table[slot] = at;
    if (candidate < 0 || at - candidate > 0xffff || read32(bytes, candidate) !== word) {
      at += misses++ >>> 5;
      continue;
    }
    to = writeLiteral(out, to, bytes, literal, at);
    let size = 4;
    while (at + size < length && bytes[candidate + size] === bytes[at + size]) size++;
    to = writeCopy(out, to, at - candidate, size);
    at += size;
    literal = at;
    misses = 32;
  }
  return out.subarray(0, writeLiteral(out, to, bytes, literal, length));
}

function writeLiteral(out: Uint8Array, start: number, bytes: Uint8Array, from: number, end: number): number {
  const size = end - from;
  if (size === 0) return start;
  let to = start;
  const n = size - 1;
  if (n < 60) out[to++] = n << 2;
  else if (n < 0x100) {
    out[to++] = 60 << 2;
    out[to++] = n;
  } else if (n < 0x10000) {
    out[to++] = 61 << 2;
    out[to++] = n;
    out[to++] = n >>> 8;
  } else {
    out[to++] = 63 << 2;
    for (let i = 0; i < 4; i++) out[to++] = n >>> (8 * i);
  }
  out.set(bytes.subarray(from, end), to);
  return to + size;
}

function writeCopy(out: Uint8Array, start: number, offset: number, size: number): number {
  let to = start;
  let left = size;
  while (left > 0) {
    // A copy of 64 may leave a rest below four, which the two-byte form takes as well.
    const part = left > 64 ? 64 : left;
    if (part >= 4 && part < 12 && offset < 2048) {
      out[to++] = 1 | ((part - 4) << 2) | ((offset >>> 8) << 5);
      out[to++] = offset;
    } else {
      out[to++] = 2 | ((part - 1) << 2);
      out[to++] = offset;
      out[to++] = offset >>> 8;
    }
    left -= part;
  }
  return to;
}

/** Magic, version 1, lowest compatible version 1. */
const XERIAL_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const XERIAL_MAGIC_BYTES = 8;
/** The block size of the Java library. */
const XERIAL_BLOCK_BYTES = 32 * 1024;

/** Compresses into xerial's framing, which every Kafka client reads. */
export function deflateSnappy(bytes: Uint8Array, blocks: SnappyBlocks = SNAPPY_BLOCKS): Buffer {
  const parts: Uint8Array[] = [XERIAL_HEADER];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    const packed = blocks.deflate(bytes.subarray(at, at + XERIAL_BLOCK_BYTES));
    const size = Buffer.allocUnsafe(4);
    size.writeInt32BE(packed.length);
    parts.push(size, packed);
  }
  return Buffer.concat(parts);
}

export interface InflateSnappyOptions {
  readonly maxBytes: number;
  /** Makes the error for more than `maxBytes`. */
  readonly tooLarge: () => Error;
  readonly blocks?: SnappyBlocks;
}

export function inflateSnappy(bytes: Uint8Array, options: InflateSnappyOptions): Uint8Array {
  const { maxBytes, tooLarge, blocks = SNAPPY_BLOCKS } = options;
  if (!isXerial(bytes)) {
    if (blockLength(bytes).length > maxBytes) throw tooLarge();
    return blocks.inflate(bytes);
  }
  const parts: Uint8Array[] = [];
  let total = 0;
  let at = XERIAL_HEADER.length;
  while (at < bytes.length) {
    // Streams may be joined: another header may stand where a block's length would.
    if (isXerial(bytes.subarray(at))) {
      at += XERIAL_HEADER.length;
      continue;
    }
    if (bytes.length - at < 4) throw corrupt();
    const size = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    at += 4;
    if (size > bytes.length - at) throw corrupt();
    const block = bytes.subarray(at, at + size);
    total += blockLength(block).length;
    if (total > maxBytes) throw tooLarge();
    parts.push(blocks.inflate(block));
    at += size;
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

function isXerial(bytes: Uint8Array): boolean {
  if (bytes.length < XERIAL_HEADER.length) return false;
  for (let i = 0; i < XERIAL_MAGIC_BYTES; i++) if (bytes[i] !== XERIAL_HEADER[i]) return false;
  return true;
}
