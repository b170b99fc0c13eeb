/**
 * What a replica that follows does with its log: takes in what its leader sent, as it was sent, and cuts off what the
 * leader has not.
 *
 * Invariants: only whole batches with a right checksum and of no later epoch than that of the leader who was asked get
 * in; the high watermark never passes the leader's nor the own end, and goes back only with a truncation. Who calls has
 * made sure that the partition still follows the leader in question.
 */
import type { Logger } from '../base/logger.ts';
import {
  BATCH_CORRUPT,
  baseOffsetAt,
  batchIntegrity,
  lastOffsetAt,
  partitionLeaderEpochAt,
} from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../storage/leader-epoch-cache.ts';
import type { PartitionLog } from '../storage/partition-log.ts';
import { wakeAll } from './fetch-waiter.ts';
import type { Partition } from './partition.ts';

export interface FetchedAppend {
  readonly bytes: number;
  /** Set where `flush.messages` asks for it: the leader must not be told of the records before it resolves. */
  readonly durable: Promise<void> | null;
}

const NOTHING: FetchedAppend = { bytes: 0, durable: null };

/**
 * Appends what the leader of `leaderEpoch` sent, all of it in one write. A torn batch at the end is left for the next
 * fetch. Throws a KafkaError, with the log as it was.
 */
export function appendFetched(log: PartitionLog, records: Buffer, leaderEpoch: number): FetchedAppend {
  const end = soundBytes(log, records, leaderEpoch);
  if (end === 0) return NOTHING;
  const bytes = end === records.length ? records : records.subarray(0, end);
  startWithinFirstBatch(log, bytes);
  const appended = log.appendAsFollower(bytes);
  return appended === null ? NOTHING : { bytes: end, durable: appended.durable };
}

/** What the leader said of itself: its high watermark and log start offset. */
export function followOffsets(partition: Partition, leader: { highWatermark: number; logStartOffset: number }): void {
  const { log } = partition;
  const rose = log.maybeIncrementHighWatermark(leader.highWatermark);
  if (rose && partition.waiters.size > 0) wakeAll(partition);
  if (leader.logStartOffset <= log.logStartOffset || leader.logStartOffset > log.highWatermark) return;
  log.deleteRecordsBefore(leader.logStartOffset, 'leader offset increment');
}

/**
 * The leader's records end, for the largest epoch that it has up to the one asked about, at `endOffset`. Cuts the own
 * log where the two may still agree; when the own epochs do not meet the leader's there, the next fetch tells more.
 */
export function truncateToDivergence(
  log: PartitionLog,
  leader: { readonly epoch: number; readonly endOffset: number },
  logger: Logger,
): void {
  truncateFollower(log, commonOffset(log, leader), logger);
}

/** Cuts the log at `offset`. Below the high watermark that is the leader's word after an unclean election, and is said. */
export function truncateFollower(log: PartitionLog, offset: number, logger: Logger): void {
  if (offset < log.highWatermark) {
    logger.warn(`Truncating ${log.name} to offset ${offset} below high watermark ${log.highWatermark}`);
  }
  log.truncateTo(offset);
}

function commonOffset(log: PartitionLog, leader: { readonly epoch: number; readonly endOffset: number }): number {
  if (leader.endOffset === UNDEFINED_EPOCH_OFFSET) return log.highWatermark;
  if (leader.epoch === UNDEFINED_EPOCH) return Math.min(leader.endOffset, log.logEndOffset);
  const own = log.endOffsetForEpoch(leader.epoch);
  if (own.leaderEpoch === UNDEFINED_EPOCH) return Math.min(leader.endOffset, log.logEndOffset);
  const end = Math.min(own.endOffset, log.logEndOffset);
  return own.leaderEpoch === leader.epoch ? Math.min(end, leader.endOffset) : end;
}

/** Bytes of whole and sound batches at the beginning. The first that is damaged refuses the answer. */
function soundBytes(log: PartitionLog, records: Buffer, leaderEpoch: number): number {
  let at = 0;
  while (at < records.length) {
    const size = batchIntegrity(records, at, records.length);
    if (size === BATCH_CORRUPT) {
      throw new KafkaError(
        ErrorCode.CORRUPT_MESSAGE,
        `Found invalid messages during fetch for partition ${log.name} at offset ${log.logEndOffset}`,
      );
    }
    // The answer was read while the leader's successor wrote already: what is his comes from him.
    if (size <= 0 || partitionLeaderEpochAt(records, at) > leaderEpoch) break;
    at += size;
  }
  return at;
}

/**
 * An empty log may have to begin within a batch, where the leader's records were deleted up to there. It gets the whole
 * batch, as the leader has it.
 */
function startWithinFirstBatch(log: PartitionLog, bytes: Buffer): void {
  const base = baseOffsetAt(bytes, 0);
  const end = log.logEndOffset;
  if (base >= end || lastOffsetAt(bytes, 0) < end || log.logStartOffset !== end) return;
  log.truncateFullyAndStartAt(base);
}
