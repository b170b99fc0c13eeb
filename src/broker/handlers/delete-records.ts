/**
 * DeleteRecords: raises log start offsets (KIP-107). Refused for topics that are only compacted, as Kafka does. Answered
 * once no live replica keeps the records any more, or when the request's time is over.
 */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import {
  type DeleteRecordsRequest,
  deleteRecordsRequest,
  deleteRecordsResponse,
} from '../../protocol/messages/delete-records.ts';
import type { Encodable } from '../../protocol/schema.ts';
import { isInternalTopic } from '../cluster-nodes.ts';
import type { Partition } from '../partition.ts';
import type { BrokerServices } from '../services.ts';

type Response = Encodable<typeof deleteRecordsResponse>;

interface PartitionAnswer {
  readonly partitionIndex: number;
  lowWatermark: number;
  errorCode: number;
}

/** Deleted here; followers still have to follow. */
interface PendingAnswer {
  readonly answer: PartitionAnswer;
  readonly partition: Partition;
  readonly requested: number;
}

const INVALID_LOW_WATERMARK = -1;

export function deleteRecordsRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 21,
    name: 'DeleteRecords',
    request: deleteRecordsRequest,
    response: deleteRecordsResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: (request) => deleteAll(services, request),
    errorResponse: (request, code) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.map(({ partitionIndex }) => refusal(partitionIndex, code)),
      })),
    }),
  });
}

function deleteAll(services: BrokerServices, request: DeleteRecordsRequest): Response | Promise<Response> {
  const pending: PendingAnswer[] = [];
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map(({ partitionIndex, offset }) =>
      deleteBefore(services, { topic: topic.name, index: partitionIndex, offset }, pending),
    ),
  }));
  const response = { throttleTimeMs: 0, topics };
  return pending.length === 0 ? response : awaitReplicas(services, pending, request.timeoutMs).then(() => response);
}

function deleteBefore(
  services: BrokerServices,
  wanted: { readonly topic: string; readonly index: number; readonly offset: number },
  pending: PendingAnswer[],
): PartitionAnswer {
  const { topic, index, offset } = wanted;
  const partition = services.replicas.get(topic, index);
  if (!partition) return refusal(index, services.absentPartitionError(topic, index));
  if (isInternalTopic(topic)) return refusal(index, ErrorCode.INVALID_TOPIC_EXCEPTION);
  const errorCode = partition.checkLeader(-1);
  if (errorCode !== ErrorCode.NONE) return refusal(index, errorCode);
  if (!partition.log.config.cleanupPolicy.delete) return refusal(index, ErrorCode.POLICY_VIOLATION);
  try {
    const requested = partition.deleteRecordsBefore(offset);
    const answer = { partitionIndex: index, lowWatermark: partition.lowWatermark, errorCode: ErrorCode.NONE };
    if (answer.lowWatermark < requested) pending.push({ answer, partition, requested });
    return answer;
  } catch (error) {
    if (error instanceof KafkaError) return refusal(index, error.code);
    services.logger.error(`Error while deleting records of ${topic}-${index}`, error);
    return refusal(index, ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** Resolves when every follower has moved its log start, or the time is over; marks what has not come through. */
function awaitReplicas(services: BrokerServices, pending: readonly PendingAnswer[], timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const open = new Set(pending);
    const cancels: (() => void)[] = [];
    const timer = services.runtime.timers.after(timeoutMs, () => {
      for (const cancel of cancels) cancel();
      for (const { answer } of open) answer.errorCode = ErrorCode.REQUEST_TIMED_OUT;
      resolve();
    });
    for (const entry of pending) {
      const cancel = entry.partition.onLowWatermark(entry.requested, (code) => {
        entry.answer.errorCode = code;
        entry.answer.lowWatermark = code === ErrorCode.NONE ? entry.partition.lowWatermark : INVALID_LOW_WATERMARK;
        open.delete(entry);
        if (open.size > 0) return;
        timer.cancel();
        resolve();
      });
      cancels.push(cancel);
    }
  });
}

function refusal(partitionIndex: number, errorCode: number): PartitionAnswer {
  return { partitionIndex, lowWatermark: INVALID_LOW_WATERMARK, errorCode };
}
