/** What is done with batches before anything is written: their sizes and offsets are looked at, or set. */
import {
  baseOffsetAt,
  batchSizeAt,
  lastOffsetAt,
  lastOffsetDeltaAt,
  maxTimestampAt,
  NO_TIMESTAMP,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  wholeBatchSize,
} from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { LogConfig } from './log-config.ts';

/** Every batch whole, none larger than `max.message.bytes`, all together not larger than a segment. */
export function checkBatchSizes(bytes: Buffer, config: LogConfig, name: string): void {
  if (bytes.length > config.segmentBytes) {
    throw new KafkaError(
      ErrorCode.RECORD_LIST_TOO_LARGE,
      `Message batch size is ${bytes.length} bytes in append to partition ${name}, which exceeds the maximum configured segment size of ${config.segmentBytes}.`,
    );
  }
  for (let at = 0; at < bytes.length; ) {
    const size = wholeBatchSize(bytes, at, bytes.length);
    if (size <= 0) throw impossibleSize(name);
    if (size > config.maxMessageBytes) {
      throw new KafkaError(
        ErrorCode.MESSAGE_TOO_LARGE,
        `The record batch size in the append to ${name} is ${size} bytes which exceeds the maximum configured value of ${config.maxMessageBytes}.`,
      );
    }
    at += size;
  }
}

/** Sets offsets from `baseOffset` on, and the epoch. Returns the next offset. */
export function numberBatches(bytes: Buffer, baseOffset: number, leaderEpoch: number): number {
  let next = baseOffset;
  for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) {
    patchBaseOffset(bytes, at, next);
    patchPartitionLeaderEpoch(bytes, at, leaderEpoch);
    next += lastOffsetDeltaAt(bytes, at) + 1;
  }
  return next;
}

/** The whole batches at the beginning of what a leader has numbered: where they end, and the next offset. */
export function numberedBatches(bytes: Buffer, logEndOffset: number, name: string): { next: number; end: number } {
  let next = logEndOffset;
  let end = 0;
  while (end < bytes.length) {
    const size = wholeBatchSize(bytes, end, bytes.length);
    if (size === 0) break;
    if (size < 0) throw impossibleSize(name);
    if (baseOffsetAt(bytes, end) < next) {
      const text = `Unexpected offset ${baseOffsetAt(bytes, end)} in append to ${name}, whose next offset is ${next}`;
      throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, text);
    }
    next = lastOffsetAt(bytes, end) + 1;
    end += size;
  }
  return { next, end };
}

export function latestTimestamp(bytes: Buffer): number {
  let latest = NO_TIMESTAMP;
  for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at))
    latest = Math.max(latest, maxTimestampAt(bytes, at));
  return latest;
}

function impossibleSize(name: string): KafkaError {
  return new KafkaError(ErrorCode.CORRUPT_MESSAGE, `A batch for ${name} has an impossible size`);
}
