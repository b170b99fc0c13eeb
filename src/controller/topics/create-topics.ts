/** CreateTopics: each topic on its own, all that pass in one batch of records. */
import { randomUuid, type Uuid, ZERO_UUID } from '../../base/uuid.ts';
import {
  ConfigResourceType,
  configsOf,
  elrEnabled,
  metadataVersionOf,
  type PartitionImage,
} from '../../metadata/image.ts';
import { partitionToRecord } from '../../metadata/partition.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import { configRecord } from '../../metadata/snapshot-records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { CreateTopicsRequest } from '../../protocol/messages/create-topics.ts';
import { MIN_INSYNC_REPLICAS } from '../activation.ts';
import { checkValueSizes } from '../configs/resource-checks.ts';
import { hashMapOrder } from '../hash-order.ts';
import { MAX_RECORDS_PER_USER_OPERATION, type OperationContext, type OperationResult } from '../operation.ts';
import { activeOf, checkManualAssignment, failFenced, newPartition } from './new-partitions.ts';
import { placeReplicas } from './placement.ts';
import { checkTopicName, hasCollisionChars, unifyCollisionChars } from './topic-name.ts';

type CreatableTopic = CreateTopicsRequest['topics'][number];

export interface CreatedTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topicConfigErrorCode: number;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly readOnly: boolean;
    readonly configSource: number;
    readonly isSensitive: boolean;
  }[];
}

const fail = (code: number, message: string): never => {
  throw new KafkaError(code, message);
};

function checkNewName(context: OperationContext, name: string, normalized: ReadonlyMap<string, string>): void {
  checkTopicName(name);
  const other = hasCollisionChars(name) ? normalized.get(unifyCollisionChars(name)) : undefined;
  if (other !== undefined && other !== name) {
    fail(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`);
  }
  if (context.image.topics.byName(name) !== undefined) {
    fail(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  }
}

/** Existing topics with a period or an underscore, by their unified name. Only computed when somebody asks. */
function collidingNames(context: OperationContext, request: CreateTopicsRequest): Map<string, string> {
  const names = new Map<string, string>();
  if (!request.topics.some((topic) => hasCollisionChars(topic.name))) return names;
  for (const name of context.image.topics.names()) {
    if (hasCollisionChars(name)) names.set(unifyCollisionChars(name), name);
  }
  return names;
}

function assignedPartitions(context: OperationContext, topic: CreatableTopic): PartitionImage[] {
  const { image } = context;
  if (topic.replicationFactor !== -1) {
    fail(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    );
  }
  if (topic.numPartitions !== -1) {
    fail(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    );
  }
  const partitions = new Map<number, PartitionImage>();
  let replicationFactor: number | null = null;
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (partitions.has(partitionIndex)) {
      fail(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      );
    }
    checkManualAssignment(image, brokerIds, replicationFactor);
    replicationFactor = brokerIds.length;
    const isr = activeOf(image, brokerIds);
    if (isr.length === 0) {
      fail(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        'All brokers specified in the manual partition assignment for partition ' +
          `${partitionIndex} are fenced or in controlled shutdown.`,
      );
    }
    partitions.set(partitionIndex, newPartition(image, partitionIndex, brokerIds, isr));
  }
  return Array.from({ length: partitions.size }, (_, i) => {
    const message = 'partitions should be a consecutive 0-based integer sequence';
    return partitions.get(i) ?? fail(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  });
}

function placedPartitions(context: OperationContext, topic: CreatableTopic): PartitionImage[] {
  const { image, config, random } = context;
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    fail(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (topic.numPartitions < -1 || topic.numPartitions === 0) {
    fail(ErrorCode.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.');
  }
  const partitions = topic.numPartitions === -1 ? config.defaultNumPartitions : topic.numPartitions;
  const replicationFactor = topic.replicationFactor === -1 ? config.defaultReplicationFactor : topic.replicationFactor;
  return placed(replicationFactor, () => placeReplicas(image, random, { partitions, replicationFactor })).map(
    (replicas, partitionId) => {
      const isr = activeOf(image, replicas);
      if (isr.length === 0) failFenced(replicationFactor);
      return newPartition(image, partitionId, replicas, isr);
    },
  );
}

/** Says how often the partition was to be replicated in front of what the placement says. */
function placed<T>(replicationFactor: number, place: () => T): T {
  try {
    return place();
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    throw new KafkaError(
      error.code,
      `Unable to replicate the partition ${replicationFactor} time(s): ${error.message}`,
    );
  }
}

function topicOverrides(context: OperationContext, topic: CreatableTopic): Map<string, string> {
  const overrides = new Map<string, string>();
  const nulls: string[] = [];
  for (const { name, value } of topic.configs) {
    if (value === null) nulls.push(name);
    else overrides.set(name, value);
  }
  if (nulls.length > 0) {
    fail(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${nulls.join(',')}`);
  }
  checkValueSizes(overrides.values());
  if (overrides.size > 0) context.configRules.checkTopic(overrides);
  return overrides;
}

function configAnswer(context: OperationContext, overrides: ReadonlyMap<string, string>): CreatedTopic['configs'] {
  const { image, config, configRules } = context;
  const layers = {
    topic: overrides,
    node: configsOf(image, ConfigResourceType.BROKER, String(config.nodeId)),
    cluster: configsOf(image, ConfigResourceType.BROKER, ''),
  };
  return configRules
    .effectiveTopicConfigs(layers)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({
      name: entry.name,
      value: entry.isSensitive ? null : entry.value,
      readOnly: entry.isReadOnly,
      configSource: entry.source,
      isSensitive: entry.isSensitive,
    }));
}

function createTopic(
  context: OperationContext,
  topic: CreatableTopic,
): { readonly records: MetadataRecord[]; readonly created: CreatedTopic } {
  const { image, random } = context;
  const overrides = topicOverrides(context, topic);
  const partitions =
    topic.assignments.length > 0 ? assignedPartitions(context, topic) : placedPartitions(context, topic);
  const topicId = randomUuid((size) => random.bytes(size));
  const records = [metadataRecord('topic', 0, { name: topic.name, topicId })];
  for (const [name, value] of hashMapOrder(overrides)) {
    records.push(configRecord(ConfigResourceType.TOPIC, topic.name, name, value));
  }
  if (overrides.has(MIN_INSYNC_REPLICAS) && elrEnabled(image)) {
    records.push(metadataRecord('clearElr', 0, { topicName: topic.name }));
  }
  const metadataVersion = metadataVersionOf(image);
  for (const partition of partitions) records.push(partitionToRecord(topicId, partition, metadataVersion));
  const created: CreatedTopic = {
    name: topic.name,
    topicId,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? -1,
    configs: configAnswer(context, overrides),
  };
  return { records, created };
}

export function failedTopic(name: string, error: KafkaError): CreatedTopic {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode: error.code,
    errorMessage: error.message,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  };
}

/** Before anything else is looked at: an operation that large is refused as a whole. */
function checkPartitionCount({ config }: OperationContext, topics: readonly CreatableTopic[]): void {
  let total = 0;
  for (const { assignments, numPartitions } of topics) {
    if (assignments.length > 0) total += assignments.length;
    else total += numPartitions === -1 ? config.defaultNumPartitions : Math.max(0, numPartitions);
  }
  if (total > MAX_RECORDS_PER_USER_OPERATION) {
    fail(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
  }
}

/** `request` must name each topic once. */
export function createTopics(context: OperationContext, request: CreateTopicsRequest): OperationResult<CreatedTopic[]> {
  checkPartitionCount(context, request.topics);
  const normalized = collidingNames(context, request);
  const records: MetadataRecord[] = [];
  const response = request.topics.map((topic): CreatedTopic => {
    try {
      checkNewName(context, topic.name, normalized);
      const one = createTopic(context, topic);
      records.push(...one.records);
      if (hasCollisionChars(topic.name)) normalized.set(unifyCollisionChars(topic.name), topic.name);
      return one.created;
    } catch (error) {
      if (error instanceof KafkaError) return failedTopic(topic.name, error);
      throw error;
    }
  });
  if (records.length > MAX_RECORDS_PER_USER_OPERATION) {
    throw new KafkaError(ErrorCode.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.');
  }
  return { records: request.validateOnly ? [] : records, response };
}
