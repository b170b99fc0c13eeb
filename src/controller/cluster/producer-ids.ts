/** AllocateProducerIds: blocks of 1000, each given once. */
import { metadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { checkBrokerEpoch } from '../brokers/heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';

const BLOCK_SIZE = 1_000;

export interface ProducerIdBlock {
  readonly start: number;
  readonly size: number;
}

export function allocateProducerIds(
  context: OperationContext,
  brokerId: number,
  brokerEpoch: number,
): OperationResult<ProducerIdBlock> {
  checkBrokerEpoch(context.image, brokerId, brokerEpoch);
  const start = Math.max(0, context.image.nextProducerId);
  const next = start + BLOCK_SIZE;
  if (!Number.isSafeInteger(next)) {
    throw new KafkaError(
      ErrorCode.UNKNOWN_SERVER_ERROR,
      `Exhausted all producerIds as the next block starts at ${start}`,
    );
  }
  const record = metadataRecord('producerIds', 0, { brokerId, brokerEpoch, nextProducerId: next });
  return { records: [record], response: { start, size: BLOCK_SIZE } };
}
