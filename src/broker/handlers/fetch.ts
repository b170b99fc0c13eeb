/**
 * Fetch, of consumers and of followers: long polls, sessions (KIP-227), byte limits. A request whose records are there is
 * answered in the same turn of the loop; otherwise a FetchWaiter looks again when its partitions have news.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import { type ApiRow, apiRow, type HandlerResult, type RequestContext } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { type FetchRequest, fetchRequest, fetchResponse } from '../../protocol/messages/fetch.ts';
import { EMPTY_BYTES, type Encodable } from '../../protocol/schema.ts';
import { AWAITED_WAIT_MS } from '../awaited-followers.ts';
import { CurrentLeaders, namesLeader } from '../current-leaders.ts';
import {
  type FetchLook,
  type FetchLookup,
  type FetchReader,
  findMember,
  lookAtPartitions,
  type PartitionRead,
  topicKey,
} from '../fetch-read.ts';
import type { FetchContext, FetchPartitionRequest, ForgottenPartitions } from '../fetch-session.ts';
import { FetchWaiter, type Wakeable } from '../fetch-waiter.ts';
import type { Partition } from '../partition.ts';
import { preferredReplica, selectsByRack } from '../preferred-replica.ts';
import { isThrottled } from '../replication-quota.ts';
import type { BrokerServices } from '../services.ts';

type Response = Encodable<typeof fetchResponse>;
type PartitionAnswer = Response['responses'][number]['partitions'][number];

/**
 * librdkafka stops fetching at its queue limit and then sleeps up to a second before it looks again; a broker that
 * answers as fast as it can runs it into that sleep over and over (measured: 4.8 times slower). So large answers to it
 * leave a moment later: one millisecond ends the stalls, and two already cost a quarter where its queue is large (measured).
 */
const PACED_CLIENT = 'librdkafka';
const PACED_BYTES = 256 * 1024;
const PACE_MS = 1;

/** The first version that names the new leader with its address (KIP-951). */
const LEADERS_SINCE = 16;

export function fetchRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 1,
    name: 'Fetch',
    request: fetchRequest,
    response: fetchResponse,
    minVersion: 4,
    maxVersion: 18,
    ordering: 'serial',
    handle: (request, context) => handleFetch(services, request, context),
    errorResponse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, responses: [] }),
  });
}

interface FetchJob {
  readonly services: BrokerServices;
  readonly request: FetchRequest;
  readonly context: RequestContext;
  readonly plan: FetchContext;
  readonly lookup: FetchLookup;
  readonly maxBytes: number;
}

function handleFetch(
  services: BrokerServices,
  request: FetchRequest,
  context: RequestContext,
): HandlerResult<Response> | Promise<HandlerResult<Response>> {
  const byTopicId = context.apiVersion >= 13;
  const reader = readerOf(services, request, context);
  const nowMs = services.runtime.clock.monotonicMs();
  const plan = services.fetchSessions.open(
    {
      sessionId: request.sessionId,
      epoch: request.sessionEpoch,
      byTopicId,
      isFollower: reader.replicaId >= 0,
      partitions: partitionRequests(request),
      forgotten: request.forgottenTopicsData as readonly ForgottenPartitions[],
    },
    nowMs,
  );
  if (plan.errorCode !== ErrorCode.NONE)
    return { throttleTimeMs: 0, errorCode: plan.errorCode, sessionId: 0, responses: [] };
  const lookup = { find: finder(services, byTopicId), logger: services.logger, reader };
  // A follower's own limit stands, as in Kafka: `fetch.max.bytes` bounds consumers.
  const maxBytes = reader.replicaId >= 0 ? request.maxBytes : Math.min(request.maxBytes, services.config.fetchMaxBytes);
  const job: FetchJob = { services, request, context, plan, lookup, maxBytes };
  const look = lookNow(job, nowMs);
  const enough = look.urgent || look.bytes >= request.minBytes || plan.members.length === 0;
  if (enough || request.maxWaitMs <= 0) return paced(job, answer(job, look), look.bytes);
  return waitForMore(job);
}

function readerOf(services: BrokerServices, request: FetchRequest, context: RequestContext): FetchReader {
  const version = context.apiVersion;
  const replicaId = version >= 15 ? request.replicaState.replicaId : request.replicaId;
  if (replicaId < 0) {
    return {
      replicaId: -1,
      brokerEpoch: -1,
      leaderOnly: version < 11,
      preferredReplica: rackPreference(services, request, context),
      isThrottled: null,
    };
  }
  const quota = services.leaderQuota;
  const isHeldBack = (partition: Partition): boolean =>
    !partition.isr.includes(replicaId) &&
    isThrottled(partition.settings().leaderThrottled, partition.id) &&
    quota.isExceeded;
  const brokerEpoch = version >= 15 ? request.replicaState.replicaEpoch : -1;
  return { replicaId, brokerEpoch, leaderOnly: true, preferredReplica: null, isThrottled: isHeldBack };
}

function rackPreference(
  services: BrokerServices,
  request: FetchRequest,
  context: RequestContext,
): FetchReader['preferredReplica'] {
  if (request.rackId === '' || !selectsByRack(services.config.textOrNull('replica.selector.class'))) return null;
  const place = { rack: request.rackId, listenerName: context.listenerName };
  return (partition, fetchOffset) => preferredReplica(services.image(), place, partition, fetchOffset);
}

function lookNow(job: FetchJob, arrivedMs: number | null): FetchLook {
  const maxBytes = Math.min(job.maxBytes, job.services.responseBytesLeft());
  return lookAtPartitions(job.lookup, job.plan, { maxBytes, arrivedMs });
}

function waitForMore(ready: FetchJob): Promise<Response> {
  const job: FetchJob = { ...ready, lookup: afterResolving(ready.lookup) };
  const { services, request, context, plan, lookup } = job;
  return new Promise((resolve) => {
    const { replicaId } = lookup.reader;
    const follows = replicaId >= 0;
    const { awaited } = services.replicas;
    const maxWaitMs = awaited.has(replicaId) ? Math.min(request.maxWaitMs, AWAITED_WAIT_MS) : request.maxWaitMs;
    const sources: Wakeable[] = follows ? [awaited.parked(replicaId)] : [];
    for (const member of plan.members) {
      const found = findMember(lookup, member);
      if (typeof found !== 'number') sources.push(follows ? found.appended : found);
    }
    const attempt = (final: boolean): boolean => {
      const look = lookNow(job, null);
      if (!final && !look.urgent && look.bytes < request.minBytes) return false;
      takeBack();
      resolve(paced(job, answer(job, look), look.bytes));
      return true;
    };
    const waiter = new FetchWaiter({ timers: services.runtime.timers, maxWaitMs, sources, attempt });
    const takeBack = context.onConnectionClosed(() => waiter.drop());
  });
}

function paced(job: FetchJob, response: Response, bytes: number): Response | Promise<Response> {
  if (bytes <= PACED_BYTES || !job.context.clientSoftwareName.startsWith(PACED_CLIENT)) return response;
  return new Promise((resolve) => job.services.runtime.timers.after(PACE_MS, () => resolve(response)));
}

function partitionRequests(request: FetchRequest): FetchPartitionRequest[] {
  const all: FetchPartitionRequest[] = [];
  for (const topic of request.topics) {
    for (const partition of topic.partitions) {
      all.push({
        topic: topic.topic,
        topicId: topic.topicId,
        partition: partition.partition,
        fetchOffset: partition.fetchOffset,
        currentLeaderEpoch: partition.currentLeaderEpoch,
        lastFetchedEpoch: partition.lastFetchedEpoch,
        logStartOffset: partition.logStartOffset,
        maxBytes: partition.partitionMaxBytes,
      });
    }
  }
  return all;
}

function finder(services: BrokerServices, byTopicId: boolean): FetchLookup['find'] {
  return (wanted) => {
    let name = wanted.topic;
    if (byTopicId) {
      if (wanted.topicId === ZERO_UUID) return ErrorCode.UNKNOWN_TOPIC_ID;
      const topic = services.image().topics.byId(wanted.topicId);
      if (!topic) return ErrorCode.UNKNOWN_TOPIC_ID;
      name = topic.name;
    }
    return services.replicas.get(name, wanted.partition) ?? services.absentPartitionError(name, wanted.partition);
  };
}

/** Who waits has had every topic's name found for its id: one that goes meanwhile is missed under its name, as in Kafka. */
function afterResolving(lookup: FetchLookup): FetchLookup {
  return {
    ...lookup,
    find: (wanted) => {
      const found = lookup.find(wanted);
      return found === ErrorCode.UNKNOWN_TOPIC_ID ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : found;
    },
  };
}

function answer(job: FetchJob, look: FetchLook): Response {
  const { plan, request, context } = job;
  const topics = new Map<string, { topic: string; topicId: string; partitions: PartitionAnswer[] }>();
  let leaders: CurrentLeaders | null = null;
  if (job.lookup.reader.replicaId >= 0) countThrottled(job, look);
  for (const read of look.reads) {
    if (!isNews(plan, read)) continue;
    const wanted = read.member.request;
    const key = topicKey(wanted);
    let topic = topics.get(key);
    if (!topic) {
      topic = { topic: wanted.topic, topicId: wanted.topicId, partitions: [] };
      topics.set(key, topic);
    }
    let said = partitionAnswer(read, request.isolationLevel);
    if (namesLeader(read.errorCode) && context.apiVersion >= LEADERS_SINCE) {
      leaders ??= new CurrentLeaders(job.services, context.listenerName);
      said = { ...said, currentLeader: leaders.of(topicName(job.services, wanted), wanted.partition) };
    }
    topic.partitions.push(said);
  }
  const base = { throttleTimeMs: 0, errorCode: 0, sessionId: plan.session?.id ?? 0, responses: [...topics.values()] };
  return leaders === null ? base : { ...base, nodeEndpoints: leaders.nodeEndpoints };
}

function topicName(services: BrokerServices, { topic, topicId }: FetchPartitionRequest): string {
  return topic !== '' ? topic : (services.image().topics.byId(topicId)?.name ?? '');
}

/** What goes out of throttled replicas counts, whoever it is for; whether it may go was decided when it was read. */
function countThrottled(job: FetchJob, look: FetchLook): void {
  for (const { member, records } of look.reads) {
    const { partition } = member;
    if (records === null || partition === null) continue;
    const { leaderThrottled } = partition.settings();
    if (isThrottled(leaderThrottled, partition.id)) job.services.leaderQuota.record(records.sizeInBytes);
  }
}

/** A full answer names every partition; the session remembers what it was told either way. */
function isNews(plan: FetchContext, read: PartitionRead): boolean {
  if (!plan.session) return true;
  const changed = plan.session.noteAnswer(read.member, {
    errorCode: read.errorCode,
    highWatermark: read.highWatermark,
    logStartOffset: read.logStartOffset,
    hasRecords: read.records !== null,
    diverging: read.diverging !== null,
    sentElsewhere: read.preferredReplica >= 0,
  });
  return changed || !plan.incremental;
}

function partitionAnswer(read: PartitionRead, isolationLevel: number): PartitionAnswer {
  const base = {
    partitionIndex: read.member.request.partition,
    errorCode: read.errorCode,
    highWatermark: read.highWatermark,
    lastStableOffset: read.highWatermark,
    logStartOffset: read.logStartOffset,
    abortedTransactions: isolationLevel === 1 && read.errorCode === ErrorCode.NONE ? [] : null,
    preferredReadReplica: read.preferredReplica,
    records: read.records ?? EMPTY_BYTES,
  };
  return read.diverging ? { ...base, divergingEpoch: read.diverging } : base;
}
