/**
 * What one answer to a Fetch holds of one partition, and the walk over its records: batches checked, control batches and
 * aborted transactions left out, records before the asked offset passed over.
 */
import {
  BATCH_CORRUPT,
  baseOffsetAt,
  crcMatches,
  isControlAt,
  isTransactionalAt,
  lastOffsetAt,
  MAGIC_V2,
  magicAt,
  nextOffsetAt,
  producerIdAt,
  wholeBatchSize,
} from '../../protocol/batch.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { RecordCursor } from '../../protocol/record.ts';
import { toKafkaError } from '../error-text.ts';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that was asked for. */
  readonly offset: number;
  /** Behind the last whole batch. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly records: Buffer;
  readonly leaderEpoch: number;
  /** Of read_committed only. */
  readonly aborted: readonly AbortedTransaction[];
}

/** Behind the last whole batch of `records`; `offset` when there is none. */
export function nextOffsetOf(records: Buffer, offset: number): number {
  let next = offset;
  let at = 0;
  for (;;) {
    const size = wholeBatchSize(records, at, records.length);
    if (size <= 0) return next;
    next = magicAt(records, at) === MAGIC_V2 ? nextOffsetAt(records, at) : baseOffsetAt(records, at) + 1;
    at += size;
  }
}

/** Type 0 of a control record's key is an abort. */
function isAbortMarker(records: Buffer, at: number): boolean {
  const cursor = RecordCursor.open(records, at);
  if (!cursor.next()) return false;
  const key = cursor.key;
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}

/**
 * Visits the records in order; the cursor is one object per batch. Stops when `visit` returns false. Returns the offset
 * to go on with.
 */
export function visitRecords(
  fetched: FetchedPartition,
  checkCrcs: boolean,
  visit: (record: RecordCursor) => unknown,
): number {
  const { records, offset } = fetched;
  const aborted = [...fetched.aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedIds = new Set<number>();
  let at = 0;
  let next = offset;
  for (;;) {
    const size = wholeBatchSize(records, at, records.length);
    if (size === BATCH_CORRUPT) throw corrupt(fetched, next);
    if (size <= 0) return next;
    if (magicAt(records, at) !== MAGIC_V2) throw oldFormat(fetched, next);
    if (checkCrcs && !crcMatches(records, at)) throw corrupt(fetched, next);
    const last = lastOffsetAt(records, at);
    while (aborted.length > 0 && (aborted[0] as AbortedTransaction).firstOffset <= last) {
      abortedIds.add((aborted.shift() as AbortedTransaction).producerId);
    }
    if (isControlAt(records, at)) {
      if (abortedIds.size > 0 && isAbortMarker(records, at)) abortedIds.delete(producerIdAt(records, at));
    } else if (last >= offset && !(isTransactionalAt(records, at) && abortedIds.has(producerIdAt(records, at)))) {
      const cursor = RecordCursor.open(records, at);
      while (cursor.next()) {
        if (cursor.offset < offset) continue;
        if (visit(cursor) === false) return cursor.offset + 1;
      }
    }
    next = Math.max(next, last + 1);
    at += size;
  }
}

function corrupt(fetched: FetchedPartition, offset: number): Error {
  const where = `${fetched.topic}-${fetched.partition} at offset ${offset}`;
  return toKafkaError(ErrorCode.CORRUPT_MESSAGE, `the broker sent a damaged batch of ${where}`);
}

function oldFormat(fetched: FetchedPartition, offset: number): Error {
  const where = `${fetched.topic}-${fetched.partition} at offset ${offset}`;
  return toKafkaError(ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, `${where} is in a record format older than Kafka 0.11`);
}
