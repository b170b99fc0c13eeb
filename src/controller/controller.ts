/**
 * The controller: turns operations into records, replays them at once into its own state, appends them through raft,
 * and answers when they are committed. Every node of the quorum runs one; only the leader's is active.
 *
 * Invariants: while active, `#image` is the committed image plus the replay of everything scheduled since, so that
 * each operation sees all before it. An answer leaves only after the high watermark passed its records. When anything
 * between replay and append fails, the state goes back to the last committed image and leadership is given up: a state
 * of which the log knows nothing must not live on.
 */
import { assert } from '../base/assert.ts';
import type { Logger } from '../base/logger.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { ImageBuilder, imageAfter } from '../metadata/image-builder.ts';
import { encodeRecord, metadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import {
  type CommittedBatch,
  type LeaderAndEpoch,
  NotLeaderError,
  type RaftClient,
  type RaftListener,
  type SnapshotReader,
} from '../raft/raft-client.ts';
import type { Clock, Random, TimerHandle, Timers } from '../runtime/runtime.ts';
import { activationRecords } from './activation.ts';
import type { BootstrapMetadata, ControllerConfig, TopicConfigValidator } from './controller-config.ts';
import { HeartbeatTracker } from './heartbeat-tracker.ts';
import { MAX_RECORDS_PER_BATCH, type Operation, type OperationContext, type OperationResult } from './operation.ts';
import { PERIODIC_TASKS, type PeriodicTask, SOON_MS } from './periodic-tasks.ts';

export interface ControllerOptions {
  readonly config: ControllerConfig;
  readonly configRules: TopicConfigValidator;
  readonly bootstrap: BootstrapMetadata;
  readonly raft: RaftClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** A broken log or a bug: the node must stop. */
  readonly onFatal: (cause: unknown) => void;
}

/** An image that the controller made and that the log has not confirmed yet: what came of the records from an offset on. */
interface PendingImage {
  readonly baseOffset: number;
  readonly image: MetadataImage;
}

type Appended = Pick<OperationResult<unknown>, 'records' | 'isDivisible'>;

interface Waiting {
  readonly offset: number;
  readonly done: (error: KafkaError | null) => void;
}

export class Controller implements RaftListener {
  readonly #options: ControllerOptions;
  readonly #logger: Logger;
  readonly #heartbeats: HeartbeatTracker;
  /** Committed state; while active its image is advanced from `#pending`. */
  readonly #builder = new ImageBuilder();
  #image: MetadataImage = this.#builder.image;
  #pending: PendingImage[] = [];
  /** What is committed of the first pending image while the rest of its records is not: it took several batches. */
  #committedPart: CommittedBatch[] = [];
  #waiting: Waiting[] = [];
  #leader: LeaderAndEpoch = { leaderId: -1, epoch: -1 };
  /** The epoch in which this controller is active, -1 while it is not. */
  #claimedEpoch = -1;
  #lastScheduledOffset = -1;
  readonly #timers = new Map<PeriodicTask, TimerHandle>();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#logger = options.logger.named('org.apache.kafka.controller.QuorumController');
    this.#heartbeats = new HeartbeatTracker(options.config.brokerSessionTimeoutMs);
  }

  /** Begins to follow the log; becomes active when this node leads. */
  start(): void {
    this.#options.raft.register(this);
  }

  /** Stops timers and refuses what still waits. */
  close(): void {
    this.#renounce('the controller is shutting down');
  }

  get isActive(): boolean {
    return this.#claimedEpoch >= 0;
  }

  get leader(): LeaderAndEpoch {
    return this.#leader;
  }

  get config(): ControllerConfig {
    return this.#options.config;
  }

  /** With everything scheduled; for operations, and for reads that Kafka answers from the active controller's state. */
  get image(): MetadataImage {
    return this.#image;
  }

  get committedImage(): MetadataImage {
    return this.#builder.image;
  }

  /** Runs the operation and resolves with its response once its records are committed. */
  submit<T>(name: string, operation: Operation<T>): Promise<T> {
    if (!this.isActive) return Promise.reject(this.#notController());
    let result: ReturnType<Operation<T>>;
    try {
      result = operation(this.#context());
      if (result.records.length > 0 && !this.#schedule(name, result)) throw this.#notController();
    } catch (error) {
      if (!(error instanceof KafkaError)) this.#logger.error(`${name}: the operation failed`, error);
      return Promise.reject(error);
    }
    result.afterReplay?.();
    return this.#whenCommitted(this.#lastScheduledOffset, result.response);
  }

  /** Moves a static quorum to kraft.version 1: control records of raft, which this state does not hold. */
  upgradeKraftVersion(level: number): Promise<void> {
    if (!this.isActive) return Promise.reject(this.#notController());
    const { raft } = this.#options;
    const baseOffset = raft.nextOffset();
    let offset: number;
    try {
      offset = raft.upgradeKraftVersion(this.#claimedEpoch, level);
    } catch (error) {
      return Promise.reject(error instanceof NotLeaderError ? this.#notController() : error);
    }
    this.#image = { ...this.#image, offset, epoch: this.#claimedEpoch };
    this.#pending.push({ baseOffset, image: this.#image });
    this.#lastScheduledOffset = offset;
    // Kafka's controller writes one as well: those who follow it see by a record of theirs that something has happened.
    const record = metadataRecord('noOp', 0, {});
    return this.submit('updateFeatures', () => ({ records: [record], response: undefined }));
  }

  #context(): OperationContext {
    const { config, configRules, random, raft, clock } = this.#options;
    return {
      image: this.#image,
      // Raft's own, since it writes control records in between.
      nextOffset: raft.nextOffset(),
      config,
      configRules,
      random,
      heartbeats: this.#heartbeats,
      monotonicMs: clock.monotonicMs(),
      kraftVersion: raft.kraftVersion(),
    };
  }

  #notController(): KafkaError {
    const { leaderId } = this.#leader;
    const message =
      leaderId < 0 ? 'No controller appears to be active.' : `The active controller appears to be node ${leaderId}.`;
    return new KafkaError(ErrorCode.NOT_CONTROLLER, message);
  }

  /** Replay first: records that do not replay must never reach the log. False when leadership went with the attempt. */
  #schedule(name: string, { records, isDivisible = false }: Appended): boolean {
    const epoch = this.#claimedEpoch;
    try {
      const baseOffset = this.#options.raft.nextOffset();
      const timestampMs = this.#options.clock.nowMs();
      const after = imageAfter(this.#image, records, { baseOffset, epoch, timestampMs });
      const lastOffset = this.#append(epoch, records.map(encodeRecord), isDivisible);
      assert(lastOffset === after.offset, `${name}: raft appended at another offset than the controller expected`);
      this.#image = after;
      this.#lastScheduledOffset = lastOffset;
      this.#pending.push({ baseOffset, image: after });
      return true;
    } catch (error) {
      // Refused by its size alone: nothing of it is in the state, nor on its way into the log.
      if (error instanceof KafkaError && error.code === ErrorCode.RECORD_LIST_TOO_LARGE) throw error;
      this.#logger.error(`${name}: failed to write; giving up leadership of epoch ${epoch}`, error);
      this.#renounce('an append failed');
      this.#options.raft.resign(epoch);
      return false;
    }
  }

  #append(epoch: number, values: readonly Uint8Array[], isDivisible: boolean): number {
    const { raft } = this.#options;
    if (!isDivisible || values.length <= MAX_RECORDS_PER_BATCH) return raft.scheduleAppend(epoch, values);
    let lastOffset = -1;
    for (let from = 0; from < values.length; from += MAX_RECORDS_PER_BATCH) {
      lastOffset = raft.scheduleAppend(epoch, values.slice(from, from + MAX_RECORDS_PER_BATCH));
    }
    return lastOffset;
  }

  #whenCommitted<T>(offset: number, response: T): Promise<T> {
    if (this.#pending.length === 0) return Promise.resolve(response);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offset, done: (error) => (error === null ? resolve(response) : reject(error)) });
    });
  }

  // What raft tells.

  onSnapshot(snapshot: SnapshotReader): void {
    assert(!this.isActive, 'an active controller never loads a snapshot');
    this.#image = this.#builder.applySnapshot(snapshot).image;
  }

  onCommit(batch: CommittedBatch): void {
    // A batch of another epoch stands where ours would have: leadership was lost before anybody said so.
    if (this.isActive && batch.epoch !== this.#claimedEpoch) this.#renounce(`epoch ${batch.epoch} has begun`);
    if (!this.isActive) {
      this.#builder.applyBatch(batch);
      this.#image = this.#builder.image;
      return;
    }
    let committed: MetadataImage | null = null;
    while (this.#pending.length > 0 && (this.#pending[0] as PendingImage).image.offset <= batch.lastOffset) {
      committed = (this.#pending.shift() as PendingImage).image;
    }
    if (committed !== null) {
      this.#builder.adopt(committed, false);
      this.#committedPart = [];
    }
    const [unfinished] = this.#pending;
    if (unfinished !== undefined && unfinished.baseOffset <= batch.lastOffset) {
      this.#committedPart.push(batchFrom(batch, unfinished.baseOffset));
    }
    this.#answer(batch.lastOffset);
  }

  #answer(committedOffset: number): void {
    let count = 0;
    while (count < this.#waiting.length && (this.#waiting[count] as Waiting).offset <= committedOffset) count++;
    for (const waiting of this.#waiting.splice(0, count)) waiting.done(null);
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    const wasActive = this.isActive;
    this.#leader = leader;
    const isMe = leader.leaderId === this.#options.config.nodeId;
    if (wasActive && (!isMe || leader.epoch !== this.#claimedEpoch)) {
      this.#renounce(`node ${leader.leaderId} leads in epoch ${leader.epoch}`);
    }
    if (isMe && !this.isActive) this.#claim(leader.epoch);
  }

  // Leadership.

  #claim(epoch: number): void {
    const { raft, clock, bootstrap, config } = this.#options;
    this.#claimedEpoch = epoch;
    this.#image = this.#builder.image;
    this.#lastScheduledOffset = raft.nextOffset() - 1;
    this.#beginSessions(clock.monotonicMs());
    // The builder forgets the transaction once its end is committed; until then another claim must end it again.
    const openTransaction = this.#builder.inTransaction;
    const activation = activationRecords(this.#image, openTransaction, bootstrap, config.staticMinInsyncReplicas);
    this.#logger.info(
      `Becoming the active controller at epoch ${epoch}, next write offset ${raft.nextOffset()}. ${activation.reason}`,
    );
    if (activation.records.length > 0 && !this.#schedule('activation', activation)) return;
    for (const task of PERIODIC_TASKS) this.#startTask(task);
  }

  /** Who is unfenced was heard of by another controller: it gets a whole session to find this one. */
  #beginSessions(nowMs: number): void {
    this.#heartbeats.reset();
    this.#heartbeats.noticeAbsence(nowMs, 0);
    for (const broker of this.#image.brokers.values()) {
      if (!broker.fenced) this.#heartbeats.touch(broker.id, broker.epoch, nowMs);
    }
  }

  #renounce(reason: string): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    if (!this.isActive) return;
    this.#logger.info(`Renouncing the leadership of epoch ${this.#claimedEpoch} because ${reason}.`);
    this.#claimedEpoch = -1;
    this.#pending = [];
    for (const batch of this.#committedPart) this.#builder.applyBatch(batch);
    this.#committedPart = [];
    this.#image = this.#builder.image;
    this.#heartbeats.reset();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.done(this.#notController());
  }

  #startTask(task: PeriodicTask): void {
    const intervalMs = task.intervalMs(this.#options.config);
    if (intervalMs <= 0) return;
    const epoch = this.#claimedEpoch;
    let seenOffset = this.#lastScheduledOffset;
    const again = (delayMs: number): void => {
      this.#timers.set(
        task,
        this.#options.timers.after(delayMs, () => run(delayMs), { unref: true }),
      );
    };
    const run = (delayMs: number): void => {
      if (this.#claimedEpoch !== epoch) return;
      let hasMore = false;
      if (task.onlyWhenIdle !== true || seenOffset === this.#lastScheduledOffset) {
        const operation: Operation<boolean> = (context) => {
          const result = task.run(context, delayMs);
          hasMore = result.response;
          return result;
        };
        // A periodic task has nobody to answer; what went wrong is logged where it happened.
        this.submit(task.name, operation).catch(() => {});
      }
      seenOffset = this.#lastScheduledOffset;
      if (this.#claimedEpoch === epoch) again(hasMore ? SOON_MS : intervalMs);
    };
    again(intervalMs);
  }
}

/** A copy that begins at an offset within the batch and outlives the call that handed it over. */
function batchFrom(batch: CommittedBatch, offset: number): CommittedBatch {
  const baseOffset = Math.max(batch.baseOffset, offset);
  const values = batch.values.slice(baseOffset - batch.baseOffset).map((value) => Buffer.from(value));
  return { ...batch, baseOffset, values };
}
