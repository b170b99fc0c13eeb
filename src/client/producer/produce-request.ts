/** From batches to a Produce request, and from its answer to the batches. */
import { ZERO_UUID } from '../../base/uuid.ts';
import { api } from '../../network/api.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type ProduceResponse, produceRequest, produceResponse } from '../../protocol/messages/produce.ts';
import { toKafkaError } from '../error-text.ts';
import type { Outgoing, PartitionQueue } from './partition-queue.ts';
import { joinedFrame, ProduceFrame, type ProduceHead } from './produce-frame.ts';

export const PRODUCE = api(produceRequest, produceResponse);
/** Topic ids take the place of names from this version on. */
export const FIRST_VERSION_WITH_IDS = 13;

/** One batch of a request. */
export interface Load {
  readonly queue: PartitionQueue;
  readonly out: Outgoing;
  readonly topicId: string;
}

export function frameOf(head: ProduceHead, version: number, loads: readonly Load[]): Buffer {
  const [first] = loads;
  if (loads.length > 1 || first === undefined) {
    const parts = loads.map(({ queue, out, topicId }) => {
      const { buffer, start, end } = out.batch;
      return { topic: queue.topic, topicId, partition: queue.partition, buffer, start, end };
    });
    return joinedFrame(head, version, parts);
  }
  const { queue, out, topicId } = first;
  if (queue.frame?.version !== version || queue.frameTopicId !== topicId) {
    queue.frameTopicId = topicId;
    queue.frame = new ProduceFrame(head, { topic: queue.topic, topicId, partition: queue.partition }, version);
  }
  return queue.frame.wrap(out.batch.buffer, out.batch.start, out.batch.end);
}

export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];
export type RecordErrors = PartitionAnswer['recordErrors'];
export type Answers = (load: Load) => PartitionAnswer | undefined;

/** For requests that are never answered. */
export const NO_ANSWERS: Answers = () => undefined;

/** Answers name their topics, or give their ids. */
export function answersOf(response: ProduceResponse): Answers {
  return ({ queue, topicId }) => {
    for (const topic of response.responses) {
      if (topic.name !== queue.topic && (topic.topicId !== topicId || topicId === ZERO_UUID)) continue;
      const found = topic.partitionResponses.find((answer) => answer.index === queue.partition);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Only these records are at fault; the others had the bad luck of being in their batch. */
export function errorsOf(error: Error, faulty: RecordErrors): ReadonlyMap<number, Error> | undefined {
  if (faulty.length === 0) return undefined;
  const code = error instanceof KafkaError ? error.code : ErrorCode.INVALID_RECORD;
  return new Map(
    faulty.map(({ batchIndex, batchIndexErrorMessage }) => [
      batchIndex,
      toKafkaError(code, batchIndexErrorMessage ?? error.message),
    ]),
  );
}
