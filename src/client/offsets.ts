/**
 * Offsets by partition, asked from the leaders: earliest, latest, by time. Leaders that have moved are looked up again
 * until the deadline; what stays wrong comes back as the partition's error code.
 */

import { api } from '../network/api.ts';
import { ErrorCode, errorRow } from '../protocol/error-codes.ts';
import {
  type ListOffsetsResponse,
  listOffsetsRequest,
  listOffsetsResponse,
} from '../protocol/messages/list-offsets.ts';
import type { Deadline } from './backoff.ts';
import { type ClusterView, isUnreachable } from './cluster-view.ts';

const LIST_OFFSETS = api(listOffsetsRequest, listOffsetsResponse);

export const OffsetSpec = { latest: -1, earliest: -2, maxTimestamp: -3, earliestLocal: -4, latestTiered: -5 } as const;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface OffsetQuery extends TopicPartition {
  /** A time in ms, or one of OffsetSpec. */
  readonly timestamp: number;
}

export interface OffsetAnswer extends TopicPartition {
  readonly errorCode: number;
  /** -1: there is none, e.g. no record is that young. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

interface AskOptions {
  readonly deadline?: Deadline;
  readonly readCommitted?: boolean;
  /** Missing topics and partitions are answered at once, not waited for. */
  readonly failFast?: boolean;
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export async function listOffsets(
  cluster: ClusterView,
  queries: readonly OffsetQuery[],
  options: AskOptions = {},
): Promise<Map<string, OffsetAnswer>> {
  const deadline = options.deadline ?? cluster.deadline();
  const answers = new Map<string, OffsetAnswer>();
  let open: readonly OffsetQuery[] = queries;
  for (let attempt = 0; open.length > 0; attempt++) {
    const unknown = open.some((q) => cluster.partition(q.topic, q.partition) === undefined);
    if (attempt > 0 || unknown) await cluster.refresh([...new Set(open.map((q) => q.topic))], { deadline });
    const again: OffsetQuery[] = [];
    await Promise.all(
      [...byLeader(cluster, open)].map(async ([leader, list]) => {
        if (leader < 0) settle(list, cluster, options, answers, again);
        else await askLeader(cluster, leader, list, { ...options, deadline }, answers, again);
      }),
    );
    open = again;
    if (open.length === 0) break;
    if (deadline.passed) {
      for (const q of open) answers.set(partitionKey(q.topic, q.partition), missing(q, ErrorCode.REQUEST_TIMED_OUT));
      break;
    }
    await cluster.pause(attempt, deadline);
  }
  return answers;
}

function missing(query: OffsetQuery, errorCode: number): OffsetAnswer {
  return { topic: query.topic, partition: query.partition, errorCode, offset: -1, timestamp: -1, leaderEpoch: -1 };
}

/** Partitions without a leader: waited for, unless they do not exist and that is not worth waiting for. */
function settle(
  list: readonly OffsetQuery[],
  cluster: ClusterView,
  options: AskOptions,
  answers: Map<string, OffsetAnswer>,
  again: OffsetQuery[],
): void {
  for (const query of list) {
    const known = cluster.partition(query.topic, query.partition) !== undefined;
    if (!known && options.failFast) {
      answers.set(partitionKey(query.topic, query.partition), missing(query, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    } else again.push(query);
  }
}

function byLeader(cluster: ClusterView, queries: readonly OffsetQuery[]): Map<number, OffsetQuery[]> {
  const grouped = new Map<number, OffsetQuery[]>();
  for (const query of queries) {
    const leader = cluster.partition(query.topic, query.partition)?.leader ?? -1;
    const list = grouped.get(leader);
    if (list === undefined) grouped.set(leader, [query]);
    else list.push(query);
  }
  return grouped;
}

async function askLeader(
  cluster: ClusterView,
  leader: number,
  list: readonly OffsetQuery[],
  options: AskOptions & { readonly deadline: Deadline },
  answers: Map<string, OffsetAnswer>,
  again: OffsetQuery[],
): Promise<void> {
  const topics = new Map<string, { partitionIndex: number; currentLeaderEpoch: number; timestamp: bigint }[]>();
  for (const query of list) {
    const entry = { partitionIndex: query.partition, currentLeaderEpoch: -1, timestamp: BigInt(query.timestamp) };
    const partitions = topics.get(query.topic);
    if (partitions === undefined) topics.set(query.topic, [entry]);
    else partitions.push(entry);
  }
  const request = {
    replicaId: -1,
    isolationLevel: options.readCommitted ? 1 : 0,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    timeoutMs: cluster.settings.requestTimeoutMs,
  };
  let response: ListOffsetsResponse;
  try {
    response = await cluster.call(LIST_OFFSETS, request, {
      node: leader,
      deadline: options.deadline,
      doing: 'listOffsets',
      once: true,
    });
  } catch (error) {
    if (!isUnreachable(error) || cluster.isClosed) throw error;
    // Another may lead by now.
    again.push(...list);
    return;
  }
  for (const topic of response.topics) {
    for (const p of topic.partitions) {
      const query = list.find((q) => q.topic === topic.name && q.partition === p.partitionIndex);
      if (query === undefined) continue;
      if (p.errorCode !== 0 && errorRow(p.errorCode).retriable) again.push(query);
      else {
        const { errorCode, offset, timestamp, leaderEpoch } = p;
        const answer = { topic: query.topic, partition: query.partition, errorCode, offset, timestamp, leaderEpoch };
        answers.set(partitionKey(query.topic, query.partition), answer);
      }
    }
  }
}
