/** OffsetForLeaderEpoch (KIP-101, KIP-320): where the log of an epoch ends. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  type OffsetForLeaderEpochRequest,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
} from '../../protocol/messages/offset-for-leader-epoch.ts';
import type { BrokerServices } from '../services.ts';

type PartitionRequest = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number];

export function offsetForLeaderEpochRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 23,
    name: 'OffsetForLeaderEpoch',
    request: offsetForLeaderEpochRequest,
    response: offsetForLeaderEpochResponse,
    minVersion: 2,
    maxVersion: 4,
    ordering: 'serial',
    handle: (request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => ({
        topic: topic.topic,
        partitions: topic.partitions.map((partition) => answerPartition(services, topic.topic, partition)),
      })),
    }),
    errorResponse: (request, code) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => ({
        topic: topic.topic,
        partitions: topic.partitions.map(({ partition }) => ({ errorCode: code, partition })),
      })),
    }),
  });
}

function answerPartition(services: BrokerServices, topic: string, request: PartitionRequest) {
  const index = request.partition;
  const partition = services.replicas.get(topic, index);
  if (!partition) return { errorCode: services.absentPartitionError(topic, index), partition: index };
  const errorCode = partition.checkLeader(request.currentLeaderEpoch);
  if (errorCode !== ErrorCode.NONE) return { errorCode, partition: index };
  const end = partition.log.endOffsetForEpoch(request.leaderEpoch);
  return { errorCode, partition: index, leaderEpoch: end.leaderEpoch, endOffset: end.endOffset };
}
