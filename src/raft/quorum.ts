/**
 * The quorum as one voter sees it: a pure state machine. It is told of time, of messages and of how far the own log is
 * durable; it answers with what must be written and with what it has become. Nothing that it decides may be acted upon
 * before the election state it names is durable.
 *
 * Elections of several voters (Vote, BeginQuorumEpoch, the followers' Fetch) are not here yet: a quorum of one voter
 * needs none, and any other is refused at start.
 */
import { assert } from '../base/assert.ts';
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import type { ElectionState } from './quorum-state.ts';
import type { Voter } from './voters.ts';

export type QuorumRole =
  /** Does not vote: follows. */
  | 'observer'
  /** Knows no leader. */
  | 'unattached'
  /** Led once and gave up; elects again when its time comes. */
  | 'resigned'
  | 'leader';

export interface QuorumOptions {
  readonly localId: number;
  readonly localDirectoryId: Uuid;
  readonly voters: readonly Voter[];
  /** What quorum-state says. */
  readonly election: ElectionState;
  /** The epoch of the last batch in the log: a lost quorum-state must not take the node back. */
  readonly lastLogEpoch: number;
}

export interface QuorumStep {
  /** To be made durable before anything else happens; null when nothing changed. */
  readonly election: ElectionState | null;
  /** The node now leads in `election.epoch` and must append the first batch of the epoch. */
  readonly becameLeader: boolean;
}

const NOTHING: QuorumStep = { election: null, becameLeader: false };
/** After giving up: long enough not to spin when every operation fails. */
const RESIGNED_BACKOFF_MS = 1_000;

export class Quorum {
  readonly #localId: number;
  readonly #localDirectoryId: Uuid;
  #voters: readonly Voter[];
  #election: ElectionState;
  #role: QuorumRole;
  #electAtMs = Number.NEGATIVE_INFINITY;
  /** Where this leader's epoch begins in the log: nothing of it may count as committed before. */
  #epochStartOffset = -1;
  #highWatermark = -1;

  constructor(options: QuorumOptions) {
    this.#localId = options.localId;
    this.#localDirectoryId = options.localDirectoryId;
    this.#voters = options.voters;
    this.#election =
      options.lastLogEpoch > options.election.epoch
        ? { epoch: options.lastLogEpoch, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID }
        : options.election;
    this.#role = this.isVoter ? 'unattached' : 'observer';
  }

  get role(): QuorumRole {
    return this.#role;
  }

  get epoch(): number {
    return this.#election.epoch;
  }

  get leaderId(): number {
    return this.#role === 'leader' ? this.#localId : -1;
  }

  get isLeader(): boolean {
    return this.#role === 'leader';
  }

  /** Exclusive; -1 until the first batch of this leader's epoch is durable on a majority. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  get epochStartOffset(): number {
    return this.#epochStartOffset;
  }

  get voters(): readonly Voter[] {
    return this.#voters;
  }

  /** In a dynamic quorum a voter is its id and its directory: a wiped disk is somebody else. */
  get isVoter(): boolean {
    return this.#voters.some(
      (voter) =>
        voter.id === this.#localId && (voter.directoryId === ZERO_UUID || voter.directoryId === this.#localDirectoryId),
    );
  }

  /** Voters count as soon as they stand in the log, committed or not. */
  updateVoters(voters: readonly Voter[]): void {
    this.#voters = voters;
  }

  /** Time passed. */
  tick(nowMs: number): QuorumStep {
    const waits = this.#role === 'unattached' || this.#role === 'resigned';
    if (!waits || nowMs < this.#electAtMs || !this.#isOnlyVoter()) return NOTHING;
    this.#role = 'leader';
    this.#epochStartOffset = -1;
    this.#election = {
      epoch: this.#election.epoch + 1,
      leaderId: this.#localId,
      votedId: -1,
      votedDirectoryId: ZERO_UUID,
    };
    return { election: this.#election, becameLeader: true };
  }

  #isOnlyVoter(): boolean {
    return this.isVoter && this.#voters.length === 1;
  }

  /** The first batch of the epoch was appended at this offset. */
  epochBegins(offset: number): void {
    assert(this.#role === 'leader' && this.#epochStartOffset < 0, 'only a new leader begins an epoch, and once');
    this.#epochStartOffset = offset;
  }

  /** The own log is durable up to `endOffset`. True when the high watermark rose. */
  localLogIsDurable(endOffset: number): boolean {
    if (this.#role !== 'leader' || this.#epochStartOffset < 0) return false;
    // The median of all voters' ends; with one voter its own.
    if (endOffset <= this.#epochStartOffset || endOffset <= this.#highWatermark) return false;
    this.#highWatermark = endOffset;
    return true;
  }

  /** The state above this log cannot be trusted: another leader, or another epoch of this one, must take over. */
  resign(nowMs: number): void {
    if (this.#role !== 'leader') return;
    this.#role = 'resigned';
    this.#electAtMs = nowMs + RESIGNED_BACKOFF_MS;
  }
}
