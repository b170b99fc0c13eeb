/**
 * The record batch of format v2: its layout, reads by byte position, and the changes in place that a broker makes.
 *
 * Batches are never parsed into objects on the way through the broker: every read takes (bytes, at), where `at` is the
 * position of the batch's first byte, and allocates nothing. Reads trust that the header's 61 bytes are there; who holds
 * bytes from outside asks `wholeBatchSize` or `batchIntegrity` first. An int64 is a number: offsets and timestamps
 * beyond 2^53 come out rounded here and are refused where batches enter (batch-validation.ts).
 *
 * baseOffset, batchLength and partitionLeaderEpoch lie before the checksummed part, so a leader stamps them freely.
 */
import { crc32c } from './crc32c.ts';

// Positions within the batch.
export const BATCH_LENGTH_AT = 8;
export const PARTITION_LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
/** The checksum covers everything from here to the end of the batch. */
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
/** Size of the header; the first record, or the compressed records, begin here. */
export const BATCH_HEADER_BYTES = 61;
/** baseOffset and batchLength: what the batch's length field does not count, and what it takes to know the size. */
export const LOG_OVERHEAD_BYTES = 12;
/** The shortest batch of any magic (a v0 message); a smaller length is damage, as in Kafka. */
const MIN_BATCH_LENGTH = 14;

export const MAGIC_V2 = 2;
export const CODEC_MASK = 0x07;
export const TIMESTAMP_TYPE_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;

export const NO_TIMESTAMP = -1;
export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;

export function int16At(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Exact within the safe integers, rounded beyond. */
export function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * 0x1_0000_0000 + (int32At(bytes, at + 4) >>> 0);
}

export function setInt16At(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function setInt32At(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function setInt64At(bytes: Uint8Array, at: number, value: number): void {
  setInt32At(bytes, at, Math.floor(value / 0x1_0000_0000) | 0);
  // ToInt32 of the whole number is its low 32 bits, also below zero.
  setInt32At(bytes, at + 4, value | 0);
}

export function baseOffsetAt(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at);
}

/** Bytes of the whole batch, as its header claims. */
export function batchSizeAt(bytes: Uint8Array, at: number): number {
  return LOG_OVERHEAD_BYTES + int32At(bytes, at + BATCH_LENGTH_AT);
}

export function partitionLeaderEpochAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + PARTITION_LEADER_EPOCH_AT);
}

export function magicAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + MAGIC_AT] as number) << 24) >> 24;
}

export function crcAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + CRC_AT) >>> 0;
}

export function attributesAt(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + ATTRIBUTES_AT);
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd: see compression.ts. */
export function codecAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + ATTRIBUTES_AT + 1] as number) & CODEC_MASK;
}

export function isLogAppendTimeAt(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES_AT + 1] as number) & TIMESTAMP_TYPE_BIT) !== 0;
}

export function isTransactionalAt(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES_AT + 1] as number) & TRANSACTIONAL_BIT) !== 0;
}

export function isControlAt(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES_AT + 1] as number) & CONTROL_BIT) !== 0;
}

export function lastOffsetDeltaAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + LAST_OFFSET_DELTA_AT);
}

export function lastOffsetAt(bytes: Uint8Array, at: number): number {
  return baseOffsetAt(bytes, at) + lastOffsetDeltaAt(bytes, at);
}

/** Also right for the emptied and thinned batches that compaction leaves. */
export function nextOffsetAt(bytes: Uint8Array, at: number): number {
  return lastOffsetAt(bytes, at) + 1;
}

/** The delete horizon instead, when bit 0x40 of the attributes is set. */
export function baseTimestampAt(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + BASE_TIMESTAMP_AT);
}

export function maxTimestampAt(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + MAX_TIMESTAMP_AT);
}

export function producerIdAt(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + PRODUCER_ID_AT);
}

export function producerEpochAt(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + PRODUCER_EPOCH_AT);
}

export function baseSequenceAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + BASE_SEQUENCE_AT);
}

export function recordCountAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + RECORD_COUNT_AT);
}

/** Sequence numbers wrap from 2^31-1 to 0. */
export function addSequence(sequence: number, increment: number): number {
  const sum = sequence + increment;
  return sum > 0x7fff_ffff ? sum - 0x8000_0000 : sum;
}

/** The sequence of the batch's last record; NO_SEQUENCE when it has none. */
export function lastSequenceAt(bytes: Uint8Array, at: number): number {
  const base = baseSequenceAt(bytes, at);
  return base === NO_SEQUENCE ? NO_SEQUENCE : addSequence(base, lastOffsetDeltaAt(bytes, at));
}

/** What `wholeBatchSize` and `batchIntegrity` answer instead of a size. */
export const BATCH_INCOMPLETE = 0;
export const BATCH_CORRUPT = -1;

/**
 * The size of the batch at `at` when it lies whole before `end`; BATCH_INCOMPLETE when bytes are missing, BATCH_CORRUPT
 * when its length or magic cannot be. Looks at length and magic only.
 */
export function wholeBatchSize(bytes: Uint8Array, at: number, end: number): number {
  const left = end - at;
  if (left < LOG_OVERHEAD_BYTES) return BATCH_INCOMPLETE;
  const length = int32At(bytes, at + BATCH_LENGTH_AT);
  if (length < MIN_BATCH_LENGTH) return BATCH_CORRUPT;
  if (left <= MAGIC_AT) return BATCH_INCOMPLETE;
  const magic = bytes[at + MAGIC_AT] as number;
  if (magic > MAGIC_V2) return BATCH_CORRUPT;
  const size = LOG_OVERHEAD_BYTES + length;
  if (magic === MAGIC_V2 && size < BATCH_HEADER_BYTES) return BATCH_CORRUPT;
  return size > left ? BATCH_INCOMPLETE : size;
}

/** As `wholeBatchSize`, and BATCH_CORRUPT also when the checksum of a v2 batch is wrong, or the magic is not 2. */
export function batchIntegrity(bytes: Uint8Array, at: number, end: number): number {
  const size = wholeBatchSize(bytes, at, end);
  if (size <= 0) return size;
  if (bytes[at + MAGIC_AT] !== MAGIC_V2) return BATCH_CORRUPT;
  return crcMatches(bytes, at) ? size : BATCH_CORRUPT;
}

export function crcMatches(bytes: Uint8Array, at: number): boolean {
  return crc32c(bytes, at + ATTRIBUTES_AT, at + batchSizeAt(bytes, at)) === crcAt(bytes, at);
}

/**
 * Calls `visit(bytes, at, size)` for every whole batch in bytes[start, end) and returns the position after the last one:
 * `end` unless the rest is a torn or damaged batch. Visiting stops when `visit` returns false. No checksum is computed.
 */
export function forEachBatch(
  bytes: Uint8Array,
  visit: (bytes: Uint8Array, at: number, size: number) => unknown,
  start = 0,
  end = bytes.length,
): number {
  let at = start;
  while (at < end) {
    const size = wholeBatchSize(bytes, at, end);
    if (size <= 0) break;
    const more = visit(bytes, at, size);
    at += size;
    if (more === false) break;
  }
  return at;
}

/** Outside the checksum. */
export function patchBaseOffset(bytes: Uint8Array, at: number, baseOffset: number): void {
  setInt64At(bytes, at, baseOffset);
}

/** Outside the checksum. */
export function patchPartitionLeaderEpoch(bytes: Uint8Array, at: number, epoch: number): void {
  setInt32At(bytes, at + PARTITION_LEADER_EPOCH_AT, epoch);
}

/** Recomputes and stores the checksum after a change behind it. */
export function sealCrc(bytes: Uint8Array, at: number): void {
  setInt32At(bytes, at + CRC_AT, crc32c(bytes, at + ATTRIBUTES_AT, at + batchSizeAt(bytes, at)) | 0);
}

/** Stamps the batch with the broker's time: all of its records then carry it. */
export function setLogAppendTime(bytes: Uint8Array, at: number, nowMs: number): void {
  setTimestamps(bytes, at, TIMESTAMP_TYPE_BIT, nowMs);
}

/** Corrects the maximum of a CreateTime batch to what its records say. Nothing is written when it is right already. */
export function setMaxCreateTime(bytes: Uint8Array, at: number, maxTimestamp: number): void {
  setTimestamps(bytes, at, 0, maxTimestamp);
}

function setTimestamps(bytes: Uint8Array, at: number, typeBit: number, maxTimestamp: number): void {
  const flags = bytes[at + ATTRIBUTES_AT + 1] as number;
  if ((flags & TIMESTAMP_TYPE_BIT) === typeBit && maxTimestampAt(bytes, at) === maxTimestamp) return;
  bytes[at + ATTRIBUTES_AT + 1] = (flags & ~TIMESTAMP_TYPE_BIT) | typeBit;
  setInt64At(bytes, at + MAX_TIMESTAMP_AT, maxTimestamp);
  sealCrc(bytes, at);
}

/** A batch as an object, where speed matters less than clarity. It is a view: the bytes belong to who made it. */
export class RecordBatch {
  readonly bytes: Uint8Array;
  /** Position of the first byte. */
  readonly start: number;

  /** The batch must lie whole in `bytes`. */
  constructor(bytes: Uint8Array, start = 0) {
    this.bytes = bytes;
    this.start = start;
  }

  /** Views of all whole batches in bytes[start, end). */
  static all(bytes: Uint8Array, start = 0, end = bytes.length): RecordBatch[] {
    const found: RecordBatch[] = [];
    forEachBatch(bytes, (b, at) => found.push(new RecordBatch(b, at)), start, end);
    return found;
  }

  get baseOffset(): number {
    return baseOffsetAt(this.bytes, this.start);
  }

  get sizeInBytes(): number {
    return batchSizeAt(this.bytes, this.start);
  }

  /** Position after the last byte. */
  get end(): number {
    return this.start + this.sizeInBytes;
  }

  get partitionLeaderEpoch(): number {
    return partitionLeaderEpochAt(this.bytes, this.start);
  }

  get magic(): number {
    return magicAt(this.bytes, this.start);
  }

  get crc(): number {
    return crcAt(this.bytes, this.start);
  }

  get attributes(): number {
    return attributesAt(this.bytes, this.start);
  }

  get codec(): number {
    return codecAt(this.bytes, this.start);
  }

  get isLogAppendTime(): boolean {
    return isLogAppendTimeAt(this.bytes, this.start);
  }

  get isTransactional(): boolean {
    return isTransactionalAt(this.bytes, this.start);
  }

  get isControl(): boolean {
    return isControlAt(this.bytes, this.start);
  }

  get lastOffsetDelta(): number {
    return lastOffsetDeltaAt(this.bytes, this.start);
  }

  get lastOffset(): number {
    return lastOffsetAt(this.bytes, this.start);
  }

  get nextOffset(): number {
    return nextOffsetAt(this.bytes, this.start);
  }

  get baseTimestamp(): number {
    return baseTimestampAt(this.bytes, this.start);
  }

  get maxTimestamp(): number {
    return maxTimestampAt(this.bytes, this.start);
  }

  get producerId(): number {
    return producerIdAt(this.bytes, this.start);
  }

  get producerEpoch(): number {
    return producerEpochAt(this.bytes, this.start);
  }

  get baseSequence(): number {
    return baseSequenceAt(this.bytes, this.start);
  }

  get lastSequence(): number {
    return lastSequenceAt(this.bytes, this.start);
  }

  get recordCount(): number {
    return recordCountAt(this.bytes, this.start);
  }

  get hasProducerId(): boolean {
    return this.producerId > NO_PRODUCER_ID;
  }

  isIntact(): boolean {
    return crcMatches(this.bytes, this.start);
  }
}
