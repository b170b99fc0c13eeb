/** What a failed attempt means for a batch. Pure: the sender acts on it. */
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { isUnreachable } from '../cluster-view.ts';

/**
 * `newEpoch`: the broker has lost what it knew of our sequences, or we gave one up; `newId`: it has seen a later epoch of
 * our id. In both cases the batch is repeated.
 */
export type Verdict = 'split' | 'repeat' | 'newEpoch' | 'newId' | 'giveUp';

export interface Attempt {
  readonly isIdempotent: boolean;
  /** Records of the batch. */
  readonly count: number;
  readonly attempts: number;
  readonly retries: number;
  /** Something that was sealed earlier is not through yet: a gap in the sequence is to be expected. */
  readonly isBehind: boolean;
  /** Its time is up. */
  readonly isExpired: boolean;
}

export function judge(error: Error, attempt: Attempt): Verdict {
  const code = error instanceof KafkaError ? error.code : undefined;
  if (attempt.isExpired) return 'giveUp';
  if (code === ErrorCode.MESSAGE_TOO_LARGE && attempt.count > 1) return 'split';
  if (attempt.isIdempotent && code !== undefined && isSequenceLost(code))
    return attempt.isBehind ? 'repeat' : 'newEpoch';
  if (attempt.isIdempotent && code === ErrorCode.INVALID_PRODUCER_EPOCH) return attempt.isBehind ? 'repeat' : 'newId';
  const mayPass = isUnreachable(error) || (code !== undefined && errorRow(code).retriable);
  return mayPass && attempt.attempts <= attempt.retries ? 'repeat' : 'giveUp';
}

function isSequenceLost(code: number): boolean {
  return code === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER || code === ErrorCode.UNKNOWN_PRODUCER_ID;
}

/** Answers behind which the batch may be in the log all the same, or get there. */
const UNCLEAR: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_SERVER_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.KAFKA_STORAGE_ERROR,
  // Also what a leader answers that took the batch and then lost the partition while its followers fetched.
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);

export function isUnclear(error: Error): boolean {
  return error instanceof KafkaError ? UNCLEAR.has(error.code) : true;
}

/** In the words of Java's producer, and then what kept the records from being delivered. */
export function expired(
  batch: { readonly topic: string; readonly partition: number; readonly count: number; readonly ageMs: number },
  cause: Error | null,
): KafkaError {
  const { topic, partition, count, ageMs } = batch;
  const text = `Expiring ${count} record(s) for ${topic}-${partition}:${Math.round(ageMs)} ms has passed since batch creation`;
  const why = cause === null ? '' : `; last: ${cause.message}`;
  return new KafkaError(ErrorCode.REQUEST_TIMED_OUT, text + why, cause === null ? undefined : { cause });
}
