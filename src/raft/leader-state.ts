/**
 * What a leader knows of its epoch: how far every replica's log is durable, and from that the high watermark.
 *
 * Invariants: the high watermark never falls, and does not rise before a batch of this very epoch lies on a majority;
 * a fetch from an offset is the proof that everything before it is durable there.
 */
import { assert } from '../base/assert.ts';
import type { ReplicaKey } from './messages.ts';
import { isSameVoter, type Voter } from './voters.ts';

/** An observer that has not fetched for so long is forgotten. */
const OBSERVER_EXPIRY_MS = 5 * 60 * 1000;
/** A leader without fetches from a majority for so many fetch timeouts cannot be one any more. */
const CHECK_QUORUM_FACTOR = 1.5;

export interface Progress {
  readonly key: ReplicaKey;
  endOffset: number;
  /** Monotonic; -1: never. */
  lastFetchMs: number;
  lastCaughtUpMs: number;
  /** Where the leader's log ended at the last fetch. */
  lastLeaderEnd: number;
}

interface Telling {
  nextMs: number;
  inFlight: boolean;
}

export interface LeaderStateOptions {
  readonly local: ReplicaKey;
  readonly voters: readonly Voter[];
  readonly granting: readonly number[];
  readonly highWatermark: number;
  readonly fetchTimeoutMs: number;
  readonly nowMs: number;
}

export class LeaderState {
  readonly granting: readonly number[];
  readonly #local: ReplicaKey;
  readonly #fetchTimeoutMs: number;
  #voters: readonly Voter[];
  /** By `id:directory`, as the replicas name themselves. */
  readonly #progress = new Map<string, Progress>();
  /** By voter id: BeginQuorumEpoch is repeated to those that do not fetch. */
  readonly #telling = new Map<number, Telling>();
  #fetchedVoters = new Set<number>();
  #checkQuorumAtMs: number;
  #localEnd = -1;
  #epochStartOffset = -1;
  #highWatermark: number;

  constructor(options: LeaderStateOptions) {
    this.#local = options.local;
    this.granting = options.granting;
    this.#fetchTimeoutMs = options.fetchTimeoutMs;
    this.#voters = options.voters;
    this.#highWatermark = options.highWatermark;
    this.#checkQuorumAtMs = options.nowMs + this.#checkQuorumMs;
  }

  get #checkQuorumMs(): number {
    return this.#fetchTimeoutMs * CHECK_QUORUM_FACTOR;
  }

  get epochStartOffset(): number {
    return this.#epochStartOffset;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Nothing of this epoch is known to be committed yet. */
  get isSettled(): boolean {
    return this.#epochStartOffset >= 0 && this.#highWatermark > this.#epochStartOffset;
  }

  epochBegins(offset: number): void {
    assert(this.#epochStartOffset < 0, 'a leader begins its epoch once');
    this.#epochStartOffset = offset;
  }

  updateVoters(voters: readonly Voter[], nowMs: number): boolean {
    const neededNobody = this.checkQuorumAtMs === Number.POSITIVE_INFINITY;
    this.#voters = voters;
    if (neededNobody) this.#checkQuorumAtMs = nowMs + this.#checkQuorumMs;
    for (const id of this.#telling.keys()) if (!voters.some((voter) => voter.id === id)) this.#telling.delete(id);
    return this.#raise();
  }

  // How far the replicas are.

  localLogIsDurable(endOffset: number): boolean {
    this.#localEnd = endOffset;
    return this.#raise();
  }

  /** A replica fetches from `offset`, and this log ends at `leaderEnd`. True when the high watermark rose. */
  fetched(key: ReplicaKey, offset: number, leaderEnd: number, nowMs: number): boolean {
    const progress = this.#of(key);
    if (offset >= leaderEnd) progress.lastCaughtUpMs = nowMs;
    else if (progress.lastLeaderEnd >= 0 && offset >= progress.lastLeaderEnd) {
      progress.lastCaughtUpMs = Math.max(progress.lastCaughtUpMs, progress.lastFetchMs);
    }
    progress.endOffset = offset;
    progress.lastFetchMs = nowMs;
    progress.lastLeaderEnd = leaderEnd;
    this.#expireObservers(nowMs);
    const voter = this.#voters.find((one) => isSameVoter(one, key));
    if (voter === undefined) return false;
    this.#isAlive(voter.id, nowMs);
    return this.#raise();
  }

  /** A replica that fetches a snapshot is alive, however far behind. */
  fetchedSnapshot(key: ReplicaKey, nowMs: number): void {
    const voter = this.#voters.find((one) => isSameVoter(one, key));
    if (voter !== undefined) this.#isAlive(voter.id, nowMs);
  }

  #isAlive(voterId: number, nowMs: number): void {
    const telling = this.#telling.get(voterId);
    if (telling !== undefined) telling.nextMs = nowMs + this.#fetchTimeoutMs / 2;
    this.#fetchedVoters.add(voterId);
    const others = this.#others();
    let seen = 0;
    for (const voter of others) if (this.#fetchedVoters.has(voter.id)) seen++;
    if (seen < this.#needed(others.length)) return;
    this.#fetchedVoters = new Set();
    this.#checkQuorumAtMs = nowMs + this.#checkQuorumMs;
  }

  #of(key: ReplicaKey): Progress {
    const name = `${key.id}:${key.directoryId}`;
    let progress = this.#progress.get(name);
    if (progress === undefined) {
      progress = { key, endOffset: -1, lastFetchMs: -1, lastCaughtUpMs: -1, lastLeaderEnd: -1 };
      this.#progress.set(name, progress);
    }
    return progress;
  }

  #expireObservers(nowMs: number): void {
    for (const [name, progress] of this.#progress) {
      if (nowMs - progress.lastFetchMs <= OBSERVER_EXPIRY_MS) continue;
      if (!this.#voters.some((voter) => isSameVoter(voter, progress.key))) this.#progress.delete(name);
    }
  }

  /** The progress of a voter: of the directory that fetched last, where its id alone names it. */
  progressOf(voter: Voter): Progress | null {
    let best: Progress | null = null;
    for (const progress of this.#progress.values()) {
      if (isSameVoter(voter, progress.key) && progress.lastFetchMs >= (best?.lastFetchMs ?? -1)) best = progress;
    }
    return best;
  }

  /** Replicas that fetch and have no vote. */
  observers(nowMs: number): Progress[] {
    this.#expireObservers(nowMs);
    return [...this.#progress.values()].filter(({ key }) => !this.#voters.some((voter) => isSameVoter(voter, key)));
  }

  observer(key: ReplicaKey): Progress | null {
    return this.#progress.get(`${key.id}:${key.directoryId}`) ?? null;
  }

  isLocal(voter: Voter): boolean {
    return isSameVoter(voter, this.#local);
  }

  #endOf(voter: Voter): number {
    return this.isLocal(voter) ? this.#localEnd : (this.progressOf(voter)?.endOffset ?? -1);
  }

  /** The largest offset that lies on a majority. A leader that is no voter any more does not count itself. */
  #raise(): boolean {
    if (this.#epochStartOffset < 0 || this.#voters.length === 0) return false;
    const ends = this.#voters.map((voter) => this.#endOf(voter)).sort((a, b) => b - a);
    // No farther than the own log is durable: what is committed can be read from it.
    const end = Math.min(ends[this.#voters.length >> 1] as number, this.#localEnd);
    if (end <= this.#epochStartOffset || end <= this.#highWatermark) return false;
    this.#highWatermark = end;
    return true;
  }

  /** The voters besides this node, those with the longest logs first. */
  successors(): ReplicaKey[] {
    return this.#others()
      .map((voter) => ({ id: voter.id, directoryId: voter.directoryId, end: this.#endOf(voter) }))
      .sort((a, b) => b.end - a.end || a.id - b.id)
      .map(({ id, directoryId }) => ({ id, directoryId }));
  }

  // Who has to be told, and whether anybody still follows.

  #others(): Voter[] {
    return this.#voters.filter((voter) => !this.isLocal(voter));
  }

  /** How many of the others make a majority, with this node where it votes. */
  #needed(others: number): number {
    const size = this.#voters.length;
    return (size >> 1) + 1 - (size - others);
  }

  /** When this node has to give up for want of followers. */
  get checkQuorumAtMs(): number {
    return this.#needed(this.#others().length) <= 0 ? Number.POSITIVE_INFINITY : this.#checkQuorumAtMs;
  }

  /** Voters that are to get BeginQuorumEpoch now. */
  takeUntold(nowMs: number): Voter[] {
    const voters: Voter[] = [];
    for (const voter of this.#others()) {
      let telling = this.#telling.get(voter.id);
      if (telling === undefined) {
        telling = { nextMs: nowMs, inFlight: false };
        this.#telling.set(voter.id, telling);
      }
      if (telling.inFlight || telling.nextMs > nowMs) continue;
      telling.inFlight = true;
      voters.push(voter);
    }
    return voters;
  }

  told(voterId: number, nextMs: number): void {
    const telling = this.#telling.get(voterId);
    if (telling === undefined) return;
    telling.inFlight = false;
    telling.nextMs = nextMs;
  }

  nextTellMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const voter of this.#others()) {
      const telling = this.#telling.get(voter.id);
      if (telling === undefined) return Number.NEGATIVE_INFINITY;
      if (!telling.inFlight) next = Math.min(next, telling.nextMs);
    }
    return next;
  }
}
