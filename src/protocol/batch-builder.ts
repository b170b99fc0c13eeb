/**
 * Builds v2 batches: records are written straight into one growing buffer behind the header's place, and behind a
 * reserved prefix when the batch is to become part of a request frame. `seal` fills in the header and the checksum.
 *
 * Without compression the sealed batch is a view into the builder's buffer: it is good until `reset`. Offset deltas
 * count up from 0 unless `appendAt` says otherwise (compaction, the log's own writes).
 */
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../base/varint.ts';
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  CONTROL_BIT,
  LAST_OFFSET_DELTA_AT,
  LOG_OVERHEAD_BYTES,
  MAGIC_AT,
  MAGIC_V2,
  MAX_TIMESTAMP_AT,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  PARTITION_LEADER_EPOCH_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  sealCrc,
  setInt16At,
  setInt32At,
  setInt64At,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
} from './batch.ts';
import { CODEC, compress } from './compression.ts';

export interface BatchOptions {
  /** A CODEC number. Default none. */
  readonly compression?: number;
  /** The codec's own default when left out. */
  readonly compressionLevel?: number;
  /** Default 0, as a producer sends it. */
  readonly baseOffset?: number;
  /** Default -1. */
  readonly partitionLeaderEpoch?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Marks the batch as LogAppendTime with this timestamp. */
  readonly logAppendTimeMs?: number;
  /** Bytes to leave free before the batch in the same buffer. */
  readonly prefixBytes?: number;
  /** First size of the buffer. */
  readonly initialBytes?: number;
}

export interface HeaderInput {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface RecordInput {
  readonly key?: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** -1 when left out. */
  readonly timestamp?: number;
  readonly headers?: readonly HeaderInput[];
  /** For batches with gaps. Default: one more than the record before. */
  readonly offsetDelta?: number;
}

/** A length of five bytes, attributes, a timestamp of ten, and the offset, key, value and header counts of five. */
const MAX_FRAMING_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;
const DEFAULT_INITIAL_BYTES = 4096;
/** Below this many bytes a loop copies quicker than a call. */
const SHORT_COPY_BYTES = 24;

export class BatchBuilder {
  #options: BatchOptions;
  #buffer: Buffer;
  #at: number;
  #count = 0;
  #lastOffsetDelta = -1;
  #baseTimestamp = NO_TIMESTAMP;
  #maxTimestamp = NO_TIMESTAMP;
  readonly #prefix: number;

  constructor(options: BatchOptions = {}) {
    this.#options = options;
    this.#prefix = options.prefixBytes ?? 0;
    const first = this.#prefix + BATCH_HEADER_BYTES;
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(first, options.initialBytes ?? DEFAULT_INITIAL_BYTES));
    this.#at = first;
  }

  get recordCount(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, not yet compressed. */
  get sizeInBytes(): number {
    return this.#at - this.#prefix;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Bytes that the batch would have with this record as its next one (uncompressed). */
  sizeWith(record: RecordInput): number {
    const timestamp = record.timestamp ?? NO_TIMESTAMP;
    const base = this.#count === 0 ? timestamp : this.#baseTimestamp;
    const body = bodySize(record, timestamp - base, record.offsetDelta ?? this.#lastOffsetDelta + 1);
    return this.sizeInBytes + varintSize(body) + body;
  }

  /** Appends a record; returns its offset delta. */
  append(record: RecordInput): number {
    const offsetDelta = record.offsetDelta ?? this.#lastOffsetDelta + 1;
    const timestampDelta = this.#noteTimestamp(record.timestamp ?? NO_TIMESTAMP);
    const body = bodySize(record, timestampDelta, offsetDelta);
    this.#reserve(MAX_FRAMING_BYTES + body);
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, body);
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, timestampDelta);
    at = writeVarint(buffer, at, offsetDelta);
    at = writeBytes(buffer, at, record.key ?? null);
    at = writeBytes(buffer, at, record.value);
    this.#at = writeHeaders(buffer, at, record.headers);
    this.#count++;
    this.#lastOffsetDelta = offsetDelta;
    return offsetDelta;
  }

  /** The bulk path: a record without key and headers whose value is source[start, end). No object per record. */
  appendValue(source: Uint8Array, start: number, end: number, timestamp: number): void {
    const offsetDelta = ++this.#lastOffsetDelta;
    const timestampDelta = this.#noteTimestamp(timestamp);
    const length = end - start;
    const body = 3 + varlongSize(timestampDelta) + varintSize(offsetDelta) + varintSize(length) + length;
    this.#reserve(MAX_FRAMING_BYTES + length);
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, body);
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, timestampDelta);
    at = writeVarint(buffer, at, offsetDelta);
    buffer[at++] = 1; // no key
    at = writeVarint(buffer, at, length);
    at = copyInto(buffer, at, source, start, end);
    buffer[at++] = 0; // no headers
    this.#at = at;
    this.#count++;
  }

  /** Finishes the batch: a view of it without the prefix. */
  seal(): Buffer {
    return this.sealFrame().subarray(this.#prefix);
  }

  /** As `seal`, with the reserved prefix before it; the prefix's bytes are whatever they were. */
  sealFrame(): Buffer {
    const codec = this.#options.compression ?? CODEC.none;
    let frame = this.#buffer.subarray(0, this.#at);
    if (codec !== CODEC.none && this.#count > 0) {
      const head = this.#prefix + BATCH_HEADER_BYTES;
      const packed = compress(codec, this.#options.compressionLevel, frame.subarray(head));
      frame = Buffer.allocUnsafeSlow(head + packed.length);
      frame.set(packed, head);
    }
    this.#writeHeader(frame, this.#prefix, codec);
    return frame;
  }

  /** Empties the builder for the next batch and keeps its buffer. */
  reset(options: BatchOptions = this.#options): void {
    this.#options = options;
    this.#at = this.#prefix + BATCH_HEADER_BYTES;
    this.#count = 0;
    this.#lastOffsetDelta = -1;
    this.#baseTimestamp = NO_TIMESTAMP;
    this.#maxTimestamp = NO_TIMESTAMP;
  }

  #noteTimestamp(timestamp: number): number {
    if (this.#count === 0) this.#baseTimestamp = timestamp;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return timestamp - this.#baseTimestamp;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  #writeHeader(frame: Buffer, at: number, codec: number): void {
    const options = this.#options;
    const appendTime = options.logAppendTimeMs;
    setInt64At(frame, at, options.baseOffset ?? 0);
    setInt32At(frame, at + BATCH_LENGTH_AT, frame.length - at - LOG_OVERHEAD_BYTES);
    setInt32At(frame, at + PARTITION_LEADER_EPOCH_AT, options.partitionLeaderEpoch ?? -1);
    frame[at + MAGIC_AT] = MAGIC_V2;
    const attributes =
      codec |
      (appendTime === undefined ? 0 : TIMESTAMP_TYPE_BIT) |
      (options.isTransactional === true ? TRANSACTIONAL_BIT : 0) |
      (options.isControl === true ? CONTROL_BIT : 0);
    setInt16At(frame, at + ATTRIBUTES_AT, attributes);
    setInt32At(frame, at + LAST_OFFSET_DELTA_AT, this.#lastOffsetDelta);
    setInt64At(frame, at + BASE_TIMESTAMP_AT, this.#baseTimestamp);
    setInt64At(frame, at + MAX_TIMESTAMP_AT, appendTime ?? this.#maxTimestamp);
    setInt64At(frame, at + PRODUCER_ID_AT, options.producerId ?? NO_PRODUCER_ID);
    setInt16At(frame, at + PRODUCER_EPOCH_AT, options.producerEpoch ?? NO_PRODUCER_EPOCH);
    setInt32At(frame, at + BASE_SEQUENCE_AT, options.baseSequence ?? NO_SEQUENCE);
    setInt32At(frame, at + RECORD_COUNT_AT, this.#count);
    sealCrc(frame, at);
  }
}

/** One batch of the given records. */
export function buildBatch(records: readonly RecordInput[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(options);
  for (const record of records) builder.append(record);
  return builder.seal();
}

export interface ControlRecordInput {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** One control batch (leader change, snapshot header, transaction marker …); all records carry `timestamp`. */
export function buildControlBatch(
  records: readonly ControlRecordInput[],
  timestamp: number,
  options: BatchOptions = {},
): Buffer {
  return buildBatch(
    records.map(({ key, value }) => ({ key, value, timestamp })),
    { ...options, isControl: true },
  );
}

function bodySize(record: RecordInput, timestampDelta: number, offsetDelta: number): number {
  return (
    1 +
    varlongSize(timestampDelta) +
    varintSize(offsetDelta) +
    bytesSize(record.key ?? null) +
    bytesSize(record.value) +
    headersSize(record.headers)
  );
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function headersSize(headers: readonly HeaderInput[] | undefined): number {
  if (headers === undefined || headers.length === 0) return 1;
  let size = varintSize(headers.length);
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key);
    size += varintSize(keyBytes) + keyBytes + bytesSize(value);
  }
  return size;
}

function writeBytes(buffer: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    buffer[at] = 1;
    return at + 1;
  }
  return copyInto(buffer, writeVarint(buffer, at, bytes.length), bytes, 0, bytes.length);
}

function writeHeaders(buffer: Buffer, start: number, headers: readonly HeaderInput[] | undefined): number {
  if (headers === undefined || headers.length === 0) {
    buffer[start] = 0;
    return start + 1;
  }
  let at = writeVarint(buffer, start, headers.length);
  for (const { key, value } of headers) {
    at = writeVarint(buffer, at, Buffer.byteLength(key));
    at += buffer.write(key, at, 'utf8');
    at = writeBytes(buffer, at, value);
  }
  return at;
}

function copyInto(buffer: Buffer, at: number, source: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > SHORT_COPY_BYTES) {
    // `set` of a whole array is the quickest copy; of a part it would need a view, which costs more than `copy`.
    if (length === source.length) buffer.set(source, at);
    else if (source instanceof Buffer) source.copy(buffer, at, start, end);
    else buffer.set(source.subarray(start, end), at);
    return at + length;
  }
  for (let i = 0; i < length; i++) buffer[at + i] = source[start + i]!;
  return at + length;
}
