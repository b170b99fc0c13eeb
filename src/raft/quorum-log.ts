/** What the log and the snapshots say about the quorum itself, and whether the two fit together. */
import { assert } from '../base/assert.ts';
import { KtsError } from '../base/kts-error.ts';
import { forEachBatch, isControlAt, nextOffsetAt } from '../protocol/batch.ts';
import { type ControlContent, readControlBatch } from './control-records.ts';
import type { RaftLog } from './raft-log.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from './voters.ts';

const READ_BYTES = 1 << 20;

export interface QuorumLogContent {
  readonly kraftVersion: number;
  readonly voters: readonly Voter[];
}

/** A log that a snapshot has overtaken begins anew at the snapshot; one that begins later than 0 needs one that covers it. */
function fitLogToSnapshots(log: RaftLog, snapshots: SnapshotFiles): void {
  const latest = snapshots.latest();
  if (latest !== null) {
    const isPast =
      latest.epoch > log.lastEpoch() || (latest.epoch === log.lastEpoch() && latest.endOffset > log.endOffset());
    if (isPast && latest.endOffset > 0) log.truncateFully(latest);
  }
  const start = log.startOffset();
  // The log begins with a segment, and that may hold batches from before the snapshot that it was cut at.
  if (start > 0 && (latest === null || latest.endOffset < start)) {
    throw new KtsError(
      `The metadata log in ${snapshots.directory} begins at offset ${start}, and there is no snapshot up to it.`,
      { hint: 'Restore the directory from a copy, or from another controller of the cluster.' },
    );
  }
  for (const id of snapshots.ids) if (id.endOffset < start) snapshots.delete(id);
}

export function loadQuorumLog(
  log: RaftLog,
  snapshots: SnapshotFiles,
  staticVoters: readonly Voter[] | null,
): QuorumLogContent {
  fitLogToSnapshots(log, snapshots);
  let kraftVersion = 0;
  let voters = staticVoters ?? [];
  const take = (control: ControlContent): void => {
    kraftVersion = control.kraftVersion ?? kraftVersion;
    voters = control.voters ?? voters;
  };
  const latest = snapshots.latest();
  if (latest !== null) take(snapshots.read(latest).control);
  let offset = Math.max(log.startOffset(), latest?.endOffset ?? 0);
  while (offset < log.endOffset()) {
    const before = offset;
    forEachBatch(log.read(offset, READ_BYTES), (bytes, at) => {
      if (isControlAt(bytes, at) && nextOffsetAt(bytes, at) > offset) take(readControlBatch(bytes, at));
      offset = nextOffsetAt(bytes, at);
    });
    assert(offset > before, 'the metadata log can be read to its end');
  }
  if (kraftVersion > SUPPORTED_KRAFT_VERSION.max) {
    throw new KtsError(`The metadata log has kraft.version ${kraftVersion}, which this software does not know.`, {
      hint: 'It was written by a newer version; start that one.',
    });
  }
  return { kraftVersion, voters };
}
