/**
 * The producer. Records are encoded at once when their topic is known and there is memory; else they line up, so that
 * records of a topic keep their order. `send` promises an offset per record, `sendAll` one answer for many; `bulk` is the
 * same path without a promise and without an object per record.
 */
import { KtsError } from '../../base/kts-error.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import type { Deadline } from '../backoff.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { Accumulator, type NewRecord, type TopicState, type Waiter } from './accumulator.ts';
import type { Bytes, EncodedHeader } from './batch-writer.ts';
import { partitionForKey } from './partitioner.ts';
import type { BulkResult, Data, Header, ProducerRecord, RecordMetadata, StoredRange, TopicRecord } from './record.ts';
import { Scratch } from './scratch.ts';
import { Sender } from './sender.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from './settings.ts';
import { RangeWaiter, SendWaiter } from './waiters.ts';

type AnyRecord = ProducerRecord<unknown, unknown>;
type AnyTopicRecord = TopicRecord<unknown, unknown>;

const NO_HEADERS: readonly EncodedHeader[] = [];

export class Producer<K = Data, V = Data> implements AsyncDisposable {
  readonly cluster: ClusterView;
  readonly settings: ProducerSettings;
  readonly #sender: Sender;
  readonly #accumulator: Accumulator;
  readonly #scratch = new Scratch();
  #refreshTimer: TimerHandle | undefined;
  #closing: Promise<void> | undefined;
  /** New records are refused. */
  #closed: Error | undefined;
  /** Records that line up are given up. */
  #aborted: Error | undefined;

  readonly #onClose: () => void;

  constructor(cluster: ClusterView, settings: Partial<ProducerSettings> = {}, onClose: () => void = () => undefined) {
    this.cluster = cluster;
    this.#onClose = onClose;
    const merged = { ...DEFAULT_PRODUCER_SETTINGS, ...settings };
    this.settings = merged.acks === -1 ? merged : { ...merged, idempotent: false };
    this.#sender = new Sender(cluster, this.settings);
    this.#accumulator = new Accumulator(cluster, this.settings, this.#sender);
    this.#scheduleRefresh();
  }

  /** The number of partitions, waiting for the topic to exist and to have leaders. */
  async partitionsOf(topic: string): Promise<number> {
    const state = this.#accumulator.topic(topic);
    await this.#await(state, 1, this.#patience());
    return state.partitions;
  }

  /** Bytes that records take until they are delivered. */
  get bufferedBytes(): number {
    return this.#accumulator.pool.usedBytes;
  }

  #patience(): Deadline {
    return this.cluster.deadline(this.settings.maxBlockMs);
  }

  /** Topics in use are asked for again before their metadata grows old; those that nobody uses are forgotten. */
  #scheduleRefresh(): void {
    const { runtime, settings } = this.cluster;
    const refresh = () => {
      const now = runtime.clock.monotonicMs();
      for (const topic of this.#accumulator.topics.values()) {
        const isIdle = now - topic.usedAtMs > this.settings.metadataMaxIdleMs && topic.isEmpty;
        if (isIdle) this.#accumulator.topics.delete(topic.name);
        else this.cluster.update(topic.name, true).catch(() => undefined);
      }
      if (this.#closed === undefined) this.#scheduleRefresh();
    };
    this.#refreshTimer = runtime.timers.after(Math.max(1_000, settings.metadataMaxAgeMs), refresh, { unref: true });
  }

  /** Resolves when the topic is known and has at least `partitions` partitions. */
  async #await(topic: TopicState, partitions: number, deadline: Deadline): Promise<void> {
    topic.usedAtMs = this.cluster.runtime.clock.monotonicMs();
    let cause: unknown;
    let isAnswered = false;
    for (let attempt = 0; this.#accumulator.topic(topic.name).partitions < partitions; attempt++) {
      if (this.#aborted !== undefined) throw this.#aborted;
      if (deadline.passed) throw this.#notInMetadata(topic, partitions, cause);
      if (attempt > 0) await this.cluster.pause(attempt - 1, deadline);
      try {
        await this.cluster.refresh([topic.name], { deadline, create: true, doing: 'produce' });
        isAnswered = true;
      } catch (error) {
        // Where nobody answered at all, that is the better message.
        const isOver = !isUnreachable(error) || this.cluster.isClosed || !isAnswered;
        if (isOver) throw error;
        cause = error;
      }
      const code = this.cluster.topic(topic.name)?.errorCode ?? 0;
      if (code !== 0 && !errorRow(code).retriable) throw toKafkaError(code);
    }
  }

  #notInMetadata(topic: TopicState, partitions: number, cause: unknown): Error {
    const { maxBlockMs } = this.settings;
    const text =
      topic.partitions === 0
        ? `Topic ${topic.name} not present in metadata after ${maxBlockMs} ms.`
        : `Partition ${partitions - 1} of topic ${topic.name} with partition count ${topic.partitions} is not present in metadata after ${maxBlockMs} ms.`;
    const error = toKafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text);
    if (cause !== undefined) error.cause = cause;
    return error;
  }

  /** Resolves when the record is where `acks` wants it. Records of one topic are taken in the order of the calls. */
  send(record: ProducerRecord<K, V>): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      const timestamp = record.timestamp ?? this.cluster.runtime.clock.nowMs();
      const waiter = new SendWaiter(timestamp, resolve, reject);
      const { interceptors } = this.settings;
      const sent = interceptors.length === 0 ? record : this.#intercept(record, waiter);
      this.#give(sent.topic, sent, timestamp, waiter);
    });
  }

  /** Many records of one topic: resolves when all of them are where `acks` wants them, rejects when one of them is not. */
  sendAll(topic: string, records: readonly TopicRecord<K, V>[]): Promise<StoredRange[]> {
    return new Promise((resolve, reject) => {
      const now = this.cluster.runtime.clock.nowMs();
      const group = new RangeWaiter(records.length, resolve, reject);
      const isPlain = this.settings.interceptors.length === 0;
      for (const record of records) {
        const timestamp = record.timestamp ?? now;
        if (isPlain) {
          this.#give(topic, record, timestamp, group);
          continue;
        }
        const stored = (metadata: RecordMetadata) => group.stored(metadata);
        const waiter = new SendWaiter(timestamp, stored, (error) => group.failed(error));
        const sent = this.#intercept({ ...record, topic }, waiter);
        this.#give(sent.topic, sent, timestamp, waiter);
      }
    });
  }

  #intercept(record: ProducerRecord<K, V>, waiter: SendWaiter): AnyRecord {
    let current = record as AnyRecord;
    for (const { onSend } of this.settings.interceptors) {
      try {
        if (onSend !== undefined) current = onSend(current);
      } catch {
        // As in Java's producer: an interceptor cannot keep a record from being sent.
      }
    }
    waiter.intercepted(this.settings.interceptors, current);
    return current;
  }

  /** Encodes at once when it can; else the record lines up behind those of its topic that wait already. */
  #give(topicName: string, record: AnyTopicRecord, timestamp: number, waiter: Waiter): void {
    try {
      if (this.#closed !== undefined) throw this.#closed;
      if (timestamp < 0 || !Number.isSafeInteger(timestamp)) throw new RangeError(`${timestamp} is no timestamp`);
      const topic = this.#accumulator.topic(topicName);
      if (topic.line === undefined && topic.partitions > 0 && this.#append(topic, record, timestamp, waiter)) return;
      const deadline = this.#patience();
      this.#lineUp(topic, () => this.#giveSlowly(topic, record, timestamp, waiter, deadline));
    } catch (error) {
      waiter.ended(error as Error, { topic: topicName, partition: record.partition ?? -1 }, -1, -1);
    }
  }

  #lineUp(topic: TopicState, work: () => Promise<void>): void {
    const line = topic.line === undefined ? work() : topic.line.then(work);
    topic.line = line;
    void line.then(() => {
      if (topic.line === line) topic.line = undefined;
    });
  }

  async #giveSlowly(
    topic: TopicState,
    record: AnyTopicRecord,
    timestamp: number,
    waiter: Waiter,
    deadline: Deadline,
  ): Promise<void> {
    try {
      if (this.#aborted !== undefined) throw this.#aborted;
      await this.#await(topic, (record.partition ?? 0) + 1, deadline);
      while (!this.#append(topic, record, timestamp, waiter)) await this.#memory(deadline);
    } catch (error) {
      waiter.ended(error as Error, { topic: topic.name, partition: record.partition ?? -1 }, -1, -1);
    }
  }

  /** Resolves when memory came back; rejects when none did in time. */
  async #memory(deadline?: Deadline): Promise<void> {
    if (this.#aborted !== undefined) throw this.#aborted;
    const { pool } = this.#accumulator;
    this.#accumulator.offerAll();
    if (deadline === undefined) return pool.returned();
    if (deadline.passed) {
      const { maxBlockMs } = this.settings;
      throw toKafkaError(
        ErrorCode.REQUEST_TIMED_OUT,
        `Failed to allocate memory within the configured max blocking time ${maxBlockMs} ms. Total memory: ${pool.limitBytes} bytes. Used memory: ${pool.usedBytes} bytes.`,
      );
    }
    const late = this.cluster.runtime.timers.after(deadline.leftMs, () => pool.wake());
    await pool.returned();
    late.cancel();
  }

  /** False: no memory, or no such partition yet. */
  #append(topic: TopicState, record: AnyTopicRecord, timestamp: number, waiter: Waiter): boolean {
    const { keySerializer, valueSerializer } = this.settings;
    const rawKey = record.key ?? null;
    const key = this.#scratch.key(keySerializer === undefined ? (rawKey as Data) : keySerializer(topic.name, rawKey));
    const value = this.#scratch.value(
      valueSerializer === undefined ? (record.value as Data) : valueSerializer(topic.name, record.value),
    );
    const { headers } = record;
    const encoded = headers === undefined || headers.length === 0 ? NO_HEADERS : headers.map(encodeHeader);
    const entry: NewRecord = { timestamp, key, value, headers: encoded, waiter };
    const partition = record.partition ?? this.#choose(topic, key, record);
    if (partition === undefined) return this.#accumulator.appendSticky(topic, entry);
    if (!Number.isInteger(partition) || partition < 0)
      throw new RangeError(`${topic.name} has no partition ${partition}`);
    if (partition < topic.partitions) return this.#accumulator.append(topic, partition, entry);
    if (record.partition === undefined)
      throw new RangeError(`the partitioner chose ${partition} of ${topic.partitions}`);
    return false;
  }

  /** Undefined: wherever records without a key go. */
  #choose(topic: TopicState, key: Bytes | null, record: AnyTopicRecord): number | undefined {
    const { partitioner, ignoreKeys } = this.settings;
    if (partitioner !== undefined) {
      const views = this.cluster.topic(topic.name)?.partitions ?? [];
      const available = views.flatMap(({ leader, partition }) => (leader < 0 ? [] : [partition]));
      return partitioner(
        { ...record, topic: topic.name },
        { name: topic.name, partitions: topic.partitions, available },
      );
    }
    if (key !== null && !ignoreKeys) return partitionForKey(key.source, key.start, key.end, topic.partitions);
    return undefined;
  }

  /** The fast path for many records of one topic. `onResult` hears of every batch. */
  async bulk(topic: string, onResult: (result: BulkResult) => void): Promise<BulkWriter> {
    const accumulator = this.#accumulator;
    const state = accumulator.topic(topic);
    await this.#await(state, 1, this.#patience());
    state.onBulk = onResult;
    const { clock } = this.cluster.runtime;
    let timestamp = clock.nowMs();
    const choose = (key: Bytes | null) =>
      this.#choose(state, key, { key: key?.source.subarray(key.start, key.end), value: null });
    const isSticky = this.settings.partitioner === undefined;
    const give = (key: Bytes | null, bytes: Bytes | null, headers: readonly EncodedHeader[]) => {
      const entry = { timestamp, key, value: bytes, headers };
      const partition = choose(key);
      return partition === undefined
        ? accumulator.appendSticky(state, entry)
        : accumulator.append(state, partition, entry);
    };
    const value = { source: EMPTY, start: 0, end: 0 };
    return {
      tick: () => {
        timestamp = clock.nowMs();
        state.usedAtMs = clock.monotonicMs();
      },
      value: (source, start, end) => {
        value.source = source;
        value.start = start;
        value.end = end;
        const partition = isSticky ? state.sticky.current(state.partitions) : -1;
        return accumulator.appendValue(state, partition, timestamp, value) || give(null, value, NO_HEADERS);
      },
      record: give,
      batch: (records, count) => accumulator.appendEncoded(state, timestamp, records, count),
      room: () => this.#memory(),
    };
  }

  /** Everything that was given until now is delivered or has failed. */
  async flush(): Promise<void> {
    const lines = [...this.#accumulator.topics.values()].map((topic) => topic.line);
    await Promise.all(lines);
    this.#accumulator.sealAll();
    await this.#sender.idle();
  }

  /** Takes no more, delivers what it has, and ends; what is not delivered within the time fails. */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = new KtsError('the producer is closed');
    const late = Promise.withResolvers<void>();
    const timer = timeoutMs === undefined ? undefined : this.cluster.runtime.timers.after(timeoutMs, late.resolve);
    await Promise.race([this.flush(), late.promise]);
    timer?.cancel();
    this.abort(new KtsError('the producer was closed before the record was delivered'));
  }

  /** Ends at once; what was not delivered fails. */
  abort(error: Error): void {
    if (this.#aborted !== undefined) return;
    this.#closed ??= error;
    this.#aborted = error;
    this.#refreshTimer?.cancel();
    this.#accumulator.sealAll();
    this.#sender.close(error);
    this.#accumulator.pool.wake();
    this.#onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

function encodeHeader({ key, value }: Header): EncodedHeader {
  return { key: Buffer.from(key), value: typeof value === 'string' ? Buffer.from(value) : value };
}

export interface BulkWriter {
  /** Takes the time for the records that follow. */
  tick(): void;
  /** A record without key; false when there is no memory: wait for `room` and give it again. */
  value(source: Buffer, start: number, end: number): boolean;
  /**
   * Records without keys, encoded elsewhere as what stands behind the header of one batch of `batchBytes` at most; they carry no
   * timestamp of their own. They are copied; false as above. A partitioner is not asked.
   */
  batch(records: Buffer, count: number): boolean;
  record(key: Bytes | null, value: Bytes | null, headers: readonly EncodedHeader[]): boolean;
  room(): Promise<void>;
}
