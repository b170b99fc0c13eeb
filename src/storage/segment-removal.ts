/** The two ways in which a segment leaves its log: at once, or renamed first and removed when readers are done. */
import type { Files } from '../runtime/runtime.ts';
import {
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetName,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './file-names.ts';
import type { LogContext } from './log-context.ts';
import type { LogSegment } from './log-segment.ts';

/** The log file goes last: without it the others are orphans that the next start removes. */
const SUFFIXES = [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, SNAPSHOT_SUFFIX, LOG_SUFFIX];

export function discardSegment(files: Files, segment: LogSegment): void {
  segment.isDiscarded = true;
  segment.closeFiles();
  for (const suffix of SUFFIXES) files.removeSync(segment.pathOf(suffix));
}

/**
 * Those at the end of a log, the last one first, and durably: when what lies before them is cut back next, a power cut
 * must not bring them back behind a gap.
 */
export function discardTail(files: Files, directory: string, segments: readonly LogSegment[]): void {
  if (segments.length === 0) return;
  for (const segment of segments.toReversed()) discardSegment(files, segment);
  files.syncDirectorySync(directory);
}

/** Slices of the segment stay readable until then. */
export function discardSegmentLater(context: LogContext, segment: LogSegment, delayMs: number): void {
  const { files, timers, logger } = context;
  segment.isDiscarded = true;
  segment.closeFiles();
  const paths: string[] = [];
  for (const suffix of SUFFIXES) {
    const path = segment.pathOf(suffix);
    if (suffix === LOG_SUFFIX) segment.log.rename(path + DELETED_SUFFIX);
    else if (files.statSync(path) === null) continue;
    else files.renameSync(path, path + DELETED_SUFFIX);
    paths.push(path + DELETED_SUFFIX);
  }
  const remove = () => {
    segment.closeFiles();
    try {
      for (const path of paths) files.removeSync(path);
      logger.info(
        `Deleted log ${segment.pathOf(LOG_SUFFIX)}${DELETED_SUFFIX} of segment ${offsetName(segment.baseOffset)}.`,
      );
    } catch (error) {
      logger.error(`${segment.log.path} could not be removed`, error);
    }
  };
  timers.after(delayMs, remove, { unref: true });
}
