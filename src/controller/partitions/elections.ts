/** Elections that somebody asks for (ElectLeaders) and those that the controller holds at intervals. */
import { NO_LEADER, type PartitionImage } from '../../metadata/image.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { ElectLeadersRequest } from '../../protocol/messages/elect-leaders.ts';
import { MAX_RECORDS_PER_USER_OPERATION, type OperationContext, type OperationResult } from '../operation.ts';
import { buildPartitionChange, type Election } from './change-builder.ts';
import { changeOptions, partitionsOf, partitionsWithNoLeader, uncleanElectionEnabled } from './leadership.ts';

const MAX_ELECTIONS_PER_TURN = 1_000;

export interface PartitionElectionResult {
  readonly partitionId: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface TopicElectionResult {
  readonly topic: string;
  readonly partitionResult: PartitionElectionResult[];
}

function hasPreferredLeader(partition: PartitionImage): boolean {
  return partition.leader === partition.replicas[0];
}

/** KIP-183's numbers. */
function electionOf(type: number): Election {
  if (type === 0) return 'preferred';
  if (type === 1) return 'unclean';
  throw new KafkaError(ErrorCode.INVALID_REQUEST, `Unknown election type ${type}`);
}

interface Attempt {
  readonly record: MetadataRecord | null;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function electLeader(context: OperationContext, name: string, partitionId: number, election: Election): Attempt {
  const fail = (errorCode: number, errorMessage: string | null = null): Attempt => ({
    record: null,
    errorCode,
    errorMessage,
  });
  const topic = context.image.topics.byName(name);
  if (topic === undefined) return fail(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${name}`);
  const partition = topic.partitions[partitionId];
  if (partition === undefined) {
    return fail(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${name}-${partitionId}`);
  }
  const notNeeded = election === 'preferred' ? hasPreferredLeader(partition) : partition.leader !== NO_LEADER;
  if (notNeeded) return fail(ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.');
  const record = buildPartitionChange({
    ...changeOptions(context.image, context.config, { topic, partition }),
    election,
  });
  if (record !== null) return { record, errorCode: ErrorCode.NONE, errorMessage: null };
  return election === 'preferred'
    ? fail(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.')
    : fail(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'Eligible topic partition leaders are not available.');
}

/** Asked for all partitions, those that need no election are not mentioned; their topics are. */
export function electLeaders(
  context: OperationContext,
  request: ElectLeadersRequest,
): OperationResult<TopicElectionResult[]> {
  const election = electionOf(request.electionType);
  const records: MetadataRecord[] = [];
  const results: TopicElectionResult[] = [];
  const asked =
    request.topicPartitions ??
    [...context.image.topics.values()].map((topic) => ({
      topic: topic.name,
      partitions: topic.partitions.map((partition) => partition.partitionId),
    }));
  for (const { topic, partitions } of asked) {
    const partitionResult: PartitionElectionResult[] = [];
    for (const partitionId of partitions) {
      const { record, errorCode, errorMessage } = electLeader(context, topic, partitionId, election);
      if (request.topicPartitions === null && errorCode === ErrorCode.ELECTION_NOT_NEEDED) continue;
      if (record !== null) records.push(record);
      partitionResult.push({ partitionId, errorCode, errorMessage });
    }
    results.push({ topic, partitionResult });
  }
  if (records.length > MAX_RECORDS_PER_USER_OPERATION) {
    throw new KafkaError(ErrorCode.POLICY_VIOLATION, 'Too many partitions would change their leader in one request.');
  }
  return { records, response: results, isDivisible: true };
}

/** True when there may be more than one turn was allowed to hold. */
export function electPreferredLeaders(context: OperationContext): OperationResult<boolean> {
  const records: MetadataRecord[] = [];
  for (const one of partitionsOf(context.image)) {
    if (records.length >= MAX_ELECTIONS_PER_TURN) break;
    if (hasPreferredLeader(one.partition)) continue;
    const options = changeOptions(context.image, context.config, one);
    const record = buildPartitionChange({ ...options, election: 'preferred' });
    if (record !== null) records.push(record);
  }
  return { records, response: records.length >= MAX_ELECTIONS_PER_TURN, isDivisible: true };
}

export function electUncleanLeaders(context: OperationContext): OperationResult<boolean> {
  const records: MetadataRecord[] = [];
  for (const one of partitionsWithNoLeader(context.image)) {
    if (records.length >= MAX_ELECTIONS_PER_TURN) break;
    if (!uncleanElectionEnabled(context.image, context.config, one.topic.name)) continue;
    const options = changeOptions(context.image, context.config, one);
    const record = buildPartitionChange({ ...options, election: 'unclean' });
    if (record !== null) records.push(record);
  }
  return { records, response: records.length >= MAX_ELECTIONS_PER_TURN, isDivisible: true };
}
