/** Which segments of a log may go: a pure decision, as Kafka takes it, over the log's own figures. */
import { offsetName } from './file-names.ts';
import type { LogConfig } from './log-config.ts';

interface RetentionSegment {
  readonly baseOffset: number;
  readonly size: number;
  readonly largestTimestampMs: number;
}

export interface RetentionLog {
  readonly name: string;
  readonly config: LogConfig;
  readonly segments: readonly RetentionSegment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly sizeInBytes: number;
}

export interface RetentionPlan {
  /** How many of the oldest segments go. */
  readonly count: number;
  readonly lines: readonly string[];
}

/** Never a segment that is not wholly below the high watermark, and by time or size only where the policy deletes. */
export function planRetention(log: RetentionLog, nowMs: number): RetentionPlan {
  const { config, segments } = log;
  let excess = config.retentionBytes >= 0 ? log.sizeInBytes - config.retentionBytes : -1;
  const lines: string[] = [];
  let count = 0;
  for (const segment of segments) {
    const next = segments[count + 1];
    const upperOffset = next?.baseOffset ?? log.logEndOffset;
    if (upperOffset > log.highWatermark || (next === undefined && segment.size === 0)) break;
    const reason = whyDeletable(log, segment, { excess, hasNext: next !== undefined, upperOffset, nowMs });
    if (reason === null) break;
    lines.push(`Deleting segment ${offsetName(segment.baseOffset)} of ${log.name} due to ${reason}`);
    excess -= segment.size;
    count++;
  }
  return { count, lines };
}

function whyDeletable(
  log: RetentionLog,
  segment: RetentionSegment,
  at: { readonly excess: number; readonly hasNext: boolean; readonly upperOffset: number; readonly nowMs: number },
): string | null {
  const { config } = log;
  if (at.hasNext && at.upperOffset <= log.logStartOffset) return `log start offset ${log.logStartOffset} breach`;
  if (!config.cleanupPolicy.delete) return null;
  if (config.retentionMs >= 0 && at.nowMs - segment.largestTimestampMs > config.retentionMs) {
    return `log retention time ${config.retentionMs}ms breach based on the largest record timestamp in the segment`;
  }
  if (config.retentionBytes >= 0 && at.excess - segment.size >= 0) {
    return `log retention size ${config.retentionBytes} breach. Log size is above the limit by ${at.excess}`;
  }
  return null;
}
