/** DescribeQuorum: how far everybody is, as the leader knows it, with times of the wall clock. */
import type { LeaderState, Progress } from './leader-state.ts';
import type { QuorumDescription, ReplicaProgress } from './raft-client.ts';
import type { Voter } from './voters.ts';

export interface DescribedQuorum {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly Voter[];
  readonly logEndOffset: number;
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export function describe(leader: LeaderState, quorum: DescribedQuorum): QuorumDescription {
  const { leaderId, leaderEpoch, highWatermark, logEndOffset, nowMs, monotonicMs } = quorum;
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
    leaderId,
    leaderEpoch,
    highWatermark,
    voters: quorum.voters.map(voterRow),
    observers: leader.observers(monotonicMs).map(row),
    nodes: quorum.voters.map((voter) => ({ id: voter.id, listeners: voter.endpoints })),
  };
}
