/** What the log and the snapshots say about the quorum itself, and whether the two fit together. */
import { assert } from '../base/assert.ts';
import { KtsError } from '../base/kts-error.ts';
import { baseOffsetAt, forEachBatch, isControlAt, nextOffsetAt } from '../protocol/batch.ts';
import { readControlBatch } from './control-records.ts';
import type { RaftLog } from './raft-log.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import { VoterHistory } from './voter-history.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from './voters.ts';

const READ_BYTES = 1 << 20;

/** A log that a snapshot has overtaken begins anew at the snapshot; one that begins later than 0 needs one that covers it. */
function fitLogToSnapshots(log: RaftLog, snapshots: SnapshotFiles): void {
  const latest = snapshots.latest();
  log.settleGaps(latest?.endOffset ?? 0);
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
  // Only the snapshot tells the epoch before the start of the log, which counts once the log has been truncated to there.
  const [earliest] = snapshots.ids;
  if (start > 0 && earliest?.endOffset === start) log.deleteBefore(earliest);
}

export function loadQuorumLog(
  log: RaftLog,
  snapshots: SnapshotFiles,
  staticVoters: readonly Voter[] | null,
): VoterHistory {
  fitLogToSnapshots(log, snapshots);
  const latest = snapshots.latest();
  const control = latest === null ? {} : snapshots.read(latest).control;
  const history = new VoterHistory({
    kraftVersion: control.kraftVersion ?? 0,
    voters: control.voters ?? staticVoters ?? [],
  });
  let offset = Math.max(log.startOffset(), latest?.endOffset ?? 0);
  while (offset < log.endOffset()) {
    const before = offset;
    forEachBatch(log.read(offset, READ_BYTES), (bytes, at) => {
      const isNew = nextOffsetAt(bytes, at) > offset;
      if (isNew && isControlAt(bytes, at)) history.take(baseOffsetAt(bytes, at), readControlBatch(bytes, at));
      if (isNew) offset = nextOffsetAt(bytes, at);
    });
    assert(offset > before, 'the metadata log can be read to its end');
  }
  refuseUnknownVersion(history);
  return history;
}

export function refuseUnknownVersion(history: VoterHistory): void {
  const { kraftVersion } = history.latest;
  if (kraftVersion <= SUPPORTED_KRAFT_VERSION.max) return;
  throw new KtsError(`The metadata log has kraft.version ${kraftVersion}, which this software does not know.`, {
    hint: 'It was written by a newer version; start that one.',
  });
}
