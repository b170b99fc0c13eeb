/**
 * Reading Kafka's primitives. A length that was read is never trusted beyond the bytes that are left, and whatever is
 * wrong is a ProtocolError. The functions serve generated decoders, which keep their own position; `Reader` with its
 * position serves closures and headers.
 */
import { type Uuid, uuidFromBytes } from '../../base/uuid.ts';
import { ProtocolError } from '../kafka-error.ts';
import type { UnknownTag } from '../schema.ts';

/** Kafka refuses longer strings in both directions, also where the length would fit. */
export const MAX_STRING_BYTES = 32767;
/** Below this, a loop over the characters is quicker than the call into the engine's decoder. */
const SHORT_STRING = 16;

/** Where a generated decoder, or a helper that reads a varying number of bytes, has stopped. */
export interface Cursor {
  position: number;
}

export function tooShort(path: string): ProtocolError {
  return new ProtocolError(`${path}: the message ends too early`);
}

export function invalidNull(path: string): ProtocolError {
  return new ProtocolError(`${path} must not be null`);
}

export function lengthTooLarge(path: string, length: number): ProtocolError {
  return new ProtocolError(`${path}: length ${length} is beyond the bytes that are left`);
}

export function stringTooLong(path: string, length: number): ProtocolError {
  return new ProtocolError(`${path}: a string of ${length} bytes is longer than ${MAX_STRING_BYTES}`);
}

export function unsafeInteger(path: string): ProtocolError {
  return new ProtocolError(`${path}: the int64 is outside the safe integers`);
}

export function tagSizeMismatch(path: string): ProtocolError {
  return new ProtocolError(`${path}: the tagged field's size is not that of its content`);
}

/** UTF-8; invalid sequences become U+FFFD, as in Kafka. The caller has checked that the bytes are there. */
export function readText(bytes: Buffer, position: number, length: number): string {
  if (length >= SHORT_STRING) return bytes.toString('utf8', position, position + length);
  let text = '';
  const end = position + length;
  for (let at = position; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte > 127) return bytes.toString('utf8', position, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** An unsigned varint of at most 32 bits; leaves the position behind it in `cursor`. */
export function readVarint(bytes: Buffer, position: number, end: number, cursor: Cursor): number {
  let value = 0;
  let at = position;
  for (let factor = 1; ; factor *= 128) {
    if (at >= end) throw new ProtocolError('an unsigned varint ends too early');
    const byte = bytes[at++] as number;
    // The fifth byte has room for four bits only.
    if (factor === 268435456 && byte > 15) throw new ProtocolError('an unsigned varint is longer than 32 bits');
    value += (byte & 127) * factor;
    if (byte < 128) {
      cursor.position = at;
      return value;
    }
  }
}

/** Steps over `count` tagged fields from `cursor` on. */
export function skipTags(bytes: Buffer, count: number, end: number, cursor: Cursor): void {
  for (let i = 0; i < count; i++) readUnknownTag(bytes, end, cursor);
}

/** Reads tag, size and content of one tagged field from `cursor` on. */
export function readUnknownTag(bytes: Buffer, end: number, cursor: Cursor): UnknownTag {
  const tag = readVarint(bytes, cursor.position, end, cursor);
  return readUnknownTagContent(tag, bytes, end, cursor);
}

export function readUnknownTagContent(tag: number, bytes: Buffer, end: number, cursor: Cursor): UnknownTag {
  const size = readVarint(bytes, cursor.position, end, cursor);
  const start = cursor.position;
  if (size > end - start) throw lengthTooLarge(`tagged field ${tag}`, size);
  cursor.position = start + size;
  return { tag, data: bytes.subarray(start, start + size) };
}

/** A position in bytes, moved by every read. */
export class Reader implements Cursor {
  readonly bytes: Buffer;
  position: number;
  end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Steps over `size` bytes and returns where they begin. */
  take(size: number, path: string): number {
    const start = this.position;
    if (size > this.end - start) throw tooShort(path);
    this.position = start + size;
    return start;
  }

  varint(): number {
    return readVarint(this.bytes, this.position, this.end, this);
  }

  /** The length in front of an array, a string or bytes; any negative one is null, as in Kafka. */
  length(flexible: boolean, prefixSize: 2 | 4, path: string): number {
    if (flexible) return this.varint() - 1;
    const start = this.take(prefixSize, path);
    return prefixSize === 2 ? this.bytes.readInt16BE(start) : this.bytes.readInt32BE(start);
  }

  text(length: number, path: string): string {
    if (length > MAX_STRING_BYTES) throw stringTooLong(path, length);
    if (length > this.remaining) throw lengthTooLarge(path, length);
    return readText(this.bytes, this.take(length, path), length);
  }

  /** A view, not a copy. */
  view(length: number, path: string): Buffer {
    if (length > this.remaining) throw lengthTooLarge(path, length);
    const start = this.take(length, path);
    return this.bytes.subarray(start, start + length);
  }

  int64(path: string): number {
    const start = this.take(8, path);
    const value = this.bytes.readInt32BE(start) * 4294967296 + this.bytes.readUInt32BE(start + 4);
    if (!Number.isSafeInteger(value)) throw unsafeInteger(path);
    return value;
  }

  uuid(path: string): Uuid {
    return uuidFromBytes(this.bytes, this.take(16, path));
  }
}
