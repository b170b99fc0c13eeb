/** CreatePartitions and DeleteTopics. */
import type { Uuid } from '../../base/uuid.ts';
import { metadataVersionOf, type TopicImage } from '../../metadata/image.ts';
import { partitionToRecord } from '../../metadata/partition.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { CreatePartitionsRequest } from '../../protocol/messages/create-partitions.ts';
import { MAX_RECORDS_PER_USER_OPERATION, type OperationContext, type OperationResult } from '../operation.ts';
import { activeOf, checkManualAssignment, failFenced, newPartition } from './new-partitions.ts';
import { placeReplicas } from './placement.ts';

type CreatePartitionsTopic = CreatePartitionsRequest['topics'][number];

export interface NamedResult {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const fail = (code: number, message: string): never => {
  throw new KafkaError(code, message);
};

function manualReplicas(
  context: OperationContext,
  topic: TopicImage,
  assignments: readonly { readonly brokerIds: readonly number[] }[],
): (readonly number[])[] {
  const first = topic.partitions.length;
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 1;
  return assignments.map(({ brokerIds }, i) => {
    checkManualAssignment(context.image, brokerIds, replicationFactor);
    if (activeOf(context.image, brokerIds).length === 0) {
      fail(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        'All brokers specified in the manual partition assignment for partition ' +
          `${first + i} are fenced or in controlled shutdown.`,
      );
    }
    return brokerIds;
  });
}

function placedReplicas(context: OperationContext, topic: TopicImage, additional: number): (readonly number[])[] {
  const { image, random } = context;
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 1;
  const all = placeReplicas(image, random, { partitions: additional, replicationFactor });
  if (all.some((replicas) => activeOf(image, replicas).length === 0)) failFenced(replicationFactor);
  return all;
}

function addPartitions(context: OperationContext, request: CreatePartitionsTopic): MetadataRecord[] {
  const { image } = context;
  const topic = image.topics.byName(request.name);
  if (topic === undefined) {
    throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
  }
  const current = topic.partitions.length;
  if (request.count === current) fail(ErrorCode.INVALID_PARTITIONS, `Topic already has ${current} partition(s).`);
  if (request.count < current) {
    fail(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${topic.name} currently has ${current} partition(s); ${request.count} would not be an increase.`,
    );
  }
  const additional = request.count - current;
  if (request.assignments !== null && request.assignments.length !== additional) {
    fail(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${additional} additional partition(s), but only ${request.assignments.length} ` +
        'assignment(s) were specified.',
    );
  }
  if (additional > MAX_RECORDS_PER_USER_OPERATION) {
    fail(
      ErrorCode.POLICY_VIOLATION,
      `Unable to perform excessively large batch operation: more than ${MAX_RECORDS_PER_USER_OPERATION} records.`,
    );
  }
  const replicas =
    request.assignments === null
      ? placedReplicas(context, topic, additional)
      : manualReplicas(context, topic, request.assignments);
  const metadataVersion = metadataVersionOf(image);
  return replicas.map((ids, i) =>
    partitionToRecord(topic.id, newPartition(image, current + i, ids, activeOf(image, ids)), metadataVersion),
  );
}

/** `request` must name each topic once. */
export function createPartitions(
  context: OperationContext,
  request: CreatePartitionsRequest,
): OperationResult<NamedResult[]> {
  const records: MetadataRecord[] = [];
  const response = request.topics.map((topic): NamedResult => {
    try {
      records.push(...addPartitions(context, topic));
      return { name: topic.name, errorCode: ErrorCode.NONE, errorMessage: null };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      // Kafka says nothing of topics that are not there; clients have words of their own for the code.
      return { name: topic.name, errorCode: error.code, errorMessage: error.message === '' ? null : error.message };
    }
  });
  return { records: request.validateOnly ? [] : records, response };
}

/** By id, to the error code of each. Configs go without records of their own. */
export function deleteTopics(context: OperationContext, ids: readonly Uuid[]): OperationResult<Map<Uuid, number>> {
  const records: MetadataRecord[] = [];
  const response = new Map<Uuid, number>();
  for (const topicId of new Set(ids)) {
    if (context.image.topics.byId(topicId) === undefined) {
      response.set(topicId, ErrorCode.UNKNOWN_TOPIC_ID);
      continue;
    }
    records.push(metadataRecord('removeTopic', 0, { topicId }));
    response.set(topicId, ErrorCode.NONE);
  }
  return { records, response };
}
