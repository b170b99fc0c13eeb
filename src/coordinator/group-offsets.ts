/**
 * OffsetCommit, OffsetFetch and OffsetDelete: the offsets that groups have committed, and who may change them. A group
 * that only commits and never joins (a simple consumer, an administrator's reset) is an empty classic group.
 */
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { ClassicGroup } from './classic-group.ts';
import { UNKNOWN_MEMBER_ID } from './classic-member.ts';
import type { CommittedOffset, OffsetKey } from './committed-offset.ts';
import type { GroupRecord } from './group-records.ts';
import type { View } from './offset-store.ts';
import type { Rebalance } from './rebalance.ts';
import { answer, type CoordinatorResult, type ShardContext } from './shard-context.ts';

export interface CommitRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1: not a member. */
  readonly generationId: number;
  /** -1: the broker's retention. */
  readonly retentionTimeMs: number;
  readonly topics: readonly CommitTopic[];
}

export interface CommitTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly committedMetadata: string | null;
  }[];
}

export interface PartitionsResult {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

export interface FetchTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitionIndexes: readonly number[];
}

export interface FetchedTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: readonly FetchedOffset[];
}

export interface FetchedOffset {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

/** From here on an unknown group is told as such; before, clients knew only ILLEGAL_GENERATION. */
const GROUP_ID_NOT_FOUND_FROM = 9;

export class GroupOffsets {
  readonly #context: ShardContext;
  readonly #rebalance: Rebalance;

  constructor(context: ShardContext, rebalance: Rebalance) {
    this.#context = context;
    this.#rebalance = rebalance;
  }

  commit(apiVersion: number, request: CommitRequest): CoordinatorResult<readonly PartitionsResult[]> {
    const { clock, config } = this.#context;
    this.#admit(apiVersion, request);
    const nowMs = clock.nowMs();
    const expireTimestampMs = request.retentionTimeMs === -1 ? -1 : nowMs + request.retentionTimeMs;
    const records: GroupRecord[] = [];
    const response = request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((commit) => {
        const { partitionIndex } = commit;
        const metadata = commit.committedMetadata ?? '';
        if (metadata.length > config.offsetMetadataMaxBytes) {
          return { partitionIndex, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE };
        }
        const value: CommittedOffset = {
          offset: commit.committedOffset,
          leaderEpoch: commit.committedLeaderEpoch,
          metadata,
          commitTimestampMs: nowMs,
          expireTimestampMs,
          topicId,
          recordOffset: -1,
        };
        records.push({ kind: 'offset-commit', group: request.groupId, topic: name, partition: partitionIndex, value });
        return { partitionIndex, errorCode: ErrorCode.NONE };
      }),
    }));
    return answer(response, records);
  }

  /** Throws unless the group accepts the commit. A member that commits is alive. */
  #admit(apiVersion: number, request: CommitRequest): void {
    const { groups } = this.#context;
    const { groupId, generationId, memberId } = request;
    const group = groups.get(groupId);
    if (group === undefined) {
      // The record makes an unknown group; a consumer group that is kept accepts commits from outside as Kafka's does.
      if (generationId < 0) return;
      const errorCode =
        apiVersion >= GROUP_ID_NOT_FOUND_FROM ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
      throw new KafkaError(errorCode, `Group ${groupId} not found.`);
    }
    const errorCode = commitRefusal(group, request);
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, `commit to group ${groupId} refused`);
    const member = group.member(memberId);
    if (member !== undefined && group.isInState('Stable', 'PreparingRebalance'))
      this.#rebalance.keepAlive(group, member);
  }

  fetch(groupId: string, topics: readonly FetchTopic[], requireStable: boolean): readonly FetchedTopic[] {
    const view: View = requireStable ? 'latest' : 'committed';
    const exists = this.#exists(groupId, view);
    return topics.map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((partition) => {
        const key = { group: groupId, topic: name, partition };
        const offset = exists ? this.#context.offsets.get(key, view) : undefined;
        // The topic has been made anew since that commit.
        const isOutdated = offset !== undefined && isOtherTopic(offset.topicId, topicId);
        return this.#fetched(key, isOutdated ? undefined : offset, requireStable);
      }),
    }));
  }

  /** Everything that the group has committed, topics in the order of their first commit. */
  fetchAll(groupId: string, requireStable: boolean): readonly FetchedTopic[] {
    const view: View = requireStable ? 'latest' : 'committed';
    if (!this.#exists(groupId, view)) return [];
    return Array.from(this.#context.offsets.ofGroup(groupId, view), ([topic, partitions]) => ({
      name: topic,
      topicId: ZERO_UUID,
      partitions: Array.from(partitions, ([partition, offset]) =>
        this.#fetched({ group: groupId, topic, partition }, offset, requireStable),
      ),
    }));
  }

  #exists(groupId: string, view: View): boolean {
    const { groups } = this.#context;
    return groups.get(groupId, view) !== undefined || groups.foreign(groupId) !== undefined;
  }

  #fetched(key: OffsetKey, offset: CommittedOffset | undefined, requireStable: boolean): FetchedOffset {
    const isUnstable = requireStable && this.#context.offsets.transactional.isOpen(key);
    if (isUnstable || offset === undefined) {
      return {
        partitionIndex: key.partition,
        committedOffset: -1,
        committedLeaderEpoch: -1,
        metadata: '',
        errorCode: isUnstable ? ErrorCode.UNSTABLE_OFFSET_COMMIT : ErrorCode.NONE,
      };
    }
    return {
      partitionIndex: key.partition,
      committedOffset: offset.offset,
      committedLeaderEpoch: offset.leaderEpoch,
      metadata: offset.metadata,
      errorCode: ErrorCode.NONE,
    };
  }

  delete(
    groupId: string,
    topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
  ): CoordinatorResult<readonly PartitionsResult[]> {
    const group = this.#deletable(groupId);
    const records: GroupRecord[] = [];
    const response = topics.map(({ name, partitions }) => {
      const isSubscribed = group?.isSubscribedTo(name) ?? false;
      const errorCode = isSubscribed ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
      for (const partition of isSubscribed ? [] : partitions) {
        const key = { group: groupId, topic: name, partition };
        if (this.#holds(key)) records.push({ kind: 'offset-commit', ...key, value: null });
      }
      return {
        name,
        topicId: ZERO_UUID,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })),
      };
    });
    return answer(response, records);
  }

  /** Undefined: a group of another kind, which subscribes to nothing here. */
  #deletable(groupId: string): ClassicGroup | undefined {
    const { groups } = this.#context;
    const group = groups.get(groupId);
    if (group === undefined && groups.foreign(groupId) !== undefined) return undefined;
    if (group === undefined || group.state === 'Dead') {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    }
    if (group.state !== 'Empty' && !group.isConsumerGroup) {
      throw new KafkaError(ErrorCode.NON_EMPTY_GROUP, `Group ${groupId} is not empty.`);
    }
    return group;
  }

  #holds(key: OffsetKey): boolean {
    const { offsets } = this.#context;
    return offsets.get(key, 'latest') !== undefined || offsets.transactional.isOpen(key);
  }

  /** Tombstones for everything that the group has committed. */
  tombstones(groupId: string): GroupRecord[] {
    const { offsets } = this.#context;
    const records: GroupRecord[] = [];
    for (const [topic, partitions] of offsets.ofGroup(groupId, 'latest')) {
      for (const partition of partitions.keys()) records.push(tombstone(groupId, topic, partition));
    }
    for (const key of offsets.transactional.openKeys(groupId)) {
      if (offsets.get(key, 'latest') === undefined) records.push(tombstone(groupId, key.topic, key.partition));
    }
    return records;
  }

  /** Offsets of deleted topics go with them, unless they belong to a topic of the same name that is younger. */
  onTopicsDeleted(topics: readonly { readonly id: Uuid; readonly name: string }[]): CoordinatorResult {
    const records: GroupRecord[] = [];
    const { offsets } = this.#context;
    for (const groupId of offsets.groups()) {
      const ofGroup = offsets.ofGroup(groupId, 'latest');
      for (const { id, name } of topics) {
        for (const [partition, { topicId }] of ofGroup.get(name) ?? []) {
          if (topicId === ZERO_UUID || topicId === id) records.push(tombstone(groupId, name, partition));
        }
      }
    }
    return { records, response: undefined, replay: true, isAtomic: false };
  }
}

function tombstone(group: string, topic: string, partition: number): GroupRecord {
  return { kind: 'offset-commit', group, topic, partition, value: null };
}

function isOtherTopic(actual: Uuid, expected: Uuid): boolean {
  return actual !== ZERO_UUID && expected !== ZERO_UUID && actual !== expected;
}

/** NONE, or why the group does not take a commit from whoever sends it. */
function commitRefusal(group: ClassicGroup, request: CommitRequest): number {
  const { generationId, memberId, groupInstanceId } = request;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  // From outside the group: only while nobody is in it.
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId < 0 && memberId === UNKNOWN_MEMBER_ID && groupInstanceId === null)
    return ErrorCode.UNKNOWN_MEMBER_ID;
  const errorCode = group.memberError(memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  // The member knows this generation from its JoinGroup and has not synced; the partitions are not its own yet.
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
