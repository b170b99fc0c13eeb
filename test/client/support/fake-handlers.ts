/** What the brokers of a FakeCluster answer. */
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import type { FakeCluster, FakePartition, FakeRequest, FakeTopic } from './fake-cluster.ts';

type Handler = (cluster: FakeCluster, request: FakeRequest, code: number, isDone: boolean) => object;

const HANDLERS: Readonly<Record<string, Handler>> = {
  Metadata: metadata,
  InitProducerId: (cluster, _, code) => ({
    errorCode: code,
    producerId: code === 0 ? cluster.nextProducerId++ : -1,
    producerEpoch: code === 0 ? 0 : -1,
  }),
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
};

export function answerOf(cluster: FakeCluster, request: FakeRequest, code: number, isDone: boolean): object {
  const handler = HANDLERS[request.name];
  if (handler === undefined) throw new Error(`no broker of this test knows ${request.name}`);
  return { throttleTimeMs: 0, ...handler(cluster, request, code, isDone) };
}

function find(cluster: FakeCluster, name: string, id: string): FakeTopic | undefined {
  return cluster.topics.get(name) ?? [...cluster.topics.values()].find((topic) => topic.id === id);
}

function metadata(cluster: FakeCluster, { body }: FakeRequest): object {
  const names = (body.topics as { name: string }[] | null)?.map(({ name }) => name) ?? [...cluster.topics.keys()];
  return {
    brokers: [...cluster.brokers].map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: 9092 })),
    clusterId: 'fake',
    controllerId: [...cluster.brokers][0] ?? -1,
    topics: names.map((name) => {
      const topic = cluster.topics.get(name);
      if (topic === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
      return {
        errorCode: 0,
        name,
        topicId: topic.id,
        partitions: topic.partitions.map(({ leader, epoch }, partitionIndex) => ({
          errorCode: cluster.brokers.has(leader) ? 0 : ErrorCode.LEADER_NOT_AVAILABLE,
          partitionIndex,
          leaderId: cluster.brokers.has(leader) ? leader : -1,
          leaderEpoch: epoch,
          replicaNodes: [leader],
          isrNodes: [leader],
          offlineReplicas: [],
        })),
      };
    }),
  };
}

function led(request: FakeRequest, partition: FakePartition | undefined): FakePartition | number {
  if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return partition.leader === request.broker ? partition : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

function produce(cluster: FakeCluster, request: FakeRequest, code: number, isDone: boolean): object {
  return {
    responses: request.body.topicData.map(
      (data: { name: string; topicId: string; partitionData: { index: number; records: Buffer }[] }) => {
        const topic = find(cluster, data.name, data.topicId);
        return {
          name: data.name,
          topicId: data.topicId,
          partitionResponses: data.partitionData.map(({ index, records }) => {
            const partition = led(request, topic?.partitions[index]);
            if (typeof partition === 'number')
              return { index, errorCode: partition, baseOffset: -1, logAppendTimeMs: -1 };
            const appended = isDone ? partition.log.append(records, partition.epoch) : { code, offset: -1 };
            return { index, errorCode: code === 0 ? appended.code : code, baseOffset: appended.offset };
          }),
        };
      },
    ),
  };
}

interface Asked {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly partitionMaxBytes: number;
}

/** The session's partitions as this request leaves them; a number is the error of the whole request. */
function sessionOf(
  cluster: FakeCluster,
  { broker, body }: FakeRequest,
): { id: number; asked: Map<string, Asked> } | number {
  const sessions = cluster.fetchSessions;
  const named: Asked[] = body.topics.flatMap((topic: { topic: string; topicId: string; partitions: Asked[] }) =>
    topic.partitions.map((partition) => ({ ...partition, topic: topic.topic, topicId: topic.topicId })),
  );
  const keyOf = (one: { topic: string; topicId: string; partition: number }) =>
    `${find(cluster, one.topic, one.topicId)?.name ?? one.topicId} ${one.partition}`;
  if (body.sessionEpoch <= 0) {
    sessions.delete(body.sessionId);
    const asked = new Map(named.map((one) => [keyOf(one), one]));
    if (body.sessionEpoch < 0 || !cluster.hasSessions) return { id: 0, asked };
    const id = cluster.nextSessionId++;
    sessions.set(id, { broker, epoch: 1, asked });
    return { id, asked };
  }
  const session = sessions.get(body.sessionId);
  if (session === undefined || session.broker !== broker) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
  if (session.epoch !== body.sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
  session.epoch++;
  for (const one of named) session.asked.set(keyOf(one), one);
  for (const { topic, topicId, partitions } of body.forgottenTopicsData) {
    for (const partition of partitions) session.asked.delete(keyOf({ topic, topicId, partition }));
  }
  return { id: body.sessionId, asked: session.asked as Map<string, Asked> };
}

function fetch(cluster: FakeCluster, request: FakeRequest, code: number): object {
  const { body } = request;
  const session = code === 0 ? sessionOf(cluster, request) : code;
  if (typeof session === 'number') return { errorCode: session, sessionId: 0, responses: [] };
  const isIncremental = body.sessionEpoch > 0;
  let isEmpty = true;
  const responses: object[] = [];
  for (const asked of session.asked.values()) {
    const answer = fetchPartition(cluster, request, asked);
    if (answer.errorCode !== 0 || (answer.records?.length ?? 0) > 0) isEmpty = false;
    else if (isIncremental) continue;
    responses.push({ topic: asked.topic, topicId: asked.topicId, partitions: [answer] });
  }
  return { errorCode: 0, sessionId: session.id, responses, waitMs: isEmpty ? body.maxWaitMs : 0 };
}

function fetchPartition(cluster: FakeCluster, request: FakeRequest, asked: Asked) {
  const { partition: partitionIndex, currentLeaderEpoch, fetchOffset, partitionMaxBytes } = asked;
  const partition = led(request, find(cluster, asked.topic, asked.topicId)?.partitions[partitionIndex]);
  const refuse = (errorCode: number) => {
    return { partitionIndex, errorCode, highWatermark: -1, records: null, abortedTransactions: null };
  };
  if (typeof partition === 'number') return refuse(partition);
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < partition.epoch) return refuse(ErrorCode.FENCED_LEADER_EPOCH);
  const { log } = partition;
  if (fetchOffset < log.startOffset || fetchOffset > log.endOffset) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark: log.endOffset,
    lastStableOffset: log.endOffset,
    logStartOffset: log.startOffset,
    abortedTransactions: null,
    records: log.read(fetchOffset, partitionMaxBytes),
  };
}

function listOffsets(cluster: FakeCluster, request: FakeRequest): object {
  return {
    topics: request.body.topics.map(
      (asked: { name: string; partitions: { partitionIndex: number; timestamp: bigint }[] }) => ({
        name: asked.name,
        partitions: asked.partitions.map(({ partitionIndex, timestamp: time }) => {
          const timestamp = Number(time);
          const partition = led(request, cluster.topics.get(asked.name)?.partitions[partitionIndex]);
          if (typeof partition === 'number') return { partitionIndex, errorCode: partition };
          const offset =
            timestamp === -2
              ? partition.log.startOffset
              : timestamp === -1
                ? partition.log.endOffset
                : partition.log.byTime(timestamp);
          return { partitionIndex, errorCode: 0, timestamp: -1, offset, leaderEpoch: partition.epoch };
        }),
      }),
    ),
  };
}

/** Where the batches of an epoch end. */
function offsetForLeaderEpoch(cluster: FakeCluster, request: FakeRequest): object {
  return {
    topics: request.body.topics.map(
      (asked: { topic: string; partitions: { partition: number; leaderEpoch: number }[] }) => ({
        topic: asked.topic,
        partitions: asked.partitions.map(({ partition: index, leaderEpoch }) => {
          const partition = led(request, cluster.topics.get(asked.topic)?.partitions[index]);
          if (typeof partition === 'number') return { partition: index, errorCode: partition };
          let endOffset = partition.log.startOffset;
          for (const batch of partition.log.batches) {
            if (batch.bytes.readInt32BE(12) <= leaderEpoch) endOffset = batch.offset + batch.count;
          }
          return { partition: index, errorCode: 0, leaderEpoch, endOffset };
        }),
      }),
    ),
  };
}
