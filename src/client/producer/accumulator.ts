/**
 * Records are encoded into the open batch of their partition at once. A batch that is full goes to the sender; one that has
 * waited long enough is offered, and goes on filling until the sender can take it.
 */
import { BATCH_HEADER_BYTES } from '../../protocol/batch.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import type { ClusterView } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { BatchWriter, type Bytes, batchSizeBound, type EncodedHeader } from './batch-writer.ts';
import { BufferPool } from './buffer-pool.ts';
import type { PartitionQueue, SealedBatch, Settled } from './partition-queue.ts';
import { headRoom, TAIL_ROOM } from './produce-frame.ts';
import type { BulkResult } from './record.ts';
import type { Sender } from './sender.ts';
import type { ProducerSettings } from './settings.ts';
import { sealInto } from './split-batch.ts';
import { Sticky } from './sticky.ts';

const LONGEST_TOPIC = 'x'.repeat(249);

/** Hears what became of a record. `timestamp` is -1 unless the broker gave it. */
export interface Waiter {
  ended(
    error: Error | null,
    where: { readonly topic: string; readonly partition: number },
    offset: number,
    timestamp: number,
  ): void;
}

/** The batch of a partition that is being filled. */
interface OpenBatch {
  readonly writer: BatchWriter;
  readonly buffer: Buffer;
  readonly createdAtMs: number;
  linger: TimerHandle | undefined;
  /** By record, where somebody waits for it. */
  readonly waiters: (Waiter | undefined)[];
}

/** One partition. */
interface Slot {
  readonly queue: PartitionQueue;
  open: OpenBatch | undefined;
}

export class TopicState {
  readonly name: string;
  readonly head: number;
  readonly slots: Slot[] = [];
  readonly sticky: Sticky;
  /** 0: not known yet. */
  partitions = 0;
  metadataVersion = -1;
  usedAtMs = 0;
  /** Sends that have to wait, for metadata or memory: later ones line up behind them. */
  line: Promise<void> | undefined;
  onBulk: ((result: BulkResult) => void) | undefined;

  constructor(name: string, head: number, sticky: Sticky) {
    this.name = name;
    this.head = head;
    this.sticky = sticky;
  }

  get isEmpty(): boolean {
    return this.line === undefined && this.slots.every((slot) => slot.open === undefined && !slot.queue.hasWork);
  }
}

export interface NewRecord {
  readonly timestamp: number;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly EncodedHeader[];
  readonly waiter?: Waiter | undefined;
}

export class Accumulator {
  readonly pool: BufferPool;
  readonly topics = new Map<string, TopicState>();
  readonly #cluster: ClusterView;
  readonly #settings: ProducerSettings;
  readonly #sender: Sender;

  constructor(cluster: ClusterView, settings: ProducerSettings, sender: Sender) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#sender = sender;
    const room = headRoom(LONGEST_TOPIC, cluster.settings.clientId) + TAIL_ROOM;
    this.pool = new BufferPool(settings.batchBytes + room, settings.bufferBytes);
  }

  /** Partitions as of the latest metadata, without asking for it. */
  topic(name: string): TopicState {
    let topic = this.topics.get(name);
    if (topic === undefined) {
      const sticky = new Sticky(name, { cluster: this.#cluster, sender: this.#sender, settings: this.#settings });
      topic = new TopicState(name, headRoom(name, this.#cluster.settings.clientId), sticky);
      this.topics.set(name, topic);
    }
    if (topic.metadataVersion !== this.#cluster.metadataVersion) {
      topic.metadataVersion = this.#cluster.metadataVersion;
      const view = this.#cluster.topic(name);
      if (view !== undefined && view.errorCode === 0)
        topic.partitions = Math.max(topic.partitions, view.partitions.length);
    }
    return topic;
  }

  #slot(topic: TopicState, partition: number): Slot {
    let slot = topic.slots[partition];
    if (slot === undefined) {
      while (topic.slots.length <= partition) {
        topic.slots.push({ queue: this.#sender.queueOf(topic.name, topic.slots.length), open: undefined });
      }
      slot = topic.slots[partition] as Slot;
    }
    return slot;
  }

  /** False: no memory. Throws when the record is larger than any request may be. */
  append(topic: TopicState, partition: number, record: NewRecord): boolean {
    const { timestamp, key, value, headers } = record;
    const slot = this.#slot(topic, partition);
    let { open } = slot;
    if (open === undefined || !open.writer.append(timestamp, key, value, headers)) {
      const needed = batchSizeBound(key, value, headers);
      if (needed > this.#settings.maxRequestBytes)
        throw this.#tooLarge(needed, 'max.request.size', this.#settings.maxRequestBytes);
      if (needed > this.#settings.bufferBytes)
        throw this.#tooLarge(needed, 'buffer.memory', this.#settings.bufferBytes);
      if (open !== undefined) this.#sealFull(topic, partition, slot);
      open = this.#open(topic, partition, slot, needed);
      if (open === undefined) return false;
      open.writer.append(timestamp, key, value, headers);
    }
    if (record.waiter !== undefined) open.waiters[open.writer.count - 1] = record.waiter;
    return true;
  }

  /** Wherever records without a key go now: when that batch is full, the record begins the next one elsewhere. */
  appendSticky(topic: TopicState, record: NewRecord): boolean {
    const partition = topic.sticky.current(topic.partitions);
    const open = topic.slots[partition]?.open;
    if (open?.writer.append(record.timestamp, record.key, record.value, record.headers)) {
      if (record.waiter !== undefined) open.waiters[open.writer.count - 1] = record.waiter;
      return true;
    }
    if (open !== undefined) this.sealFull(topic, partition);
    return this.append(topic, topic.sticky.current(topic.partitions), record);
  }

  /** A value without key and headers, where it lies; false when the open batch cannot take it. */
  appendValue(topic: TopicState, partition: number, timestamp: number, value: Bytes): boolean {
    const open = topic.slots[partition]?.open;
    return open?.writer.appendValue(timestamp, value.source, value.start, value.end) ?? false;
  }

  /** A batch of its own behind what is open, of records that are encoded already; false when there is no memory. */
  appendEncoded(topic: TopicState, timestamp: number, records: Buffer, count: number): boolean {
    const partition = topic.sticky.current(topic.partitions);
    this.sealFull(topic, partition);
    const next = topic.sticky.current(topic.partitions);
    const slot = this.#slot(topic, next);
    const open = this.#open(topic, next, slot, BATCH_HEADER_BYTES + records.length);
    if (open === undefined) return false;
    open.writer.takeEncoded(timestamp, records, count);
    this.#sealFull(topic, next, slot);
    return true;
  }

  /** The open batch goes as it is. */
  sealFull(topic: TopicState, partition: number): void {
    const slot = topic.slots[partition];
    if (slot?.open !== undefined) this.#sealFull(topic, partition, slot);
  }

  #sealFull(topic: TopicState, partition: number, slot: Slot): void {
    this.#sender.enqueue(slot.queue, this.#seal(topic, partition, slot, true));
  }

  #tooLarge(size: number, key: string, limit: number): Error {
    return toKafkaError(
      ErrorCode.MESSAGE_TOO_LARGE,
      `The message is ${size} bytes when serialized which is larger than ${key === 'buffer.memory' ? 'the total memory buffer you have configured with the buffer.memory configuration.' : `${limit}, which is the value of the ${key} configuration.`}`,
    );
  }

  #open(topic: TopicState, partition: number, slot: Slot, needed: number): OpenBatch | undefined {
    const buffer = this.pool.take(topic.head + needed + TAIL_ROOM);
    if (buffer === undefined) return undefined;
    const { runtime } = this.#cluster;
    const capacity = Math.max(this.#settings.batchBytes, needed);
    const writer = new BatchWriter(buffer, topic.head, topic.head + capacity);
    const open: OpenBatch = {
      writer,
      buffer,
      createdAtMs: runtime.clock.monotonicMs(),
      linger: undefined,
      waiters: [],
    };
    slot.open = open;
    const due = () => {
      if (slot.open === open) this.#offer(topic, partition, slot, open);
    };
    if (this.#settings.lingerMs > 0) open.linger = runtime.timers.after(this.#settings.lingerMs, due);
    else runtime.timers.soon(due);
    return open;
  }

  #offer(topic: TopicState, partition: number, slot: Slot, open: OpenBatch): void {
    const { createdAtMs } = open;
    this.#sender.offer(slot.queue, { createdAtMs, seal: () => this.#seal(topic, partition, slot, false) });
  }

  /** Records without keys go on elsewhere. */
  #seal(topic: TopicState, partition: number, slot: Slot, isFull: boolean): SealedBatch {
    const { writer, buffer, createdAtMs, linger, waiters } = slot.open as OpenBatch;
    slot.open = undefined;
    linger?.cancel();
    topic.sticky.sealed(partition, writer.sizeInBytes, isFull);
    const sealed = sealInto(writer, this.#settings.compression, this.#settings.compressionLevel);
    const isMoved = sealed.buffer !== buffer;
    if (isMoved) {
      this.pool.charge(sealed.buffer.length);
      this.pool.give(buffer);
    }
    return {
      ...sealed,
      first: 0,
      count: writer.count,
      createdAtMs,
      settle: (settled) => settle(topic, partition, waiters, settled),
      release: () => {
        if (isMoved) this.pool.discharge(sealed.buffer.length);
        else this.pool.give(buffer);
      },
    };
  }

  /** Everything goes, full or not. */
  sealAll(): void {
    this.#forEachOpen((topic, partition, slot) => {
      this.#sender.enqueue(slot.queue, this.#seal(topic, partition, slot, false));
    });
  }

  /** Everything may go: somebody waits for memory. */
  offerAll(): void {
    this.#forEachOpen((topic, partition, slot) => this.#offer(topic, partition, slot, slot.open as OpenBatch));
  }

  #forEachOpen(visit: (topic: TopicState, partition: number, slot: Slot) => void): void {
    for (const topic of this.topics.values()) {
      for (const [partition, slot] of topic.slots.entries()) if (slot.open !== undefined) visit(topic, partition, slot);
    }
  }
}

function settle(
  topic: TopicState,
  partition: number,
  waiters: readonly (Waiter | undefined)[],
  settled: Settled,
): void {
  const { first, count, error, recordErrors, delivery } = settled;
  if (waiters.length === 0) {
    topic.onBulk?.({ topic: topic.name, partition, count, error });
    return;
  }
  const where = { topic: topic.name, partition };
  for (let i = 0; i < count; i++) {
    const waiter = waiters[first + i];
    if (waiter === undefined) continue;
    if (error !== null)
      waiter.ended(recordErrors === undefined ? error : (recordErrors.get(i) ?? innocent(error)), where, -1, -1);
    else waiter.ended(null, where, delivery.baseOffset < 0 ? -1 : delivery.baseOffset + i, delivery.logAppendTime);
  }
}

/** In the words of Java's producer. */
function innocent(error: Error): Error {
  return toKafkaError(
    ErrorCode.INVALID_RECORD,
    `Failed to append record because it was part of a batch which had one more more invalid records: ${error.message}`,
  );
}
