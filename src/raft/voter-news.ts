/**
 * What a follower tells its leader about itself, now and then: that its listeners or versions are others than the voters
 * say, or, where auto join is on, that it wants to vote (and its former directory, that was lost, no more).
 */
import type { Timers } from '../runtime/runtime.ts';
import type { NodeAddress, RaftAnswer, RaftAsk } from './messages.ts';
import type { Quorum } from './quorum.ts';
import { repeat } from './repeat.ts';
import type { VoterHistory } from './voter-history.ts';
import { isSameVoter, SUPPORTED_KRAFT_VERSION, sameEndpoints, type Voter, type VoterEndpoint } from './voters.ts';

export interface VoterNewsOptions {
  readonly clusterId: string;
  readonly localEndpoints: readonly VoterEndpoint[];
  readonly autoJoin: boolean;
  readonly canVote: boolean;
  readonly intervalMs: number;
  readonly requestTimeoutMs: number;
  readonly timers: Timers;
  quorum(): Quorum;
  history(): VoterHistory;
  leader(): NodeAddress | null;
  send(to: NodeAddress, ask: RaftAsk): Promise<RaftAnswer>;
  isClosed(): boolean;
}

export class VoterNews {
  readonly #options: VoterNewsOptions;
  /** The epoch whose leader of a static quorum has heard it already. */
  #toldEpoch = -1;

  constructor(options: VoterNewsOptions) {
    this.#options = options;
  }

  start(): void {
    const { timers, intervalMs, canVote, localEndpoints, isClosed } = this.#options;
    if (!canVote || localEndpoints.length === 0) return;
    repeat(timers, intervalMs, () => {
      void this.#look();
      return !isClosed();
    });
  }

  async #look(): Promise<void> {
    const { quorum, isClosed, leader, send } = this.#options;
    if (isClosed() || quorum().role !== 'follower' || !quorum().hasFetched) return;
    const to = leader();
    const ask = to === null ? null : this.#news();
    if (to === null || ask === null) return;
    const { epoch } = quorum();
    const answer = await send(to, ask).catch(() => null);
    if (ask.kind === 'updateVoter' && answer?.errorCode === 0) this.#toldEpoch = epoch;
  }

  #news(): RaftAsk | null {
    const { clusterId, localEndpoints, autoJoin, requestTimeoutMs } = this.#options;
    const quorum = this.#options.quorum();
    const { voters, kraftVersion } = this.#options.history().latest;
    const { local, epoch } = quorum;
    if (quorum.isVoter) {
      const mine = voters.find((voter) => isSameVoter(voter, local));
      if (mine === undefined || !this.#differs(mine, kraftVersion, epoch)) return null;
      const range = SUPPORTED_KRAFT_VERSION;
      return { kind: 'updateVoter', clusterId, epoch, voter: local, endpoints: localEndpoints, kraftVersion: range };
    }
    if (!autoJoin || kraftVersion < 1) return null;
    const former = voters.find(({ id }) => id === local.id);
    if (former !== undefined) {
      return { kind: 'removeVoter', clusterId, voter: { id: former.id, directoryId: former.directoryId } };
    }
    const voter = { voter: local, endpoints: localEndpoints };
    return { kind: 'addVoter', clusterId, ...voter, timeoutMs: requestTimeoutMs, ackWhenCommitted: false };
  }

  /** A static quorum keeps it in the leader's memory, so each leader is told once. */
  #differs(mine: Voter, kraftVersion: number, epoch: number): boolean {
    if (kraftVersion < 1) return this.#toldEpoch !== epoch;
    const { min, max } = mine.kraftVersion;
    const isOtherRange = min !== SUPPORTED_KRAFT_VERSION.min || max !== SUPPORTED_KRAFT_VERSION.max;
    return isOtherRange || !sameEndpoints(mine.endpoints, this.#options.localEndpoints);
  }
}
