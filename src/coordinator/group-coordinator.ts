/**
 * The group coordinator of a broker: finds the partition of `__consumer_offsets` that a group belongs to and asks its
 * coordinator, when this broker leads that partition. Answers are complete: an error is part of them, as its API has it.
 */
import { AssertionFailure } from '../base/assert.ts';
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Clock, Random, TimerHandle, Timers } from '../runtime/runtime.ts';
import { type JoinResult, joinError, type SyncResult, syncError } from './classic-member.ts';
import type { GroupCoordinatorConfig } from './group-config.ts';
import type { CommitRequest, FetchedTopic, FetchTopic, PartitionsResult } from './group-offsets.ts';
import type { DescribedGroup, GroupFilter, ListedGroup } from './group-queries.ts';
import type { GroupShard } from './group-shard.ts';
import type { JoinRequest } from './join-group.ts';
import { withPrefix } from './log-prefix.ts';
import type { HeartbeatRequest, LeavingMember, LeftMember, SyncRequest } from './membership.ts';
import { PartitionCoordinator } from './partition-coordinator.ts';
import { partitionFor } from './partition-for.ts';
import type { PartitionLoader, PartitionWriter } from './partition-writer.ts';
import { answer, type CoordinatorResult, type Requester } from './shard-context.ts';

export interface GroupCoordinatorOptions {
  readonly nodeId: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Read at each use. */
  readonly config: () => GroupCoordinatorConfig;
  readonly writer: PartitionWriter;
  /** Of `__consumer_offsets` as it is, or as it would be created. */
  readonly partitionCount: () => number;
}

export interface LeaveResult {
  readonly errorCode: number;
  readonly members: readonly LeftMember[];
}

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #logger: Logger;
  readonly #partitions = new Map<number, PartitionCoordinator>();
  #expiration: TimerHandle | null = null;
  #isActive = true;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    const { logger, nodeId } = options;
    this.#logger = withPrefix(
      logger.named('org.apache.kafka.coordinator.group.GroupCoordinatorService'),
      `[GroupCoordinator id=${nodeId}]`,
    );
    this.#scheduleExpiration();
    this.#logger.info('Startup complete.');
  }

  // The broker's side

  /** This node has become leader of a partition of `__consumer_offsets`, at this epoch. */
  onElected(partition: number, leaderEpoch: number, loader: PartitionLoader): void {
    if (!this.#isActive) return;
    let coordinator = this.#partitions.get(partition);
    if (coordinator === undefined) {
      const { clock, timers, random, logger, config, writer, nodeId } = this.#options;
      coordinator = new PartitionCoordinator({
        partition,
        clock,
        timers,
        random,
        logger: withPrefix(
          logger.named('org.apache.kafka.coordinator.group.GroupMetadataManager'),
          `[GroupCoordinator id=${nodeId} topic=__consumer_offsets partition=${partition}]`,
        ),
        config,
        writer,
      });
      this.#partitions.set(partition, coordinator);
    }
    coordinator.elect(leaderEpoch, loader);
  }

  /** This node leads the partition no longer. `leaderEpoch` of the new leader; an older one than is led here is ignored. */
  onResigned(partition: number, leaderEpoch?: number): void {
    const coordinator = this.#partitions.get(partition);
    if (coordinator === undefined || (leaderEpoch !== undefined && leaderEpoch < coordinator.leaderEpoch)) return;
    this.#partitions.delete(partition);
    coordinator.close();
  }

  /** Offsets of topics that are gone go too. */
  onTopicsDeleted(topics: readonly { readonly id: Uuid; readonly name: string }[]): void {
    if (topics.length === 0) return;
    for (const coordinator of this.#partitions.values()) {
      coordinator
        .write((shard) => shard.offsets.onTopicsDeleted(topics))
        .catch((error: unknown) => this.#logger.error('Could not delete offsets for deleted topics', error));
    }
  }

  /** Those who wait are told NOT_COORDINATOR; whoever comes later, COORDINATOR_NOT_AVAILABLE. */
  shutdown(): void {
    if (!this.#isActive) return;
    this.#logger.info('Shutting down.');
    this.#isActive = false;
    this.#expiration?.cancel();
    for (const coordinator of this.#partitions.values()) coordinator.close();
    this.#partitions.clear();
    this.#logger.info('Shutdown complete.');
  }

  partitionFor(groupId: string): number {
    return partitionFor(groupId, this.#options.partitionCount());
  }

  // The clients' side

  /** Resolves when the generation that the member joins begins; that may be minutes. */
  joinGroup(requester: Requester, request: JoinRequest): Promise<JoinResult> {
    const { memberId, groupId, sessionTimeoutMs } = request;
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#options.config();
    if (!this.#isActive) return Promise.resolve(joinError(ErrorCode.COORDINATOR_NOT_AVAILABLE, memberId));
    if (groupId === '') return Promise.resolve(joinError(ErrorCode.INVALID_GROUP_ID, memberId));
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      return Promise.resolve(joinError(ErrorCode.INVALID_SESSION_TIMEOUT, memberId));
    }
    return new Promise((resolve, reject) => {
      this.#write(groupId, (shard) => shard.joins.join(requester, request, resolve))
        .catch((error: unknown) => resolve(joinError(this.#codeOf('classic-group-join', error))))
        .catch(reject);
    });
  }

  /** Resolves when the leader has handed in the assignment. */
  syncGroup(request: SyncRequest): Promise<SyncResult> {
    if (!this.#isActive) return Promise.resolve(syncError(ErrorCode.COORDINATOR_NOT_AVAILABLE));
    if (request.groupId === '') return Promise.resolve(syncError(ErrorCode.INVALID_GROUP_ID));
    return new Promise((resolve, reject) => {
      this.#write(request.groupId, (shard) => shard.membership.sync(request, resolve))
        .catch((error: unknown) => resolve(syncError(this.#codeOf('classic-group-sync', error))))
        .catch(reject);
    });
  }

  /** The error code. */
  async heartbeat(request: HeartbeatRequest): Promise<number> {
    const refusal = this.#refusal(request.groupId);
    if (refusal !== ErrorCode.NONE) return refusal;
    try {
      return await this.#write(request.groupId, (shard) => shard.membership.heartbeat(request));
    } catch (error) {
      const code = this.#codeOf('classic-group-heartbeat', error);
      // While the group loads, its members are taken for alive.
      return code === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : code;
    }
  }

  async leaveGroup(groupId: string, members: readonly LeavingMember[]): Promise<LeaveResult> {
    const refusal = this.#refusal(groupId);
    if (refusal !== ErrorCode.NONE) return { errorCode: refusal, members: [] };
    try {
      const left = await this.#write(groupId, (shard) => shard.membership.leave(groupId, members));
      return { errorCode: ErrorCode.NONE, members: left };
    } catch (error) {
      return { errorCode: this.#codeOf('classic-group-leave', error), members: [] };
    }
  }

  /** Throws a KafkaError when the commit as a whole is refused. The empty group id is allowed, as in Kafka. */
  async commitOffsets(apiVersion: number, request: CommitRequest): Promise<readonly PartitionsResult[]> {
    this.#requireActive();
    return this.#write(request.groupId, (shard) => shard.offsets.commit(apiVersion, request));
  }

  /** `topics` null: all that the group has committed. Throws a KafkaError. */
  async fetchOffsets(
    groupId: string,
    topics: readonly FetchTopic[] | null,
    requireStable: boolean,
  ): Promise<readonly FetchedTopic[]> {
    this.#requireActive();
    const fetch = (shard: GroupShard) =>
      topics === null
        ? shard.offsets.fetchAll(groupId, requireStable)
        : shard.offsets.fetch(groupId, topics, requireStable);
    // Stable offsets include what is being committed just now: the answer waits for that.
    if (requireStable) return this.#write(groupId, (shard) => answer(fetch(shard)));
    return this.#partition(groupId).read(fetch);
  }

  /** Throws a KafkaError when the request as a whole is refused. */
  async deleteOffsets(
    groupId: string,
    topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
  ): Promise<readonly PartitionsResult[]> {
    const refusal = this.#refusal(groupId);
    if (refusal !== ErrorCode.NONE) throw new KafkaError(refusal, 'the offsets cannot be deleted');
    return this.#write(groupId, (shard) => shard.offsets.delete(groupId, topics));
  }

  /** The groups of all partitions that are led here. Throws COORDINATOR_LOAD_IN_PROGRESS while one of them loads. */
  listGroups(filter: GroupFilter): ListedGroup[] {
    this.#requireActive();
    const groups: ListedGroup[] = [];
    for (const coordinator of this.#partitions.values()) {
      try {
        groups.push(...coordinator.read((shard) => shard.queries.list(filter)));
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== ErrorCode.NOT_COORDINATOR) throw error;
      }
    }
    return groups;
  }

  describeGroups(apiVersion: number, groupIds: readonly string[]): DescribedGroup[] {
    return groupIds.map((groupId) => {
      try {
        this.#requireActive();
        return this.#partition(groupId).read((shard) => shard.queries.describe(apiVersion, groupId));
      } catch (error) {
        return {
          errorCode: this.#codeOf('describe-groups', error),
          errorMessage: null,
          groupId,
          groupState: '',
          protocolType: '',
          protocolData: '',
          members: [],
        };
      }
    });
  }

  /** Each group's error code. */
  async deleteGroups(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const results = new Map<string, number>();
    const byPartition = Map.groupBy(new Set(groupIds), (groupId) => this.partitionFor(groupId));
    await Promise.all(
      Array.from(byPartition, async ([partition, ids]) => {
        try {
          this.#requireActive();
          const deleted = await this.#led(partition).write((shard) => shard.queries.delete(ids));
          for (const [groupId, errorCode] of deleted) results.set(groupId, errorCode);
        } catch (error) {
          const errorCode = this.#codeOf('delete-groups', error);
          for (const groupId of ids) results.set(groupId, errorCode);
        }
      }),
    );
    return results;
  }

  #write<Response>(groupId: string, operation: (shard: GroupShard) => CoordinatorResult<Response>): Promise<Response> {
    try {
      return this.#partition(groupId).write(operation);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #partition(groupId: string): PartitionCoordinator {
    return this.#led(this.partitionFor(groupId));
  }

  #led(partition: number): PartitionCoordinator {
    const coordinator = this.#partitions.get(partition);
    if (coordinator === undefined) {
      throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'This is not the correct coordinator.');
    }
    return coordinator;
  }

  #refusal(groupId: string): number {
    if (!this.#isActive) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    return groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.NONE;
  }

  #requireActive(): void {
    if (this.#isActive) return;
    throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'The coordinator is not available.');
  }

  /** What went wrong, in a code; what nobody expected is logged. A failed assert is a bug and goes on up. */
  #codeOf(operation: string, error: unknown): number {
    if (error instanceof AssertionFailure) throw error;
    if (error instanceof KafkaError) return error.code;
    this.#logger.error(`Operation ${operation} hit an unexpected exception`, error);
    return ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  #scheduleExpiration(): void {
    const { timers, config } = this.#options;
    const intervalMs = config().offsetsRetentionCheckIntervalMs;
    this.#expiration = timers.after(
      intervalMs,
      () => {
        for (const coordinator of this.#partitions.values()) coordinator.expireOffsets();
        if (this.#isActive) this.#scheduleExpiration();
      },
      { unref: true },
    );
  }
}
