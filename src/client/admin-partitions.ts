/** Partitions, as an administrator moves and trims them. */

import { api } from '../network/api.ts';
import { ErrorCode, errorRow } from '../protocol/error-codes.ts';
import type { KafkaError } from '../protocol/kafka-error.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '../protocol/messages/alter-partition-reassignments.ts';
import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
} from '../protocol/messages/alter-replica-log-dirs.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from '../protocol/messages/delete-records.ts';
import { electLeadersRequest, electLeadersResponse } from '../protocol/messages/elect-leaders.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '../protocol/messages/list-partition-reassignments.ts';
import { groupByTopic } from './admin-groups.ts';
import { type ClusterView, isUnreachable } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';
import { partitionKey, type TopicPartition } from './offsets.ts';

const DELETE_RECORDS = api(deleteRecordsRequest, deleteRecordsResponse);
const ELECT_LEADERS = api(electLeadersRequest, electLeadersResponse);
const ALTER_REASSIGNMENTS = api(alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse);
const ALTER_REPLICA_LOG_DIRS = api(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse);
const LIST_REASSIGNMENTS = api(listPartitionReassignmentsRequest, listPartitionReassignmentsResponse);

export interface RecordsToDelete extends TopicPartition {
  /** Records before it go; -1: all there are. */
  readonly beforeOffset: number;
}

/** By `topic-partition`: the new first offset, or why not. Leaders that move are looked up again until the time is over. */
export async function deleteRecords(
  cluster: ClusterView,
  wanted: readonly RecordsToDelete[],
): Promise<Map<string, number | KafkaError>> {
  const deadline = cluster.deadline();
  const found = new Map<string, number | KafkaError>();
  let open = wanted;
  for (let attempt = 0; open.length > 0; attempt++) {
    await cluster.refresh([...new Set(open.map(({ topic }) => topic))], { deadline, doing: 'deleteRecords' });
    const again: RecordsToDelete[] = [];
    const byLeader = Map.groupBy(open, ({ topic, partition }) => cluster.partition(topic, partition)?.leader ?? -1);
    await Promise.all([...byLeader].map(([leader, list]) => deleteAt(cluster, leader, list, { found, again })));
    if (deadline.passed) break;
    open = again;
    if (open.length > 0) await cluster.pause(attempt, deadline);
  }
  return found;
}

async function deleteAt(
  cluster: ClusterView,
  leader: number,
  list: readonly RecordsToDelete[],
  to: { readonly found: Map<string, number | KafkaError>; readonly again: RecordsToDelete[] },
): Promise<void> {
  const settle = (topic: string, partition: number, code: number, lowWatermark = -1) => {
    to.found.set(partitionKey(topic, partition), code === 0 ? lowWatermark : toKafkaError(code));
    const one = list.find((entry) => entry.topic === topic && entry.partition === partition);
    if (code !== 0 && errorRow(code).retriable && one !== undefined) to.again.push(one);
  };
  if (leader < 0) {
    for (const { topic, partition } of list) {
      const code = cluster.topic(topic)?.errorCode || ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      to.found.set(partitionKey(topic, partition), toKafkaError(code));
    }
    return;
  }
  const topics = groupByTopic(list).map(([name, entries]) => ({
    name,
    partitions: entries.map(({ partition, beforeOffset }) => ({ partitionIndex: partition, offset: beforeOffset })),
  }));
  const timeoutMs = cluster.settings.requestTimeoutMs;
  try {
    const response = await cluster.call(DELETE_RECORDS, { topics, timeoutMs }, { node: leader, once: true });
    for (const { name, partitions } of response.topics) {
      for (const { partitionIndex, lowWatermark, errorCode } of partitions)
        settle(name, partitionIndex, errorCode, lowWatermark);
    }
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    for (const { topic, partition } of list) settle(topic, partition, ErrorCode.NETWORK_EXCEPTION);
  }
}

/** By `topic-partition`: nothing, or why not. */
export type PlacementOutcomes = Map<string, KafkaError | null>;

function outcome(code: number, message: string | null): KafkaError | null {
  return code === 0 ? null : toKafkaError(code, message);
}

/** Of all partitions when none are named; those that need none are left out then. */
export async function electLeaders(
  cluster: ClusterView,
  kind: 'preferred' | 'unclean',
  partitions: readonly TopicPartition[] | null,
): Promise<PlacementOutcomes> {
  const response = await cluster.call(
    ELECT_LEADERS,
    {
      electionType: kind === 'preferred' ? 0 : 1,
      topicPartitions:
        partitions === null
          ? null
          : groupByTopic(partitions).map(([topic, list]) => ({ topic, partitions: list.map((one) => one.partition) })),
      timeoutMs: cluster.settings.requestTimeoutMs,
    },
    { node: 'controller', doing: 'electLeaders' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
  const found: PlacementOutcomes = new Map();
  for (const { topic, partitionResult } of response.replicaElectionResults) {
    for (const { partitionId, errorCode, errorMessage } of partitionResult) {
      found.set(partitionKey(topic, partitionId), outcome(errorCode, errorMessage));
    }
  }
  return found;
}

export interface Reassignment extends TopicPartition {
  /** Brokers, the preferred leader first; null calls a reassignment off. */
  readonly replicas: readonly number[] | null;
}

/** Who is asked about reassignments: the controller's broker, unless whoever is connected is a controller. */
export interface ReassignmentOptions {
  readonly node?: 'controller' | 'any';
}

/** `keepReplicationFactor`: what would give a partition more or fewer replicas is refused. */
export async function alterReassignments(
  cluster: ClusterView,
  reassignments: readonly Reassignment[],
  options: ReassignmentOptions & { readonly keepReplicationFactor?: boolean } = {},
): Promise<PlacementOutcomes> {
  const response = await cluster.call(
    ALTER_REASSIGNMENTS,
    {
      timeoutMs: cluster.settings.requestTimeoutMs,
      ...(options.keepReplicationFactor ? { allowReplicationFactorChange: false } : {}),
      topics: groupByTopic(reassignments).map(([name, list]) => ({
        name,
        partitions: list.map(({ partition, replicas }) => ({
          partitionIndex: partition,
          replicas: replicas && [...replicas],
        })),
      })),
    },
    { node: options.node ?? 'controller', doing: 'alterPartitionReassignments' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  const found: PlacementOutcomes = new Map();
  for (const { name, partitions } of response.responses) {
    for (const { partitionIndex, errorCode, errorMessage } of partitions) {
      found.set(partitionKey(name, partitionIndex), outcome(errorCode, errorMessage));
    }
  }
  return found;
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
}

export async function listReassignments(
  cluster: ClusterView,
  partitions: readonly TopicPartition[] | null = null,
  { node = 'controller' }: ReassignmentOptions = {},
): Promise<OngoingReassignment[]> {
  const topics =
    partitions === null
      ? null
      : groupByTopic(partitions).map(([name, list]) => ({ name, partitionIndexes: list.map((one) => one.partition) }));
  const timeoutMs = cluster.settings.requestTimeoutMs;
  const options = { node, doing: 'listPartitionReassignments' };
  const response = await cluster.call(LIST_REASSIGNMENTS, { timeoutMs, topics }, options);
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  return response.topics.flatMap(({ name, partitions: list }) =>
    list.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => {
      return { topic: name, partition: partitionIndex, replicas, adding: addingReplicas, removing: removingReplicas };
    }),
  );
}

/** A replica, and the directory of its broker in which it shall be. */
export interface ReplicaMove extends TopicPartition {
  readonly brokerId: number;
  readonly directory: string;
}

/**
 * Starts moves between the directories of brokers; in the order of the moves: nothing, or why not. A replica that is not
 * there yet gets its directory once it comes, and is refused all the same (REPLICA_NOT_AVAILABLE).
 */
export async function alterReplicaLogDirs(
  cluster: ClusterView,
  moves: readonly ReplicaMove[],
): Promise<(KafkaError | null)[]> {
  const keyOf = (brokerId: number, topic: string, partition: number) => `${brokerId} ${partitionKey(topic, partition)}`;
  const found = new Map<string, KafkaError | null>();
  const byBroker = [...Map.groupBy(moves, ({ brokerId }) => brokerId)];
  await Promise.all(
    byBroker.map(async ([brokerId, ofBroker]) => {
      const dirs = [...Map.groupBy(ofBroker, ({ directory }) => directory)].map(([path, list]) => ({
        path,
        topics: groupByTopic(list).map(([name, some]) => ({ name, partitions: some.map((one) => one.partition) })),
      }));
      const options = { node: brokerId, doing: 'alterReplicaLogDirs' };
      const response = await cluster.call(ALTER_REPLICA_LOG_DIRS, { dirs }, options);
      for (const { topicName, partitions } of response.results) {
        for (const { partitionIndex, errorCode } of partitions) {
          found.set(keyOf(brokerId, topicName, partitionIndex), outcome(errorCode, null));
        }
      }
    }),
  );
  return moves.map(({ brokerId, topic, partition }) => {
    const answer = found.get(keyOf(brokerId, topic, partition));
    return answer === undefined ? toKafkaError(ErrorCode.UNKNOWN_SERVER_ERROR) : answer;
  });
}
