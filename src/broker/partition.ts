/**
 * One partition as this broker hosts it: its log, what the cluster metadata says of it, and who waits for it.
 *
 * Invariant: the high watermark never passes what every member of the ISR has, and never moves while the ISR is smaller
 * than min(min.insync.replicas, number of replicas). Only the leader moves it; appends of others are refused with
 * NOT_LEADER_OR_FOLLOWER.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { AppendResult, PartitionLog } from '../storage/partition-log.ts';
import { type FetchWaiter, type Wakeable, wakeAll } from './fetch-waiter.ts';

/** The part of the metadata image that a hosted partition follows. */
export interface PartitionState {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** The settings of a topic that are the broker's and not the log's. */
export interface TopicSettings {
  readonly minInsyncReplicas: number;
  /** `producer`: batches stay as they came. */
  readonly compressionType: string;
  readonly compressionLevel: number | undefined;
}

interface CommitWaiter {
  readonly offset: number;
  readonly settle: (errorCode: number) => void;
}

export class Partition implements Wakeable {
  readonly topic: string;
  readonly id: number;
  /** `topic-partition`. */
  readonly name: string;
  readonly log: PartitionLog;
  readonly waiters = new Set<FetchWaiter>();
  readonly #nodeId: number;
  /** As they are now; topics' configs change while they are in use. */
  readonly settings: () => TopicSettings;
  #state: PartitionState;
  #commitWaiters: CommitWaiter[] = [];
  /** Flushes that appended records wait for. */
  #flushes = 0;
  /** Set when the topic is gone or the log's directory has failed: the answer to every request. */
  #closedWith: number | null = null;

  constructor(options: {
    readonly topic: string;
    readonly id: number;
    readonly log: PartitionLog;
    readonly nodeId: number;
    readonly state: PartitionState;
    readonly settings: () => TopicSettings;
  }) {
    this.topic = options.topic;
    this.id = options.id;
    this.name = `${options.topic}-${options.id}`;
    this.log = options.log;
    this.#nodeId = options.nodeId;
    this.#state = options.state;
    this.settings = options.settings;
  }

  get leader(): number {
    return this.#state.leader;
  }

  get leaderEpoch(): number {
    return this.#state.leaderEpoch;
  }

  get isLeader(): boolean {
    return this.#closedWith === null && this.#state.leader === this.#nodeId;
  }

  /** Follows the metadata. Becoming leader opens the epoch in the log; losing it answers everybody who waits. */
  applyState(state: PartitionState): void {
    const before = this.#state;
    this.#state = state;
    if (state.leader === this.#nodeId) {
      if (before === state || before.leaderEpoch !== state.leaderEpoch) {
        this.log.assignEpochStartOffset(state.leaderEpoch);
      }
      this.#advanceHighWatermark(this.#flushes > 0 ? this.log.recoveryPoint : this.log.logEndOffset);
    } else if (before.leader === this.#nodeId) {
      this.#settleCommits(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    }
    if (before.leader !== state.leader || before.leaderEpoch !== state.leaderEpoch) wakeAll(this);
  }

  /**
   * Checks what a request believes of the leader epoch (KIP-320) and whether this broker leads.
   * Returns a wire error code, 0 when it may go on.
   */
  checkLeader(requestEpoch: number): number {
    if (this.#closedWith !== null) return this.#closedWith;
    if (requestEpoch >= 0 && requestEpoch < this.#state.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (requestEpoch > this.#state.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    return this.#state.leader === this.#nodeId ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** Appends one validated batch. With `allReplicas` the ISR must be large enough before anything is written. */
  append(batch: Buffer, allReplicas: boolean): AppendResult {
    if (!this.isLeader) {
      const code = this.#closedWith ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
      throw new KafkaError(code, `this broker does not lead partition ${this.name}`);
    }
    if (allReplicas && this.#state.isr.length < this.#requiredInsync()) {
      throw new KafkaError(
        ErrorCode.NOT_ENOUGH_REPLICAS,
        `The size of the current ISR : ${this.#state.isr.length} is insufficient to satisfy the min.isr requirement of ` +
          `${this.settings().minInsyncReplicas} for partition ${this.name}`,
      );
    }
    const appended = this.log.appendAsLeader(batch, this.#state.leaderEpoch);
    if (appended.durable === null) this.#advanceHighWatermark(this.log.logEndOffset);
    else this.#advanceOnceDurable(appended.durable);
    return appended;
  }

  /** True when records up to `lastOffset` are committed already, so that nobody has to wait. */
  isCommitted(lastOffset: number): boolean {
    return this.log.highWatermark > lastOffset;
  }

  /** Calls `settle` with a wire error code once `lastOffset` is committed or cannot be any more; the caller adds the timeout. */
  onCommitted(lastOffset: number, settle: (errorCode: number) => void): () => void {
    if (this.isCommitted(lastOffset)) {
      settle(ErrorCode.NONE);
      return () => {};
    }
    const waiter = { offset: lastOffset, settle };
    this.#commitWaiters.push(waiter);
    return () => {
      this.#commitWaiters = this.#commitWaiters.filter((other) => other !== waiter);
    };
  }

  /** DeleteRecords: everything below `offset` (-1: the high watermark). Returns the new log start offset. */
  deleteRecordsBefore(offset: number): number {
    const before = offset === -1 ? this.log.highWatermark : offset;
    if (before < 0 || before > this.log.highWatermark) {
      throw new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, `offset ${offset} is above the high watermark`);
    }
    this.log.deleteRecordsBefore(before);
    wakeAll(this);
    return this.log.logStartOffset;
  }

  /** The topic was deleted or its directory failed: everybody is answered with `errorCode`. */
  close(errorCode: number): void {
    this.#closedWith = errorCode;
    this.#settleCommits(errorCode);
    wakeAll(this);
  }

  /** `flush.messages`: records count only once they are on the disk. A failed flush takes the directory away. */
  #advanceOnceDurable(durable: Promise<void>): void {
    this.#flushes++;
    durable.then(
      () => {
        this.#flushes--;
        this.#advanceHighWatermark(this.log.recoveryPoint);
      },
      () => {
        this.#flushes--;
        this.#settleCommits(ErrorCode.KAFKA_STORAGE_ERROR);
      },
    );
  }

  #requiredInsync(): number {
    return Math.min(this.settings().minInsyncReplicas, this.#state.replicas.length);
  }

  #advanceHighWatermark(end: number): void {
    const { isr } = this.#state;
    // Followers' positions arrive with replication; until then only a sole member of the ISR commits by itself.
    if (isr.length !== 1 || isr[0] !== this.#nodeId || isr.length < this.#requiredInsync()) return;
    if (!this.log.maybeIncrementHighWatermark(end)) return;
    if (this.waiters.size > 0) wakeAll(this);
    if (this.#commitWaiters.length > 0) this.#settleCommits(ErrorCode.NONE, end);
  }

  #settleCommits(errorCode: number, belowOffset = Number.MAX_SAFE_INTEGER): void {
    const due = this.#commitWaiters.filter((waiter) => waiter.offset < belowOffset);
    if (due.length === 0) return;
    this.#commitWaiters = this.#commitWaiters.filter((waiter) => waiter.offset >= belowOffset);
    for (const waiter of due) waiter.settle(errorCode);
  }
}
