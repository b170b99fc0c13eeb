/** The requests of elections, as a node of the quorum writes them. */
import type { BeginAsk, EndAsk, ReplicaKey, VoteAsk } from './messages.ts';
import type { QuorumOptions } from './quorum-options.ts';
import type { Voter } from './voters.ts';

export function voteAsk(options: QuorumOptions, epoch: number, voter: Voter, preVote: boolean): VoteAsk {
  const { clusterId, log, localId, localDirectoryId } = options;
  return {
    kind: 'vote',
    clusterId,
    voter: { id: voter.id, directoryId: voter.directoryId },
    epoch,
    candidate: { id: localId, directoryId: localDirectoryId },
    lastEpoch: log.lastEpoch(),
    endOffset: log.endOffset(),
    preVote,
  };
}

export function beginAsk({ clusterId, localId, endpoints }: QuorumOptions, epoch: number, voter: Voter): BeginAsk {
  const key = { id: voter.id, directoryId: voter.directoryId };
  return { kind: 'begin', clusterId, voter: key, leaderId: localId, epoch, endpoints };
}

export function endAsk(
  { clusterId, localId }: QuorumOptions,
  epoch: number,
  candidates: readonly ReplicaKey[],
): EndAsk {
  return { kind: 'end', clusterId, leaderId: localId, epoch, candidates };
}
