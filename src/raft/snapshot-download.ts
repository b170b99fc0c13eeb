/**
 * Fetches a snapshot of the leader part by part into a `.part` file. It gets its name only when it is whole, checked and
 * synced; whatever goes wrong before leaves nothing but that file, and the next fetch begins again.
 */
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import type { FollowerHost } from './log-follower.ts';
import type { NodeAddress } from './messages.ts';
import type { SnapshotId } from './raft-client.ts';

export interface DownloadOptions {
  readonly id: SnapshotId;
  readonly from: NodeAddress;
  readonly host: FollowerHost;
  /** False once the epoch is over or the node stops. */
  readonly isWanted: () => boolean;
}

/** True when the snapshot is in its place. */
export async function downloadSnapshot(options: DownloadOptions): Promise<boolean> {
  const { id, from, host, isWanted } = options;
  const { snapshots, clusterId, snapshotMaxBytes } = host;
  if (snapshots.has(id)) return true;
  const quorum = host.quorum();
  const part = snapshots.receive(id);
  try {
    for (;;) {
      const answer = await host.send(from, {
        kind: 'snapshot',
        clusterId,
        replica: quorum.local,
        epoch: quorum.epoch,
        id,
        position: part.size,
        maxBytes: snapshotMaxBytes,
      });
      if (!isWanted()) return false;
      host.book.learn(answer.nodes, from);
      const { slice } = answer;
      if (answer.errorCode !== ErrorCode.NONE || slice === undefined) {
        host.logger.info(`The leader answers ${errorName(answer.errorCode)} for snapshot ${id.endOffset}-${id.epoch}`);
        host.guard(() => host.take(quorum.discovered(answer.leaderId, answer.epoch, host.nowMs())));
        return false;
      }
      quorum.leaderAnswered(host.nowMs());
      if (slice.position !== part.size || slice.bytes.length === 0) return false;
      await part.write(slice.bytes);
      if (part.size >= slice.size) break;
    }
    await part.sync();
    // The log goes on behind a snapshot as soon as it has its name: one that is too late gets none.
    if (!isWanted()) return false;
    part.finish();
    return true;
  } finally {
    part.abandon();
  }
}
