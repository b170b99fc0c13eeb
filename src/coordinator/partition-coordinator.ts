/**
 * Runs the operations of one partition of `__consumer_offsets`: loads it, appends what operations return, replays it, and
 * answers once the high watermark has passed.
 *
 * Invariant: what is replayed is in the log of this leader epoch, in this order. When an append is refused nothing is
 * replayed. When an append that was replayed can no longer be committed, everything since is forgotten: the state is
 * loaded anew from what the log holds as committed, and those who wait are told NOT_COORDINATOR.
 */
import { causeText, type Logger } from '../base/logger.ts';
import { BATCH_HEADER_BYTES, forEachBatch } from '../protocol/batch.ts';
import { BatchBuilder } from '../protocol/batch-builder.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Clock, Random, Timers } from '../runtime/runtime.ts';
import { Deadline, DeadlineQueue } from './deadlines.ts';
import type { GroupCoordinatorConfig } from './group-config.ts';
import { encodeRecord, type GroupRecord, type RecordBytes } from './group-records.ts';
import { GroupShard } from './group-shard.ts';
import { GroupTable } from './group-table.ts';
import { expireOffsets } from './offset-expiration.ts';
import { OffsetStore } from './offset-store.ts';
import type { PartitionLoader, PartitionWriter } from './partition-writer.ts';
import { type CoordinatorResult, coordinatorError } from './shard-context.ts';

export interface PartitionCoordinatorOptions {
  readonly partition: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: () => GroupCoordinatorConfig;
  readonly writer: PartitionWriter;
}

type State = 'loading' | 'active' | 'failed' | 'closed';

/** Answers that wait for a commit. Beyond this many, who comes is told to come back: memory stays bounded. */
const MAX_WAITING = 50_000;
/** Per record beside key and value: lengths, deltas, attributes, rounded up. */
const RECORD_FRAMING_BYTES = 32;
/** One batch is built at a time. */
const BUILDER = new BatchBuilder();

interface Waiter {
  readonly dueMs: number;
  /** Null once it was answered. */
  settle: ((error: KafkaError | null) => void) | null;
}

interface Append {
  readonly sequence: number;
  isCommitted: boolean;
  readonly waiters: Waiter[];
}

export class PartitionCoordinator {
  readonly #options: PartitionCoordinatorOptions;
  readonly #logger: Logger;
  #state: State = 'loading';
  #leaderEpoch = -1;
  #loader: PartitionLoader | null = null;
  /** Counts loads, so that one that was overtaken stops. */
  #loads = 0;
  #shard: GroupShard | null = null;
  #deadlines: DeadlineQueue | null = null;
  #sequence = 0;
  /** In the log and not committed, oldest first. */
  #appends: Append[] = [];
  #waiting = 0;
  #overdue = new Deadline(() => this.#failOverdue());

  constructor(options: PartitionCoordinatorOptions) {
    this.#options = options;
    this.#logger = options.logger.named('org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime');
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** This node leads the partition. A later epoch of the same leader keeps what is loaded. */
  elect(leaderEpoch: number, loader: PartitionLoader): void {
    if (leaderEpoch <= this.#leaderEpoch) return;
    const isServing = this.#state === 'active';
    this.#leaderEpoch = leaderEpoch;
    this.#loader = loader;
    if (!isServing) void this.#load();
  }

  /** This node leads the partition no longer, or stops. */
  close(): void {
    this.#unload('closed');
  }

  /**
   * Runs an operation and resolves with its response once its records, and all before them, are committed. Rejects with
   * a KafkaError that clients of groups understand.
   */
  write<Response>(operation: (shard: GroupShard) => CoordinatorResult<Response>): Promise<Response> {
    try {
      const shard = this.#requireActive();
      if (this.#waiting >= MAX_WAITING) {
        throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'too many operations wait for their commit');
      }
      return this.#finish(shard, operation(shard));
    } catch (error) {
      return Promise.reject(error instanceof KafkaError ? translated(error) : error);
    }
  }

  /** Runs a query over committed state. */
  read<Response>(query: (shard: GroupShard) => Response): Response {
    return query(this.#requireActive());
  }

  #requireActive(): GroupShard {
    if (this.#state === 'loading') {
      throw new KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'The coordinator is loading.');
    }
    if (this.#state !== 'active' || this.#shard === null) {
      throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'This is not the correct coordinator.');
    }
    return this.#shard;
  }

  #finish<Response>(shard: GroupShard, result: CoordinatorResult<Response>): Promise<Response> {
    if (result.records.length > 0) {
      try {
        this.#append(shard, result);
      } catch (error) {
        result.onSettled?.(error instanceof KafkaError ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR);
        throw error;
      }
    }
    const last = this.#appends.at(-1);
    if (last === undefined) {
      result.onSettled?.(ErrorCode.NONE);
      return Promise.resolve(result.response);
    }
    return new Promise((resolve, reject) => {
      this.#await(last, (error) => {
        result.onSettled?.(error === null ? ErrorCode.NONE : error.code);
        if (error === null) resolve(result.response);
        else reject(translated(error));
      });
    });
  }

  /** Appends and replays; throws before anything is replayed. Only operations that need not be atomic are split. */
  #append(shard: GroupShard, result: CoordinatorResult<unknown>): void {
    const { writer, partition } = this.#options;
    const encoded = result.records.map(encodeRecord);
    const batches = planBatches(encoded, writer.maxBatchBytes(partition), result.isAtomic);
    let from = 0;
    for (const count of batches) {
      const bytes = this.#build(encoded.slice(from, from + count));
      const { committed } = writer.append(partition, bytes, this.#leaderEpoch);
      const append: Append = { sequence: ++this.#sequence, isCommitted: false, waiters: [] };
      this.#appends.push(append);
      if (result.replay) this.#replay(shard, result.records.slice(from, from + count), append.sequence);
      const load = this.#loads;
      committed.then(
        () => this.#onCommitted(append),
        (error: unknown) => this.#onLost(load, error),
      );
      from += count;
    }
    result.onWritten?.(this.#sequence);
  }

  #replay(shard: GroupShard, records: readonly GroupRecord[], sequence: number): void {
    for (const record of records) shard.replay(record, sequence);
  }

  /** As Kafka's coordinator builds them: every record carries the batch's time, the sequence is 0 without a producer. */
  #build(records: readonly RecordBytes[]): Buffer {
    const { clock, config } = this.#options;
    const timestamp = clock.nowMs();
    BUILDER.reset({
      compression: config().offsetsTopicCompressionCodec,
      partitionLeaderEpoch: this.#leaderEpoch,
      baseSequence: 0,
    });
    for (const { key, value } of records) BUILDER.append({ key, value, timestamp });
    // The builder's buffer is used again; the writer may keep what it is given.
    return Buffer.from(BUILDER.seal());
  }

  #await(append: Append, settle: (error: KafkaError | null) => void): void {
    const timeoutMs = this.#options.config().offsetCommitTimeoutMs;
    append.waiters.push({ dueMs: this.#options.clock.monotonicMs() + timeoutMs, settle });
    this.#waiting++;
    if (!this.#overdue.isRunning) this.#deadlines?.schedule(this.#overdue, timeoutMs);
  }

  #onCommitted(append: Append): void {
    append.isCommitted = true;
    while (this.#appends[0]?.isCommitted === true) {
      const { sequence, waiters } = this.#appends.shift() as Append;
      this.#shard?.commit(sequence);
      for (const waiter of waiters) this.#settle(waiter, null);
    }
    if (this.#appends.length === 0) this.#deadlines?.cancel(this.#overdue);
  }

  #settle(waiter: Waiter, error: KafkaError | null): void {
    const { settle } = waiter;
    if (settle === null) return;
    waiter.settle = null;
    this.#waiting--;
    settle(error);
  }

  /** Who has waited for offsets.commit.timeout.ms is answered; the records stay, and may still be committed. */
  #failOverdue(): void {
    const now = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { waiters } of [...this.#appends]) {
      for (const waiter of waiters) {
        if (waiter.settle === null) continue;
        if (waiter.dueMs > now) nextMs = Math.min(nextMs, waiter.dueMs);
        else this.#settle(waiter, new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'The commit timed out.'));
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#deadlines?.schedule(this.#overdue, nextMs - now);
  }

  /** An appended batch will not be committed by this leader: back to what is. */
  #onLost(load: number, error: unknown): void {
    if (load !== this.#loads || this.#state !== 'active') return;
    this.#logger.error(`Writing records to __consumer_offsets-${this.#options.partition} failed`, error);
    this.#unload('failed');
    void this.#load();
  }

  #unload(state: 'failed' | 'closed'): void {
    this.#state = state;
    this.#loads++;
    const shard = this.#shard;
    const appends = this.#appends;
    this.#shard = null;
    this.#appends = [];
    for (const { waiters } of appends) {
      for (const waiter of waiters) {
        this.#settle(waiter, new KafkaError(ErrorCode.NOT_COORDINATOR, 'This is not the correct coordinator.'));
      }
    }
    shard?.onUnloaded();
    this.#deadlines?.close();
    this.#deadlines = null;
    this.#overdue = new Deadline(() => this.#failOverdue());
  }

  async #load(): Promise<void> {
    const { clock, partition } = this.#options;
    const loader = this.#loader;
    if (loader === null) return;
    const load = ++this.#loads;
    this.#state = 'loading';
    const startMs = clock.monotonicMs();
    const shard = this.#newShard();
    try {
      const read = await replayAll(shard, loader, () => load === this.#loads);
      if (load !== this.#loads) return;
      this.#state = 'active';
      shard.onLoaded();
      if (read.recordCount > 0) {
        this.#logger.info(
          `Finished loading of metadata from __consumer_offsets-${partition} with epoch ${this.#leaderEpoch} in ` +
            `${Math.round(clock.monotonicMs() - startMs)}ms. Loaded ${read.recordCount} records which total to ` +
            `${read.bytes} bytes.`,
        );
      }
    } catch (error) {
      if (load !== this.#loads) return;
      this.#logger.error(
        `Failed to load metadata from __consumer_offsets-${partition} with epoch ${this.#leaderEpoch}`,
        error,
      );
      this.#unload('failed');
    }
  }

  #newShard(): GroupShard {
    const { clock, timers, random, partition, config } = this.#options;
    const deadlines = new DeadlineQueue(clock, timers);
    const shard: GroupShard = new GroupShard({
      partition,
      get config() {
        return config();
      },
      clock,
      random,
      logger: this.#options.logger,
      deadlines,
      groups: new GroupTable(),
      offsets: new OffsetStore(),
      submit: (name, operation) => {
        if (this.#shard === shard) this.#submit(name, operation);
      },
    });
    this.#shard = shard;
    this.#deadlines = deadlines;
    return shard;
  }

  #submit(name: string, operation: (shard: GroupShard) => CoordinatorResult<unknown>): void {
    this.write(operation).catch((error: unknown) => {
      this.#logger.warn(`${name} in __consumer_offsets-${this.#options.partition} failed: ${causeText(error)}`);
    });
  }

  /** Writes tombstones for the offsets and groups that have outlived their retention. */
  expireOffsets(): void {
    if (this.#state === 'active') this.#submit('group-expiration', (shard) => expireOffsets(shard.context));
  }
}

async function replayAll(
  shard: GroupShard,
  loader: PartitionLoader,
  isCurrent: () => boolean,
): Promise<{ readonly recordCount: number; readonly bytes: number }> {
  let recordCount = 0;
  let bytes = 0;
  for await (const chunk of loader()) {
    if (!isCurrent()) break;
    const end = forEachBatch(chunk, (batches, at) => {
      recordCount += shard.load(batches, at);
    });
    if (end !== chunk.length)
      throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, 'a chunk of the log is not whole batches');
    bytes += chunk.length;
  }
  return { recordCount, bytes };
}

/** How many records go into each batch. Throws when an atomic operation, or one record, does not fit. */
function planBatches(records: readonly RecordBytes[], maxBytes: number, isAtomic: boolean): number[] {
  const counts: number[] = [];
  let size = BATCH_HEADER_BYTES;
  let count = 0;
  for (const record of records) {
    const bytes = recordSize(record);
    if (count > 0 && size + bytes > maxBytes && !isAtomic) {
      counts.push(count);
      size = BATCH_HEADER_BYTES;
      count = 0;
    }
    size += bytes;
    count++;
    if (size > maxBytes) {
      throw new KafkaError(ErrorCode.MESSAGE_TOO_LARGE, `a batch of ${size} bytes exceeds the maximum of ${maxBytes}`);
    }
  }
  counts.push(count);
  return counts;
}

function recordSize({ key, value }: RecordBytes): number {
  return RECORD_FRAMING_BYTES + key.length + (value === null ? 0 : value.length);
}

function translated(error: KafkaError): KafkaError {
  const code = coordinatorError(error.code);
  return code === error.code ? error : new KafkaError(code, error.message, { cause: error });
}
