/**
 * JoinGroup: who may join a classic group, under which id, and what that sets in motion. The answer is given through
 * `respond`, at once or when the generation begins.
 */
import { assert } from '../base/assert.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { ClassicGroup } from './classic-group.ts';
import {
  ClassicMember,
  EMPTY_ASSIGNMENT,
  type JoinResult,
  joinError,
  type MemberProtocol,
  NO_LEADER,
  type Respond,
  syncError,
  UNKNOWN_MEMBER_ID,
} from './classic-member.ts';
import { NEW_MEMBER_JOIN_TIMEOUT_MS } from './group-config.ts';
import type { GroupRecord } from './group-records.ts';
import { foreignTombstones } from './group-table.ts';
import { newMemberId } from './member-id.ts';
import type { Rebalance } from './rebalance.ts';
import {
  type CoordinatorResult,
  coordinatorError,
  NOTHING,
  type Requester,
  type ShardContext,
} from './shard-context.ts';

export interface JoinRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  /** Copies: they outlive the request's frame. */
  readonly protocols: readonly MemberProtocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly reason: string | null;
}

/** Dynamic members are told their id before they count (KIP-394), so that a retry does not leave a member behind. */
const MEMBER_ID_REQUIRED_FROM = 4;
/** The leader of a group that keeps its assignment is told so instead of being made to compute it again (KIP-814). */
const SKIP_ASSIGNMENT_FROM = 9;

interface Join {
  readonly group: ClassicGroup;
  readonly request: JoinRequest;
  readonly requester: Requester;
  readonly respond: Respond<JoinResult>;
}

export class JoinGroup {
  readonly #context: ShardContext;
  readonly #rebalance: Rebalance;

  constructor(context: ShardContext, rebalance: Rebalance) {
    this.#context = context;
    this.#rebalance = rebalance;
  }

  join(requester: Requester, request: JoinRequest, respond: Respond<JoinResult>): CoordinatorResult {
    const { groups, clock } = this.#context;
    const { groupId, memberId } = request;
    const foreign = groups.foreign(groupId);
    const existing = groups.get(groupId);
    // An id of a consumer group without members here is taken over, as Kafka does; nobody can heartbeat for it.
    if (existing === undefined && foreign !== undefined && foreign.type !== 'Consumer') {
      respond(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL));
      return NOTHING;
    }
    if (existing === undefined && memberId !== UNKNOWN_MEMBER_ID) {
      respond(joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
      return NOTHING;
    }
    const group = existing ?? new ClassicGroup(groupId, clock.nowMs());
    const result = this.#accept({ group, request, requester, respond });
    if (existing !== undefined) return result;
    assert(result === NOTHING, 'joining a new group writes nothing yet');
    return this.#writeNewGroup(group, respond, foreign === undefined ? [] : foreignTombstones(foreign));
  }

  /** The group is written empty, so that it is there for whoever asks, and its id taken. */
  #writeNewGroup(group: ClassicGroup, respond: Respond<JoinResult>, before: GroupRecord[]): CoordinatorResult {
    const { groupId, stateTimestampMs } = group;
    const value = {
      protocolType: '',
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: stateTimestampMs,
      members: [],
    };
    return {
      records: [...before, { kind: 'group-metadata', group: groupId, value }],
      response: undefined,
      replay: false,
      isAtomic: true,
      onWritten: (sequence) => {
        for (const record of before) if (record.kind === 'foreign') this.#context.groups.replayForeign(record);
        this.#context.groups.put(groupId, group, sequence);
      },
      onSettled: (errorCode) => {
        if (errorCode === ErrorCode.NONE) return;
        this.#context.logger.warn(`Failed to write empty metadata for group ${groupId}: error ${errorCode}`);
        respond(joinError(coordinatorError(errorCode)));
      },
    };
  }

  #accept(join: Join): CoordinatorResult {
    const { group, request, respond } = join;
    if (!this.#hasRoomFor(group, request.memberId)) {
      const member = group.member(request.memberId);
      if (member !== undefined) this.#rebalance.removeMember(group, member);
      else this.#rebalance.removePendingMember(group, request.memberId);
      respond(joinError(ErrorCode.GROUP_MAX_SIZE_REACHED));
      return NOTHING;
    }
    const isNew = request.memberId === UNKNOWN_MEMBER_ID;
    if (group.state === 'Dead') {
      respond(joinError(ErrorCode.COORDINATOR_NOT_AVAILABLE, request.memberId));
      return NOTHING;
    }
    if (!group.supportsProtocols(request.protocolType, request.protocols)) {
      respond(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, request.memberId));
      return NOTHING;
    }
    return isNew ? this.#joinNew(join) : this.#joinKnown(join);
  }

  /**
   * While a rebalance runs, those who have joined it count, so that the last to rejoin are turned away when the limit was
   * lowered; otherwise the members.
   */
  #hasRoomFor(group: ClassicGroup, memberId: string): boolean {
    const { maxSize } = this.#context.config;
    switch (group.state) {
      case 'Empty':
      case 'Dead':
        return true;
      case 'PreparingRebalance':
        return group.member(memberId)?.awaitingJoin != null || group.awaitingJoinCount < maxSize;
      default:
        return group.hasMember(memberId) || group.memberCount < maxSize;
    }
  }

  #joinNew(join: Join): CoordinatorResult {
    const { group, request, requester, respond } = join;
    const { logger, random } = this.#context;
    const memberId = newMemberId(request.groupInstanceId ?? requester.clientId, random);
    if (request.groupInstanceId !== null) {
      const existing = group.staticMemberId(request.groupInstanceId);
      if (existing === undefined) return this.#add(join, memberId);
      logger.info(
        `Static member with groupInstanceId=${request.groupInstanceId} and unknown member id joins group ` +
          `${group.groupId} in ${group.state} state. Replacing previously mapped member ${existing} with this ` +
          'groupInstanceId.',
      );
      return this.#replaceStatic(join, existing, memberId);
    }
    if (requester.apiVersion < MEMBER_ID_REQUIRED_FROM) return this.#add(join, memberId);
    logger.info(
      `Dynamic member with unknown member id joins group ${group.groupId} in ${group.state} state. Created a new ` +
        `member id ${memberId} and requesting the member to rejoin with this id.`,
    );
    this.#rebalance.awaitMember(group, memberId, request.sessionTimeoutMs);
    respond(joinError(ErrorCode.MEMBER_ID_REQUIRED, memberId));
    return NOTHING;
  }

  #joinKnown(join: Join): CoordinatorResult {
    const { group, request, respond } = join;
    const { memberId } = request;
    if (group.pendingJoinSession(memberId) !== undefined) {
      // An id that was given to a dynamic member cannot be a static one's.
      if (request.groupInstanceId === null) return this.#addPending(join);
      respond(joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
      return NOTHING;
    }
    const errorCode = group.memberError(memberId, request.groupInstanceId);
    const member = group.member(memberId);
    if (errorCode !== ErrorCode.NONE || member === undefined) {
      respond(joinError(errorCode, memberId));
      return NOTHING;
    }
    switch (group.state) {
      case 'PreparingRebalance':
        return this.#rejoin(join, member, `Member ${memberId} is joining group during PreparingRebalance`);
      case 'CompletingRebalance':
        if (!member.matches(request.protocols)) return this.#rejoin(join, member, metadataChanged(join));
        // It has not got the answer to its join; the generation is still the one it joined.
        respond(group.joinResult(memberId, group.isLeader(memberId) ? group.joinedMembers() : []));
        return NOTHING;
      case 'Stable':
        // A leader that joins again asks for a new assignment: it has seen topics change, which no metadata tells.
        if (group.isLeader(memberId)) {
          return this.#rejoin(join, member, `Leader ${memberId} re-joining group during Stable`);
        }
        if (!member.matches(request.protocols)) return this.#rejoin(join, member, metadataChanged(join));
        respond(group.joinResult(memberId));
        return NOTHING;
      default:
        respond(joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
        return NOTHING;
    }
  }

  #rejoin(join: Join, member: ClassicMember, reason: string): CoordinatorResult {
    join.group.updateMember(member, join.request, join.respond);
    return this.#rebalance.prepareOrComplete(join.group, withClientReason(reason, join.request));
  }

  #addPending(join: Join): CoordinatorResult {
    const { group, request } = join;
    const session = group.pendingJoinSession(request.memberId);
    if (session !== undefined) this.#context.deadlines.cancel(session);
    this.#context.logger.info(
      `Pending dynamic member with id ${request.memberId} joins group ${group.groupId} in ${group.state} state. ` +
        'Adding to the group now.',
    );
    return this.#add(join, request.memberId);
  }

  #add(join: Join, memberId: string): CoordinatorResult {
    const { group, request, requester, respond } = join;
    const member = new ClassicMember({
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: requester.clientId,
      clientHost: requester.clientHost,
      protocolType: request.protocolType,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      sessionTimeoutMs: request.sessionTimeoutMs,
      protocols: request.protocols,
      assignment: EMPTY_ASSIGNMENT,
    });
    member.isNew = true;
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true;
    group.add(member, respond);
    this.#rebalance.keepAlive(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
    const reason = `Adding new member ${memberId} with group instance id ${request.groupInstanceId}`;
    return this.#rebalance.prepareOrComplete(group, withClientReason(reason, request));
  }

  /** A static member that has restarted: it takes the place, and the assignment, of the one with its instance id. */
  #replaceStatic(join: Join, oldMemberId: string, memberId: string): CoordinatorResult {
    const { group, request } = join;
    const old = group.member(oldMemberId);
    assert(old !== undefined, 'a static member is a member');
    this.#fence(group, old);
    const member = this.#takePlace(group, old, memberId);
    const before = { ...pick(member) };
    const leaderBefore = group.isLeader(memberId) ? oldMemberId : group.leaderId;
    group.updateMember(member, request, join.respond);
    switch (group.state) {
      case 'Stable':
        if (group.selectProtocol() !== group.protocolName) {
          const reason =
            `Group's selectedProtocol will change because static member ${memberId} with instance id ` +
            `${request.groupInstanceId} joined with change of protocol`;
          return this.#rebalance.prepareOrComplete(group, withClientReason(reason, request));
        }
        return this.#keepAssignment(join, member, { oldMemberId, leaderBefore, before });
      case 'CompletingRebalance': {
        // The leader may have been given the old id, and would assign nothing to the new one.
        const reason = `Updating metadata for static member ${memberId} with instance id ${request.groupInstanceId}`;
        return this.#rebalance.prepare(group, withClientReason(reason, request));
      }
      default:
        return this.#rebalance.completeIfJoined(group);
    }
  }

  #fence(group: ClassicGroup, member: ClassicMember): void {
    group.answerJoin(member, joinError(ErrorCode.FENCED_INSTANCE_ID, member.memberId));
    group.answerSync(member, syncError(ErrorCode.FENCED_INSTANCE_ID));
  }

  #takePlace(group: ClassicGroup, old: ClassicMember, memberId: string): ClassicMember {
    const member = new ClassicMember({ ...details(old), memberId });
    group.replaceStatic(old, member);
    if (old.session !== null) this.#context.deadlines.cancel(old.session);
    this.#rebalance.keepAlive(group, member);
    return member;
  }

  /** No rebalance: the new id is written, and the answer is the running generation. */
  #keepAssignment(join: Join, member: ClassicMember, former: Former): CoordinatorResult {
    const { group, requester, respond } = join;
    const { logger } = this.#context;
    logger.info(
      "Static member which joins during Stable stage and doesn't affect the selected protocol will not trigger a " +
        'rebalance.',
    );
    return {
      records: [
        { kind: 'group-metadata', group: group.groupId, value: group.metadataValue((each) => each.assignment) },
      ],
      response: undefined,
      replay: false,
      isAtomic: true,
      onSettled: (errorCode) => {
        if (errorCode !== ErrorCode.NONE) {
          logger.warn(
            `Failed to persist metadata for group ${group.groupId} static member ${member.memberId}: error ` +
              `${errorCode}. Reverting to old member id ${former.oldMemberId}.`,
          );
          this.#restore(group, member, former);
          respond({
            ...group.joinResult(UNKNOWN_MEMBER_ID),
            leader: former.leaderBefore ?? NO_LEADER,
            errorCode: coordinatorError(errorCode),
          });
          return;
        }
        group.answerJoin(member, keptResult(group, member, requester, former));
      },
    };
  }

  #restore(group: ClassicGroup, member: ClassicMember, former: Former): void {
    if (group.member(member.memberId) !== member) return;
    group.updateMember(member, former.before, null);
    this.#takePlace(group, member, former.oldMemberId);
  }
}

/** What a static member that was replaced had said of itself. */
interface Former {
  readonly oldMemberId: string;
  readonly leaderBefore: string | null;
  readonly before: Pick<ClassicMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>;
}

/**
 * Old leaders cannot be told to skip the assignment. They are given the leader's former id, which is not theirs, and take
 * themselves for followers.
 */
function keptResult(group: ClassicGroup, member: ClassicMember, requester: Requester, former: Former): JoinResult {
  const { memberId } = member;
  if (requester.apiVersion < SKIP_ASSIGNMENT_FROM) {
    return { ...group.joinResult(memberId), leader: former.leaderBefore ?? NO_LEADER };
  }
  const isLeader = group.isLeader(memberId);
  return { ...group.joinResult(memberId, isLeader ? group.joinedMembers() : []), skipAssignment: isLeader };
}

function pick({ protocols, rebalanceTimeoutMs, sessionTimeoutMs }: ClassicMember): Former['before'] {
  return { protocols, rebalanceTimeoutMs, sessionTimeoutMs };
}

function details(member: ClassicMember) {
  const { memberId, groupInstanceId, clientId, clientHost, protocolType, assignment } = member;
  return { memberId, groupInstanceId, clientId, clientHost, protocolType, assignment, ...pick(member) };
}

function metadataChanged({ group, request }: Join): string {
  return `Updating metadata for member ${request.memberId} during ${group.state}`;
}

function withClientReason(reason: string, request: JoinRequest): string {
  return `${reason}; client reason: ${request.reason || 'not provided'}`;
}
