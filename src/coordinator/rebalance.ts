/**
 * How a classic group gets from one generation to the next: everybody joins (JoinGroup answers wait), the generation
 * begins, everybody syncs (SyncGroup answers wait for the leader's assignment). And what ends that early: sessions that
 * expire, members that do not join or sync in time.
 *
 * Timers hold the group itself and do nothing once it is no longer the group of its id.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import type { ClassicGroup } from './classic-group.ts';
import { type ClassicMember, EMPTY_ASSIGNMENT, joinError, syncError } from './classic-member.ts';
import { Deadline } from './deadlines.ts';
import { type CoordinatorResult, NOTHING, type ShardContext } from './shard-context.ts';

export class Rebalance {
  readonly #context: ShardContext;

  constructor(context: ShardContext) {
    this.#context = context;
  }

  /** Begins a rebalance where the state allows it; otherwise ends the one that runs, when everybody has joined. */
  prepareOrComplete(group: ClassicGroup, reason: string): CoordinatorResult {
    return group.canRebalance ? this.prepare(group, reason) : this.completeIfJoined(group);
  }

  prepare(group: ClassicGroup, reason: string): CoordinatorResult {
    const { config, clock, logger } = this.#context;
    if (group.state === 'CompletingRebalance') this.resetAssignment(group, ErrorCode.REBALANCE_IN_PROGRESS);
    group.pendingSync.clear();
    this.#stop(group.syncTimer);
    const isInitial = group.state === 'Empty';
    if (isInitial) {
      const delayMs = config.initialRebalanceDelayMs;
      const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
      this.#awaitJoins(group, delayMs, () => this.#completeInitial(group, delayMs, remainingMs));
    }
    group.transitionTo('PreparingRebalance', clock.nowMs());
    logger.info(
      `Preparing to rebalance group ${group.groupId} in state ${group.state} with old generation ` +
        `${group.generationId} (reason: ${reason}).`,
    );
    if (isInitial) return NOTHING;
    if (group.hasAllMembersJoined) return this.completeJoin(group);
    this.#awaitJoins(group, group.rebalanceTimeoutMs, () => this.completeJoin(group));
    return NOTHING;
  }

  /** The first rebalance is not cut short by everybody having joined: more may be starting up right now. */
  completeIfJoined(group: ClassicGroup): CoordinatorResult {
    const isReady =
      group.state === 'PreparingRebalance' && group.previousState !== 'Empty' && group.hasAllMembersJoined;
    return isReady ? this.completeJoin(group) : NOTHING;
  }

  /**
   * Begins the next generation with those who joined. Dynamic members who did not are removed; static ones stay until
   * their session ends. With nobody left the group is empty, and that is written.
   */
  completeJoin(group: ClassicGroup): CoordinatorResult {
    const { clock, logger } = this.#context;
    this.#stop(group.joinTimer);
    const left = group.notYetRejoined().filter((member) => !member.isStatic);
    for (const member of left) this.#drop(group, member);
    if (left.length > 0) {
      logger.info(
        `Group ${group.groupId} removed dynamic members who haven't joined: ${left.map((m) => m.memberId).join(', ')}`,
      );
    }
    if (group.state === 'Dead') return NOTHING;
    if (!group.electJoinedLeader() && group.memberCount > 0) {
      logger.error(`Group ${group.groupId} could not complete rebalance because no members rejoined.`);
      this.#awaitJoins(group, group.rebalanceTimeoutMs, () => this.completeJoin(group));
      return NOTHING;
    }
    group.startNextGeneration(clock.nowMs());
    if (group.state === 'Empty') return this.#writeEmpty(group);
    logger.info(
      `Stabilized group ${group.groupId} generation ${group.generationId} with ${group.memberCount} members.`,
    );
    this.#announce(group);
    return NOTHING;
  }

  /** Starts or prolongs the member's session. */
  keepAlive(group: ClassicGroup, member: ClassicMember, timeoutMs = member.sessionTimeoutMs): void {
    member.session ??= new Deadline(() => this.#expire(group, member.memberId));
    this.#context.deadlines.schedule(member.session, timeoutMs);
  }

  /** Keeps the id of a member that was told it, for as long as its session would last. */
  awaitMember(group: ClassicGroup, memberId: string, timeoutMs: number): void {
    const session = new Deadline(() => this.#expire(group, memberId));
    group.addPendingJoin(memberId, session);
    this.#context.deadlines.schedule(session, timeoutMs);
  }

  /** Answers and removes a member. The caller decides what becomes of the group. */
  removeMember(group: ClassicGroup, member: ClassicMember): void {
    group.answerJoin(member, joinError(ErrorCode.UNKNOWN_MEMBER_ID));
    group.answerSync(member, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
    this.#drop(group, member);
  }

  removePendingMember(group: ClassicGroup, memberId: string): void {
    this.#stop(group.pendingJoinSession(memberId));
    group.remove(memberId);
  }

  /** The member has synced; when it was the last, nobody needs to be waited for any more. */
  noteSynced(group: ClassicGroup, memberId: string): void {
    group.pendingSync.delete(memberId);
    if (group.pendingSync.size === 0) this.#stop(group.syncTimer);
  }

  /** Takes every assignment back and answers the SyncGroups that wait. */
  resetAssignment(group: ClassicGroup, errorCode: number): void {
    for (const member of group.members()) {
      member.assignment = EMPTY_ASSIGNMENT;
      if (group.answerSync(member, syncError(errorCode))) this.keepAlive(group, member);
    }
  }

  /** Stops the timers of a group that goes away. */
  forget(group: ClassicGroup): void {
    this.#stop(group.joinTimer);
    this.#stop(group.syncTimer);
    for (const member of group.members()) this.#stop(member.session);
    for (const session of group.pendingJoinSessions()) this.#stop(session);
  }

  /** Tells every member the new generation, and waits for their SyncGroups. */
  #announce(group: ClassicGroup): void {
    const joined = group.joinedMembers();
    for (const member of group.members()) {
      group.answerJoin(member, group.joinResult(member.memberId, group.isLeader(member.memberId) ? joined : []));
      this.keepAlive(group, member);
      member.isNew = false;
      group.pendingSync.add(member.memberId);
    }
    const { generationId } = group;
    group.syncTimer ??= new Deadline(() => {});
    group.syncTimer.run = () =>
      this.#submit(group, 'classic-group-sync-expiration', () => this.#expireSync(group, generationId));
    this.#context.deadlines.schedule(group.syncTimer, group.rebalanceTimeoutMs);
  }

  #writeEmpty(group: ClassicGroup): CoordinatorResult {
    const { groupId, generationId } = group;
    this.#context.logger.info(`Group ${groupId} with generation ${generationId} is now empty.`);
    return {
      records: [{ kind: 'group-metadata', group: groupId, value: group.metadataValue(() => EMPTY_ASSIGNMENT) }],
      response: undefined,
      replay: false,
      isAtomic: true,
      onSettled: (errorCode) => {
        // Should this node fail now, the generation before comes back from the log, and its members time out.
        if (errorCode !== ErrorCode.NONE) {
          this.#context.logger.warn(`Failed to write empty metadata for group ${groupId}: error ${errorCode}`);
        }
      },
    };
  }

  #completeInitial(group: ClassicGroup, delayMs: number, remainingMs: number): CoordinatorResult {
    if (!group.newMemberAdded || remainingMs === 0) return this.completeJoin(group);
    group.newMemberAdded = false;
    const nextDelayMs = Math.min(this.#context.config.initialRebalanceDelayMs, remainingMs);
    const nextRemainingMs = Math.max(remainingMs - delayMs, 0);
    this.#awaitJoins(group, nextDelayMs, () => this.#completeInitial(group, nextDelayMs, nextRemainingMs));
    return NOTHING;
  }

  #expire(group: ClassicGroup, memberId: string): void {
    this.#submit(group, 'classic-group-session-expiration', () => this.#expireMember(group, memberId));
  }

  #expireMember(group: ClassicGroup, memberId: string): CoordinatorResult {
    const { logger } = this.#context;
    if (group.pendingJoinSession(memberId) !== undefined) {
      logger.info(
        `Pending member ${memberId} in group ${group.groupId} has been removed after session timeout expiration.`,
      );
      group.remove(memberId);
      return this.#completeIfRebalancing(group);
    }
    const member = group.member(memberId);
    // A member whose request waits is there; its session starts again with the answer.
    if (member === undefined || member.isHeardOf) return NOTHING;
    logger.info(`Member ${memberId} in group ${group.groupId} has failed, removing it from the group.`);
    this.removeMember(group, member);
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') {
      return this.prepareOrComplete(group, `removing member ${memberId} on heartbeat expiration.`);
    }
    return this.#completeIfRebalancing(group);
  }

  #completeIfRebalancing(group: ClassicGroup): CoordinatorResult {
    return group.state === 'PreparingRebalance' && group.hasAllMembersJoined ? this.completeJoin(group) : NOTHING;
  }

  #expireSync(group: ClassicGroup, generationId: number): CoordinatorResult {
    const isCurrent =
      group.generationId === generationId && (group.state === 'CompletingRebalance' || group.state === 'Stable');
    if (!isCurrent || group.pendingSync.size === 0) return NOTHING;
    const late = [...group.pendingSync];
    for (const memberId of late) {
      const member = group.member(memberId);
      if (member !== undefined) this.#drop(group, member);
    }
    return this.prepare(group, `Removing [${late.join(', ')}] on pending sync request expiration`);
  }

  #awaitJoins(group: ClassicGroup, delayMs: number, then: () => CoordinatorResult): void {
    group.joinTimer ??= new Deadline(() => {});
    group.joinTimer.run = () => this.#submit(group, 'classic-group-join-expiration', then);
    this.#context.deadlines.schedule(group.joinTimer, delayMs);
  }

  #submit(group: ClassicGroup, name: string, operation: () => CoordinatorResult): void {
    if (this.#context.groups.get(group.groupId) !== group) return;
    this.#context.submit(name, operation);
  }

  #drop(group: ClassicGroup, member: ClassicMember): void {
    group.remove(member.memberId);
    this.#stop(member.session);
  }

  #stop(deadline: Deadline | null | undefined): void {
    if (deadline != null) this.#context.deadlines.cancel(deadline);
  }
}
