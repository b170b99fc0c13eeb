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

function fetch(cluster: FakeCluster, request: FakeRequest, code: number): object {
  const { body } = request;
  if (code !== 0) return { errorCode: code, responses: [] };
  let isEmpty = true;
  const responses = body.topics.map(
    (asked: {
      topic: string;
      topicId: string;
      partitions: { partition: number; currentLeaderEpoch: number; fetchOffset: number; partitionMaxBytes: number }[];
    }) => {
      const topic = find(cluster, asked.topic, asked.topicId);
      const partitions = asked.partitions.map(
        ({ partition: partitionIndex, currentLeaderEpoch, fetchOffset, partitionMaxBytes }) => {
          const partition = led(request, topic?.partitions[partitionIndex]);
          const refuse = (errorCode: number) => {
            isEmpty = false;
            return { partitionIndex, errorCode, highWatermark: -1, records: null, abortedTransactions: null };
          };
          if (typeof partition === 'number') return refuse(partition);
          if (currentLeaderEpoch >= 0 && currentLeaderEpoch < partition.epoch)
            return refuse(ErrorCode.FENCED_LEADER_EPOCH);
          const { log } = partition;
          if (fetchOffset < log.startOffset || fetchOffset > log.endOffset)
            return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
          const records = log.read(fetchOffset, partitionMaxBytes);
          if (records.length > 0) isEmpty = false;
          return {
            partitionIndex,
            errorCode: 0,
            highWatermark: log.endOffset,
            lastStableOffset: log.endOffset,
            logStartOffset: log.startOffset,
            abortedTransactions: null,
            records,
          };
        },
      );
      return { topic: asked.topic, topicId: asked.topicId, partitions };
    },
  );
  return { errorCode: 0, sessionId: 0, responses, waitMs: isEmpty ? body.maxWaitMs : 0 };
}

function listOffsets(cluster: FakeCluster, request: FakeRequest): object {
  return {
    topics: request.body.topics.map(
      (asked: { name: string; partitions: { partitionIndex: number; timestamp: number }[] }) => ({
        name: asked.name,
        partitions: asked.partitions.map(({ partitionIndex, timestamp }) => {
          const partition = led(request, cluster.topics.get(asked.name)?.partitions[partitionIndex]);
          if (typeof partition === 'number') return { partitionIndex, errorCode: partition };
          const offset = timestamp === -2 ? partition.log.startOffset : partition.log.endOffset;
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
