/**
 * One partition as this broker hosts it: its log, what the cluster metadata says of it, and who waits for it.
 *
 * Invariant: while this broker leads, the high watermark never passes what every member of the ISR has, never moves
 * while the ISR is smaller than min(min.insync.replicas, number of replicas), and never goes back. Only the leader
 * appends for producers; others are refused with NOT_LEADER_OR_FOLLOWER.
 */
import type { Logger } from '../base/logger.ts';
import { RECOVERED, RECOVERING } from '../metadata/image.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { AppendResult, PartitionLog } from '../storage/partition-log.ts';
import type { AwaitedFollowers } from './awaited-followers.ts';
import { CommitWaiters } from './commit-waiters.ts';
import { type FetchWaiter, type Wakeable, wakeAll } from './fetch-waiter.ts';
import type { IsrAnswer, IsrProposal } from './isr-proposal.ts';
import { PartitionReplicas, type PeerBroker } from './partition-replicas.ts';
import { type RemoteReplica, type ReplicaFetch, UNKNOWN_OFFSET } from './remote-replica.ts';
import type { ThrottledPartitions } from './replication-quota.ts';

/** The part of the metadata image that a hosted partition follows. */
export interface PartitionState {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly leaderRecoveryState: number;
}

/** The settings of a topic that are the broker's and not the log's. */
export interface TopicSettings {
  readonly minInsyncReplicas: number;
  /** `producer`: batches stay as they came. */
  readonly compressionType: string;
  readonly compressionLevel: number | undefined;
  /** What replication of this topic holds back (KIP-73), here where it is sent and where it is taken in. */
  readonly leaderThrottled: ThrottledPartitions;
  readonly followerThrottled: ThrottledPartitions;
}

/** What the partitions of one broker share of the world around them. */
export interface PartitionSurroundings {
  readonly nodeId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `replica.lag.time.max.ms`. */
  maxLagMs(): number;
  /** This broker's own epoch; -1 before it is registered. */
  brokerEpoch(): number;
  /** A broker as the committed metadata has it. */
  peer(brokerId: number): PeerBroker | undefined;
  /** Asks the controller for another ISR. */
  propose(proposal: IsrProposal): void;
  /** Told which followers have yet to ask for a partition that is led here. */
  readonly awaited?: AwaitedFollowers;
}

const UNKNOWN_STATE: PartitionState = {
  leader: -1,
  leaderEpoch: -1,
  partitionEpoch: -1,
  replicas: [],
  isr: [],
  leaderRecoveryState: RECOVERED,
};

export class Partition implements Wakeable {
  readonly topic: string;
  readonly id: number;
  /** `topic-partition`. */
  readonly name: string;
  /** Woken when what consumers see has changed: the high watermark, the leader, the end of it all. */
  readonly waiters = new Set<FetchWaiter>();
  /** Woken when records were appended, committed or not: followers read to the end of the log. */
  readonly appended: Wakeable = { waiters: new Set<FetchWaiter>() };
  /** As they are now; topics' configs change while they are in use. */
  readonly settings: () => TopicSettings;
  #log: PartitionLog;
  readonly #around: PartitionSurroundings;
  readonly #replicas: PartitionReplicas;
  readonly #commitWaiters = new CommitWaiters();
  readonly #lowWatermarkWaiters = new CommitWaiters();
  #state: PartitionState = UNKNOWN_STATE;
  #proposal: IsrProposal | null = null;
  /** Where the log ended when this broker began to lead in this epoch; null while it follows. */
  #epochStartOffset: number | null = null;
  /** Flushes that appended records wait for. */
  #flushes = 0;
  /** The last one was. */
  #isFlushRefused = false;
  /** Set when the topic is gone or the log's directory has failed: the answer to every request. */
  #closedWith: number | null = null;

  constructor(options: {
    readonly topic: string;
    readonly id: number;
    readonly log: PartitionLog;
    readonly around: PartitionSurroundings;
    readonly settings: () => TopicSettings;
  }) {
    this.topic = options.topic;
    this.id = options.id;
    this.name = `${options.topic}-${options.id}`;
    this.#log = options.log;
    this.settings = options.settings;
    this.#around = options.around;
    const { nodeId } = options.around;
    this.#replicas = new PartitionReplicas({
      nodeId,
      peer: (id) => options.around.peer(id),
      maxLagMs: () => options.around.maxLagMs(),
    });
  }

  get log(): PartitionLog {
    return this.#log;
  }

  /** Its twin in another directory, with the same records, takes the log's place. */
  replaceLog(twin: PartitionLog): void {
    this.#log = twin;
  }

  get leader(): number {
    return this.#state.leader;
  }

  get leaderEpoch(): number {
    return this.#state.leaderEpoch;
  }

  get partitionEpoch(): number {
    return this.#state.partitionEpoch;
  }

  get isLeader(): boolean {
    return this.#closedWith === null && this.#state.leader === this.#around.nodeId;
  }

  get isClosed(): boolean {
    return this.#closedWith !== null;
  }

  /** As committed by the controller; a proposal under way is not part of it. */
  get isr(): readonly number[] {
    return this.#replicas.isr;
  }

  /** The followers as this broker, leading, knows them. */
  get followers(): readonly RemoteReplica[] {
    return this.#replicas.remotes;
  }

  /** Where this leader's epoch began; null while it follows. Below it the high watermark may still be an old one. */
  get epochStartOffset(): number | null {
    return this.#epochStartOffset;
  }

  /** The least log start offset among the replicas of brokers that are alive. */
  get lowWatermark(): number {
    return this.#replicas.lowWatermark(this.log.logStartOffset);
  }

  /**
   * Follows the metadata. Becoming leader opens the epoch in the log; losing it answers everybody who waits. What is older
   * than what the controller has answered already is left alone.
   */
  applyState(state: PartitionState): void {
    const before = this.#state;
    if (state.partitionEpoch < before.partitionEpoch) return;
    const isNewEpoch = state.leaderEpoch !== before.leaderEpoch;
    if (state.partitionEpoch > before.partitionEpoch || isNewEpoch) {
      this.#state = state;
      this.#proposal = null;
      this.#awaitNobody();
      this.#replicas.assign(state.replicas, state.isr);
    }
    const led = before.leader === this.#around.nodeId;
    // Metadata may come several steps at once: in an epoch between, followers may have cut off what they had from here.
    const ledOn = led && state.leaderEpoch <= before.leaderEpoch + 1;
    if (state.leader === this.#around.nodeId) this.#lead(isNewEpoch, ledOn);
    else this.#followFrom(led);
    if (before.leader !== state.leader || isNewEpoch) this.#wakeEverybody();
  }

  /**
   * Checks what a request believes of the leader epoch (KIP-320) and whether this broker leads.
   * Returns a wire error code, 0 when it may go on.
   */
  checkLeader(requestEpoch: number): number {
    const refused = this.checkReplica(requestEpoch);
    if (refused !== ErrorCode.NONE) return refused;
    return this.#state.leader === this.#around.nodeId ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** Like checkLeader, where any replica may answer (KIP-392). */
  checkReplica(requestEpoch: number): number {
    if (this.#closedWith !== null) return this.#closedWith;
    if (requestEpoch >= 0 && requestEpoch < this.#state.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    return requestEpoch > this.#state.leaderEpoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
  }

  /** Appends one validated batch. With `allReplicas` the ISR must be large enough before anything is written. */
  append(batch: Buffer, allReplicas: boolean): AppendResult {
    if (!this.isLeader) {
      const code = this.#closedWith ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
      throw new KafkaError(code, `this broker does not lead partition ${this.name}`);
    }
    if (allReplicas && this.#replicas.isr.length < this.#requiredInsync()) {
      throw new KafkaError(
        ErrorCode.NOT_ENOUGH_REPLICAS,
        `The size of the current ISR : ${this.#replicas.isr.length} is insufficient to satisfy the min.isr requirement of ` +
          `${this.settings().minInsyncReplicas} for partition ${this.name}`,
      );
    }
    const appended = this.log.appendAsLeader(batch, this.#state.leaderEpoch);
    if (appended.durable === null) this.#advanceHighWatermark();
    else this.#advanceOnceDurable(appended.durable);
    if (this.appended.waiters.size > 0) wakeAll(this.appended);
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
    // Who comes when the leadership is gone would wait until this broker leads again.
    if (!this.isLeader) {
      settle(this.#closedWith ?? ErrorCode.NOT_LEADER_OR_FOLLOWER);
      return () => {};
    }
    return this.#commitWaiters.add(lastOffset, settle);
  }

  /**
   * A follower asks for what comes at `fetchOffset`, so it has all below; its log agrees with this one up to there (the
   * caller has compared epochs). Returns a wire error code; with one nothing was recorded.
   */
  remoteFetched(fetch: ReplicaFetch): number {
    if (!this.isLeader) return this.#closedWith ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const remote = this.#replicas.find(fetch.replicaId);
    // It may be assigned in metadata that has not come here yet: the follower tries again.
    if (!remote) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    if (this.#replicas.isStale(fetch.replicaId, fetch.brokerEpoch)) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const { log } = this;
    const leaderEnd = log.logEndOffset;
    if (fetch.fetchOffset > leaderEnd || fetch.fetchOffset < log.logStartOffset) return ErrorCode.OFFSET_OUT_OF_RANGE;
    if (remote.logEndOffset === UNKNOWN_OFFSET) this.#around.awaited?.delete(remote.brokerId, this);
    remote.fetched(fetch, leaderEnd);
    if (!remote.inMaximalIsr) this.#maybeExpandIsr(remote);
    if (log.highWatermark < leaderEnd) this.#advanceHighWatermark();
    if (this.#lowWatermarkWaiters.size > 0) this.#settleLowWatermark();
    return ErrorCode.NONE;
  }

  /** From time to time: members of the ISR that lag too long are proposed to leave it. */
  maybeShrinkIsr(): void {
    if (!this.isLeader) return;
    const outOfSync =
      this.#proposal === null ? this.#replicas.outOfSync(this.log.logEndOffset, this.#around.clock.monotonicMs()) : [];
    if (outOfSync.length > 0) {
      const { isr } = this.#replicas;
      this.#propose(isr.filter((id) => !outOfSync.includes(id)));
    }
    this.lookAgain();
  }

  /**
   * Who waits may wait for less by now: a replica outside the ISR that was waited for has run out of time, or is not
   * eligible any more; min.insync.replicas is lower. On a quiet partition nothing else would tell.
   */
  lookAgain(): void {
    if (!this.isLeader) return;
    if (this.log.highWatermark < this.log.logEndOffset) this.#advanceHighWatermark();
    if (this.#lowWatermarkWaiters.size > 0) this.#settleLowWatermark();
  }

  /** DeleteRecords: everything below `offset` (-1: the high watermark), here. Returns the offset that was meant. */
  deleteRecordsBefore(offset: number): number {
    const before = offset === -1 ? this.log.highWatermark : offset;
    if (before < 0 || before > this.log.highWatermark) {
      throw new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, `offset ${offset} is above the high watermark`);
    }
    this.log.deleteRecordsBefore(before);
    this.#wakeEverybody();
    return before;
  }

  /** Calls `settle` once no live replica holds anything below `offset`, or this broker does not lead any more. */
  onLowWatermark(offset: number, settle: (errorCode: number) => void): () => void {
    if (this.lowWatermark >= offset) {
      settle(ErrorCode.NONE);
      return () => {};
    }
    return this.#lowWatermarkWaiters.add(offset - 1, settle);
  }

  /** The topic was deleted or its directory failed: everybody is answered with `errorCode`. */
  close(errorCode: number): void {
    this.#closedWith = errorCode;
    this.#awaitNobody();
    this.#settleAll(errorCode);
    this.#wakeEverybody();
  }

  #lead(isNewEpoch: boolean, ledBefore: boolean): void {
    const { log } = this;
    const begins = isNewEpoch || this.#epochStartOffset === null;
    if (begins) {
      this.#settleGaps();
      const end = log.logEndOffset;
      log.assignEpochStartOffset(this.#state.leaderEpoch);
      this.#epochStartOffset = end;
      this.#replicas.beginEpoch(!ledBefore, end, this.#around.clock.monotonicMs());
    }
    this.#awaitFollowers();
    // Whatever there is was found, and is served: nothing is left to recover.
    if (this.#state.leaderRecoveryState === RECOVERING && this.#proposal === null) this.#propose(this.#replicas.isr);
    // What a crash left unsynced is no more than what is appended now.
    const durable = begins ? log.flushIfDue() : null;
    if (durable === null) this.#advanceHighWatermark();
    else this.#advanceOnceDurable(durable);
  }

  #settleGaps(): void {
    try {
      this.log.acceptGaps();
    } catch (error) {
      // The disk has failed, and its directory goes with it: everything else about it comes from there.
      if (!(error instanceof KafkaError)) throw error;
      this.#around.logger.error(error.message);
    }
  }

  /** Members of the ISR that have not asked since this broker leads keep every acks=all write waiting. */
  #awaitFollowers(): void {
    const { awaited } = this.#around;
    if (awaited === undefined) return;
    for (const remote of this.#replicas.remotes) {
      if (remote.inMaximalIsr && remote.logEndOffset === UNKNOWN_OFFSET) awaited.add(remote.brokerId, this);
    }
  }

  #awaitNobody(): void {
    for (const remote of this.#replicas.remotes) this.#around.awaited?.delete(remote.brokerId, this);
  }

  #followFrom(ledBefore: boolean): void {
    this.#epochStartOffset = null;
    if (ledBefore) this.#settleAll(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  /**
   * `flush.messages`: records count only once they are on the disk. A failed flush takes the directory away; a full disk only
   * refuses it, and whoever sends the records again, or others, asks for the next one.
   */
  #advanceOnceDurable(durable: Promise<void>): void {
    this.#flushes++;
    durable.then(
      () => {
        this.#flushes--;
        this.#isFlushRefused = false;
        this.#advanceHighWatermark();
      },
      () => {
        this.#flushes--;
        this.#isFlushRefused = true;
        this.#commitWaiters.settleAll(ErrorCode.KAFKA_STORAGE_ERROR);
      },
    );
  }

  #requiredInsync(): number {
    return Math.min(this.settings().minInsyncReplicas, this.#replicas.assigned.length);
  }

  #advanceHighWatermark(): void {
    const { log } = this;
    const replicas = this.#replicas;
    if (!this.isLeader || replicas.isr.length < this.#requiredInsync()) return;
    const leaderEnd = log.logEndOffset;
    const isUnsynced = this.#isFlushRefused && log.unflushedMessages >= log.config.flushMessages;
    const ownEnd = this.#flushes > 0 || isUnsynced ? log.recoveryPoint : leaderEnd;
    const end = replicas.remotes.length === 0 ? ownEnd : replicas.committedEnd(ownEnd, leaderEnd, this.#now);
    if (!log.maybeIncrementHighWatermark(end)) return;
    if (this.waiters.size > 0) wakeAll(this);
    if (this.#commitWaiters.size > 0) this.#commitWaiters.settleBelow(end, ErrorCode.NONE);
  }

  readonly #now = (): number => this.#around.clock.monotonicMs();

  /** A follower has come back: it has all that is committed, and everything from before this leader's epoch. */
  #maybeExpandIsr(remote: RemoteReplica): void {
    if (this.#proposal !== null || this.#epochStartOffset === null) return;
    if (remote.logEndOffset < this.log.highWatermark || remote.logEndOffset < this.#epochStartOffset) return;
    if (!this.#replicas.isEligible(remote)) return;
    this.#propose([...this.#replicas.isr, remote.brokerId]);
  }

  #propose(isr: readonly number[]): void {
    const { nodeId, logger } = this.#around;
    const from = this.#replicas.isr;
    if (isr !== from) {
      logger.info(
        `${isr.length > from.length ? 'Expanding' : 'Shrinking'} ISR of ${this.name} from ${from.join(',')} to ${isr.join(',')}. ` +
          `Leader: (highWatermark: ${this.log.highWatermark}, endOffset: ${this.log.logEndOffset}).`,
      );
    }
    const proposal: IsrProposal = {
      topicId: this.log.topicId,
      partition: this.id,
      leaderEpoch: this.#state.leaderEpoch,
      partitionEpoch: this.#state.partitionEpoch,
      isr: isr.map((brokerId) => ({
        brokerId,
        brokerEpoch: brokerId === nodeId ? this.#around.brokerEpoch() : this.#replicas.brokerEpochOf(brokerId),
      })),
      leaderRecoveryState: RECOVERED,
      isCurrent: () => this.#proposal === proposal && this.#closedWith === null,
      answered: (answer) => this.#proposal === proposal && this.#answered(answer),
    };
    this.#proposal = proposal;
    this.#replicas.propose(isr);
    this.#around.propose(proposal);
  }

  #answered(answer: IsrAnswer): boolean {
    switch (answer.errorCode) {
      case ErrorCode.NONE:
        this.#committed(answer);
        return false;
      case ErrorCode.OPERATION_NOT_ATTEMPTED:
      case ErrorCode.INELIGIBLE_REPLICA:
        // The controller says that the partition is as it was, so nothing of the proposal can have been applied.
        this.#proposal = null;
        this.#replicas.withdraw();
        this.#advanceHighWatermark();
        return false;
      case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      case ErrorCode.UNKNOWN_TOPIC_ID:
      case ErrorCode.FENCED_LEADER_EPOCH:
      case ErrorCode.INVALID_UPDATE_VERSION:
      case ErrorCode.INVALID_REQUEST:
      case ErrorCode.NEW_LEADER_ELECTED:
        // The metadata has gone on and brings its news. Until then what was proposed may have been applied, and counts.
        this.#around.logger.info(`AlterPartition of ${this.name} was refused: ${errorName(answer.errorCode)}`);
        return false;
      default:
        this.#around.logger.warn(`AlterPartition of ${this.name} failed: ${errorName(answer.errorCode)}. Retrying.`);
        return true;
    }
  }

  #committed(answer: IsrAnswer): void {
    const state = this.#state;
    // Another leader, or another epoch of this one: that comes with the metadata.
    if (answer.leaderEpoch !== state.leaderEpoch || answer.partitionEpoch < state.partitionEpoch) return;
    const { isr, partitionEpoch, leaderRecoveryState } = answer;
    this.#state = { ...state, isr, partitionEpoch, leaderRecoveryState };
    this.#proposal = null;
    this.#awaitNobody();
    this.#replicas.commit(isr);
    this.#awaitFollowers();
    this.#advanceHighWatermark();
  }

  #settleLowWatermark(): void {
    this.#lowWatermarkWaiters.settleBelow(this.lowWatermark, ErrorCode.NONE);
  }

  #settleAll(errorCode: number): void {
    this.#commitWaiters.settleAll(errorCode);
    this.#lowWatermarkWaiters.settleAll(errorCode);
  }

  #wakeEverybody(): void {
    wakeAll(this);
    wakeAll(this.appended);
  }
}
