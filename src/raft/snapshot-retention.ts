/**
 * The metadata log is cut by snapshots alone: the oldest one goes when there is a newer one and the log is too large or
 * the snapshot too old, and the log then begins at the end of the next.
 */

import type { SnapshotId } from './raft-client.ts';
import type { RaftNodeOptions } from './raft-options.ts';
import { BOOTSTRAP_SNAPSHOT, compareSnapshotIds, type SnapshotFiles } from './snapshot-files.ts';

type Retention = Pick<RaftNodeOptions, 'log' | 'clock' | 'retentionBytes' | 'retentionMs' | 'logger'>;

function totalBytes(snapshots: SnapshotFiles, options: Retention): number {
  let bytes = options.log.sizeInBytes();
  for (const id of snapshots.ids) bytes += snapshots.sizeInBytes(id);
  return bytes;
}

function isTooOld(snapshots: SnapshotFiles, id: SnapshotId, options: Retention): boolean {
  if (options.retentionMs < 0) return false;
  return options.clock.nowMs() - snapshots.lastContainedLogTimestampMs(id) > options.retentionMs;
}

export function cleanSnapshots(snapshots: SnapshotFiles, options: Retention): void {
  for (;;) {
    const [oldest, next] = snapshots.ids;
    if (oldest === undefined || next === undefined) return;
    const isTooLarge = options.retentionBytes >= 0 && totalBytes(snapshots, options) > options.retentionBytes;
    // The voters of the bootstrap snapshot stand in every later one.
    const isBootstrap = compareSnapshotIds(oldest, BOOTSTRAP_SNAPSHOT) === 0;
    if (!isTooLarge && !isBootstrap && !isTooOld(snapshots, oldest, options)) return;
    if (isBootstrap && !isTooLarge && !isTooOld(snapshots, next, options)) return;
    options.logger.info(
      `Deleting snapshot ${oldest.endOffset}-${oldest.epoch}: the metadata log now begins at ${next.endOffset}`,
    );
    snapshots.delete(oldest);
    if (next.endOffset > options.log.startOffset()) options.log.deleteBefore(next);
  }
}
