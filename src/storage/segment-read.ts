/** Finding bytes among the segments of a log: indexes and headers are looked at, records are not. */
import { found } from './batch-scan.ts';
import { EMPTY_SLICE, FetchSlice } from './fetch-slice.ts';
import type { LogSegment } from './log-segment.ts';

export interface ReadOptions {
  /** Only what lies below, e.g. the high watermark for consumers. */
  readonly maxOffset: number;
  /** Answer the first batch whole even when it is larger than maxBytes; otherwise nothing, where it does not fit. */
  readonly minOneBatch: boolean;
}

/** Index of the last segment whose base offset is <= `offset`; 0 when all are above. */
export function floorSegment(segments: readonly LogSegment[], offset: number): number {
  let low = 0;
  let high = segments.length - 1;
  // Nearly every reader is at the end.
  if (offset >= (segments[high] as LogSegment).baseOffset) return high;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle] as LogSegment).baseOffset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** From the batch that holds `startOffset` (or the next one behind a gap) to the end of its segment at most. */
export function sliceSegments(
  log: { readonly segments: readonly LogSegment[]; readonly logEndOffset: number },
  startOffset: number,
  maxBytes: number,
  options: ReadOptions,
): FetchSlice {
  const { segments, logEndOffset } = log;
  for (let i = floorSegment(segments, startOffset); i < segments.length; i++) {
    const segment = segments[i] as LogSegment;
    // A gap at the end of a segment: the offset lies in the next one.
    if (!segment.locate(startOffset)) continue;
    const { position, size: batchSize, baseOffset } = found;
    if (baseOffset >= options.maxOffset) return EMPTY_SLICE;
    const nextBase = segments[i + 1]?.baseOffset ?? logEndOffset;
    // Java consumers give up at an answer that holds records and no whole batch.
    if (!options.minOneBatch && maxBytes < batchSize) return EMPTY_SLICE;
    const end = options.maxOffset >= nextBase ? segment.size : segment.endPositionBefore(options.maxOffset);
    const limit = options.minOneBatch ? Math.max(maxBytes, batchSize) : maxBytes;
    const size = Math.min(end - position, limit);
    return size <= 0 ? EMPTY_SLICE : new FetchSlice(segment.log, position, size);
  }
  return EMPTY_SLICE;
}
