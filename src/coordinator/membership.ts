/** SyncGroup, Heartbeat and LeaveGroup: the life of a member between two rebalances. */
import { ErrorCode } from '../protocol/error-codes.ts';
import type { ClassicGroup } from './classic-group.ts';
import { EMPTY_ASSIGNMENT, type Respond, type SyncResult, syncError, UNKNOWN_MEMBER_ID } from './classic-member.ts';
import type { Rebalance } from './rebalance.ts';
import { answer, type CoordinatorResult, coordinatorError, NOTHING, type ShardContext } from './shard-context.ts';

export interface SyncRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** By member id; of the leader. Copies: they outlive the request's frame. */
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeavingMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly reason: string | null;
}

export interface LeftMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly errorCode: number;
}

export class Membership {
  readonly #context: ShardContext;
  readonly #rebalance: Rebalance;

  constructor(context: ShardContext, rebalance: Rebalance) {
    this.#context = context;
    this.#rebalance = rebalance;
  }

  sync(request: SyncRequest, respond: Respond<SyncResult>): CoordinatorResult {
    const group = this.#context.groups.get(request.groupId);
    const errorCode = group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : syncRefusal(group, request);
    const member = group?.member(request.memberId);
    if (group === undefined || member === undefined || errorCode !== ErrorCode.NONE) {
      respond(syncError(errorCode));
      return NOTHING;
    }
    this.#rebalance.noteSynced(group, member.memberId);
    if (group.state === 'Stable') {
      respond({
        errorCode: ErrorCode.NONE,
        protocolType: group.protocolType,
        protocolName: group.protocolName,
        assignment: member.assignment,
      });
      return NOTHING;
    }
    member.awaitingSync = respond;
    return group.isLeader(member.memberId) ? this.#takeAssignments(group, request) : NOTHING;
  }

  /** The group becomes Stable, and the waiting members get their assignments, once the generation is committed. */
  #takeAssignments(group: ClassicGroup, request: SyncRequest): CoordinatorResult {
    const { logger, clock } = this.#context;
    const { groupId, generationId } = group;
    logger.info(
      `Assignment received from leader ${request.memberId} for group ${groupId} for generation ${generationId}. The ` +
        `group has ${group.memberCount} members, ${group.staticMemberCount} of which are static.`,
    );
    const assignmentOf = ({ memberId }: { readonly memberId: string }) =>
      request.assignments.get(memberId) ?? EMPTY_ASSIGNMENT;
    return {
      records: [{ kind: 'group-metadata', group: groupId, value: group.metadataValue(assignmentOf) }],
      response: undefined,
      replay: false,
      isAtomic: true,
      onSettled: (errorCode) => {
        // Somebody may have joined or left in the meantime; then this generation is over already.
        if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return;
        if (errorCode !== ErrorCode.NONE) {
          this.#failAssignment(group, request.memberId, coordinatorError(errorCode));
          return;
        }
        for (const member of group.members()) member.assignment = assignmentOf(member);
        this.#propagate(group);
        group.transitionTo('Stable', clock.nowMs());
      },
    };
  }

  #propagate(group: ClassicGroup): void {
    const { protocolType, protocolName } = group;
    for (const member of group.members()) {
      const result = { errorCode: ErrorCode.NONE, protocolType, protocolName, assignment: member.assignment };
      // A session that ended while its member waited here was let pass; it starts anew.
      if (group.answerSync(member, result)) this.#rebalance.keepAlive(group, member);
    }
  }

  #failAssignment(group: ClassicGroup, memberId: string, errorCode: number): void {
    this.#rebalance.resetAssignment(group, errorCode);
    if (this.#context.groups.get(group.groupId) !== group) return;
    this.#context.submit('classic-group-rebalance', () =>
      this.#rebalance.prepareOrComplete(
        group,
        `Error ${errorCode} when storing group assignment during SyncGroup (member: ${memberId}).`,
      ),
    );
  }

  heartbeat(request: HeartbeatRequest): CoordinatorResult<number> {
    const group = this.#context.groups.get(request.groupId);
    if (group === undefined) return answer(ErrorCode.UNKNOWN_MEMBER_ID);
    if (group.state === 'Dead') return answer(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    const errorCode = group.memberError(request.memberId, request.groupInstanceId);
    const member = group.member(request.memberId);
    if (errorCode !== ErrorCode.NONE || member === undefined) return answer(errorCode);
    if (request.generationId !== group.generationId) return answer(ErrorCode.ILLEGAL_GENERATION);
    this.#rebalance.keepAlive(group, member);
    return answer(group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE);
  }

  /** Of an unknown group every member is unknown. */
  leave(groupId: string, leaving: readonly LeavingMember[]): CoordinatorResult<readonly LeftMember[]> {
    const group = this.#context.groups.get(groupId);
    const left = leaving.map((member) => {
      const { memberId, groupInstanceId } = member;
      const errorCode = group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : this.#leaveOne(group, member);
      return { memberId, groupInstanceId, errorCode };
    });
    const gone = left.filter(({ errorCode }) => errorCode === ErrorCode.NONE).map(({ memberId }) => memberId);
    if (group === undefined || gone.length === 0) return answer(left);
    return { ...this.#afterLeaving(group, gone), response: left };
  }

  #leaveOne(group: ClassicGroup, { memberId, groupInstanceId, reason }: LeavingMember): number {
    const { logger } = this.#context;
    const because = `has left group through explicit \`LeaveGroup\` request; client reason: ${reason ?? 'not provided'}`;
    if (memberId !== UNKNOWN_MEMBER_ID && group.pendingJoinSession(memberId) !== undefined) {
      this.#rebalance.removePendingMember(group, memberId);
      logger.info(`[Group ${group.groupId}] Pending member ${memberId} ${because}`);
      return ErrorCode.NONE;
    }
    // Without a member id an administrator removes a static member by its instance id (KIP-345).
    const byInstance = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId);
    const id = memberId === UNKNOWN_MEMBER_ID ? byInstance : memberId;
    if (id === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    const errorCode = group.memberError(id, groupInstanceId);
    const member = group.member(id);
    if (errorCode !== ErrorCode.NONE || member === undefined) return errorCode;
    logger.info(`[Group ${group.groupId}] Member ${member.memberId} ${because}`);
    this.#rebalance.removeMember(group, member);
    return ErrorCode.NONE;
  }

  #afterLeaving(group: ClassicGroup, gone: readonly string[]): CoordinatorResult {
    switch (group.state) {
      case 'Stable':
      case 'CompletingRebalance': {
        const reason = `explicit \`LeaveGroup\` request for (${gone.join(', ')}) members.`;
        return this.#rebalance.prepareOrComplete(group, reason);
      }
      case 'PreparingRebalance':
        return this.#rebalance.completeIfJoined(group);
      default:
        return NOTHING;
    }
  }
}

function syncRefusal(group: ClassicGroup, request: SyncRequest): number {
  if (group.state === 'Empty') return ErrorCode.UNKNOWN_MEMBER_ID;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const errorCode = group.memberError(request.memberId, request.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  if (differs(request.protocolType, group.protocolType) || differs(request.protocolName, group.protocolName)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  }
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/** Old clients do not say; that is no contradiction. */
function differs(asked: string | null, actual: string | null): boolean {
  return asked !== null && actual !== null && asked !== actual;
}
