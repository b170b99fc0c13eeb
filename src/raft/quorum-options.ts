/** What a Quorum is made of, and what it hands out. */
import type { Uuid } from '../base/uuid.ts';
import type { Random } from '../runtime/runtime.ts';
import type { ElectionAsk, RaftAnswer } from './messages.ts';
import type { ElectionState } from './quorum-state.ts';
import type { Voter } from './voters.ts';

export interface QuorumTimeouts {
  /** controller.quorum.election.timeout.ms: the real one is random between it and twice as much. */
  readonly electionMs: number;
  /** controller.quorum.election.backoff.max.ms */
  readonly electionBackoffMaxMs: number;
  /** controller.quorum.fetch.timeout.ms: how long a follower waits for its leader. */
  readonly fetchMs: number;
  /** controller.quorum.request.timeout.ms */
  readonly requestMs: number;
  /** controller.quorum.retry.backoff.ms */
  readonly retryBackoffMs: number;
}

export const DEFAULT_TIMEOUTS: QuorumTimeouts = {
  electionMs: 1_000,
  electionBackoffMaxMs: 1_000,
  fetchMs: 2_000,
  requestMs: 2_000,
  retryBackoffMs: 20,
};

export interface QuorumOptions {
  readonly localId: number;
  readonly localDirectoryId: Uuid;
  readonly clusterId: string;
  readonly voters: readonly Voter[];
  /** This node voted before the last changes, which are not known to be committed. To be asked at any time. */
  readonly wasVoter: (highWatermark: number) => boolean;
  /** False for a node that is only a broker: it follows, whatever the voters are. */
  readonly canVote: boolean;
  /** What quorum-state says. */
  readonly election: ElectionState;
  /** The own log, to be read at any time. */
  readonly log: { endOffset(): number; lastEpoch(): number };
  readonly timeouts: QuorumTimeouts;
  readonly random: Random;
  /**
   * Voters take turns by their place among the voters instead of waiting at random: nobody waits for an election timeout
   * at start, nor when the leader's process is known to be gone. Pre-votes keep that from disturbing a leader that lives.
   */
  readonly prompt: boolean;
  /** This leader's own listeners, as BeginQuorumEpoch tells them. */
  readonly endpoints: Voter['endpoints'];
  /** Where the time begins, monotonic. */
  readonly nowMs: number;
}

export interface QuorumSend {
  readonly to: number;
  readonly ask: ElectionAsk;
}

export interface QuorumStep {
  /** To be made durable before anything else happens; null when nothing changed. */
  readonly election: ElectionState | null;
  /** To be sent after that, never before. */
  readonly sends: readonly QuorumSend[];
  /** The node now leads in `election.epoch` and must append the first batch of the epoch. */
  readonly becameLeader: boolean;
  /** The node led until now. */
  readonly lostLeadership: boolean;
  /** Role, epoch or leader are others than before. */
  readonly changed: boolean;
}

/** The answer leaves behind everything that the step names, as its sends do. */
export interface AnsweredStep {
  readonly step: QuorumStep;
  readonly answer: RaftAnswer;
}

export type QuorumRole =
  /** Knows no leader. */
  | 'unattached'
  /** Asks whether it would be elected, before it disturbs anybody with a new epoch. */
  | 'prospective'
  | 'candidate'
  | 'leader'
  | 'follower'
  /** Led this epoch and gave up: tells the voters, and votes for nobody else in it. */
  | 'resigned';
