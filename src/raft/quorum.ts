/**
 * The quorum as one node sees it: a pure state machine. It is told of time, of messages and of how far the own log is
 * durable; it answers with what must be written, what is to be sent, and what it has become.
 *
 * Invariants: the epoch never falls; in one epoch the node votes for one candidate and follows one leader; nothing that a
 * step decides may be acted upon, and none of its messages may leave, before the election state it names is durable.
 */
import { assert } from '../base/assert.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { beginAsk, endAsk, voteAsk } from './election-asks.ts';
import { ElectionTiming, REASK_MS } from './election-timing.ts';
import { LeaderState } from './leader-state.ts';
import type { BeginAsk, ElectionAsk, EndAsk, FetchAsk, RaftAnswer, ReplicaKey, VoteAsk } from './messages.ts';
import { OwnFetch } from './own-fetch.ts';
import type { AnsweredStep, QuorumOptions, QuorumRole, QuorumSend, QuorumStep } from './quorum-options.ts';
import type { ElectionState } from './quorum-state.ts';
import type { Farewell, RoleState } from './role-state.ts';
import { VoteTally } from './vote-tally.ts';
import { isSameVoter, type Voter } from './voters.ts';

const RESIGNED_BACKOFF_MS = 1_000;

export class Quorum {
  readonly #options: QuorumOptions;
  readonly #timing: ElectionTiming;
  #voters: readonly Voter[];
  #election: ElectionState;
  #state: RoleState;
  #highWatermark = -1;
  /** After a pre-vote that was lost: nobody is said to be gone again before. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  // What the running step has gathered.
  #persist = false;
  #sends: QuorumSend[] = [];
  #before: { readonly role: QuorumRole; readonly epoch: number; readonly leaderId: number };
  // The follower's fetch.
  readonly #fetch = new OwnFetch();
  /** The leader does not answer: somebody else is asked who leads. */
  #elsewhere = false;

  constructor(options: QuorumOptions) {
    this.#options = options;
    this.#voters = options.voters;
    const lastLogEpoch = options.log.lastEpoch();
    this.#election =
      lastLogEpoch > options.election.epoch
        ? { epoch: lastLogEpoch, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID }
        : options.election;
    this.#timing = new ElectionTiming(options);
    const { nowMs } = options;
    const firstElectionMs = this.#isOnlyVoter() ? Number.NEGATIVE_INFINITY : nowMs + this.#timing.firstMs(this.#voters);
    this.#state = { role: 'unattached', electAtMs: firstElectionMs };
    if (this.#election.leaderId === options.localId) this.#state = this.#resignedState([], firstElectionMs);
    else if (this.#election.leaderId >= 0) this.#state = this.#followerState(nowMs);
    this.#before = this.#view();
  }

  // Views.

  get role(): QuorumRole {
    return this.#state.role;
  }

  get epoch(): number {
    return this.#election.epoch;
  }

  /** -1 while nobody is known to lead. Whoever led this epoch once and does not now is no leader, this node included. */
  get leaderId(): number {
    const { leaderId } = this.#election;
    return leaderId === this.#options.localId && !this.isLeader ? -1 : leaderId;
  }

  get isLeader(): boolean {
    return this.#state.role === 'leader';
  }

  /** Null unless this node leads. */
  get leader(): LeaderState | null {
    return this.#state.role === 'leader' ? this.#state.leader : null;
  }

  /** Exclusive; -1 until it is known. It never falls. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Where this leader's epoch begins in the log; -1 for everybody else. */
  get epochStartOffset(): number {
    return this.leader?.epochStartOffset ?? -1;
  }

  get voters(): readonly Voter[] {
    return this.#voters;
  }

  get local(): ReplicaKey {
    return { id: this.#options.localId, directoryId: this.#options.localDirectoryId };
  }

  /** A controller: it votes, or may be made a voter at any time. */
  get canVote(): boolean {
    return this.#options.canVote;
  }

  get isVoter(): boolean {
    return this.canVote && this.#voters.some((voter) => isSameVoter(voter, this.local));
  }

  /** When it asks for votes that was to at this time: a voter then, one that was voted out later, nobody else ever. */
  #electionAt(atMs: number): number {
    if (this.isVoter) return atMs;
    const isNeeded = this.canVote && this.#options.wasVoter(this.#highWatermark);
    return isNeeded ? atMs + this.#timing.votedOutMs() : Number.POSITIVE_INFINITY;
  }

  #view() {
    return { role: this.role, epoch: this.epoch, leaderId: this.leaderId };
  }

  // Time.

  /** Time passed. */
  tick(nowMs: number): QuorumStep {
    return this.#step(nowMs);
  }

  /** When `tick` has something to do next, without any message before. */
  deadlineMs(): number {
    const state = this.#state;
    const fetch = this.#wantsFetch() ? this.#fetch.nextMs() : Number.POSITIVE_INFINITY;
    switch (state.role) {
      case 'unattached':
        return Math.min(fetch, this.#electionAt(state.electAtMs));
      case 'follower':
        return Math.min(fetch, this.#electionAt(state.fetchUntilMs));
      case 'prospective':
        return Math.min(state.untilMs, state.tally.nextAskMs());
      case 'candidate':
        return Math.min(state.untilMs, state.isBackingOff ? Number.POSITIVE_INFINITY : state.tally.nextAskMs());
      case 'leader':
        return Math.min(state.leader.checkQuorumAtMs, state.leader.nextTellMs());
      case 'resigned': {
        let next = state.electAtMs;
        for (const farewell of state.farewells.values()) if (!farewell.inFlight) next = Math.min(next, farewell.nextMs);
        return next;
      }
    }
  }

  /** Settles what time and news allow, and hands out what was gathered. */
  #step(nowMs: number): QuorumStep {
    const wasLeader = this.#before.role === 'leader';
    const epochBefore = this.#before.epoch;
    while (this.#advance(nowMs)) {}
    this.#gather(nowMs);
    const after = this.#view();
    const { role, epoch, leaderId } = this.#before;
    this.#before = after;
    const step: QuorumStep = {
      election: this.#persist ? this.#election : null,
      sends: this.#sends,
      becameLeader: after.role === 'leader' && (!wasLeader || after.epoch !== epochBefore),
      lostLeadership: wasLeader && (after.role !== 'leader' || after.epoch !== epochBefore),
      changed: role !== after.role || epoch !== after.epoch || leaderId !== after.leaderId,
    };
    this.#persist = false;
    this.#sends = [];
    return step;
  }

  /** One transition; true when there may be another. */
  #advance(nowMs: number): boolean {
    const state = this.#state;
    switch (state.role) {
      case 'unattached':
        return nowMs >= this.#electionAt(state.electAtMs) && this.#elect(nowMs);
      case 'resigned':
        if (nowMs < state.electAtMs) return false;
        if (this.isVoter) return this.#elect(nowMs);
        // Without a vote it has to find the next leader by asking around, and may not vote in the epoch that it led.
        this.#unattached(this.epoch + 1, nowMs);
        return true;
      case 'follower':
        return nowMs >= this.#electionAt(state.fetchUntilMs) && this.#elect(nowMs);
      case 'prospective':
        if (state.tally.isWon) return this.#becomeCandidate(nowMs);
        if (!state.tally.isLost && nowMs < state.untilMs) return false;
        return this.#retreat(nowMs);
      case 'candidate':
        if (state.tally.isWon && !state.isBackingOff) return this.#becomeLeader(state.tally.granted, nowMs);
        if (state.tally.isLost && !state.isBackingOff) {
          state.isBackingOff = true;
          state.untilMs = nowMs + this.#timing.splitBackoffMs(this.#voters);
        }
        return nowMs >= state.untilMs && this.#elect(nowMs);
      case 'leader':
        if (nowMs < state.leader.checkQuorumAtMs) return false;
        this.#resign(nowMs);
        return false;
    }
  }

  #gather(nowMs: number): void {
    const state = this.#state;
    if (state.role === 'prospective' || (state.role === 'candidate' && !state.isBackingOff)) {
      const isPreVote = state.role === 'prospective';
      for (const voter of state.tally.takeUnasked(nowMs))
        this.#send(voter.id, voteAsk(this.#options, this.epoch, voter, isPreVote));
    } else if (state.role === 'leader') {
      for (const voter of state.leader.takeUntold(nowMs))
        this.#send(voter.id, beginAsk(this.#options, this.epoch, voter));
    } else if (state.role === 'resigned') {
      for (const [id, farewell] of state.farewells) {
        if (farewell.inFlight || farewell.nextMs > nowMs) continue;
        farewell.inFlight = true;
        this.#send(id, endAsk(this.#options, this.epoch, state.successors));
      }
    }
  }

  #send(to: number, ask: ElectionAsk): void {
    this.#sends.push({ to, ask });
  }

  // Transitions.

  #enter(state: RoleState, election: ElectionState | null): void {
    if (election !== null) {
      assert(election.epoch >= this.#election.epoch, 'the epoch of a voter never falls');
      this.#election = election;
      this.#persist = true;
    }
    this.#state = state;
    this.#elsewhere = false;
    this.#fetch.reset();
  }

  #followerState(nowMs: number): RoleState {
    return { role: 'follower', fetchUntilMs: nowMs + this.#options.timeouts.fetchMs, hasFetched: false };
  }

  #resignedState(successors: readonly ReplicaKey[], electAtMs: number, told = this.#voters): RoleState {
    const farewells = new Map<number, Farewell>();
    for (const { id } of told) {
      if (id !== this.#options.localId) farewells.set(id, { inFlight: false, nextMs: Number.NEGATIVE_INFINITY });
    }
    return { role: 'resigned', farewells, successors, electAtMs };
  }

  #isOnlyVoter(): boolean {
    return this.isVoter && this.#voters.length === 1;
  }

  /** Begins with the question whether it would be elected; alone it need not ask. */
  #elect(nowMs: number): boolean {
    if (this.#isOnlyVoter()) {
      const election = { epoch: this.epoch + 1, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID };
      this.#enter(this.#state, election);
      return this.#becomeLeader([this.#options.localId], nowMs);
    }
    const reaskMs = this.#options.prompt ? REASK_MS : undefined;
    const tally = new VoteTally(this.#voters, this.#options.localId, reaskMs);
    this.#enter({ role: 'prospective', tally, untilMs: nowMs + this.#timing.electionTimeoutMs() }, null);
    return true;
  }

  #becomeCandidate(nowMs: number): boolean {
    const { localId, localDirectoryId } = this.#options;
    const tally = new VoteTally(this.#voters, localId);
    const state: RoleState = {
      role: 'candidate',
      tally,
      untilMs: nowMs + this.#timing.electionTimeoutMs(),
      isBackingOff: false,
    };
    const epoch = this.epoch + 1;
    this.#enter(state, { epoch, leaderId: -1, votedId: localId, votedDirectoryId: localDirectoryId });
    return true;
  }

  #becomeLeader(granting: readonly number[], nowMs: number): boolean {
    const { localId, timeouts } = this.#options;
    const leader = new LeaderState({
      local: this.local,
      voters: this.#voters,
      granting,
      highWatermark: this.#highWatermark,
      fetchTimeoutMs: timeouts.fetchMs,
      nowMs,
    });
    const election = { epoch: this.epoch, leaderId: localId, votedId: -1, votedDirectoryId: ZERO_UUID };
    this.#enter({ role: 'leader', leader }, election);
    return false;
  }

  /** Not elected: back to the leader that was followed before, if there was one. */
  #retreat(nowMs: number): boolean {
    this.#notBeforeMs = nowMs + REASK_MS;
    const { leaderId } = this.#election;
    if (leaderId === this.#options.localId) {
      this.#enter(this.#resignedState([], nowMs + this.#timing.electionTimeoutMs()), null);
    } else if (leaderId >= 0) this.#enter(this.#followerState(nowMs), null);
    else this.#enter({ role: 'unattached', electAtMs: nowMs + this.#timing.electionTimeoutMs() }, null);
    return false;
  }

  /** A voter that waited for an election goes on waiting no longer than before. */
  #unattached(epoch: number, nowMs: number): void {
    const state = this.#state;
    let electAtMs = nowMs + this.#timing.electionTimeoutMs();
    if (state.role === 'unattached') electAtMs = Math.min(electAtMs, state.electAtMs);
    else if (state.role === 'follower') electAtMs = Math.min(electAtMs, state.fetchUntilMs);
    this.#enter({ role: 'unattached', electAtMs }, { epoch, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID });
  }

  #follow(leaderId: number, epoch: number, nowMs: number): void {
    const isSameEpoch = epoch === this.epoch;
    const { votedId, votedDirectoryId } = this.#election;
    const vote = isSameEpoch ? { votedId, votedDirectoryId } : { votedId: -1, votedDirectoryId: ZERO_UUID };
    const election = { epoch, leaderId, ...vote };
    // The quorum remembers that this node led; it does not itself, so it must not vote in that epoch. Without a vote it has
    // not led at all: that was another directory of its id, which may well lead on.
    if (leaderId === this.#options.localId) {
      const told = this.isVoter ? this.#voters : [];
      this.#enter(this.#resignedState([], nowMs + this.#timing.electionTimeoutMs(), told), election);
    } else this.#enter(this.#followerState(nowMs), election);
  }

  /** What any message tells about the leader of an epoch. */
  #discover(leaderId: number, epoch: number, nowMs: number): void {
    if (epoch > this.epoch) {
      if (leaderId >= 0) this.#follow(leaderId, epoch, nowMs);
      else this.#unattached(epoch, nowMs);
    } else if (epoch === this.epoch && leaderId >= 0 && this.#election.leaderId < 0) {
      this.#follow(leaderId, epoch, nowMs);
    }
  }

  #resign(nowMs: number): void {
    const { leader } = this;
    if (leader === null) return;
    const electAtMs = this.#isOnlyVoter() ? nowMs + RESIGNED_BACKOFF_MS : nowMs + this.#timing.electionTimeoutMs();
    this.#enter(this.#resignedState(leader.successors(), electAtMs), null);
  }

  /** Leadership is given up: the state above the log is not to be trusted, or the node stops. */
  resign(nowMs: number): QuorumStep {
    this.#resign(nowMs);
    return this.#step(nowMs);
  }

  /** Farewells that nobody has acknowledged yet. */
  get openFarewells(): number {
    return this.#state.role === 'resigned' ? this.#state.farewells.size : 0;
  }

  // Requests.

  #answer(errorCode: number, granted?: boolean): RaftAnswer {
    const head = {
      errorCode,
      errorMessage: null,
      leaderId: this.#election.leaderId,
      epoch: this.epoch,
      nodes: [],
    };
    return granted === undefined ? head : { ...head, granted };
  }

  #answered(errorCode: number, nowMs: number, granted?: boolean): AnsweredStep {
    // The step first: what it becomes is what it answers.
    const step = this.#step(nowMs);
    return { step, answer: this.#answer(errorCode, granted) };
  }

  #isForThisVoter(key: ReplicaKey): boolean {
    const { localId, localDirectoryId } = this.#options;
    const isThisNode = key.id < 0 || key.id === localId;
    return isThisNode && (key.directoryId === ZERO_UUID || key.directoryId === localDirectoryId);
  }

  vote(ask: VoteAsk, nowMs: number): AnsweredStep {
    if (ask.clusterId !== null && ask.clusterId !== this.#options.clusterId) return this.#foreign(nowMs);
    const isIllegal = ask.preVote ? ask.lastEpoch > ask.epoch : ask.lastEpoch >= ask.epoch;
    if (ask.endOffset < 0 || ask.lastEpoch < 0 || ask.candidate.id < 0 || isIllegal) {
      return this.#answered(ErrorCode.INVALID_REQUEST, nowMs, false);
    }
    if (ask.epoch < this.epoch) return this.#answered(ErrorCode.FENCED_LEADER_EPOCH, nowMs, false);
    if (ask.epoch > this.epoch) this.#unattached(ask.epoch, nowMs);
    if (!this.#isForThisVoter(ask.voter)) return this.#answered(ErrorCode.INVALID_VOTER_KEY, nowMs, false);
    const granted = this.#grants(ask);
    if (granted && !ask.preVote && this.#election.votedId < 0) {
      this.#enter(
        { role: 'unattached', electAtMs: nowMs + this.#timing.electionTimeoutMs() },
        {
          epoch: this.epoch,
          leaderId: -1,
          votedId: ask.candidate.id,
          votedDirectoryId: ask.candidate.directoryId,
        },
      );
    }
    return this.#answered(ErrorCode.NONE, nowMs, granted);
  }

  #grants(ask: VoteAsk): boolean {
    const { log } = this.#options;
    const lastEpoch = log.lastEpoch();
    const isUpToDate = ask.lastEpoch > lastEpoch || (ask.lastEpoch === lastEpoch && ask.endOffset >= log.endOffset());
    const state = this.#state;
    if (ask.preVote) {
      if (state.role === 'leader') return false;
      return isUpToDate && !(state.role === 'follower' && state.hasFetched);
    }
    const { leaderId, votedId, votedDirectoryId } = this.#election;
    if (votedId >= 0) {
      return (
        votedId === ask.candidate.id &&
        (votedDirectoryId === ZERO_UUID || votedDirectoryId === ask.candidate.directoryId)
      );
    }
    return leaderId < 0 && isUpToDate;
  }

  #foreign(nowMs: number): AnsweredStep {
    const { step, answer } = this.#answered(ErrorCode.INCONSISTENT_CLUSTER_ID, nowMs, false);
    return { step, answer: { ...answer, leaderId: -1, epoch: -1 } };
  }

  begin(ask: BeginAsk, nowMs: number): AnsweredStep {
    if (ask.clusterId !== null && ask.clusterId !== this.#options.clusterId) return this.#foreign(nowMs);
    if (ask.leaderId < 0) return this.#answered(ErrorCode.INVALID_REQUEST, nowMs);
    if (ask.epoch < this.epoch) return this.#answered(ErrorCode.FENCED_LEADER_EPOCH, nowMs);
    this.#discover(ask.leaderId, ask.epoch, nowMs);
    // The leader itself has spoken: no need to look for another.
    const isBack = this.role === 'prospective' && this.#election.leaderId === ask.leaderId;
    if (isBack) this.#enter(this.#followerState(nowMs), null);
    return this.#answered(this.#isForThisVoter(ask.voter) ? ErrorCode.NONE : ErrorCode.INVALID_VOTER_KEY, nowMs);
  }

  end(ask: EndAsk, nowMs: number): AnsweredStep {
    if (ask.clusterId !== null && ask.clusterId !== this.#options.clusterId) return this.#foreign(nowMs);
    if (ask.leaderId < 0) return this.#answered(ErrorCode.INVALID_REQUEST, nowMs);
    if (ask.epoch < this.epoch) return this.#answered(ErrorCode.FENCED_LEADER_EPOCH, nowMs);
    this.#discover(ask.leaderId, ask.epoch, nowMs);
    const state = this.#state;
    if (state.role === 'follower' && this.#election.leaderId === ask.leaderId) {
      const place = ask.candidates.findIndex(({ id }) => id === this.#options.localId);
      state.fetchUntilMs = Math.min(state.fetchUntilMs, nowMs + this.#timing.successorBackoffMs(place, this.#voters));
      state.hasFetched = false;
    }
    return this.#answered(ErrorCode.NONE, nowMs);
  }

  /** Of a replica that fetches from this leader. True when the high watermark rose. */
  fetched(ask: FetchAsk, nowMs: number): boolean {
    const { leader } = this;
    assert(leader !== null, 'only a leader counts fetches');
    return leader.fetched(ask.replica, ask.offset, this.#options.log.endOffset(), nowMs) && this.#raise(leader);
  }

  // Answers.

  /** To what a step has sent. */
  answered(ask: ElectionAsk, answer: RaftAnswer, to: number, nowMs: number): QuorumStep {
    const state = this.#state;
    const isCurrent = ask.epoch === this.epoch;
    const retryAtMs = nowMs + this.#options.timeouts.retryBackoffMs;
    if (ask.kind === 'vote') {
      const isMine = isCurrent && state.role === (ask.preVote ? 'prospective' : 'candidate');
      if (isMine && (state.role === 'prospective' || state.role === 'candidate')) {
        // A voter too old for pre-votes has nothing against the real one.
        const isTooOld = ask.preVote && this.isVoter && answer.errorCode === ErrorCode.UNSUPPORTED_VERSION;
        const isNoAnswer = !isTooOld && answer.errorCode !== ErrorCode.NONE && answer.epoch < this.epoch;
        if (isNoAnswer) state.tally.failed(to, retryAtMs);
        else
          state.tally.answered(to, isTooOld || (answer.granted === true && answer.errorCode === ErrorCode.NONE), nowMs);
      }
    } else if (ask.kind === 'begin') {
      // Who refuses, because its directory is another for example, would refuse again at once.
      if (isCurrent && state.role === 'leader') state.leader.told(to, nowMs + this.#options.timeouts.fetchMs / 2);
    } else if (isCurrent && state.role === 'resigned') state.farewells.delete(to);
    this.#discover(answer.leaderId, answer.epoch, nowMs);
    return this.#step(nowMs);
  }

  /** No answer came. */
  failed(ask: ElectionAsk, to: number, nowMs: number): QuorumStep {
    const state = this.#state;
    const retryAtMs = nowMs + this.#options.timeouts.retryBackoffMs;
    if (ask.epoch === this.epoch) {
      if (state.role === 'leader') state.leader.told(to, retryAtMs);
      else if (state.role === 'resigned') {
        const farewell = state.farewells.get(to);
        if (farewell !== undefined) Object.assign(farewell, { inFlight: false, nextMs: retryAtMs });
      } else if (ask.kind === 'vote' && state.role === (ask.preVote ? 'prospective' : 'candidate')) {
        if (state.role === 'prospective' || state.role === 'candidate') state.tally.failed(to, retryAtMs);
      }
    }
    return this.#step(nowMs);
  }

  /** Any other answer has named a leader. */
  discovered(leaderId: number, epoch: number, nowMs: number): QuorumStep {
    this.#discover(leaderId, epoch, nowMs);
    return this.#step(nowMs);
  }

  /** The node's connection was closed and the next one refused: its process is gone, so nobody waits for its timeout. */
  gone(nodeId: number, nowMs: number): QuorumStep {
    const state = this.#state;
    if (state.role === 'follower' && this.#election.leaderId === nodeId) {
      const electAtMs = Math.max(nowMs + this.#timing.turnMs(this.#voters, nodeId), this.#notBeforeMs);
      state.fetchUntilMs = Math.min(state.fetchUntilMs, electAtMs);
      state.hasFetched = false;
    }
    // Nor for its vote: a candidate that cannot win without it tries the next epoch soon.
    if (state.role === 'candidate') state.tally.answered(nodeId, false, nowMs);
    // Nor is it told goodbye.
    if (state.role === 'resigned') state.farewells.delete(nodeId);
    return this.#step(nowMs);
  }

  // The own fetches.

  #wantsFetch(): boolean {
    return this.role === 'follower' || this.role === 'unattached';
  }

  /** Where to fetch from now: a node, -1 for whoever may know the leader, null for not now. It is on its way then. */
  takeFetch(nowMs: number): { readonly from: number; readonly generation: number } | null {
    const generation = this.#wantsFetch() ? this.#fetch.take(nowMs) : null;
    if (generation === null) return null;
    return { from: this.role === 'follower' && !this.#elsewhere ? this.#election.leaderId : -1, generation };
  }

  /** True while the answer to such a fetch still matters. */
  isCurrentFetch(generation: number): boolean {
    return this.#fetch.isCurrent(generation);
  }

  /** This follower has heard from the leader of this epoch. */
  get hasFetched(): boolean {
    return this.#state.role === 'follower' && this.#state.hasFetched;
  }

  /** The leader is alive: its answer came, or what it sent has been written. */
  leaderAnswered(nowMs: number): void {
    const state = this.#state;
    if (state.role !== 'follower') return;
    state.fetchUntilMs = nowMs + this.#options.timeouts.fetchMs;
    state.hasFetched = true;
  }

  /** A fetch is over, what it brought is written and, for a voter, durable. */
  fetchEnded(generation: number, ok: boolean, nowMs: number): void {
    if (!this.isCurrentFetch(generation)) return;
    this.#fetch.ended(ok ? Number.NEGATIVE_INFINITY : nowMs + this.#options.timeouts.retryBackoffMs);
    // One that does not elect looks for the next leader while this one does not answer.
    this.#elsewhere = !ok && !this.isVoter && !this.#elsewhere;
  }

  // The log.

  /** Voters count as soon as they stand in the log, committed or not. True when the high watermark rose. */
  updateVoters(voters: readonly Voter[], nowMs: number): boolean {
    this.#voters = voters;
    const { leader } = this;
    return leader?.updateVoters(voters, nowMs) === true && this.#raise(leader);
  }

  /** The first batch of the epoch was appended at this offset. */
  epochBegins(offset: number): void {
    assert(this.leader !== null, 'only a leader begins an epoch');
    this.leader.epochBegins(offset);
  }

  /** The own log is durable up to `endOffset`. True when the high watermark rose. */
  localLogIsDurable(endOffset: number): boolean {
    const { leader } = this;
    if (leader === null || !leader.localLogIsDurable(endOffset)) return false;
    return this.#raise(leader);
  }

  /** The leader's high watermark, as far as the own log goes. True when it rose. */
  leaderCommitted(highWatermark: number): boolean {
    const end = Math.min(highWatermark, this.#options.log.endOffset());
    if (end <= this.#highWatermark) return false;
    this.#highWatermark = end;
    return true;
  }

  #raise(leader: LeaderState): boolean {
    if (leader.highWatermark <= this.#highWatermark) return false;
    this.#highWatermark = leader.highWatermark;
    return true;
  }
}
