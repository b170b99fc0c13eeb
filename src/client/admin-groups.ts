/** Consumer groups, as an administrator sees them: listed, described, their offsets read, moved and deleted. */

import { api } from '../network/api.ts';
import { decodeMessage } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { KafkaError } from '../protocol/kafka-error.ts';
import {
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
} from '../protocol/messages/consumer-group-describe.ts';
import { consumerProtocolAssignment } from '../protocol/messages/consumer-protocol.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from '../protocol/messages/delete-groups.ts';
import { describeGroupsRequest, describeGroupsResponse } from '../protocol/messages/describe-groups.ts';
import { leaveGroupRequest, leaveGroupResponse } from '../protocol/messages/leave-group.ts';
import { listGroupsRequest, listGroupsResponse } from '../protocol/messages/list-groups.ts';
import { offsetCommitRequest, offsetCommitResponse } from '../protocol/messages/offset-commit.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from '../protocol/messages/offset-delete.ts';
import { offsetFetchRequest, offsetFetchResponse } from '../protocol/messages/offset-fetch.ts';
import type { Deadline } from './backoff.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Coordinators } from './coordinator.ts';
import { toKafkaError } from './error-text.ts';
import { partitionKey, type TopicPartition } from './offsets.ts';

const LIST_GROUPS = api(listGroupsRequest, listGroupsResponse);
const DESCRIBE_GROUPS = api(describeGroupsRequest, describeGroupsResponse);
const CONSUMER_GROUP_DESCRIBE = api(consumerGroupDescribeRequest, consumerGroupDescribeResponse);
const OFFSET_FETCH = api(offsetFetchRequest, offsetFetchResponse);
const OFFSET_COMMIT = api(offsetCommitRequest, offsetCommitResponse);
const OFFSET_DELETE = api(offsetDeleteRequest, offsetDeleteResponse);
const LEAVE_GROUP = api(leaveGroupRequest, leaveGroupResponse);
const DELETE_GROUPS = api(deleteGroupsRequest, deleteGroupsResponse);

/** From version 10 on topics are named by id; names serve tools better. */
const LAST_VERSION_WITH_NAMES = 9;

export interface ListedGroup {
  readonly id: string;
  readonly protocolType: string;
  /** Empty on brokers that do not tell. */
  readonly state: string;
  readonly type: string;
}

export async function listGroups(
  cluster: ClusterView,
  filter: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
  deadline?: Deadline,
): Promise<ListedGroup[]> {
  const until = deadline ?? cluster.deadline();
  await cluster.refresh([], { deadline: until, doing: 'findAllBrokers' });
  const answers = await Promise.all(
    cluster.brokers.map((broker) =>
      cluster.call(
        LIST_GROUPS,
        { statesFilter: filter.states ?? [], typesFilter: filter.types ?? [] },
        { node: broker.id, deadline: until, doing: 'listGroups' },
      ),
    ),
  );
  return answers.flatMap((answer) => {
    if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode);
    return answer.groups.map((g) => ({
      id: g.groupId,
      protocolType: g.protocolType,
      state: g.groupState,
      type: g.groupType,
    }));
  });
}

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
  /** Of the consumer protocol only. */
  readonly epoch: number | undefined;
  readonly targetAssignment: readonly TopicPartition[] | undefined;
}

export interface GroupDescription {
  readonly id: string;
  readonly type: 'Classic' | 'Consumer';
  readonly state: string;
  readonly protocolType: string;
  readonly assignor: string;
  readonly groupEpoch: number | undefined;
  readonly targetEpoch: number | undefined;
  readonly coordinator: number;
  readonly members: readonly GroupMember[];
}

interface Topics {
  readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[];
}

function flatten(assignment: Topics): TopicPartition[] {
  return assignment.topicPartitions.flatMap((t) =>
    t.partitions.map((partition) => ({ topic: t.topicName, partition })),
  );
}

/** The consumer protocol's description; undefined when the group is not one of those. */
async function describeConsumerGroup(
  cluster: ClusterView,
  coordinators: Coordinators,
  id: string,
  deadline: Deadline,
): Promise<GroupDescription | undefined> {
  const doing = 'describeConsumerGroups(api=FIND_COORDINATOR)';
  if (!(await cluster.supports(CONSUMER_GROUP_DESCRIBE, deadline, doing))) return undefined;
  const response = await coordinators.call(
    id,
    CONSUMER_GROUP_DESCRIBE,
    { groupIds: [id], includeAuthorizedOperations: false },
    { codeOf: (r) => r.groups[0]?.errorCode ?? 0, deadline, doing: 'describeConsumerGroups' },
  );
  const group = response.groups[0];
  const code = group?.errorCode ?? ErrorCode.GROUP_ID_NOT_FOUND;
  if (code === ErrorCode.GROUP_ID_NOT_FOUND || code === ErrorCode.UNSUPPORTED_VERSION) return undefined;
  if (group === undefined || code !== 0) throw toKafkaError(code, group?.errorMessage);
  return {
    id,
    type: 'Consumer',
    state: group.groupState,
    protocolType: 'consumer',
    assignor: group.assignorName,
    groupEpoch: group.groupEpoch,
    targetEpoch: group.assignmentEpoch,
    coordinator: await coordinators.nodeOf(id, deadline, 'describeConsumerGroups'),
    members: group.members.map((m) => ({
      memberId: m.memberId,
      instanceId: m.instanceId,
      clientId: m.clientId,
      host: m.clientHost,
      assignment: flatten(m.assignment),
      epoch: m.memberEpoch,
      targetAssignment: flatten(m.targetAssignment),
    })),
  };
}

function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length < 2) return [];
  const version = Math.min(bytes.readInt16BE(0), 3);
  const assignment = decodeMessage(consumerProtocolAssignment, version, bytes, 2);
  return assignment.assignedPartitions.flatMap((t) => t.partitions.map((partition) => ({ topic: t.topic, partition })));
}

/** Throws GROUP_ID_NOT_FOUND when there is no such group. */
export async function describeGroup(
  cluster: ClusterView,
  coordinators: Coordinators,
  id: string,
  deadline = cluster.deadline(),
): Promise<GroupDescription> {
  const consumer = await describeConsumerGroup(cluster, coordinators, id, deadline);
  if (consumer !== undefined) return consumer;
  const response = await coordinators.call(
    id,
    DESCRIBE_GROUPS,
    { groups: [id] },
    { codeOf: (r) => r.groups[0]?.errorCode ?? 0, deadline, doing: 'describeConsumerGroups' },
  );
  const group = response.groups[0];
  const code = group?.errorCode ?? ErrorCode.GROUP_ID_NOT_FOUND;
  // Brokers before version 6 call a missing group a dead one.
  if (group === undefined || code !== 0 || group.groupState === 'Dead') {
    const missing = code === 0 || code === ErrorCode.GROUP_ID_NOT_FOUND;
    if (missing) throw toKafkaError(ErrorCode.GROUP_ID_NOT_FOUND, group?.errorMessage ?? `Group ${id} not found.`);
    throw toKafkaError(code, group?.errorMessage);
  }
  return {
    id,
    type: 'Classic',
    state: group.groupState,
    protocolType: group.protocolType,
    assignor: group.protocolData,
    groupEpoch: undefined,
    targetEpoch: undefined,
    coordinator: await coordinators.nodeOf(id, deadline, 'describeConsumerGroups'),
    members: group.members.map((m) => ({
      memberId: m.memberId,
      instanceId: m.groupInstanceId,
      clientId: m.clientId,
      host: m.clientHost,
      assignment: decodeAssignment(m.memberAssignment),
      epoch: undefined,
      targetAssignment: undefined,
    })),
  };
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface MemberIdentity {
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string | null;
}

/** What the group has committed; of all its partitions when none are named. Partitions without an offset are left out. */
export async function fetchOffsets(
  cluster: ClusterView,
  coordinators: Coordinators,
  group: string,
  options: {
    readonly partitions?: readonly TopicPartition[];
    readonly deadline?: Deadline;
    readonly requireStable?: boolean;
  } = {},
): Promise<Map<string, CommittedOffset>> {
  const deadline = options.deadline ?? cluster.deadline();
  const topics =
    options.partitions === undefined
      ? null
      : groupByTopic(options.partitions).map(([name, list]) => ({
          name,
          partitionIndexes: list.map((p) => p.partition),
        }));
  for (let attempt = 0; ; attempt++) {
    const response = await coordinators.call(
      group,
      OFFSET_FETCH,
      { groups: [{ groupId: group, topics }], requireStable: options.requireStable ?? false },
      {
        codeOf: (r) => r.groups[0]?.errorCode ?? 0,
        deadline,
        maxVersion: LAST_VERSION_WITH_NAMES,
        doing: 'listConsumerGroupOffsets',
      },
    );
    const answer = response.groups[0];
    if (answer === undefined || answer.errorCode !== 0) throw toKafkaError(answer?.errorCode ?? -1);
    const offsets = new Map<string, CommittedOffset>();
    let unstable = false;
    for (const topic of answer.topics) {
      for (const p of topic.partitions) {
        if (p.errorCode === ErrorCode.UNSTABLE_OFFSET_COMMIT) unstable = true;
        else if (p.errorCode !== 0) throw toKafkaError(p.errorCode);
        if (p.committedOffset < 0) continue;
        const key = partitionKey(topic.name, p.partitionIndex);
        offsets.set(key, {
          topic: topic.name,
          partition: p.partitionIndex,
          offset: p.committedOffset,
          leaderEpoch: p.committedLeaderEpoch,
          metadata: p.metadata ?? '',
        });
      }
    }
    if (!unstable) return offsets;
    if (deadline.passed) throw toKafkaError(ErrorCode.UNSTABLE_OFFSET_COMMIT);
    await cluster.pause(attempt, deadline);
  }
}

export function groupByTopic<T extends TopicPartition>(list: readonly T[]): [string, T[]][] {
  const grouped = new Map<string, T[]>();
  for (const entry of list) {
    const known = grouped.get(entry.topic);
    if (known === undefined) grouped.set(entry.topic, [entry]);
    else known.push(entry);
  }
  return [...grouped];
}

/** By partition: nothing, or why not. */
export type PartitionOutcomes = Map<string, { readonly partition: TopicPartition; readonly error: KafkaError | null }>;

/** Commits for a member, or from outside while the group has no members. */
export async function commitOffsets(
  coordinators: Coordinators,
  group: string,
  offsets: readonly (TopicPartition & {
    readonly offset: number;
    readonly leaderEpoch?: number;
    readonly metadata?: string;
  })[],
  options: { readonly member?: MemberIdentity; readonly deadline?: Deadline; readonly once?: boolean } = {},
): Promise<PartitionOutcomes> {
  const response = await coordinators.call(
    group,
    OFFSET_COMMIT,
    {
      groupId: group,
      generationIdOrMemberEpoch: options.member?.generation ?? -1,
      memberId: options.member?.memberId ?? '',
      groupInstanceId: options.member?.instanceId ?? null,
      topics: groupByTopic(offsets).map(([name, list]) => ({
        name,
        partitions: list.map((p) => ({
          partitionIndex: p.partition,
          committedOffset: p.offset,
          committedLeaderEpoch: p.leaderEpoch ?? -1,
          committedMetadata: p.metadata ?? '',
        })),
      })),
    },
    {
      codeOf: (r) => r.topics[0]?.partitions[0]?.errorCode ?? 0,
      maxVersion: LAST_VERSION_WITH_NAMES,
      doing: 'alterConsumerGroupOffsets',
      once: options.once ?? false,
      ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    },
  );
  return outcomes(response.topics);
}

function outcomes(
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
): PartitionOutcomes {
  const found: PartitionOutcomes = new Map();
  for (const topic of topics) {
    for (const p of topic.partitions) {
      found.set(partitionKey(topic.name, p.partitionIndex), {
        partition: { topic: topic.name, partition: p.partitionIndex },
        error: p.errorCode === 0 ? null : toKafkaError(p.errorCode),
      });
    }
  }
  return found;
}

/** Throws when the group itself is the problem. */
export async function deleteOffsets(
  coordinators: Coordinators,
  group: string,
  partitions: readonly TopicPartition[],
  deadline?: Deadline,
): Promise<PartitionOutcomes> {
  const response = await coordinators.call(
    group,
    OFFSET_DELETE,
    {
      groupId: group,
      topics: groupByTopic(partitions).map(([name, list]) => ({
        name,
        partitions: list.map((p) => ({ partitionIndex: p.partition })),
      })),
    },
    {
      codeOf: (r) => r.errorCode,
      doing: 'deleteConsumerGroupOffsets',
      ...(deadline === undefined ? {} : { deadline }),
    },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
  return outcomes(response.topics);
}

/** Null: deleted. */
export async function deleteGroup(
  coordinators: Coordinators,
  group: string,
  deadline?: Deadline,
): Promise<KafkaError | null> {
  const response = await coordinators.call(
    group,
    DELETE_GROUPS,
    { groupsNames: [group] },
    {
      codeOf: (r) => r.results[0]?.errorCode ?? 0,
      doing: 'deleteConsumerGroups',
      ...(deadline === undefined ? {} : { deadline }),
    },
  );
  const code = response.results[0]?.errorCode ?? -1;
  return code === 0 ? null : toKafkaError(code);
}

/** These members leave their group, static ones by their instance id; all of them when none are named. */
export async function removeMembers(
  cluster: ClusterView,
  coordinators: Coordinators,
  group: string,
  options: { readonly instanceIds?: readonly string[]; readonly reason?: string } = {},
): Promise<void> {
  const members =
    options.instanceIds?.map((groupInstanceId) => ({ memberId: '', groupInstanceId })) ??
    (await describeGroup(cluster, coordinators, group)).members.map(({ memberId, instanceId }) => {
      return { memberId: instanceId === null ? memberId : '', groupInstanceId: instanceId };
    });
  if (members.length === 0) return;
  const reason = options.reason ?? 'an administrator removed it';
  const response = await coordinators.call(
    group,
    LEAVE_GROUP,
    { groupId: group, members: members.map((member) => ({ ...member, reason })) },
    { codeOf: (r) => r.errorCode, doing: 'removeMembersFromConsumerGroup' },
  );
  const code = response.errorCode || (response.members.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0);
  if (code !== 0) throw toKafkaError(code);
}
