/**
 * The leader's side of changes of the voters: one at a time, each only when the one before is committed, so that any
 * majority of the old voters and any of the new ones have a node in common. An added voter must have caught up first.
 */
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { TimerHandle, Timers } from '../runtime/runtime.ts';
import type { AddVoterAsk, NodeAddress, RaftAnswer, RemoveVoterAsk, ReplicaKey, UpdateVoterAsk } from './messages.ts';
import type { Quorum } from './quorum.ts';
import type { VoterHistory } from './voter-history.ts';
import { isSameVoter, sameEndpoints, type Voter, type VoterEndpoint } from './voters.ts';

/** A replica that has caught up within this time may vote. */
const CAUGHT_UP_WITHIN_MS = 60 * 60 * 1000;

export interface MembershipHost {
  readonly clusterId: string;
  readonly timers: Timers;
  readonly requestTimeoutMs: number;
  /** The listener on which voters reach each other. */
  readonly listenerName: string | undefined;
  quorum(): Quorum;
  history(): VoterHistory;
  nowMs(): number;
  answer(errorCode: number, errorMessage?: string | null): RaftAnswer;
  /** Appends the new voters as the leader and returns the offset of the record. */
  appendVoters(voters: readonly Voter[]): number;
  /** What a node supports of kraft.version; rejects when it cannot be asked, null when it does not say. */
  kraftVersionsOf(address: NodeAddress): Promise<Voter['kraftVersion'] | null>;
}

interface Pending {
  readonly offset: number;
  readonly done: (answer: RaftAnswer) => void;
}

/** What a voter of a static quorum has told of itself: the move to kraft.version 1 writes it down. */
export interface ToldVoter {
  readonly directoryId: Uuid;
  readonly endpoints: readonly VoterEndpoint[];
}

export class Membership {
  readonly #host: MembershipHost;
  #isBusy = false;
  #pending: Pending | null = null;
  readonly #told = new Map<number, ToldVoter>();

  constructor(host: MembershipHost) {
    this.#host = host;
  }

  /** The high watermark rose. */
  committed(highWatermark: number): void {
    if (this.#pending !== null && highWatermark > this.#pending.offset) this.#finish(this.#host.answer(ErrorCode.NONE));
  }

  /** This node leads no more: what was appended may or may not be committed by the next leader. */
  lostLeadership(): void {
    this.#finish(this.#host.answer(ErrorCode.NOT_LEADER_OR_FOLLOWER));
    this.#told.clear();
  }

  toldOf(voterId: number): ToldVoter | null {
    return this.#told.get(voterId) ?? null;
  }

  #finish(answer: RaftAnswer): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.done(answer);
  }

  async add(ask: AddVoterAsk): Promise<RaftAnswer> {
    const { answer } = this.#host;
    const refused = this.#refusal(ask.clusterId) ?? this.#refusedVoter(ask) ?? this.#notYet('adding');
    if (refused !== null) return refused;
    const { voters } = this.#host.history().latest;
    if (voters.some(({ id }) => id === ask.voter.id)) {
      const message = `The voter id for ${keyText(ask.voter)} is already part of the set of voters ${votersText(voters)}.`;
      return answer(ErrorCode.DUPLICATE_VOTER, message);
    }
    this.#isBusy = true;
    try {
      return await this.#addChecked(ask);
    } finally {
      this.#isBusy = false;
    }
  }

  async #addChecked(ask: AddVoterAsk): Promise<RaftAnswer> {
    const { answer, nowMs, quorum } = this.#host;
    const { epoch } = quorum();
    const kraftVersion = await this.#probe(ask);
    if (!quorum().isLeader || quorum().epoch !== epoch) return answer(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    if (kraftVersion === null) {
      const where = ask.endpoints.map(({ name, host, port }) => `${name}://${host}:${port}`).join(', ');
      const message = `Request timed out waiting for the new voter ${keyText(ask.voter)} to answer at ${where}`;
      return answer(ErrorCode.REQUEST_TIMED_OUT, message);
    }
    const level = this.#host.history().latest.kraftVersion;
    if (level < kraftVersion.min || level > kraftVersion.max) {
      const message = `Aborted add voter operation for ${keyText(ask.voter)} since kraft.version ${level} is not in the supported range ${kraftVersion.min} to ${kraftVersion.max}`;
      return answer(ErrorCode.INVALID_REQUEST, message);
    }
    const progress = quorum().leader?.observer(ask.voter) ?? null;
    const isCaughtUp = progress !== null && progress.lastCaughtUpMs > nowMs() - CAUGHT_UP_WITHIN_MS;
    if (progress === null || progress.lastCaughtUpMs < 0 || !isCaughtUp) {
      const message = `Aborted add voter operation for ${keyText(ask.voter)} since it is lagging behind`;
      return answer(ErrorCode.REQUEST_TIMED_OUT, message);
    }
    const { voters } = this.#host.history().latest;
    const { id, directoryId } = ask.voter;
    const offset = this.#host.appendVoters([...voters, { id, directoryId, endpoints: ask.endpoints, kraftVersion }]);
    return this.#whenCommitted(offset, ask.ackWhenCommitted ? ask.timeoutMs : 0);
  }

  /** Whether it can be reached at all where it says: a voter that cannot would only count against the majority. */
  async #probe(ask: AddVoterAsk): Promise<Voter['kraftVersion'] | null> {
    const endpoint = this.#endpointOf(ask.endpoints);
    if (endpoint === undefined) return null;
    const { host, port } = endpoint;
    try {
      return await this.#host.kraftVersionsOf({ id: ask.voter.id, host, port });
    } catch {
      return null;
    }
  }

  remove(ask: RemoveVoterAsk): RaftAnswer | Promise<RaftAnswer> {
    const { answer, requestTimeoutMs } = this.#host;
    const refused = this.#refusal(ask.clusterId) ?? this.#notYet('removing');
    if (refused !== null) return refused;
    const { voters } = this.#host.history().latest;
    const left = voters.filter((voter) => !isVoterKey(voter, ask.voter));
    if (left.length === voters.length || left.length === 0) {
      const message = `Cannot remove voter ${keyText(ask.voter)} from the set of voters ${votersText(voters)}`;
      return answer(ErrorCode.VOTER_NOT_FOUND, message);
    }
    return this.#whenCommitted(this.#host.appendVoters(left), requestTimeoutMs);
  }

  /** Not waited for: the voter goes on saying it until it reads it in the log. */
  update(ask: UpdateVoterAsk): RaftAnswer {
    const { answer, quorum } = this.#host;
    if (ask.epoch < quorum().epoch) return answer(ErrorCode.FENCED_LEADER_EPOCH);
    if (ask.epoch > quorum().epoch) return answer(ErrorCode.UNKNOWN_LEADER_EPOCH);
    const { voters, kraftVersion } = this.#host.history().latest;
    const refused = this.#refusal(ask.clusterId) ?? this.#refusedVoter(ask);
    if (refused !== null) return refused;
    const level = kraftVersion;
    if (level < ask.kraftVersion.min || level > ask.kraftVersion.max) return answer(ErrorCode.INVALID_REQUEST);
    const mine = voters.find((voter) => isSameVoter(voter, ask.voter));
    if (mine === undefined) return answer(ErrorCode.VOTER_NOT_FOUND);
    if (kraftVersion === 0) {
      this.#told.set(ask.voter.id, { directoryId: ask.voter.directoryId, endpoints: ask.endpoints });
      return answer(ErrorCode.NONE);
    }
    const notYet = this.#notYet('updating');
    if (notYet !== null) return notYet;
    const { endpoints } = ask;
    if (!sameEndpoints(mine.endpoints, endpoints) || !sameRange(mine.kraftVersion, ask.kraftVersion)) {
      const next = { ...mine, endpoints, kraftVersion: ask.kraftVersion };
      this.#host.appendVoters(voters.map((voter) => (voter === mine ? next : voter)));
    }
    return answer(ErrorCode.NONE);
  }

  #endpointOf(endpoints: readonly VoterEndpoint[]): VoterEndpoint | undefined {
    const { listenerName } = this.#host;
    return listenerName === undefined ? endpoints[0] : endpoints.find(({ name }) => name === listenerName);
  }

  #refusal(clusterId: string | null): RaftAnswer | null {
    const { answer, quorum } = this.#host;
    if (clusterId !== null && clusterId !== this.#host.clusterId) return answer(ErrorCode.INCONSISTENT_CLUSTER_ID);
    return quorum().isLeader ? null : answer(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  #refusedVoter(ask: AddVoterAsk | UpdateVoterAsk): RaftAnswer | null {
    const { answer } = this.#host;
    if (ask.voter.id < 0 || ask.voter.directoryId === ZERO_UUID) {
      return answer(ErrorCode.INVALID_REQUEST, "Add voter request didn't include a valid voter");
    }
    if (this.#endpointOf(ask.endpoints) === undefined) {
      const message = `Add voter request didn't include the endpoint for the default listener ${this.#host.listenerName}`;
      return answer(ErrorCode.INVALID_REQUEST, message);
    }
    return null;
  }

  #notYet(what: string): RaftAnswer | null {
    const { answer, quorum, history } = this.#host;
    const { leader, highWatermark } = quorum();
    if (this.#isBusy || this.#pending !== null) {
      const message = 'Request timed out waiting for leader to handle previous voter change request';
      return answer(ErrorCode.REQUEST_TIMED_OUT, message);
    }
    if (leader?.isSettled !== true) {
      const message = 'Request timed out waiting for leader to establish HWM and fence previous voter changes';
      return answer(ErrorCode.REQUEST_TIMED_OUT, message);
    }
    const { kraftVersion } = history().latest;
    if (kraftVersion < 1) {
      const message = `Cluster doesn't support ${what} voter because the kraft.version feature is ${kraftVersion}`;
      return answer(ErrorCode.UNSUPPORTED_VERSION, message);
    }
    const offset = history().latestOffset;
    if (highWatermark <= offset) {
      const message = `Request timed out waiting for voters to commit the latest voter change at ${offset} with HWM ${highWatermark}`;
      return answer(ErrorCode.REQUEST_TIMED_OUT, message);
    }
    return null;
  }

  #whenCommitted(offset: number, timeoutMs: number): RaftAnswer | Promise<RaftAnswer> {
    const { answer, quorum, timers } = this.#host;
    if (timeoutMs <= 0 || quorum().highWatermark > offset) return answer(ErrorCode.NONE);
    return new Promise((resolve) => {
      let timer: TimerHandle | null = null;
      const pending: Pending = {
        offset,
        done: (one) => {
          timer?.cancel();
          resolve(one);
        },
      };
      const late = (): void => {
        if (this.#pending === pending) this.#finish(answer(ErrorCode.REQUEST_TIMED_OUT));
      };
      timer = timers.after(timeoutMs, late, { unref: true });
      this.#pending = pending;
    });
  }
}

function sameRange(a: Voter['kraftVersion'], b: Voter['kraftVersion']): boolean {
  return a.min === b.min && a.max === b.max;
}

/** A key without a directory names nobody in a dynamic quorum. */
function isVoterKey(voter: Voter, key: ReplicaKey): boolean {
  return voter.id === key.id && voter.directoryId === key.directoryId;
}

/** As Kafka prints it. */
function keyText({ id, directoryId }: ReplicaKey): string {
  return `ReplicaKey(id=${id}, directoryId=${directoryId})`;
}

function votersText(voters: readonly Voter[]): string {
  return `[${voters.map(keyText).join(', ')}]`;
}
