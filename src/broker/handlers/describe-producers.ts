/** DescribeProducers (KIP-664): whom a partition remembers of its idempotent producers. Every replica answers for itself. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { describeProducersRequest, describeProducersResponse } from '../../protocol/messages/describe-producers.ts';
import type { ProducerEntry } from '../../storage/producer-state.ts';
import type { BrokerServices } from '../services.ts';

export function describeProducersRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 61,
    name: 'DescribeProducers',
    request: describeProducersRequest,
    response: describeProducersResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: (request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((index) => describe(services, name, index)),
      })),
    }),
    errorResponse: (request, code, message) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((index) => refusal(index, code, message)),
      })),
    }),
  });
}

function describe(services: BrokerServices, topic: string, index: number) {
  const partition = services.replicas.get(topic, index);
  const code = partition ? partition.checkReplica(-1) : services.absentPartitionError(topic, index);
  if (!partition || code !== ErrorCode.NONE) return refusal(index, code, null);
  const activeProducers = [...partition.log.producers.entries()].map(stateOf);
  return { partitionIndex: index, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers };
}

function stateOf(entry: ProducerEntry) {
  return {
    producerId: entry.producerId,
    producerEpoch: entry.epoch,
    lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestamp,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTxnFirstOffset,
  };
}

function refusal(partitionIndex: number, errorCode: number, errorMessage: string | null) {
  return { partitionIndex, errorCode, errorMessage, activeProducers: [] };
}
