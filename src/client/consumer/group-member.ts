/**
 * A member of a classic group. Heartbeats run on their own timer; joining happens in the background, but only `poll` begins
 * and ends it: what is given up is given up between two polls, and so is what is taken over. Whoever does not poll for
 * max.poll.interval.ms leaves. What is to happen when partitions come and go is the owner's.
 */

import { api } from '../../network/api.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { heartbeatRequest, heartbeatResponse } from '../../protocol/messages/heartbeat.ts';
import { type JoinGroupResponse, joinGroupRequest, joinGroupResponse } from '../../protocol/messages/join-group.ts';
import { leaveGroupRequest, leaveGroupResponse } from '../../protocol/messages/leave-group.ts';
import { syncGroupRequest, syncGroupResponse } from '../../protocol/messages/sync-group.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import type { MemberIdentity } from '../admin-groups.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import type { Coordinators } from '../coordinator.ts';
import { toKafkaError } from '../error-text.ts';
import type { TopicPartition } from '../offsets.ts';
import type { GroupAssignor } from './assignors.ts';
import type { ConsumerSettings } from './settings.ts';
import { decodeAssignment, decodeMember, encodeAssignment, encodeSubscription } from './subscription-metadata.ts';

const JOIN_GROUP = api(joinGroupRequest, joinGroupResponse);
const SYNC_GROUP = api(syncGroupRequest, syncGroupResponse);
const HEARTBEAT = api(heartbeatRequest, heartbeatResponse);
const LEAVE_GROUP = api(leaveGroupRequest, leaveGroupResponse);
const PROTOCOL_TYPE = 'consumer';
const LEAVE_TIMEOUT_MS = 3_000;
/** The coordinator may take a little longer than the rebalance. */
const SLACK_MS = 5_000;

export interface GroupMemberOptions {
  readonly cluster: ClusterView;
  readonly coordinators: Coordinators;
  readonly settings: ConsumerSettings;
  readonly assignors: readonly GroupAssignor[];
  readonly groupId: string;
  /** The topics of now: asked at each join. */
  readonly topics: () => Promise<readonly string[]>;
  /** What is read now. */
  readonly owned: () => readonly TopicPartition[];
  /** Before a new round. `isLost`: the group has gone on without us, what we read is somebody else's. */
  readonly onPrepare: (round: { readonly isLost: boolean; readonly isCooperative: boolean }) => Promise<void>;
  /** Behind it. True when something had to be given up, so that another round is due. */
  readonly onAssigned: (partitions: readonly TopicPartition[], isCooperative: boolean) => Promise<boolean>;
  readonly onFailure: (error: Error) => void;
  /** A poll is wanted. */
  readonly wake: () => void;
}

export class GroupMember {
  readonly #options: GroupMemberOptions;
  /** JoinGroup and SyncGroup wait for the other members: nothing else shall wait behind them. */
  readonly #channel: string;
  #memberId = '';
  #generation = -1;
  /** Of the latest assignment, for assignors that want to give it back. */
  #previous: readonly TopicPartition[] = [];
  #previousGeneration = -1;
  #needsJoin = true;
  #isLost = false;
  #isJoining = false;
  #joined: { readonly partitions: readonly TopicPartition[]; readonly isCooperative: boolean } | undefined;
  /** By topic, as the leader knew them when it assigned; undefined for those who follow. */
  #counts: ReadonlyMap<string, number> | undefined;
  #polledAtMs: number;
  #heartbeat: TimerHandle | undefined;
  #isBeating = false;
  #stopped = false;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    this.#channel = options.cluster.newChannel('group');
    this.#polledAtMs = this.#now();
  }

  #now(): number {
    return this.#options.cluster.runtime.clock.monotonicMs();
  }

  /** Undefined: not a member now. */
  get identity(): MemberIdentity | undefined {
    if (this.#generation < 0) return undefined;
    const instanceId = this.#options.settings.groupInstanceId ?? null;
    return { memberId: this.#memberId, generation: this.#generation, instanceId };
  }

  get isRebalancing(): boolean {
    return this.#isJoining;
  }

  /** The partition counts behind the present assignment, when this member made it. */
  get assignedCounts(): ReadonlyMap<string, number> | undefined {
    return this.#counts;
  }

  get #isCooperative(): boolean {
    return this.#options.assignors.every((assignor) => assignor.isCooperative);
  }

  /** With every poll: begins a round that is due, ends one that is through. */
  async poll(): Promise<void> {
    this.#polledAtMs = this.#now();
    while (!this.#stopped) {
      const joined = this.#joined;
      if (joined !== undefined) {
        const isAgain = await this.#options.onAssigned(joined.partitions, joined.isCooperative);
        if (this.#joined === joined) this.#joined = undefined;
        this.#previous = joined.partitions;
        this.#previousGeneration = this.#generation;
        if (isAgain) this.#needsJoin = true;
      } else if (this.#needsJoin && !this.#isJoining) {
        const isLost = this.#isLost;
        this.#isLost = false;
        await this.#options.onPrepare({ isLost, isCooperative: this.#isCooperative });
        void this.#join();
      } else return;
    }
  }

  /** Joins again with the next poll. */
  rejoin(): void {
    this.#needsJoin = true;
    this.#options.wake();
  }

  /** The coordinator does not know this generation any more: whatever was ours is somebody else's. */
  lost(isMemberGone: boolean): void {
    this.#generation = -1;
    if (isMemberGone) this.#memberId = '';
    this.#isLost = true;
    this.#joined = undefined;
    this.#heartbeat?.cancel();
    this.rejoin();
  }

  stop(): void {
    this.#stopped = true;
    this.#heartbeat?.cancel();
  }

  /** So that the others need not wait for the session to end. A static member stays known, unless it is told to leave. */
  async leave(reason: string, evenStatic = false): Promise<void> {
    this.#heartbeat?.cancel();
    const memberId = this.#memberId;
    const { groupId, coordinators, cluster, settings } = this.#options;
    const groupInstanceId = settings.groupInstanceId ?? null;
    if (memberId === '' || (groupInstanceId !== null && !evenStatic)) return;
    try {
      await coordinators.call(
        groupId,
        LEAVE_GROUP,
        { groupId, members: [{ memberId, groupInstanceId, reason }] },
        { codeOf: (r) => r.errorCode, deadline: cluster.deadline(LEAVE_TIMEOUT_MS), doing: 'leaveGroup' },
      );
    } catch {
      // The session ends by itself.
    }
  }

  // ---- joining ----

  /** Until there is an assignment, or a poll has to give something up first, or nothing can be done. */
  async #join(): Promise<void> {
    this.#isJoining = true;
    this.#heartbeat?.cancel();
    const { cluster, onFailure, wake } = this.#options;
    try {
      for (let attempt = 0; !this.#stopped && !this.#isLost; ) {
        try {
          this.#needsJoin = false;
          const joined = await this.#joinOnce();
          if (joined !== undefined && (await this.#sync(joined))) return;
          if (joined === undefined) continue;
        } catch (error) {
          if (this.#stopped || cluster.isClosed) return;
          this.#needsJoin = true;
          if (!isUnreachable(error)) throw error;
        }
        await cluster.pause(attempt++, cluster.deadline());
      }
    } catch (error) {
      onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isJoining = false;
      wake();
    }
  }

  /** Undefined: once more. */
  async #joinOnce(): Promise<JoinGroupResponse | undefined> {
    const { settings, groupId, coordinators, cluster, assignors } = this.#options;
    const own = {
      topics: await this.#options.topics(),
      owned: this.#options.owned(),
      previous: this.#previous,
      generation: this.#previousGeneration,
      rack: settings.rack,
    };
    const rebalanceTimeoutMs = settings.rebalanceTimeoutMs ?? settings.maxPollIntervalMs;
    // Found first, in ordinary time: only the join itself may take as long as the rebalance.
    await coordinators.nodeOf(groupId, cluster.deadline(cluster.settings.requestTimeoutMs), 'joinGroup');
    const response = await coordinators.call(
      groupId,
      JOIN_GROUP,
      {
        groupId,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: settings.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocols: assignors.map((assignor) => ({ name: assignor.name, metadata: encodeSubscription(assignor, own) })),
      },
      {
        codeOf: (r) => r.errorCode,
        deadline: cluster.deadline(rebalanceTimeoutMs + SLACK_MS),
        timeoutMs: rebalanceTimeoutMs + SLACK_MS,
        channel: this.#channel,
        doing: 'joinGroup',
        once: true,
      },
    );
    if (response.errorCode === 0) {
      this.#memberId = response.memberId;
      this.#generation = response.generationId;
      return response;
    }
    if (response.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = response.memberId;
    else await this.#refused(response.errorCode);
    return undefined;
  }

  /** Errors that only mean to begin again; the others are thrown. */
  async #refused(code: number): Promise<void> {
    const { cluster } = this.#options;
    this.#needsJoin = true;
    if (code === ErrorCode.UNKNOWN_MEMBER_ID || code === ErrorCode.ILLEGAL_GENERATION) {
      this.#generation = -1;
      if (code === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
      // What is still read has to be given up first, and that is a poll's work.
      if (this.#options.owned().length > 0) this.#isLost = true;
    } else if (code === ErrorCode.REBALANCE_IN_PROGRESS) await cluster.pause(0, cluster.deadline());
    else if (errorRow(code).retriable) await cluster.pause(2, cluster.deadline());
    else throw toKafkaError(code);
  }

  /** True when there is an assignment. */
  async #sync(joined: JoinGroupResponse): Promise<boolean> {
    const { groupId, coordinators, settings, cluster, assignors } = this.#options;
    const assignor = assignors.find(({ name }) => name === joined.protocolName);
    if (assignor === undefined) throw toKafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const leads = joined.leader === this.#memberId;
    this.#counts = undefined;
    const patience = (settings.rebalanceTimeoutMs ?? settings.maxPollIntervalMs) + SLACK_MS;
    const response = await coordinators.call(
      groupId,
      SYNC_GROUP,
      {
        groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        groupInstanceId: settings.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocolName: joined.protocolName,
        assignments: leads ? await this.#assignAll(joined, assignor) : [],
      },
      {
        codeOf: (r) => r.errorCode,
        deadline: cluster.deadline(patience),
        timeoutMs: patience,
        channel: this.#channel,
        doing: 'syncGroup',
        once: true,
      },
    );
    if (response.errorCode !== 0) {
      await this.#refused(response.errorCode);
      return false;
    }
    this.#joined = { partitions: decodeAssignment(response.assignment), isCooperative: this.#isCooperative };
    this.#beatIn(settings.heartbeatIntervalMs);
    return true;
  }

  /** Empty when the assignment of before holds: a static leader came back. */
  async #assignAll(
    joined: JoinGroupResponse,
    assignor: GroupAssignor,
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const { cluster } = this.#options;
    const members = joined.members.map((member) => decodeMember(assignor, member));
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    await cluster.refresh(topics);
    const counts = new Map(topics.map((topic) => [topic, cluster.topic(topic)?.partitions.length ?? 0]));
    this.#counts = counts;
    if (joined.skipAssignment) return [];
    return [...assignor.assign(members, counts)].map(([memberId, partitions]) => {
      return { memberId, assignment: encodeAssignment(partitions) };
    });
  }

  // ---- heartbeats ----

  #beatIn(ms: number): void {
    this.#heartbeat?.cancel();
    if (this.#stopped) return;
    this.#heartbeat = this.#options.cluster.runtime.timers.after(ms, () => void this.#beat(), { unref: true });
  }

  async #beat(): Promise<void> {
    const { settings, cluster } = this.#options;
    const { identity } = this;
    if (this.#isBeating || this.#isJoining || identity === undefined) return;
    if (this.#now() - this.#polledAtMs > settings.maxPollIntervalMs) {
      void this.leave('consumer poll timeout has expired.');
      this.lost(true);
      return;
    }
    this.#isBeating = true;
    let nextMs = settings.heartbeatIntervalMs;
    try {
      const code = await this.#sendHeartbeat(identity);
      // The answer to another generation's question says nothing about this one.
      if (identity.generation === this.#generation && code !== 0) this.#heard(code);
    } catch (error) {
      if (!isUnreachable(error)) this.#options.onFailure(error as Error);
      nextMs = Math.min(nextMs, cluster.settings.retryBackoffMs);
    } finally {
      this.#isBeating = false;
      if (this.#generation >= 0 && !this.#isJoining) this.#beatIn(nextMs);
    }
  }

  async #sendHeartbeat({ memberId, generation, instanceId }: MemberIdentity): Promise<number> {
    const { cluster, settings, groupId, coordinators } = this.#options;
    const timeoutMs = Math.min(settings.sessionTimeoutMs, cluster.settings.requestTimeoutMs);
    const response = await coordinators.call(
      groupId,
      HEARTBEAT,
      { groupId, generationId: generation, memberId, groupInstanceId: instanceId },
      {
        codeOf: (r) => r.errorCode,
        deadline: cluster.deadline(settings.sessionTimeoutMs),
        timeoutMs,
        channel: this.#channel,
        doing: 'heartbeat',
        once: true,
      },
    );
    return response.errorCode;
  }

  #heard(code: number): void {
    if (code === ErrorCode.REBALANCE_IN_PROGRESS) {
      if (!this.#needsJoin) this.rejoin();
    } else if (code === ErrorCode.UNKNOWN_MEMBER_ID) this.lost(true);
    else if (code === ErrorCode.ILLEGAL_GENERATION) this.lost(false);
    else if (!errorRow(code).retriable) this.#options.onFailure(toKafkaError(code));
  }
}
