/** What a leader refuses by size alone, before anything is written. */
import { wholeBatchSize } from '../protocol/batch.ts';
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

export function impossibleSize(name: string): KafkaError {
  return new KafkaError(ErrorCode.CORRUPT_MESSAGE, `A batch for ${name} has an impossible size`);
}
