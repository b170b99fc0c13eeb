/**
 * Reading the records of a batch. A cursor moves over them and exposes positions; keys, values and headers are cut out
 * only when asked for, as views into the batch or into its inflated records. Any malformed record is a ProtocolError.
 */
import { readVarint, readVarlong, varintEnd } from '../base/varint.ts';
import {
  BATCH_HEADER_BYTES,
  baseOffsetAt,
  baseTimestampAt,
  batchSizeAt,
  codecAt,
  isLogAppendTimeAt,
  MAGIC_V2,
  magicAt,
  maxTimestampAt,
  recordCountAt,
} from './batch.ts';
import { CODEC, decompress } from './compression.ts';
import { ProtocolError } from './kafka-error.ts';

/** A bound for readers that have no better one: what a single batch may inflate to. */
export const DEFAULT_MAX_INFLATED_BYTES = 1 << 28;

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

export interface RecordData {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

const NO_HEADERS: readonly RecordHeader[] = [];

export class RecordCursor {
  /** The bytes that all positions refer to: the batch itself, or its inflated records. */
  readonly bytes: Uint8Array;
  offset = -1;
  timestamp = -1;
  keyStart = 0;
  /** -1 when there is no key. */
  keyLength = -1;
  valueStart = 0;
  /** -1 when there is no value. */
  valueLength = -1;
  #headersStart = 0;
  #end = 0;
  #at: number;
  #left: number;
  readonly #limit: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** LogAppendTime: the one timestamp of all records; otherwise NaN. */
  readonly #appendTime: number;

  private constructor(batch: Uint8Array, at: number, bytes: Uint8Array, start: number, limit: number) {
    this.bytes = bytes;
    this.#at = start;
    this.#limit = limit;
    this.#left = recordCountAt(batch, at);
    this.#baseOffset = baseOffsetAt(batch, at);
    this.#baseTimestamp = baseTimestampAt(batch, at);
    this.#appendTime = isLogAppendTimeAt(batch, at) ? maxTimestampAt(batch, at) : Number.NaN;
    if (this.#left < 0) throw new ProtocolError(`record batch with a count of ${this.#left}`);
  }

  /** Opens the whole v2 batch at `at`; inflates it when it is compressed. */
  static open(batch: Uint8Array, at = 0, maxInflatedBytes = DEFAULT_MAX_INFLATED_BYTES): RecordCursor {
    const magic = magicAt(batch, at);
    if (magic !== MAGIC_V2) throw new ProtocolError(`record batch of unsupported magic ${magic}`);
    const start = at + BATCH_HEADER_BYTES;
    const end = at + batchSizeAt(batch, at);
    const codec = codecAt(batch, at);
    if (codec === CODEC.none) return new RecordCursor(batch, at, batch, start, end);
    if (start === end) return new RecordCursor(batch, at, batch, start, end);
    const records = decompress(codec, batch.subarray(start, end), maxInflatedBytes);
    return new RecordCursor(batch, at, records, 0, records.length);
  }

  /** Over records that the caller has inflated already (or over the batch itself, with the position of its records). */
  static over(batch: Uint8Array, at: number, records: Uint8Array, start: number): RecordCursor {
    const end = records === batch ? at + batchSizeAt(batch, at) : records.length;
    return new RecordCursor(batch, at, records, start, end);
  }

  /** Moves to the next record; false after the last. */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#at !== this.#limit) throw new ProtocolError('bytes left behind the last record of a batch');
      return false;
    }
    this.#left--;
    const { bytes } = this;
    const length = readVarint(bytes, this.#at, this.#limit);
    let at = varintEnd;
    if (at < 0 || length <= 0 || length > this.#limit - at) throw malformed();
    const end = at + length;
    const timestampDelta = readVarlong(bytes, at + 1, end);
    at = varintEnd;
    if (at < 0) throw malformed();
    const offsetDelta = readVarint(bytes, at, end);
    at = varintEnd;
    if (at < 0) throw malformed();
    this.offset = this.#baseOffset + offsetDelta;
    this.timestamp = Number.isNaN(this.#appendTime) ? this.#baseTimestamp + timestampDelta : this.#appendTime;
    this.keyLength = readVarint(bytes, at, end);
    this.keyStart = varintEnd;
    if (this.keyStart < 0 || this.keyLength > end - this.keyStart) throw malformed();
    at = this.keyStart + (this.keyLength > 0 ? this.keyLength : 0);
    this.valueLength = readVarint(bytes, at, end);
    this.valueStart = varintEnd;
    if (this.valueStart < 0 || this.valueLength > end - this.valueStart) throw malformed();
    at = this.valueStart + (this.valueLength > 0 ? this.valueLength : 0);
    if (at >= end) throw malformed();
    this.#headersStart = at;
    this.#end = end;
    this.#at = end;
    return true;
  }

  /** A view, or null. */
  get key(): Buffer | null {
    return this.keyLength < 0 ? null : view(this.bytes, this.keyStart, this.keyLength);
  }

  /** A view, or null. */
  get value(): Buffer | null {
    return this.valueLength < 0 ? null : view(this.bytes, this.valueStart, this.valueLength);
  }

  /** Whether the timestamp is the broker's, not the producer's. */
  get isLogAppendTime(): boolean {
    return !Number.isNaN(this.#appendTime);
  }

  get hasHeaders(): boolean {
    return this.bytes[this.#headersStart] !== 0;
  }

  /** Parsed when asked for. */
  get headers(): readonly RecordHeader[] {
    if (!this.hasHeaders) {
      if (this.#headersStart + 1 !== this.#end) throw malformed();
      return NO_HEADERS;
    }
    return readHeaders(this.bytes, this.#headersStart, this.#end);
  }
}

function malformed(): ProtocolError {
  return new ProtocolError('malformed record in a batch');
}

function view(bytes: Uint8Array, start: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

function readHeaders(bytes: Uint8Array, start: number, end: number): RecordHeader[] {
  const count = readVarint(bytes, start, end);
  let at = varintEnd;
  if (at < 0 || count < 0 || count > end - at) throw malformed();
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const keyLength = readVarint(bytes, at, end);
    at = varintEnd;
    if (at < 0 || keyLength < 0 || keyLength > end - at) throw malformed();
    const key = view(bytes, at, keyLength).toString('utf8');
    at += keyLength;
    const valueLength = readVarint(bytes, at, end);
    at = varintEnd;
    if (at < 0 || valueLength > end - at) throw malformed();
    headers.push({ key, value: valueLength < 0 ? null : view(bytes, at, valueLength) });
    if (valueLength > 0) at += valueLength;
  }
  if (at !== end) throw malformed();
  return headers;
}

/** Visits every record of the batch; the cursor is the same object each time. Stops when `visit` returns false. */
export function forEachRecord(
  batch: Uint8Array,
  at: number,
  visit: (record: RecordCursor) => unknown,
  maxInflatedBytes?: number,
): void {
  const cursor = RecordCursor.open(batch, at, maxInflatedBytes);
  while (cursor.next()) if (visit(cursor) === false) return;
}

/** All records of the batch as objects; their keys, values and headers are views. */
export function readRecords(batch: Uint8Array, at = 0, maxInflatedBytes?: number): RecordData[] {
  const records: RecordData[] = [];
  forEachRecord(
    batch,
    at,
    (record) => {
      const { offset, timestamp, key, value, headers } = record;
      records.push({ offset, timestamp, key, value, headers });
    },
    maxInflatedBytes,
  );
  return records;
}
