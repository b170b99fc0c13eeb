/** AlterPartition: a leader proposes an ISR; each partition is judged on its own. */
import type { Uuid } from '../../base/uuid.ts';
import { type MetadataImage, type PartitionImage, RECOVERED, RECOVERING } from '../../metadata/image.ts';
import { applyPartitionChange } from '../../metadata/partition.ts';
import type { MetadataRecord } from '../../metadata/records.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import type { AlterPartitionRequest } from '../../protocol/messages/alter-partition.ts';
import { checkBrokerEpoch } from '../brokers/heartbeat.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { buildPartitionChange } from './change-builder.ts';
import { changeOptions, permittedElection } from './leadership.ts';

type Proposal = AlterPartitionRequest['topics'][number]['partitions'][number];

export interface AlteredPartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly leaderRecoveryState: number;
  readonly partitionEpoch: number;
}

export interface AlteredTopic {
  readonly topicId: Uuid;
  readonly partitions: readonly AlteredPartition[];
}

interface IsrMember {
  readonly brokerId: number;
  /** -1: the leader does not know it. */
  readonly brokerEpoch: number;
}

function membersOf(proposal: Proposal, apiVersion: number): readonly IsrMember[] {
  if (apiVersion >= 3) return proposal.newIsrWithEpochs;
  return proposal.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
}

function isEligible(image: MetadataImage, member: IsrMember): boolean {
  const broker = image.brokers.get(member.brokerId);
  if (broker === undefined || broker.fenced || broker.inControlledShutdown) return false;
  return member.brokerEpoch === -1 || member.brokerEpoch === broker.epoch;
}

/** NONE when the proposal may be carried out. */
function judge(
  image: MetadataImage,
  partition: PartitionImage,
  proposal: Proposal,
  proposer: { readonly brokerId: number; readonly members: readonly IsrMember[] },
): number {
  const { leaderEpoch, partitionEpoch, leaderRecoveryState } = proposal;
  // A leader that is ahead of us has heard from a newer controller.
  if (leaderEpoch > partition.leaderEpoch || partitionEpoch > partition.partitionEpoch) {
    return ErrorCode.NOT_CONTROLLER;
  }
  if (leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (proposer.brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST;
  if (partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  const isr = proposer.members.map((member) => member.brokerId);
  const wellFormed = new Set(isr).size === isr.length && isr.every((id) => partition.replicas.includes(id));
  if (!wellFormed || !isr.includes(partition.leader)) return ErrorCode.INVALID_REQUEST;
  const recovering = leaderRecoveryState === RECOVERING;
  if (leaderRecoveryState !== RECOVERED && !recovering) return ErrorCode.INVALID_REQUEST;
  if (recovering && (isr.length > 1 || partition.leaderRecoveryState === RECOVERED)) return ErrorCode.INVALID_REQUEST;
  if (!proposer.members.every((member) => isEligible(image, member))) return ErrorCode.INELIGIBLE_REPLICA;
  return ErrorCode.NONE;
}

function answer(partition: PartitionImage): AlteredPartition {
  return {
    partitionIndex: partition.partitionId,
    errorCode: ErrorCode.NONE,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    isr: partition.isr,
    leaderRecoveryState: partition.leaderRecoveryState,
    partitionEpoch: partition.partitionEpoch,
  };
}

function refusal(partitionIndex: number, errorCode: number): AlteredPartition {
  return {
    partitionIndex,
    errorCode,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: 0,
  };
}

interface Judged {
  readonly record: MetadataRecord | null;
  readonly answer: AlteredPartition;
}

function alterOne(
  context: OperationContext,
  request: AlterPartitionRequest,
  topicId: Uuid,
  proposal: Proposal,
  apiVersion: number,
): Judged {
  const { image, config } = context;
  const topic = image.topics.byId(topicId);
  const refuse = (code: number): Judged => ({ record: null, answer: refusal(proposal.partitionIndex, code) });
  if (topic === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_ID);
  const partition = topic.partitions[proposal.partitionIndex];
  if (partition === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const members = membersOf(proposal, apiVersion);
  const code = judge(image, partition, proposal, { brokerId: request.brokerId, members });
  if (code !== ErrorCode.NONE) return refuse(code);
  const record = buildPartitionChange({
    ...changeOptions(image, config, { topic, partition }),
    election: permittedElection(image, config, topic),
    targetIsr: members.map((member) => member.brokerId),
    targetRecoveryState: proposal.leaderRecoveryState,
  });
  if (record === null || record.type !== 'partitionChange') return { record: null, answer: answer(partition) };
  const after = applyPartitionChange(partition, record.value);
  // A reassignment that this ISR completes may take the leadership away from the one who asks.
  if (after.leader !== request.brokerId) {
    return { record, answer: refusal(proposal.partitionIndex, ErrorCode.NEW_LEADER_ELECTED) };
  }
  return { record, answer: answer(after) };
}

export function alterPartition(
  context: OperationContext,
  request: AlterPartitionRequest,
  apiVersion: number,
): OperationResult<AlteredTopic[]> {
  checkBrokerEpoch(context.image, request.brokerId, request.brokerEpoch);
  const records: MetadataRecord[] = [];
  const response = request.topics.map(({ topicId, partitions }) => ({
    topicId,
    partitions: partitions.map((proposal) => {
      const judged = alterOne(context, request, topicId, proposal, apiVersion);
      if (judged.record !== null) records.push(judged.record);
      return judged.answer;
    }),
  }));
  return { records, response, isDivisible: true };
}
