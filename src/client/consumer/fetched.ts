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
  partitionLeaderEpochAt,
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
  /** Of the last whole batch. */
  readonly leaderEpoch: number;
  /** Of read_committed only. */
  readonly aborted: readonly AbortedTransaction[];
}

/** Behind the last whole batch of `records`, and the epoch of that batch; `offset` when there is none. */
export function endOf(records: Buffer, offset: number): { readonly offset: number; readonly leaderEpoch: number } {
  let next = offset;
  let leaderEpoch = -1;
  let at = 0;
  for (;;) {
    const size = wholeBatchSize(records, at, records.length);
    if (size <= 0) return { offset: next, leaderEpoch };
    const isCurrent = magicAt(records, at) === MAGIC_V2;
    next = isCurrent ? nextOffsetAt(records, at) : baseOffsetAt(records, at) + 1;
    leaderEpoch = isCurrent ? partitionLeaderEpochAt(records, at) : -1;
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

/** Walks over the records, batch by batch, and can be left and taken up again. */
export class PieceReader {
  readonly piece: FetchedPartition;
  readonly #checkCrcs: boolean;
  readonly #aborted: AbortedTransaction[];
  readonly #abortedIds = new Set<number>();
  #at = 0;
  #cursor: RecordCursor | undefined;
  #batchEpoch = -1;
  #batchEnd = 0;
  #next: number;

  constructor(piece: FetchedPartition, checkCrcs: boolean) {
    this.piece = piece;
    this.#checkCrcs = checkCrcs;
    this.#aborted = [...piece.aborted].sort((a, b) => a.firstOffset - b.firstOffset);
    this.#next = piece.offset;
  }

  /** Behind the record that `next` gave last; behind the batches that were passed over, once there is none. */
  get nextOffset(): number {
    return this.#next;
  }

  /** Of the batch that `next` gave a record of. */
  get leaderEpoch(): number {
    return this.#batchEpoch;
  }

  /** The next record; the cursor is one object per batch. Undefined behind the last. Throws where a batch is damaged. */
  next(): RecordCursor | undefined {
    for (;;) {
      const cursor = this.#cursor;
      if (cursor !== undefined) {
        while (cursor.next()) {
          if (cursor.offset < this.piece.offset) continue;
          this.#next = cursor.offset + 1;
          return cursor;
        }
        this.#cursor = undefined;
        this.#next = Math.max(this.#next, this.#batchEnd);
      }
      if (!this.#openBatch()) return undefined;
    }
  }

  /** False behind the last whole batch. */
  #openBatch(): boolean {
    const { piece } = this;
    const { records } = piece;
    const at = this.#at;
    const size = wholeBatchSize(records, at, records.length);
    if (size === BATCH_CORRUPT) throw corrupt(piece, this.#next);
    if (size <= 0) return false;
    if (magicAt(records, at) !== MAGIC_V2) throw oldFormat(piece, this.#next);
    if (this.#checkCrcs && !crcMatches(records, at)) throw corrupt(piece, this.#next);
    const last = lastOffsetAt(records, at);
    const { length } = this.#aborted;
    let ended = 0;
    while (ended < length && (this.#aborted[ended] as AbortedTransaction).firstOffset <= last) {
      this.#abortedIds.add((this.#aborted[ended++] as AbortedTransaction).producerId);
    }
    if (ended > 0) this.#aborted.splice(0, ended);
    this.#at = at + size;
    this.#batchEnd = last + 1;
    const isAborted = isTransactionalAt(records, at) && this.#abortedIds.has(producerIdAt(records, at));
    if (isControlAt(records, at)) {
      if (this.#abortedIds.size > 0 && isAbortMarker(records, at)) this.#abortedIds.delete(producerIdAt(records, at));
    } else if (last >= piece.offset && !isAborted) {
      this.#batchEpoch = partitionLeaderEpochAt(records, at);
      this.#cursor = RecordCursor.open(records, at);
      return true;
    }
    this.#next = Math.max(this.#next, this.#batchEnd);
    return true;
  }
}

/** Visits the records in order. Stops when `visit` returns false. Returns the offset to go on with. */
export function visitRecords(
  fetched: FetchedPartition,
  checkCrcs: boolean,
  visit: (record: RecordCursor) => unknown,
): number {
  const reader = new PieceReader(fetched, checkCrcs);
  for (let record = reader.next(); record !== undefined; record = reader.next()) {
    if (visit(record) === false) break;
  }
  return reader.nextOffset;
}

function corrupt(fetched: FetchedPartition, offset: number): Error {
  const where = `${fetched.topic}-${fetched.partition} at offset ${offset}`;
  return toKafkaError(ErrorCode.CORRUPT_MESSAGE, `the broker sent a damaged batch of ${where}`);
}

function oldFormat(fetched: FetchedPartition, offset: number): Error {
  const where = `${fetched.topic}-${fetched.partition} at offset ${offset}`;
  return toKafkaError(ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, `${where} is in a record format older than Kafka 0.11`);
}
