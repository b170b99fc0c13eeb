/** ListOffsets by time: the time index narrows the search to a few kilobytes, whose records are then looked at. */
import { maxTimestampAt } from '../protocol/batch.ts';
import { forEachRecord } from '../protocol/record.ts';
import { walkBatches } from './batch-scan.ts';
import type { LogSegment } from './log-segment.ts';

export interface TimestampedOffset {
  readonly timestamp: number;
  readonly offset: number;
}

interface SearchScope {
  readonly segments: readonly LogSegment[];
  readonly logStartOffset: number;
}

/** The first record at or behind the log start offset whose timestamp is at least `timestamp`. */
export function findOffsetByTimestamp(scope: SearchScope, timestamp: number): TimestampedOffset | null {
  const first = scope.segments.findIndex((s) => s.size > 0 && s.maxTimestamp.timestamp >= timestamp);
  if (first < 0) return null;
  // One segment is enough unless DeleteRecords has taken just the records that match.
  for (const segment of scope.segments.slice(first)) {
    const found = searchSegment(segment, timestamp, scope.logStartOffset);
    if (found !== null) return found;
  }
  return null;
}

/** The earliest record that has the latest timestamp of the log. */
export function findOffsetOfMaxTimestamp(scope: SearchScope): TimestampedOffset | null {
  let latest: LogSegment | null = null;
  for (const segment of scope.segments) {
    if (segment.size > 0 && (latest === null || segment.maxTimestamp.timestamp > latest.maxTimestamp.timestamp))
      latest = segment;
  }
  if (latest === null || latest.maxTimestamp.timestamp < 0) return null;
  return searchSegment(latest, latest.maxTimestamp.timestamp, scope.logStartOffset);
}

function searchSegment(segment: LogSegment, timestamp: number, fromOffset: number): TimestampedOffset | null {
  const from = segment.positionForTimestamp(timestamp, fromOffset);
  let answer: TimestampedOffset | null = null;
  walkBatches(segment.log.get(), from, segment.size, (bytes, at) => {
    if (maxTimestampAt(bytes, at) < timestamp) return true;
    forEachRecord(bytes, at, (record) => {
      if (record.timestamp < timestamp || record.offset < fromOffset) return true;
      answer = { timestamp: record.timestamp, offset: record.offset };
      return false;
    });
    return answer === null;
  });
  return answer;
}
