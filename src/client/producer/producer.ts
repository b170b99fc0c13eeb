/**
 * The producer. Records are encoded into the open batch of their partition at once; a batch is sealed when it is full or
 * has waited long enough, and goes to the sender. Memory is bounded: who finds no buffer waits. `send` promises an
 * offset per record; `bulk` is the same path without a promise and without an object per record.
 */
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import type { ClusterView } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { BatchWriter, type Bytes, batchSizeBound, type EncodedHeader } from './batch-writer.ts';
import { BufferPool } from './buffer-pool.ts';
import { partitionForKey } from './partitioner.ts';
import { headRoom, TAIL_ROOM } from './produce-frame.ts';
import { Sender, type Settled } from './sender.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from './settings.ts';
import { sealInto } from './split-batch.ts';

export interface ProducerRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | string | null }[];
  /** ms since 1970; now when left out. */
  readonly timestamp?: number;
}

export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0. */
  readonly offset: number;
  readonly timestamp: number;
}

/** What became of a batch of the bulk path. */
export interface BulkResult {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly error: Error | null;
}

interface Pending {
  readonly timestamp: number;
  readonly resolve: (metadata: RecordMetadata) => void;
  readonly reject: (error: Error) => void;
}

/** The batch of a partition that is being filled. */
interface OpenBatch {
  readonly writer: BatchWriter;
  readonly buffer: Buffer;
  readonly createdAtMs: number;
  readonly linger: TimerHandle | undefined;
  /** By record, for those that were promised an offset. */
  readonly pending: (Pending | undefined)[];
}

class TopicState {
  readonly name: string;
  readonly head: number;
  readonly open: (OpenBatch | undefined)[] = [];
  partitions = 0;
  /** Where records without a key go for the moment. */
  sticky = -1;
  checkedAtMs = 0;

  constructor(name: string, head: number) {
    this.name = name;
    this.head = head;
  }
}

function toBytes(value: Uint8Array | string | null | undefined): Bytes | null {
  if (value === null || value === undefined) return null;
  const source =
    typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return { source, start: 0, end: source.length };
}

export class Producer {
  readonly cluster: ClusterView;
  readonly settings: ProducerSettings;
  readonly #sender: Sender;
  readonly #pool: BufferPool;
  readonly #topics = new Map<string, TopicState>();
  #onBulk: (result: BulkResult) => void = () => undefined;
  #closed = false;

  constructor(cluster: ClusterView, settings: Partial<ProducerSettings> = {}) {
    this.cluster = cluster;
    const merged = { ...DEFAULT_PRODUCER_SETTINGS, ...settings };
    this.settings = merged.acks === -1 ? merged : { ...merged, idempotent: false };
    this.#sender = new Sender(cluster, this.settings);
    const room = headRoom('x'.repeat(249), cluster.settings.clientId) + TAIL_ROOM;
    this.#pool = new BufferPool(this.settings.batchBytes + room, this.settings.bufferBytes);
  }

  /** The number of partitions, waiting for the topic to exist and to have leaders. */
  async partitionsOf(topic: string): Promise<number> {
    return (await this.#topicState(topic)).partitions;
  }

  async #topicState(topic: string): Promise<TopicState> {
    const known = this.#topics.get(topic);
    const now = this.cluster.runtime.clock.monotonicMs();
    if (known !== undefined && now - known.checkedAtMs < this.cluster.settings.metadataMaxAgeMs) return known;
    const partitions = await this.#countPartitions(topic);
    const state = known ?? new TopicState(topic, headRoom(topic, this.cluster.settings.clientId));
    state.partitions = partitions;
    state.checkedAtMs = now;
    this.#topics.set(topic, state);
    return state;
  }

  async #countPartitions(topic: string): Promise<number> {
    const deadline = this.cluster.deadline(this.settings.maxBlockMs);
    for (let attempt = 0; ; attempt++) {
      await this.cluster.refresh([topic], { deadline, create: true, doing: 'produce' });
      const view = this.cluster.topic(topic);
      const code = view?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (view !== undefined && code === 0 && view.partitions.length > 0) return view.partitions.length;
      if (code !== 0 && !errorRow(code).retriable) throw toKafkaError(code);
      if (deadline.passed) {
        const text = `Topic ${topic} not present in metadata after ${this.settings.maxBlockMs} ms.`;
        throw toKafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text);
      }
      await this.cluster.pause(attempt, deadline);
    }
  }

  /** Resolves when the record is where `acks` wants it. */
  async send(record: ProducerRecord): Promise<RecordMetadata> {
    const topic = await this.#topicState(record.topic);
    const key = toBytes(record.key);
    const value = toBytes(record.value);
    const headers = (record.headers ?? []).map((header) => ({
      key: Buffer.from(header.key),
      value: header.value === null ? null : Buffer.from(header.value as string),
    }));
    const timestamp = record.timestamp ?? this.cluster.runtime.clock.nowMs();
    const partition = record.partition ?? this.#choose(topic, key);
    if (partition < 0 || partition >= topic.partitions) {
      throw new RangeError(`${record.topic} has no partition ${partition}`);
    }
    const delivered = Promise.withResolvers<RecordMetadata>();
    const pending = { timestamp, resolve: delivered.resolve, reject: delivered.reject };
    while (!this.#append(topic, partition, { timestamp, key, value, headers, pending })) await this.#memory();
    return delivered.promise;
  }

  async #memory(): Promise<void> {
    this.#sealAll();
    await this.#pool.returned();
  }

  #choose(topic: TopicState, key: Bytes | null): number {
    if (key !== null) return partitionForKey(key.source, key.start, key.end, topic.partitions);
    if (topic.sticky < 0) topic.sticky = this.cluster.runtime.random.int(topic.partitions);
    return topic.sticky;
  }

  /** False: no memory. Throws when the record is larger than any request may be. */
  #append(
    topic: TopicState,
    partition: number,
    record: {
      readonly timestamp: number;
      readonly key: Bytes | null;
      readonly value: Bytes | null;
      readonly headers: readonly EncodedHeader[];
      readonly pending?: Pending;
    },
  ): boolean {
    const { timestamp, key, value, headers } = record;
    let open = topic.open[partition];
    if (open === undefined || !open.writer.append(timestamp, key, value, headers)) {
      if (open !== undefined) this.#seal(topic, partition);
      const needed = batchSizeBound(key, value, headers);
      if (needed > this.settings.maxRequestBytes) throw this.#tooLarge(needed);
      open = this.#openBatch(topic, partition, needed);
      if (open === undefined) return false;
      open.writer.append(timestamp, key, value, headers);
    }
    if (record.pending !== undefined) open.pending[open.writer.count - 1] = record.pending;
    return true;
  }

  #tooLarge(size: number): Error {
    const limit = this.settings.maxRequestBytes;
    return toKafkaError(
      ErrorCode.MESSAGE_TOO_LARGE,
      `The message is ${size} bytes when serialized which is larger than ${limit}, which is the value of the max.request.size configuration.`,
    );
  }

  #openBatch(topic: TopicState, partition: number, needed: number): OpenBatch | undefined {
    const buffer = this.#pool.take(topic.head + needed + TAIL_ROOM);
    if (buffer === undefined) return undefined;
    const capacity = Math.max(this.settings.batchBytes, needed);
    const writer = new BatchWriter(buffer, topic.head, topic.head + capacity);
    const { runtime } = this.cluster;
    const seal = () => {
      if (topic.open[partition]?.writer === writer) this.#seal(topic, partition);
    };
    let linger: TimerHandle | undefined;
    if (this.settings.lingerMs > 0) linger = runtime.timers.after(this.settings.lingerMs, seal);
    else runtime.timers.soon(seal);
    const open = { writer, buffer, createdAtMs: runtime.clock.monotonicMs(), linger, pending: [] };
    topic.open[partition] = open;
    return open;
  }

  /** Hands the open batch to the sender; records without keys go on elsewhere. */
  #seal(topic: TopicState, partition: number): void {
    const open = topic.open[partition];
    if (open === undefined) return;
    topic.open[partition] = undefined;
    open.linger?.cancel();
    if (topic.sticky === partition && topic.partitions > 1) {
      topic.sticky = (partition + 1 + this.cluster.runtime.random.int(topic.partitions - 1)) % topic.partitions;
    }
    const { count } = open.writer;
    const sealed = sealInto(open.writer, this.settings.compression, this.settings.compressionLevel);
    if (sealed.buffer !== open.buffer) this.#pool.give(open.buffer);
    const { pending } = open;
    this.#sender.enqueue(topic.name, partition, {
      ...sealed,
      first: 0,
      count,
      createdAtMs: open.createdAtMs,
      settle: (settled) => this.#settled(topic.name, partition, pending, settled),
      release: () => {
        if (sealed.buffer === open.buffer) this.#pool.give(open.buffer);
      },
    });
  }

  #settled(topic: string, partition: number, waiting: readonly (Pending | undefined)[], settled: Settled): void {
    const { first, count, error, delivery } = settled;
    if (waiting.length === 0) {
      this.#onBulk({ topic, partition, count, error });
      return;
    }
    for (let i = 0; i < count; i++) {
      const pending = waiting[first + i];
      if (pending === undefined) continue;
      if (error !== null) pending.reject(error);
      else {
        const offset = delivery.baseOffset < 0 ? -1 : delivery.baseOffset + i;
        const timestamp = delivery.logAppendTime >= 0 ? delivery.logAppendTime : pending.timestamp;
        pending.resolve({ topic, partition, offset, timestamp });
      }
    }
  }

  #sealAll(): void {
    for (const topic of this.#topics.values()) {
      for (let partition = 0; partition < topic.open.length; partition++) this.#seal(topic, partition);
    }
  }

  /** The fast path for many records of one topic. `onResult` hears of every batch. */
  async bulk(topic: string, onResult: (result: BulkResult) => void): Promise<BulkWriter> {
    const state = await this.#topicState(topic);
    this.#onBulk = onResult;
    const clock = this.cluster.runtime.clock;
    let timestamp = clock.nowMs();
    return {
      tick: () => {
        timestamp = clock.nowMs();
      },
      value: (source, start, end) => {
        const partition = this.#choose(state, null);
        const open = state.open[partition];
        if (open?.writer.appendValue(timestamp, source, start, end)) return true;
        // Full: it goes, and the next one may be another partition's.
        if (open !== undefined) this.#seal(state, partition);
        return this.#append(state, this.#choose(state, null), {
          timestamp,
          key: null,
          value: { source, start, end },
          headers: [],
        });
      },
      record: (key, value, headers) =>
        this.#append(state, this.#choose(state, key), { timestamp, key, value, headers }),
      room: () => this.#memory(),
    };
  }

  /** Everything that was given is delivered or has failed. */
  async flush(): Promise<void> {
    this.#sealAll();
    await this.#sender.idle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    this.#sender.close(new Error('the producer is closed'));
  }

  /** Ends at once; what was not delivered fails. */
  abort(error: Error): void {
    this.#closed = true;
    this.#sender.close(error);
  }
}

export interface BulkWriter {
  /** Takes the time for the records that follow. */
  tick(): void;
  /** A record without key; false when there is no memory: wait for `room` and give it again. */
  value(source: Buffer, start: number, end: number): boolean;
  record(key: Bytes | null, value: Bytes | null, headers: readonly EncodedHeader[]): boolean;
  room(): Promise<void>;
}
