/**
 * What a partition's leader asks of the controller (AlterPartition, KIP-497), and what comes back. A leader has one
 * proposal under way for a partition; it stands until it is answered or newer metadata overtakes it.
 */
import type { Uuid } from '../base/uuid.ts';

export interface IsrMember {
  readonly brokerId: number;
  /** -1: not known, so the controller does not check it. */
  readonly brokerEpoch: number;
}

export interface IsrAnswer {
  /** A wire error code; the rest counts only with 0. */
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly leaderRecoveryState: number;
  readonly partitionEpoch: number;
}

export interface IsrProposal {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly IsrMember[];
  readonly leaderRecoveryState: number;
  /** False once the metadata has overtaken it: then it need not be sent again. */
  isCurrent(): boolean;
  /** Takes the answer. True: it is to be sent again. */
  answered(answer: IsrAnswer): boolean;
}
