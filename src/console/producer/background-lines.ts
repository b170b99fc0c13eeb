/** The plain lines of a large file as records, made in a thread: it begins before anybody knows where they are to go. */
import { LineEncoder } from '../../client/producer/line-encoder.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from '../../client/producer/settings.ts';
import { BATCH_HEADER_BYTES } from '../../protocol/batch.ts';
import type { Pieces } from '../../runtime/background-reader.ts';
import type { Input } from '../input.ts';

const SLICE_BYTES = 1 << 20;
/** Smaller batches come from the thread so often that it does not pay. */
const LEAST_BATCH_BYTES = 1 << 15;
/** What a record takes besides its value, and its batch besides the record, at most. */
const OVERHEAD_BYTES = 128;

/** Undefined where the lines are to be read one by one, or a thread would not pay. */
export function linesInBackground(input: Input, given: Partial<ProducerSettings>, asJava: boolean): Pieces | undefined {
  const { batchBytes, maxRequestBytes, partitioner } = { ...DEFAULT_PRODUCER_SETTINGS, ...given };
  if (partitioner !== undefined || batchBytes < LEAST_BATCH_BYTES) return undefined;
  const longestLine = Math.min(batchBytes, maxRequestBytes) - OVERHEAD_BYTES;
  const settings = { sliceBytes: SLICE_BYTES, longestLine, asJava };
  return input.inBackground?.({ pieceBytes: batchBytes - BATCH_HEADER_BYTES, maker: LineEncoder, settings });
}
