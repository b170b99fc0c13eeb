/**
 * A classic group: its members, its generation, and the state that they are in (KIP-62, KIP-345, KIP-394). Only data and
 * the rules that hold within one group; what happens when, and what is written, is decided in rebalance.ts and the
 * operations beside it.
 *
 * Members and state change before their record is written, as in Kafka: the record of a generation is written when its
 * leader has handed in the assignment, and until that is committed the group is not Stable.
 */
import { assert } from '../base/assert.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import {
  type ClassicMember,
  type JoinedMember,
  type JoinResult,
  joinError,
  type MemberProtocol,
  type Respond,
  type SyncResult,
} from './classic-member.ts';
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from './consumer-protocol.ts';
import type { Deadline } from './deadlines.ts';
import type { GroupMetadataValue } from './group-records.ts';

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const PREVIOUS_STATES: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead'],
};

export interface LoadedGroup {
  readonly state: 'Empty' | 'Stable';
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** -1: the record was of a version without it. */
  readonly stateTimestampMs: number;
}

export class ClassicGroup {
  readonly groupId: string;
  #state: ClassicGroupState;
  #previousState: ClassicGroupState = 'Dead';
  /** Wall clock; -1: not known. */
  stateTimestampMs: number;
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leaderId: string | null = null;
  /** Null: the group's protocol does not say, or could not be read. */
  subscribedTopics: ReadonlySet<string> | null = null;
  /** Somebody joined while the first rebalance was being delayed. */
  newMemberAdded = false;
  readonly #members = new Map<string, ClassicMember>();
  /** group.instance.id to member id. */
  readonly #staticMembers = new Map<string, string>();
  /** Members that were told their id and have not joined with it, with the session that they have for it. */
  readonly #pendingJoin = new Map<string, Deadline>();
  /** Members whose SyncGroup of this generation has not come. */
  readonly pendingSync = new Set<string>();
  #awaitingJoinCount = 0;
  /** Protocol name to the number of members that support it. */
  readonly #protocolSupport = new Map<string, number>();
  joinTimer: Deadline | null = null;
  syncTimer: Deadline | null = null;

  constructor(groupId: string, nowMs: number, loaded?: LoadedGroup) {
    this.groupId = groupId;
    this.#state = loaded?.state ?? 'Empty';
    this.stateTimestampMs = loaded?.stateTimestampMs ?? nowMs;
    if (loaded === undefined) return;
    this.generationId = loaded.generationId;
    this.protocolType = loaded.protocolType;
    this.protocolName = loaded.protocolName;
    this.leaderId = loaded.leaderId;
  }

  get state(): ClassicGroupState {
    return this.#state;
  }

  get previousState(): ClassicGroupState {
    return this.#previousState;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  get staticMemberCount(): number {
    return this.#staticMembers.size;
  }

  get awaitingJoinCount(): number {
    return this.#awaitingJoinCount;
  }

  get pendingJoinCount(): number {
    return this.#pendingJoin.size;
  }

  get canRebalance(): boolean {
    return PREVIOUS_STATES.PreparingRebalance.includes(this.#state);
  }

  get hasAllMembersJoined(): boolean {
    return this.#members.size === this.#awaitingJoinCount && this.#pendingJoin.size === 0;
  }

  get isConsumerGroup(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  isInState(...states: ClassicGroupState[]): boolean {
    return states.includes(this.#state);
  }

  transitionTo(state: ClassicGroupState, nowMs: number): void {
    assert(
      PREVIOUS_STATES[state].includes(this.#state),
      `group ${this.groupId} cannot go from ${this.#state} to ${state}`,
    );
    this.#previousState = this.#state;
    this.#state = state;
    this.stateTimestampMs = nowMs;
  }

  // Members

  members(): Iterable<ClassicMember> {
    return this.#members.values();
  }

  hasMember(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  member(memberId: string): ClassicMember | undefined {
    return this.#members.get(memberId);
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  /** The longest that a member of this group may take to rejoin. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.#members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  add(member: ClassicMember, respond: Respond<JoinResult> | null): void {
    if (member.groupInstanceId !== null) {
      assert(!this.#staticMembers.has(member.groupInstanceId), `${member.groupInstanceId} is a member already`);
      this.#staticMembers.set(member.groupInstanceId, member.memberId);
    }
    if (this.#members.size === 0) this.protocolType = member.protocolType;
    assert(this.protocolType === member.protocolType, 'a member has the protocol type of its group');
    this.leaderId ??= member.memberId;
    this.#members.set(member.memberId, member);
    this.#countProtocols(member, 1);
    member.awaitingJoin = respond;
    if (respond !== null) this.#awaitingJoinCount++;
    this.#pendingJoin.delete(member.memberId);
  }

  /** Of a member, or of one that was to join. The caller has answered what waits, and stops the timers. */
  remove(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member !== undefined) {
      this.#members.delete(memberId);
      this.#countProtocols(member, -1);
      if (member.awaitingJoin !== null) this.#awaitingJoinCount--;
      if (member.groupInstanceId !== null) this.#staticMembers.delete(member.groupInstanceId);
    }
    if (this.isLeader(memberId)) this.leaderId = this.#members.keys().next().value ?? null;
    this.#pendingJoin.delete(memberId);
    this.pendingSync.delete(memberId);
  }

  /** What a member says of itself when it joins again. `respond` waits for the next generation; null: nobody waits. */
  updateMember(
    member: ClassicMember,
    update: Pick<ClassicMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
    respond: Respond<JoinResult> | null,
  ): void {
    this.#countProtocols(member, -1);
    member.protocols = update.protocols;
    this.#countProtocols(member, 1);
    member.rebalanceTimeoutMs = update.rebalanceTimeoutMs;
    member.sessionTimeoutMs = update.sessionTimeoutMs;
    if (respond !== null && member.awaitingJoin === null) this.#awaitingJoinCount++;
    else if (respond === null && member.awaitingJoin !== null) this.#awaitingJoinCount--;
    member.awaitingJoin = respond;
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticMembers.get(groupInstanceId);
  }

  /** Puts `replacement` in the place of the member that has its group.instance.id. The old one is fenced by the caller. */
  replaceStatic(old: ClassicMember, replacement: ClassicMember): void {
    assert(old.groupInstanceId !== null && old.awaitingJoin === null, 'an answered static member is replaced');
    this.#members.delete(old.memberId);
    this.#members.set(replacement.memberId, replacement);
    if (this.isLeader(old.memberId)) this.leaderId = replacement.memberId;
    this.#staticMembers.set(old.groupInstanceId, replacement.memberId);
  }

  addPendingJoin(memberId: string, session: Deadline): void {
    assert(!this.hasMember(memberId), `${memberId} is a member already`);
    this.#pendingJoin.set(memberId, session);
  }

  /** Of a member that was told its id and has not joined with it yet. */
  pendingJoinSession(memberId: string): Deadline | undefined {
    return this.#pendingJoin.get(memberId);
  }

  pendingJoinSessions(): Iterable<Deadline> {
    return this.#pendingJoin.values();
  }

  /** The members that the next generation would leave behind. */
  notYetRejoined(): ClassicMember[] {
    return [...this.#members.values()].filter((member) => member.awaitingJoin === null);
  }

  /** NONE, or why a request in the name of this member is refused. */
  memberError(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const existing = this.#staticMembers.get(groupInstanceId);
      if (existing === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (existing !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.hasMember(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  // Waiting requests

  /** False when the member did not wait. */
  answerJoin(member: ClassicMember, result: JoinResult): boolean {
    const respond = member.awaitingJoin;
    if (respond === null) return false;
    member.awaitingJoin = null;
    this.#awaitingJoinCount--;
    respond(result);
    return true;
  }

  /** False when the member did not wait. */
  answerSync(member: ClassicMember, result: SyncResult): boolean {
    const respond = member.awaitingSync;
    if (respond === null) return false;
    member.awaitingSync = null;
    respond(result);
    return true;
  }

  // Protocols

  /** A member that names a protocol twice supports it once. */
  #countProtocols(member: ClassicMember, by: 1 | -1): void {
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      const count = (this.#protocolSupport.get(name) ?? 0) + by;
      if (count > 0) this.#protocolSupport.set(name, count);
      else this.#protocolSupport.delete(name);
    }
  }

  /** Whether somebody with these protocols may join: one of them must be supported by every member. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => (this.#protocolSupport.get(name) ?? 0) === this.#members.size)
    );
  }

  /** The protocol with the most votes among those that all members support. */
  selectProtocol(): string {
    const candidates = new Set<string>();
    for (const [name, count] of this.#protocolSupport) if (count === this.#members.size) candidates.add(name);
    const votes = new Map<string, number>();
    for (const member of this.#members.values()) {
      const vote = member.vote(candidates);
      assert(vote !== undefined, `member ${member.memberId} supports none of the group's protocols`);
      votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    let selected: string | undefined;
    for (const [name, count] of votes) {
      if (selected === undefined || count > (votes.get(selected) as number)) selected = name;
    }
    assert(selected !== undefined, 'a protocol is selected among members');
    return selected;
  }

  // Generations

  /** False when members are there and none of them has joined again. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false;
    if (this.#members.get(this.leaderId)?.awaitingJoin != null) return true;
    for (const member of this.#members.values()) {
      if (member.awaitingJoin === null) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  startNextGeneration(nowMs: number): void {
    this.generationId++;
    const isEmpty = this.#members.size === 0;
    this.protocolName = isEmpty ? null : this.selectProtocol();
    this.updateSubscribedTopics();
    this.transitionTo(isEmpty ? 'Empty' : 'CompletingRebalance', nowMs);
    this.pendingSync.clear();
  }

  updateSubscribedTopics(): void {
    this.subscribedTopics = subscribedTopics(this.protocolType, this.protocolName, [...this.#members.values()]);
  }

  /** Without knowledge, every topic of a consumer group counts as subscribed. */
  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics === null ? this.isConsumerGroup : this.subscribedTopics.has(topic);
  }

  joinedMembers(): JoinedMember[] {
    const protocolName = this.protocolName ?? '';
    return Array.from(this.#members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadata(protocolName) ?? joinMetadataMissing(member),
    }));
  }

  /** What a member is told of the current generation; the leader gets everybody's metadata. */
  joinResult(memberId: string, members: readonly JoinedMember[] = []): JoinResult {
    return {
      ...joinError(ErrorCode.NONE, memberId),
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leaderId ?? '',
      members,
    };
  }

  /** The value of this generation's record, with the assignment given by member id. */
  metadataValue(assignmentOf: (member: ClassicMember) => Uint8Array): GroupMetadataValue {
    return {
      protocolType: this.protocolType ?? '',
      generation: this.generationId,
      protocol: this.protocolName,
      leader: this.leaderId,
      currentStateTimestamp: this.stateTimestampMs,
      members: Array.from(this.#members.values(), (member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: member.metadata(this.protocolName ?? '') ?? joinMetadataMissing(member),
        assignment: assignmentOf(member),
      })),
    };
  }
}

function joinMetadataMissing(member: ClassicMember): never {
  assert(false, `member ${member.memberId} has no metadata for the group's protocol`);
}
