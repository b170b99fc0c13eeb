/**
 * The scratch buffer in which messages are built before their exact frame is made. It grows and is used again; a frame
 * never shares memory with it. Record batches do not pass through it: they are remembered as holes and copied, or
 * written by their source, straight into the frame.
 *
 * One message is built at a time: what is called while it is built (`sizeInBytes`, `allocate`) must not encode. Sources
 * of records may, since `finish` has let go of the scratch before it calls them.
 */
import { isUuid, type Uuid, uuidToBytes } from '../../base/uuid.ts';
import { ProtocolError } from '../kafka-error.ts';
import type { RecordsSource, UnknownTag } from '../schema.ts';
import { MAX_STRING_BYTES, stringTooLong } from './reader.ts';

export type Allocate = (size: number) => Buffer;

const INITIAL_BYTES = 16 * 1024;
/** A larger scratch is given back after use. */
const KEPT_BYTES = 1024 * 1024;
/** Up to this many characters, a loop over them is quicker than the call into the engine's encoder. */
const SHORT_STRING = 32;

/** Copying less than this twice is quicker than keeping a hole for it. */
const SMALL_RECORDS = 512;

interface Hole {
  /** Where in the scratch the bytes belong. */
  readonly position: number;
  readonly size: number;
  readonly source: Uint8Array | RecordsSource;
}

export class Writer {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  position = 0;
  #holes: Hole[] = [];
  #holeBytes = 0;

  start(): void {
    this.position = 0;
    if (this.#holes.length > 0) this.#dropHoles();
  }

  /** Bytes of the message so far, holes included. */
  get size(): number {
    return this.position + this.#holeBytes;
  }

  /** Makes room for `size` bytes behind `position`, of which everything before is kept. */
  grow(position: number, size: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, position + size));
    this.buffer.copy(grown, 0, 0, position);
    this.buffer = grown;
    return grown;
  }

  /** Room for `size` bytes; returns where they begin. `buffer` may be another one afterwards. */
  take(size: number): number {
    const start = this.position;
    if (start + size > this.buffer.length) this.grow(start, size);
    this.position = start + size;
    return start;
  }

  varint(value: number): void {
    const start = this.take(5);
    this.position = writeVarint(this.buffer, start, value);
  }

  /** The length in front of an array, a string or bytes; -1 is null. */
  length(length: number, flexible: boolean, prefixSize: 2 | 4): void {
    if (flexible) {
      this.varint(length + 1);
      return;
    }
    const start = this.take(prefixSize);
    this.buffer.writeIntBE(length, start, prefixSize);
  }

  string(text: string, flexible: boolean, path: string): void {
    const at = this.position;
    const room = text.length * 3 + 5;
    if (at + room > this.buffer.length) this.grow(at, room);
    this.position = flexible
      ? writeCompactString(this.buffer, at, text, path)
      : writeString(this.buffer, at, text, path);
  }

  bytes(bytes: Uint8Array): void {
    const start = this.take(bytes.length);
    this.buffer.set(bytes, start);
  }

  /**
   * Records whose length prefix ends at `position`: small ones are copied, others left as a hole. Returns the position
   * behind them.
   */
  records(position: number, size: number, source: Uint8Array | RecordsSource): number {
    if (size === 0) return position;
    if (size <= SMALL_RECORDS && source instanceof Uint8Array) {
      if (position + size > this.buffer.length) this.grow(position, size);
      this.buffer.set(source, position);
      return position + size;
    }
    this.#holes.push({ position, size, source });
    this.#holeBytes += size;
    return position;
  }

  /**
   * Puts the size in front of what was written since `start`, and returns the new end. One byte was left free there;
   * larger content moves up. Tagged fields hold no records, so no hole lies behind `start`.
   */
  closeTag(start: number, end: number): number {
    const size = end - start - 1;
    if (size < 128) {
      this.buffer[start] = size;
      return end;
    }
    const prefix = varintSize(size);
    const moved = end + prefix - 1;
    if (moved > this.buffer.length) this.grow(end, prefix);
    this.buffer.copyWithin(start + prefix, start + 1, end);
    writeVarint(this.buffer, start, size);
    return moved;
  }

  unknownTag(tag: UnknownTag): void {
    this.varint(tag.tag);
    this.varint(tag.data.length);
    this.bytes(tag.data);
  }

  /** The exact frame of everything since `start`. */
  finish(allocate: Allocate): Buffer {
    const size = this.size;
    const end = this.position;
    const holes = this.#holes;
    const frame = allocate(size);
    if (frame.length !== size) throw new RangeError(`asked for a frame of ${size} bytes, got ${frame.length}`);
    if (holes.length === 0) {
      this.buffer.copy(frame, 0, 0, end);
    } else {
      this.#dropHoles();
      this.#copyAround(holes, frame, end);
    }
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (holes.length > 0) fillHoles(holes, frame);
    return frame;
  }

  #copyAround(holes: readonly Hole[], frame: Buffer, end: number): void {
    let from = 0;
    let to = 0;
    for (const hole of holes) {
      this.buffer.copy(frame, to, from, hole.position);
      to += hole.position - from + hole.size;
      from = hole.position;
    }
    this.buffer.copy(frame, to, from, end);
  }

  #dropHoles(): void {
    this.#holes = [];
    this.#holeBytes = 0;
  }
}

function fillHoles(holes: readonly Hole[], frame: Buffer): void {
  let before = 0;
  for (const { position, size, source } of holes) {
    if (source instanceof Uint8Array) frame.set(source, position + before);
    else source.copyTo(frame, position + before);
    before += size;
  }
}

export function recordsSize(source: Uint8Array | RecordsSource, path: string): number {
  const size = source instanceof Uint8Array ? source.length : source?.sizeInBytes;
  if (!Number.isInteger(size) || size < 0 || size > 2147483647) {
    throw new ProtocolError(`${path}: neither bytes nor a source of records`);
  }
  return size;
}

export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16384) return 2;
  if (value < 2097152) return 3;
  return value < 268435456 ? 4 : 5;
}

/** Returns the position behind it; there must be room for five bytes. */
export function writeVarint(target: Buffer, position: number, value: number): number {
  let at = position;
  let left = value;
  while (left > 127) {
    target[at++] = (left & 127) | 128;
    left >>>= 7;
  }
  target[at++] = left;
  return at;
}

/** Behind an int16 length. There must be room for three bytes a character and five more. */
export function writeString(target: Buffer, position: number, text: string, path: string): number {
  const length = writeText(target, position + 2, text, path);
  target[position] = length >>> 8;
  target[position + 1] = length;
  return position + 2 + length;
}

/** Behind a compact length. There must be room for three bytes a character and five more. */
export function writeCompactString(target: Buffer, position: number, text: string, path: string): number {
  // A short string's length always fits into one byte; a longer one is measured first.
  const prefix = text.length <= SHORT_STRING ? 1 : varintSize(Buffer.byteLength(text, 'utf8') + 1);
  const length = writeText(target, position + prefix, text, path);
  writeVarint(target, position, length + 1);
  return position + prefix + length;
}

function writeText(target: Buffer, position: number, text: string, path: string): number {
  const length = text.length;
  if (length <= SHORT_STRING) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      target[position + i] = code;
    }
    if (i === length) return length;
  }
  if (length > MAX_STRING_BYTES) throw stringTooLong(path, length);
  const written = target.write(text, position, 'utf8');
  if (written > MAX_STRING_BYTES) throw stringTooLong(path, written);
  return written;
}

export function writeUuid(target: Buffer, position: number, uuid: Uuid, path: string): void {
  if (typeof uuid !== 'string' || !isUuid(uuid)) throw new ProtocolError(`${path}: not a uuid: ${String(uuid)}`);
  uuidToBytes(uuid, target, position);
}

export function notOfType(path: string, expected: string, value: unknown): ProtocolError {
  const shown = typeof value === 'object' ? (value === null ? 'null' : 'an object') : String(value).slice(0, 40);
  return new ProtocolError(`${path} must be ${expected}, not ${shown}`);
}

export function lacksField(path: string, version: number): ProtocolError {
  return new ProtocolError(`${path} is set, but version ${version} lacks it`);
}
