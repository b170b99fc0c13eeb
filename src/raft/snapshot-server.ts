/** The leader's side of FetchSnapshot: parts of a snapshot file as they are, wherever the asker is in it. */
import { ErrorCode } from '../protocol/error-codes.ts';
import type { SnapshotAsk, SnapshotSlice } from './messages.ts';
import { BOOTSTRAP_SNAPSHOT, compareSnapshotIds, type SnapshotFiles } from './snapshot-files.ts';

/** No one answer is larger, whatever is asked for. */
const MAX_SLICE_BYTES = 8 << 20;

export function serveSnapshot(
  snapshots: SnapshotFiles,
  ask: SnapshotAsk,
): { readonly errorCode: number; readonly slice: SnapshotSlice | null } {
  const isBootstrap = compareSnapshotIds(ask.id, BOOTSTRAP_SNAPSHOT) === 0;
  if (isBootstrap || !snapshots.has(ask.id)) return { errorCode: ErrorCode.SNAPSHOT_NOT_FOUND, slice: null };
  const size = snapshots.sizeInBytes(ask.id);
  if (ask.position < 0 || ask.position >= size) return { errorCode: ErrorCode.POSITION_OUT_OF_RANGE, slice: null };
  const bytes = snapshots.slice(ask.id, ask.position, Math.max(1, Math.min(ask.maxBytes, MAX_SLICE_BYTES)));
  return { errorCode: ErrorCode.NONE, slice: { id: ask.id, size, position: ask.position, bytes } };
}
