/**
 * Protocol-buffer varints as Kafka uses them: unsigned (compact lengths, tags), zig-zag of 32 bits (record framing) and
 * zig-zag of 64 bits (record timestamps, as a number).
 *
 * A read reports where it ended in `varintEnd`, so that it allocates nothing; -1 says that the bytes are no varint:
 * cut off at `end`, longer than the width allows, or, for 64 bits, beyond the safe integers. The value is then 0.
 * Whoever reads must look at `varintEnd` before trusting either. Overlong encodings of a small value are accepted, as
 * Kafka accepts them.
 */

/** Position after the varint read last, or -1. */
export let varintEnd = 0;

/** 0 … 2^32-1, at most five bytes. */
export function readUnsignedVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let shift = 0;
  let i = at;
  while (i < end) {
    const byte = bytes[i++] as number;
    if (shift === 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = i;
      return value >>> 0;
    }
    shift += 7;
  }
  varintEnd = -1;
  return 0;
}

/** Zig-zag, -2^31 … 2^31-1. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  const raw = readUnsignedVarint(bytes, at, end);
  return (raw >>> 1) ^ -(raw & 1);
}

/** Zig-zag of 64 bits, at most ten bytes, within the safe integers. */
export function readVarlong(bytes: Uint8Array, at: number, end: number): number {
  let low = 0;
  let high = 0;
  let i = at;
  for (let n = 0; n < 10 && i < end; n++) {
    const byte = bytes[i++] as number;
    // Four bytes fill the low 28 bits; the rest is summed as a multiple of 2^28, which stays exact up to 2^53 of it.
    if (n < 4) low |= (byte & 0x7f) << (7 * n);
    else high += (byte & 0x7f) * 2 ** (7 * (n - 4));
    if (byte < 0x80) return n === 9 && byte > 1 ? notAVarint() : unzigzag(low, high, i);
  }
  return notAVarint();
}

function unzigzag(low: number, high: number, end: number): number {
  // value = (raw >>> 1) with the sign in bit 0; |value| <= 2^53-1 holds when raw < 2^54, that is high < 2^26.
  if (high >= 2 ** 26) return notAVarint();
  varintEnd = end;
  const magnitude = high * 2 ** 27 + (low >>> 1);
  if ((low & 1) === 0) return magnitude;
  if (magnitude === Number.MAX_SAFE_INTEGER) return notAVarint();
  return -magnitude - 1;
}

function notAVarint(): number {
  varintEnd = -1;
  return 0;
}

/** Writes 0 … 2^32-1; returns the position after it. The target must have room for five bytes. */
export function writeUnsignedVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  let i = at;
  while (rest > 0x7f) {
    target[i++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[i++] = rest;
  return i;
}

/** Writes the zig-zag of -2^31 … 2^31-1; returns the position after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  return writeUnsignedVarint(target, at, (value << 1) ^ (value >> 31));
}

/** Writes the zig-zag of a safe integer; returns the position after it. The target must have room for ten bytes. */
export function writeVarlong(target: Uint8Array, at: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return writeVarint(target, at, value);
  // The zig-zag, split at bit 28: 2v for v >= 0 and -2v-1 below, without leaving the exact integers.
  const half = value < 0 ? -value - 1 : value;
  let low = (half % 2 ** 27) * 2 + (value < 0 ? 1 : 0);
  let high = Math.floor(half / 2 ** 27);
  let i = at;
  for (let n = 0; n < 4; n++) {
    target[i++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  while (high > 0x7f) {
    target[i++] = (high & 0x7f) | 0x80;
    high >>>= 7;
  }
  target[i++] = high;
  return i;
}

/** Bytes that `writeUnsignedVarint` writes. */
export function unsignedVarintSize(value: number): number {
  const bits = 32 - Math.clz32(value);
  return bits <= 7 ? 1 : ((bits + 6) / 7) | 0;
}

/** Bytes that `writeVarint` writes. */
export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31));
}

/** Bytes that `writeVarlong` writes. */
export function varlongSize(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return varintSize(value);
  const half = value < 0 ? -value - 1 : value;
  return 4 + unsignedVarintSize(Math.floor(half / 2 ** 27));
}
