/** DeleteRecords: raises log start offsets (KIP-107). Refused for topics that are only compacted, as Kafka does. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from '../../protocol/messages/delete-records.ts';
import { isInternalTopic } from '../cluster-nodes.ts';
import type { BrokerServices } from '../services.ts';

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
    handle: (request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.map(({ partitionIndex, offset }) =>
          deleteBefore(services, topic.name, partitionIndex, offset),
        ),
      })),
    }),
    errorResponse: (request, code) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.map(({ partitionIndex }) => refusal(partitionIndex, code)),
      })),
    }),
  });
}

function deleteBefore(services: BrokerServices, topic: string, index: number, offset: number) {
  const partition = services.replicas.get(topic, index);
  if (!partition) return refusal(index, services.absentPartitionError(topic, index));
  if (isInternalTopic(topic)) return refusal(index, ErrorCode.INVALID_TOPIC_EXCEPTION);
  const errorCode = partition.checkLeader(-1);
  if (errorCode !== ErrorCode.NONE) return refusal(index, errorCode);
  if (!partition.log.config.cleanupPolicy.delete) return refusal(index, ErrorCode.POLICY_VIOLATION);
  try {
    return { partitionIndex: index, lowWatermark: partition.deleteRecordsBefore(offset), errorCode: ErrorCode.NONE };
  } catch (error) {
    if (error instanceof KafkaError) return refusal(index, error.code);
    services.logger.error(`Error while deleting records of ${topic}-${index}`, error);
    return refusal(index, ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

function refusal(partitionIndex: number, errorCode: number) {
  return { partitionIndex, lowWatermark: INVALID_LOW_WATERMARK, errorCode };
}
