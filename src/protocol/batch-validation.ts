/**
 * What a broker checks of a produced partition's bytes before they enter the log, in Kafka's order and with Kafka's
 * codes (ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords, LogValidator): exactly one v2 batch of
 * a permitted size with the right checksum, whose header and records agree. Nothing is changed here.
 *
 * Compressed records are inflated for the check, at most up to a bound; beyond it the answer is MESSAGE_TOO_LARGE, at
 * which the Java producer splits its batch.
 */
import {
  BATCH_CORRUPT,
  BATCH_HEADER_BYTES,
  BATCH_INCOMPLETE,
  baseOffsetAt,
  baseSequenceAt,
  baseTimestampAt,
  codecAt,
  crcAt,
  crcMatches,
  isControlAt,
  isLogAppendTimeAt,
  isTransactionalAt,
  lastOffsetDeltaAt,
  MAGIC_V2,
  magicAt,
  maxTimestampAt,
  NO_PRODUCER_ID,
  NO_TIMESTAMP,
  producerIdAt,
  recordCountAt,
  wholeBatchSize,
} from './batch.ts';
import { CODEC, decompress, InflatedTooLargeError } from './compression.ts';
import { ErrorCode } from './error-codes.ts';
import { ProtocolError } from './kafka-error.ts';
import { RecordCursor } from './record.ts';
import {
  WALK_BAD_OFFSET_DELTA,
  WALK_BAD_TIMESTAMP,
  WALK_BYTES_LEFT,
  WALK_OK,
  WALK_TOO_FEW_RECORDS,
  walked,
  walkRecords,
} from './record-walk.ts';

export interface ProducedBatchRules {
  /** `topic-partition`, for messages. */
  readonly partition: string;
  /** max.message.bytes */
  readonly maxMessageBytes: number;
  /** message.timestamp.type=LogAppendTime: timestamps of the producer do not matter. */
  readonly logAppendTime: boolean;
  /** message.timestamp.before.max.ms and message.timestamp.after.max.ms */
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  readonly nowMs: number;
  /** cleanup.policy contains compact: every record needs a key. */
  readonly compacted: boolean;
  /** Produce requests before version 7 may not carry zstd. Default true. */
  readonly allowZstd?: boolean;
  /** Bound of the inflated records. Default: `maxInflatedBytes(maxMessageBytes)`. */
  readonly maxInflatedBytes?: number;
}

export interface RecordError {
  readonly batchIndex: number;
  readonly message: string;
}

/** Filled by `validateProducedBatch`; made once and used again. */
export class ProducedBatch {
  /** Bytes of the batch. A cut-off second batch behind it is ignored, as Kafka ignores it. */
  size = 0;
  recordCount = 0;
  /** What the records say; the header's value may differ and must then be corrected (`setMaxCreateTime`). */
  maxTimestamp = NO_TIMESTAMP;
  offsetDeltaOfMaxTimestamp = 0;
  /** For the node's own log; set with every code but NONE. */
  reason: string | null = null;
  /** The error message of the answer: null where Kafka sends none, so that clients print their own words. */
  errorMessage: string | null = null;
  recordErrors: readonly RecordError[] = NO_RECORD_ERRORS;
}

const NO_RECORD_ERRORS: readonly RecordError[] = [];
/** Kafka names every bad record; a million of them would make an answer larger than the request. */
const MAX_RECORD_ERRORS = 100;

/** 32 times the permitted size, at least 32 MiB, at most 1 GiB. */
export function maxInflatedBytes(maxMessageBytes: number): number {
  return Math.min(Math.max(32 * maxMessageBytes, 1 << 25), 1 << 30);
}

/** Where records are inflated for the check. It grows with what comes, and what is larger than this is let go again. */
const KEPT_SCRATCH_BYTES = 1 << 22;
let scratch: Buffer | undefined;

function inflateForCheck(codec: number, bytes: Uint8Array, maxBytes: number): Uint8Array {
  scratch ??= Buffer.allocUnsafeSlow(1 << 16);
  const records = decompress(codec, bytes, maxBytes, scratch);
  // Only lz4 grows what it was given into memory of its own. Others answer with a part of Node's pool at times, which
  // holds every small buffer of the process.
  if (codec !== CODEC.lz4) return records;
  const { buffer } = records;
  if (buffer.byteLength > scratch.length && buffer.byteLength <= KEPT_SCRATCH_BYTES && buffer instanceof ArrayBuffer) {
    scratch = Buffer.from(buffer);
  }
  return records;
}

/** Checks the records field of one partition, bytes[start, end). Returns an error code; `found` holds the rest. */
export function validateProducedBatch(
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: ProducedBatchRules,
  found: ProducedBatch,
): number {
  found.size = 0;
  found.recordCount = 0;
  found.reason = null;
  found.errorMessage = null;
  found.recordErrors = NO_RECORD_ERRORS;
  const code = checkRequest(bytes, start, end, rules, found) || checkHeader(bytes, start, rules, found);
  return code || checkRecords(bytes, start, rules, found);
}

function fail(found: ProducedBatch, code: number, reason: string): number {
  found.reason = reason;
  return code;
}

function checkRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: ProducedBatchRules,
  found: ProducedBatch,
): number {
  const size = wholeBatchSize(bytes, start, end);
  if (size === BATCH_INCOMPLETE) {
    return fail(found, ErrorCode.INVALID_RECORD, 'A produce request must have at least one record batch per partition');
  }
  if (size === BATCH_CORRUPT) {
    return fail(found, ErrorCode.CORRUPT_MESSAGE, `The record batch for ${rules.partition} has an impossible header`);
  }
  if (magicAt(bytes, start) !== MAGIC_V2) {
    return fail(
      found,
      ErrorCode.INVALID_RECORD,
      'A produce request is only allowed to contain record batches with magic version 2',
    );
  }
  if (rules.allowZstd === false && codecAt(bytes, start) === CODEC.zstd) {
    return fail(
      found,
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      'Produce requests before version 7 are not allowed to use ZStandard compression',
    );
  }
  const second = start + size < end ? wholeBatchSize(bytes, start + size, end) : BATCH_INCOMPLETE;
  if (second !== BATCH_INCOMPLETE) {
    if (second === BATCH_CORRUPT) {
      return fail(found, ErrorCode.CORRUPT_MESSAGE, `Damaged bytes behind the record batch for ${rules.partition}`);
    }
    return fail(
      found,
      ErrorCode.INVALID_RECORD,
      'A produce request is only allowed to contain exactly one record batch per partition',
    );
  }
  found.size = size;
  return ErrorCode.NONE;
}

function checkHeader(bytes: Uint8Array, at: number, rules: ProducedBatchRules, found: ProducedBatch): number {
  const baseOffset = baseOffsetAt(bytes, at);
  if (baseOffset !== 0) {
    return fail(
      found,
      ErrorCode.INVALID_RECORD,
      `The baseOffset of the record batch in the append to ${rules.partition} should be 0, but it is ${baseOffset}`,
    );
  }
  if (found.size > rules.maxMessageBytes) {
    return fail(
      found,
      ErrorCode.MESSAGE_TOO_LARGE,
      `The record batch size in the append to ${rules.partition} is ${found.size} bytes which exceeds the maximum configured value of ${rules.maxMessageBytes}.`,
    );
  }
  if (!crcMatches(bytes, at)) {
    return fail(
      found,
      ErrorCode.CORRUPT_MESSAGE,
      `Record is corrupt (stored crc = ${crcAt(bytes, at)}) in topic partition ${rules.partition}.`,
    );
  }
  const count = recordCountAt(bytes, at);
  const span = lastOffsetDeltaAt(bytes, at) + 1;
  const message = headerComplaint(bytes, at, count, span);
  if (message !== null)
    return fail(found, ErrorCode.INVALID_RECORD, `${message} in topic partition ${rules.partition}.`);
  found.recordCount = count;
  return ErrorCode.NONE;
}

function headerComplaint(bytes: Uint8Array, at: number, count: number, span: number): string | null {
  if (span <= 0) return `Batch has an invalid offset range: [0, ${span - 1}]`;
  if (count <= 0) return `Invalid reported count for record batch: ${count}`;
  if (span !== count) return `Inconsistent batch offset range [0, ${span - 1}] and count of records ${count}`;
  if (isControlAt(bytes, at)) return 'Clients are not allowed to write control records';
  const producerId = producerIdAt(bytes, at);
  if (producerId <= NO_PRODUCER_ID) {
    return isTransactionalAt(bytes, at) ? 'Transactional batch without a producer id' : null;
  }
  if (!Number.isSafeInteger(producerId)) return `Invalid producer id ${producerId}`;
  const sequence = baseSequenceAt(bytes, at);
  return sequence < 0 ? `Invalid sequence number ${sequence} in record batch with producerId ${producerId}` : null;
}

function checkRecords(bytes: Uint8Array, at: number, rules: ProducedBatchRules, found: ProducedBatch): number {
  const codec = codecAt(bytes, at);
  let records = bytes;
  let from = at + BATCH_HEADER_BYTES;
  let to = at + found.size;
  if (codec !== CODEC.none) {
    const bound = rules.maxInflatedBytes ?? maxInflatedBytes(rules.maxMessageBytes);
    try {
      records = inflateForCheck(codec, bytes.subarray(from, to), bound);
    } catch (error) {
      return inflationFailure(error, rules, found);
    }
    from = 0;
    to = records.length;
  }
  const outcome = walkRecords(records, from, to, found.recordCount);
  if (outcome !== WALK_OK) {
    // 64 bits that are no safe integer are beyond every permitted range.
    const code = outcome === WALK_BAD_TIMESTAMP ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD;
    return fail(found, code, `${walkComplaint(outcome)} in topic partition ${rules.partition}.`);
  }
  return checkContents(bytes, at, records, from, rules, found);
}

function inflationFailure(error: unknown, rules: ProducedBatchRules, found: ProducedBatch): number {
  if (!(error instanceof ProtocolError)) throw error;
  const code = error instanceof InflatedTooLargeError ? ErrorCode.MESSAGE_TOO_LARGE : ErrorCode.INVALID_RECORD;
  return fail(found, code, `${error.message} in topic partition ${rules.partition}.`);
}

function walkComplaint(outcome: number): string {
  const index = walked.stoppedAt;
  switch (outcome) {
    case WALK_BAD_OFFSET_DELTA:
      return `Record ${index} of the batch does not have an incremental offset`;
    case WALK_BYTES_LEFT:
      return 'Incorrect declared batch size, records still remaining';
    case WALK_TOO_FEW_RECORDS:
      return 'Incorrect declared batch size, premature EOF reached';
    case WALK_BAD_TIMESTAMP:
      return `Record ${index} of the batch has an invalid timestamp`;
    default:
      return `Found invalid record structure at record ${index} of the batch`;
  }
}

/** Keys and timestamps, from what the walk gathered; only when something is wrong is every record looked at again. */
function checkContents(
  bytes: Uint8Array,
  at: number,
  records: Uint8Array,
  recordsStart: number,
  rules: ProducedBatchRules,
  found: ProducedBatch,
): number {
  const base = baseTimestampAt(bytes, at);
  // A batch that already says LogAppendTime carries its one timestamp in the header.
  const fromHeader = isLogAppendTimeAt(bytes, at);
  const newest = fromHeader ? maxTimestampAt(bytes, at) : base + walked.maxTimestampDelta;
  const oldest = fromHeader ? newest : base + walked.minTimestampDelta;
  found.maxTimestamp = newest;
  found.offsetDeltaOfMaxTimestamp = fromHeader ? found.recordCount - 1 : walked.deltaOfMaxTimestamp;
  const keyMissing = rules.compacted && walked.recordsWithoutKey > 0;
  const timeWrong = !rules.logAppendTime && (isOutOfRange(oldest, rules) || isOutOfRange(newest, rules));
  if (!keyMissing && !timeWrong) return ErrorCode.NONE;
  return reportRecords(bytes, at, records, recordsStart, rules, found);
}

function isOutOfRange(timestamp: number, rules: ProducedBatchRules): boolean {
  if (timestamp === NO_TIMESTAMP) return false;
  if (!Number.isSafeInteger(timestamp)) return true;
  return rules.nowMs - timestamp > rules.timestampBeforeMaxMs || timestamp - rules.nowMs > rules.timestampAfterMaxMs;
}

function reportRecords(
  bytes: Uint8Array,
  at: number,
  records: Uint8Array,
  recordsStart: number,
  rules: ProducedBatchRules,
  found: ProducedBatch,
): number {
  const errors: RecordError[] = [];
  let code: number = ErrorCode.NONE;
  const cursor = RecordCursor.over(bytes, at, records, recordsStart);
  for (let index = 0; cursor.next() && errors.length < MAX_RECORD_ERRORS; index++) {
    if (rules.compacted && cursor.keyLength < 0) {
      code ||= ErrorCode.INVALID_RECORD;
      errors.push({
        batchIndex: index,
        message: `Compacted topic cannot accept message without key in topic partition ${rules.partition}`,
      });
    } else if (!rules.logAppendTime && isOutOfRange(cursor.timestamp, rules)) {
      code ||= ErrorCode.INVALID_TIMESTAMP;
      errors.push({ batchIndex: index, message: timestampComplaint(cursor.timestamp, index, rules) });
    }
  }
  if (code === ErrorCode.NONE) return code;
  found.recordErrors = errors;
  found.errorMessage =
    code === ErrorCode.INVALID_TIMESTAMP
      ? 'One or more records have been rejected due to invalid timestamp'
      : `One or more records have been rejected due to ${errors.length} record errors in total, and only showing the first three errors at most: [${errors.slice(0, 3).map(describeRecordError).join(', ')}]`;
  return fail(found, code, found.errorMessage);
}

function describeRecordError(error: RecordError): string {
  return `RecordError(batchIndex=${error.batchIndex}, message='${error.message}')`;
}

function timestampComplaint(timestamp: number, index: number, rules: ProducedBatchRules): string {
  const now = BigInt(rules.nowMs);
  const oldest = BigInt.asIntN(64, now - asInt64(rules.timestampBeforeMaxMs));
  const newest = BigInt.asIntN(64, now + asInt64(rules.timestampAfterMaxMs));
  return `Timestamp ${timestamp} of message with offset ${index} is out of range. The timestamp should be within [${oldest}, ${newest}]`;
}

/** Java's Long.MAX_VALUE, the default of message.timestamp.before.max.ms, is no exact number here. */
function asInt64(value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.trunc(value));
}
