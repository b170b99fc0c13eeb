/**
 * A member of a classic group: joins, runs the assignor when it leads, keeps its session alive, joins again when the
 * coordinator asks for it. What is to happen when partitions come and go is the owner's.
 */
import { decodeMessage, encodeMessage } from '../../protocol/codec.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../../protocol/messages/consumer-protocol.ts';
import { heartbeatRequest, heartbeatResponse } from '../../protocol/messages/heartbeat.ts';
import { type JoinGroupResponse, joinGroupRequest, joinGroupResponse } from '../../protocol/messages/join-group.ts';
import { leaveGroupRequest, leaveGroupResponse } from '../../protocol/messages/leave-group.ts';
import { syncGroupRequest, syncGroupResponse } from '../../protocol/messages/sync-group.ts';
import { groupByTopic, type MemberIdentity } from '../admin-groups.ts';
import { api } from '../api.ts';
import { type ClusterView, UnreachableError } from '../cluster-view.ts';
import type { Coordinators } from '../coordinator.ts';
import { toKafkaError } from '../error-text.ts';
import { LinkError } from '../link.ts';
import type { TopicPartition } from '../offsets.ts';
import { ASSIGNORS } from './assignors.ts';
import type { ConsumerSettings } from './settings.ts';

const JOIN_GROUP = api(joinGroupRequest, joinGroupResponse);
const SYNC_GROUP = api(syncGroupRequest, syncGroupResponse);
const HEARTBEAT = api(heartbeatRequest, heartbeatResponse);
const LEAVE_GROUP = api(leaveGroupRequest, leaveGroupResponse);
const PROTOCOL_TYPE = 'consumer';
const SUBSCRIPTION_VERSION = 1;
const ASSIGNMENT_VERSION = 1;
const LEAVE_TIMEOUT_MS = 3_000;

export interface GroupMemberOptions {
  readonly cluster: ClusterView;
  readonly coordinators: Coordinators;
  readonly settings: ConsumerSettings;
  readonly groupId: string;
  /** The topics of now: asked at each join. */
  readonly topics: () => Promise<readonly string[]>;
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Before a new round; commits belong here. */
  readonly onRevoked: () => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

export class GroupMember {
  readonly #options: GroupMemberOptions;
  /** JoinGroup and SyncGroup wait for the other members: nothing else shall wait behind them. */
  readonly #channel: string;
  #memberId = '';
  #generation = -1;
  #active = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #wakeHeartbeat: (() => void) | undefined;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    this.#channel = options.cluster.newChannel('group');
  }

  get identity(): MemberIdentity {
    const instanceId = this.#options.settings.groupInstanceId ?? null;
    return { memberId: this.#memberId, generation: this.#generation, instanceId };
  }

  get isActive(): boolean {
    return this.#active;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Joins again soon: topics or partitions have changed. */
  rejoin(): void {
    this.#active = false;
    this.#wakeHeartbeat?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wakeHeartbeat?.();
  }

  /** Leaves, so that the others need not wait for the session to end. A static member stays known. */
  async leave(): Promise<void> {
    this.stop();
    if (this.#memberId === '' || this.#options.settings.groupInstanceId !== undefined) return;
    const { groupId, coordinators, cluster } = this.#options;
    try {
      await coordinators.call(
        groupId,
        LEAVE_GROUP,
        { groupId, members: [{ memberId: this.#memberId, reason: 'the consumer is being closed' }] },
        { codeOf: (r) => r.errorCode, deadline: cluster.deadline(LEAVE_TIMEOUT_MS), doing: 'leaveGroup' },
      );
    } catch {
      // The session ends by itself.
    }
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stopped; ) {
      try {
        await this.#round();
        attempt = 0;
      } catch (error) {
        if (this.#stopped) return;
        const away = error instanceof LinkError || error instanceof UnreachableError;
        if (!away) {
          this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        await this.#options.cluster.pause(attempt++, this.#options.cluster.deadline());
      }
    }
  }

  /** One generation: join, sync, then heartbeats until the group moves on. */
  async #round(): Promise<void> {
    const joined = await this.#join();
    if (joined === undefined || this.#stopped) return;
    const assignment = await this.#sync(joined);
    if (assignment === undefined || this.#stopped) return;
    this.#active = true;
    await this.#options.onAssigned(assignment);
    await this.#heartbeats();
    this.#active = false;
    if (!this.#stopped) await this.#options.onRevoked();
  }

  async #join(): Promise<JoinGroupResponse | undefined> {
    const { settings, groupId, coordinators, cluster } = this.#options;
    const topics = await this.#options.topics();
    const metadata = versioned(
      SUBSCRIPTION_VERSION,
      encodeMessage(consumerProtocolSubscription, SUBSCRIPTION_VERSION, { topics: [...topics] }),
    );
    const response = await coordinators.call(
      groupId,
      JOIN_GROUP,
      {
        groupId,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        rebalanceTimeoutMs: settings.rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: settings.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocols: settings.assignors.map((name) => ({ name, metadata })),
      },
      {
        codeOf: (r) => r.errorCode,
        deadline: cluster.deadline(settings.rebalanceTimeoutMs + 5_000),
        timeoutMs: settings.rebalanceTimeoutMs + 5_000,
        channel: this.#channel,
        doing: 'joinGroup',
      },
    );
    if (response.errorCode === 0) {
      this.#memberId = response.memberId;
      this.#generation = response.generationId;
      return response;
    }
    if (response.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = response.memberId;
    else this.#afterError(response.errorCode);
    return undefined;
  }

  /** Errors that only mean to begin again; the others are thrown. */
  #afterError(code: number): void {
    if (code === ErrorCode.UNKNOWN_MEMBER_ID || code === ErrorCode.ILLEGAL_GENERATION) {
      this.#generation = -1;
      if (code === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
      return;
    }
    if (code === ErrorCode.REBALANCE_IN_PROGRESS || errorRow(code).retriable) return;
    throw toKafkaError(code);
  }

  async #sync(joined: JoinGroupResponse): Promise<TopicPartition[] | undefined> {
    const { groupId, coordinators, settings, cluster } = this.#options;
    const leads = joined.leader === this.#memberId && !joined.skipAssignment;
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
        assignments: leads ? await this.#assignAll(joined) : [],
      },
      {
        codeOf: (r) => r.errorCode,
        deadline: cluster.deadline(settings.rebalanceTimeoutMs + 5_000),
        timeoutMs: settings.rebalanceTimeoutMs + 5_000,
        channel: this.#channel,
        doing: 'syncGroup',
      },
    );
    if (response.errorCode !== 0) {
      this.#afterError(response.errorCode);
      return undefined;
    }
    if (response.assignment.length < 2) return [];
    const version = Math.min(response.assignment.readInt16BE(0), 3);
    const assignment = decodeMessage(consumerProtocolAssignment, version, response.assignment, 2);
    return assignment.assignedPartitions.flatMap((t) =>
      t.partitions.map((partition) => ({ topic: t.topic, partition })),
    );
  }

  async #assignAll(joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const { cluster } = this.#options;
    const members = joined.members.map((member) => {
      const version = Math.min(member.metadata.readInt16BE(0), 3);
      const { topics } = decodeMessage(consumerProtocolSubscription, version, member.metadata, 2);
      return { memberId: member.memberId, instanceId: member.groupInstanceId, topics };
    });
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    await cluster.refresh(topics);
    const counts = new Map(topics.map((topic) => [topic, cluster.topic(topic)?.partitions.length ?? 0]));
    const assignor = ASSIGNORS.get(joined.protocolName ?? '');
    if (assignor === undefined) throw toKafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    return [...assignor(members, counts)].map(([memberId, partitions]) => ({
      memberId,
      assignment: versioned(
        ASSIGNMENT_VERSION,
        encodeMessage(consumerProtocolAssignment, ASSIGNMENT_VERSION, {
          assignedPartitions: groupByTopic(partitions).map(([topic, list]) => ({
            topic,
            partitions: list.map((p) => p.partition),
          })),
        }),
      ),
    }));
  }

  /** Returns when the generation has ended. */
  async #heartbeats(): Promise<void> {
    const { cluster, settings, groupId, coordinators } = this.#options;
    while (!this.#stopped && this.#active) {
      await this.#heartbeatPause(settings.heartbeatIntervalMs);
      if (this.#stopped || !this.#active) return;
      const { memberId, generation } = this.identity;
      const response = await coordinators.call(
        groupId,
        HEARTBEAT,
        { groupId, generationId: generation, memberId, groupInstanceId: settings.groupInstanceId ?? null },
        {
          codeOf: (r) => r.errorCode,
          deadline: cluster.deadline(settings.sessionTimeoutMs),
          channel: this.#channel,
          doing: 'heartbeat',
        },
      );
      if (response.errorCode !== 0) {
        this.#afterError(response.errorCode);
        return;
      }
    }
  }

  async #heartbeatPause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.cluster.runtime.timers.after(ms, resolve);
      this.#wakeHeartbeat = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wakeHeartbeat = undefined;
  }
}

/** Both parts of the protocol begin with their version. */
function versioned(version: number, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2 + body.length);
  bytes.writeInt16BE(version, 0);
  body.copy(bytes, 2);
  return bytes;
}
