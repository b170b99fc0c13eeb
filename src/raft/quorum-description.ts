/** DescribeQuorum: how far everybody is, as the leader knows it, with times of the wall clock. */
import type { Clock } from '../runtime/runtime.ts';
import type { Progress } from './leader-state.ts';
import type { Quorum } from './quorum.ts';
import type { QuorumDescription, ReplicaProgress } from './raft-client.ts';
import type { Voter } from './voters.ts';

export interface DescribedBy {
  readonly nodeId: number;
  readonly logEndOffset: number;
  readonly clock: Clock;
}

/** Null unless the node leads. */
export function describe(quorum: Quorum, { nodeId, logEndOffset, clock }: DescribedBy): QuorumDescription | null {
  const { leader, voters, epoch: leaderEpoch, highWatermark } = quorum;
  if (leader === null) return null;
  const nowMs = clock.nowMs();
  const monotonicMs = clock.monotonicMs();
  const wallMs = (atMs: number): number => (atMs < 0 ? -1 : Math.round(nowMs - (monotonicMs - atMs)));
  const row = (progress: Progress): ReplicaProgress => ({
    replicaId: progress.key.id,
    directoryId: progress.key.directoryId,
    logEndOffset: progress.endOffset,
    lastFetchTimestampMs: wallMs(progress.lastFetchMs),
    lastCaughtUpTimestampMs: wallMs(progress.lastCaughtUpMs),
  });
  const voterRow = (voter: Voter): ReplicaProgress => {
    const { id: replicaId, directoryId } = voter;
    if (leader.isLocal(voter)) {
      return { replicaId, directoryId, logEndOffset, lastFetchTimestampMs: nowMs, lastCaughtUpTimestampMs: nowMs };
    }
    const progress = leader.progressOf(voter);
    if (progress !== null) return { ...row(progress), directoryId };
    return { replicaId, directoryId, logEndOffset: -1, lastFetchTimestampMs: -1, lastCaughtUpTimestampMs: -1 };
  };
  return {
    leaderId: nodeId,
    leaderEpoch,
    highWatermark,
    voters: voters.map(voterRow),
    observers: leader.observers(monotonicMs).map(row),
    nodes: voters.map((voter) => ({ id: voter.id, listeners: voter.endpoints })),
  };
}
