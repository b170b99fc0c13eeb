/**
 * Encodes records directly behind a reserved batch header in one buffer: no object and no promise per record. Header
 * fields and checksum are filled in when the batch is sealed; the sequence when it is sent for the first time.
 *
 * Layout of the buffer: [reserve bytes for the request's head][61 bytes of header][records][room for the tail].
 */
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  LAST_OFFSET_DELTA_AT,
  LOG_OVERHEAD_BYTES,
  MAGIC_AT,
  MAGIC_V2,
  MAX_TIMESTAMP_AT,
  PARTITION_LEADER_EPOCH_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  sealCrc,
  setInt16At,
  setInt32At,
  setInt64At,
} from '../../protocol/batch.ts';

/** A range of bytes; nothing is copied until the record is encoded. */
export interface Bytes {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface EncodedHeader {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Bytes of the zigzag varint of `value` (within ±2^31). */
function varintSize(value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (left > 0x7f) {
    left >>>= 7;
    size++;
  }
  return size;
}

/** Copies; a call into the runtime costs more than a short loop. */
function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start;
  if (length > 24) source.copy(target, at, start, end);
  else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
  return at + length;
}

export class BatchWriter {
  readonly buffer: Buffer;
  /** Where the batch begins. */
  readonly start: number;
  readonly #limit: number;
  #at: number;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** Records fill the buffer up to `limit`. */
  constructor(buffer: Buffer, start: number, limit: number) {
    this.buffer = buffer;
    this.start = start;
    this.#limit = limit;
    this.#at = start + BATCH_HEADER_BYTES;
  }

  get count(): number {
    return this.#count;
  }

  /** Behind the last record. */
  get end(): number {
    return this.#at;
  }

  get sizeInBytes(): number {
    return this.#at - this.start;
  }

  get baseTimestamp(): number {
    return this.#baseTimestamp;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Encodes a record without key and headers from source[from, to); false when there is no room. */
  appendValue(timestamp: number, source: Buffer, from: number, to: number): boolean {
    const length = to - from;
    const count = this.#count;
    if (count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    }
    const delta = timestamp - this.#baseTimestamp;
    if (delta !== 0) return this.append(timestamp, null, { source, start: from, end: to }, []);
    const body = 1 + 1 + varintSize(count) + 1 + varintSize(length) + length + 1;
    let at = this.#at;
    if (at + body + 5 > this.#limit) return false;
    const target = this.buffer;
    at = this.#varint(at, body);
    target[at++] = 0;
    target[at++] = 0;
    at = this.#varint(at, count);
    target[at++] = 1;
    at = this.#varint(at, length);
    at = copy(source, from, to, target, at);
    target[at++] = 0;
    this.#at = at;
    this.#count = count + 1;
    return true;
  }

  /** Records that were encoded elsewhere as those of a whole batch: this one is empty and has the room. */
  takeEncoded(timestamp: number, records: Buffer, count: number): void {
    this.#baseTimestamp = timestamp;
    this.#maxTimestamp = timestamp;
    this.#count = count;
    this.#at += records.copy(this.buffer, this.#at);
  }

  /** False when there is no room. */
  append(timestamp: number, key: Bytes | null, value: Bytes | null, headers: readonly EncodedHeader[]): boolean {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    }
    const delta = timestamp - this.#baseTimestamp;
    const body = recordBodySize(delta, this.#count, key, value, headers);
    if (this.#at + body + 5 > this.#limit) return false;
    let at = this.#varint(this.#at, body);
    this.buffer[at++] = 0;
    at = this.#varlong(at, delta);
    at = this.#varint(at, this.#count);
    at = this.#bytes(at, key);
    at = this.#bytes(at, value);
    at = this.#varint(at, headers.length);
    for (const header of headers) {
      at = this.#small(at, header.key);
      at = this.#small(at, header.value);
    }
    this.#at = at;
    this.#count++;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return true;
  }

  /** Fills in the header, but for producer and sequence. `codec` names the compression of what lies behind the header. */
  seal(codec: number): void {
    writeHeader(this.buffer, this.start, {
      size: this.sizeInBytes,
      count: this.#count,
      codec,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
    });
  }

  #varint(at: number, value: number): number {
    let left = ((value << 1) ^ (value >> 31)) >>> 0;
    const target = this.buffer;
    while (left > 0x7f) {
      target[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    target[at++] = left;
    return at;
  }

  /** For timestamps: up to 2^53. */
  #varlong(at: number, value: number): number {
    if (value >= -0x4000_0000 && value < 0x4000_0000) return this.#varint(at, value);
    let left = value >= 0 ? value * 2 : -value * 2 - 1;
    while (left > 0x7f) {
      this.buffer[at++] = (left % 128) | 0x80;
      left = Math.floor(left / 128);
    }
    this.buffer[at++] = left;
    return at;
  }

  #bytes(at: number, bytes: Bytes | null): number {
    if (bytes === null) return this.#varint(at, -1);
    const behind = this.#varint(at, bytes.end - bytes.start);
    return copy(bytes.source, bytes.start, bytes.end, this.buffer, behind);
  }

  #small(at: number, bytes: Uint8Array | null): number {
    if (bytes === null) return this.#varint(at, -1);
    const behind = this.#varint(at, bytes.length);
    this.buffer.set(bytes, behind);
    return behind + bytes.length;
  }
}

function varlongSize(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return varintSize(value);
  let left = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (left > 0x7f) {
    left = Math.floor(left / 128);
    size++;
  }
  return size;
}

function bytesSize(length: number): number {
  return length < 0 ? 1 : varintSize(length) + length;
}

function recordBodySize(
  delta: number,
  offsetDelta: number,
  key: Bytes | null,
  value: Bytes | null,
  headers: readonly EncodedHeader[],
): number {
  let size = 1 + varlongSize(delta) + varintSize(offsetDelta) + varintSize(headers.length);
  size += bytesSize(key === null ? -1 : key.end - key.start) + bytesSize(value === null ? -1 : value.end - value.start);
  for (const header of headers) {
    size += bytesSize(header.key.length) + bytesSize(header.value === null ? -1 : header.value.length);
  }
  return size;
}

/** What the Java client allows for length, timestamp and offset of a record. */
const MAX_RECORD_OVERHEAD = 21;

/** The most bytes that a batch of this one record can take, as the Java client estimates it. */
export function batchSizeBound(key: Bytes | null, value: Bytes | null, headers: readonly EncodedHeader[]): number {
  // Without its three fixed fields of one byte each: attributes, timestamp, offset.
  return BATCH_HEADER_BYTES + MAX_RECORD_OVERHEAD + recordBodySize(0, 0, key, value, headers) - 3;
}

export interface BatchHeader {
  readonly size: number;
  readonly count: number;
  readonly codec: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
}

/** A header without producer; the checksum comes with `stampProducer` or `sealCrc`. */
export function writeHeader(buffer: Buffer, start: number, header: BatchHeader): void {
  setInt64At(buffer, start, 0);
  setInt32At(buffer, start + BATCH_LENGTH_AT, header.size - LOG_OVERHEAD_BYTES);
  setInt32At(buffer, start + PARTITION_LEADER_EPOCH_AT, -1);
  buffer[start + MAGIC_AT] = MAGIC_V2;
  setInt16At(buffer, start + ATTRIBUTES_AT, header.codec);
  setInt32At(buffer, start + LAST_OFFSET_DELTA_AT, header.count - 1);
  setInt64At(buffer, start + BASE_TIMESTAMP_AT, header.baseTimestamp);
  setInt64At(buffer, start + MAX_TIMESTAMP_AT, header.maxTimestamp);
  setInt32At(buffer, start + RECORD_COUNT_AT, header.count);
}

/** Producer, epoch and sequence, and the checksum over everything. */
export function stampProducer(buffer: Buffer, start: number, id: number, epoch: number, sequence: number): void {
  setInt64At(buffer, start + PRODUCER_ID_AT, id);
  setInt16At(buffer, start + PRODUCER_EPOCH_AT, epoch);
  setInt32At(buffer, start + BASE_SEQUENCE_AT, sequence);
  sealCrc(buffer, start);
}
