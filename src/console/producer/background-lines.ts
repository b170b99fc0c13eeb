/** Plain lines as records, made in a thread: of a large file at once, of a pipe when it turns out to be much. */
import { LineEncoder } from '../../client/producer/line-encoder.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from '../../client/producer/settings.ts';
import { BATCH_HEADER_BYTES } from '../../protocol/batch.ts';
import { BackgroundReader, type Pieces } from '../../runtime/background-reader.ts';
import type { Input } from '../input.ts';

/** The thread takes longer to start than fewer lines take. */
const LEAST_BYTES = 1 << 22;
const SLICE_BYTES = 1 << 20;
/** Smaller batches come from the thread so often that it does not pay. */
const LEAST_BATCH_BYTES = 1 << 15;
/** Of larger ones, several lie in the memory of the two threads. */
const MOST_BATCH_BYTES = 1 << 20;
/** Where only shorter lines may be sent, many may have to be refused: one by one, not in the thread. */
const LEAST_LINE_BYTES = 1 << 13;
/** What a record takes besides its value, and its batch besides the record, at most. */
const OVERHEAD_BYTES = 128;

/**
 * From here on; `bytes` were read until now, and what follows may be the rest of a line. Undefined where lines are to be
 * read one by one, or where a thread would not pay.
 */
export type StartLines = (bytes: number, isWithinLine: boolean) => Pieces | undefined;

export function linesInBackground(input: Input, given: Partial<ProducerSettings>, asJava: boolean): StartLines {
  const { batchBytes, maxRequestBytes, bufferBytes, partitioner } = { ...DEFAULT_PRODUCER_SETTINGS, ...given };
  const ownBatchBytes = Math.min(batchBytes, MOST_BATCH_BYTES);
  const longestLine = Math.min(ownBatchBytes, maxRequestBytes, bufferBytes) - OVERHEAD_BYTES;
  if (partitioner !== undefined || batchBytes < LEAST_BATCH_BYTES || longestLine < LEAST_LINE_BYTES)
    return () => undefined;
  const pieceBytes = ownBatchBytes - BATCH_HEADER_BYTES;
  return (bytes, isWithinLine) => {
    const isMuch = input.bytes === undefined ? bytes >= LEAST_BYTES : bytes === 0 && input.bytes >= LEAST_BYTES;
    if (!isMuch) return undefined;
    const { descriptor } = input;
    if (descriptor === undefined || input.isStopped) return undefined;
    const settings = { sliceBytes: SLICE_BYTES, longestLine, asJava, isWithinLine };
    try {
      const reader = new BackgroundReader({ descriptor, pieceBytes, maker: LineEncoder, settings });
      input.handOver?.(reader);
      return reader;
    } catch {
      // No thread is to be had: under a limit of tasks, or where Node's permissions forbid it.
      return undefined;
    }
  };
}
