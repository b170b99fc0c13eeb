/**
 * What a partition remembers of its idempotent producers: epoch, and sequences and offsets of the last five batches.
 * A batch seen before is answered with its earlier offsets; one out of order or of an older epoch is refused. The state
 * changes only after the batch is in the log (`apply`), never while it is judged (`check`).
 */
import {
  addSequence,
  baseOffsetAt,
  baseSequenceAt,
  isControlAt,
  isTransactionalAt,
  lastOffsetAt,
  maxTimestampAt,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  producerEpochAt,
  producerIdAt,
} from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

const BATCHES_KEPT = 5;
export const NO_OFFSET = -1;

export interface ProducerBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  /** Last offset minus first. */
  readonly offsetDelta: number;
  readonly timestamp: number;
}

/** `batches` are the latest, oldest first, all of `epoch`. */
export interface ProducerEntry {
  readonly producerId: number;
  epoch: number;
  batches: ProducerBatch[];
  /** Also moved by transaction markers, which carry no sequence. */
  lastTimestamp: number;
  coordinatorEpoch: number;
  /** First offset of the open transaction, or -1. */
  currentTxnFirstOffset: number;
}

export class ProducerState {
  /** Reads what a snapshot left out; set where that was not done at once, and called when it matters. */
  older: (() => void) | null = null;
  readonly #entries = new Map<number, ProducerEntry>();
  readonly #partition: string;

  constructor(partition: string) {
    this.#partition = partition;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values();
  }

  clear(): void {
    this.#entries.clear();
  }

  restore(entry: ProducerEntry): void {
    this.#entries.set(entry.producerId, entry);
  }

  /**
   * Judges a batch that a client or coordinator sends: returns the earlier batch when it is a duplicate, null when it
   * may be appended, and throws what Kafka answers otherwise. Changes nothing.
   */
  check(bytes: Uint8Array, at: number, offset: number): ProducerBatch | null {
    const producerId = producerIdAt(bytes, at);
    if (producerId === NO_PRODUCER_ID) return null;
    const entry = this.#entries.get(producerId);
    const epoch = producerEpochAt(bytes, at);
    if (entry === undefined) return null;
    if (epoch < entry.epoch) throw this.#fenced(producerId, epoch, entry.epoch, offset);
    if (isControlAt(bytes, at)) return null;
    const first = baseSequenceAt(bytes, at);
    const delta = lastOffsetAt(bytes, at) - baseOffsetAt(bytes, at);
    const duplicate = this.#findDuplicate(entry, epoch, first, addSequence(first, delta));
    if (duplicate !== null) return duplicate;
    this.#checkSequence(entry, epoch, first, offset);
    return null;
  }

  /** Takes in a batch that is in the log, whoever wrote it there. */
  apply(bytes: Uint8Array, at: number): void {
    const producerId = producerIdAt(bytes, at);
    if (producerId === NO_PRODUCER_ID) return;
    const epoch = producerEpochAt(bytes, at);
    let entry = this.#entries.get(producerId);
    if (entry === undefined) {
      entry = newEntry(producerId);
      this.#entries.set(producerId, entry);
    }
    if (entry.epoch !== epoch) {
      entry.epoch = epoch;
      entry.batches = [];
    }
    entry.lastTimestamp = maxTimestampAt(bytes, at);
    if (isControlAt(bytes, at)) {
      entry.currentTxnFirstOffset = NO_OFFSET;
      return;
    }
    const base = baseOffsetAt(bytes, at);
    const lastOffset = lastOffsetAt(bytes, at);
    const delta = lastOffset - base;
    if (entry.batches.length === BATCHES_KEPT) entry.batches.shift();
    entry.batches.push({
      lastSequence: addSequence(baseSequenceAt(bytes, at), delta),
      lastOffset,
      offsetDelta: delta,
      timestamp: entry.lastTimestamp,
    });
    if (isTransactionalAt(bytes, at) && entry.currentTxnFirstOffset === NO_OFFSET) entry.currentTxnFirstOffset = base;
  }

  /** Forgets producers that wrote nothing for `expirationMs` and have no open transaction. */
  expire(nowMs: number, expirationMs: number): number {
    let expired = 0;
    for (const entry of this.#entries.values()) {
      if (!isExpired(entry, nowMs, expirationMs)) continue;
      this.#entries.delete(entry.producerId);
      expired++;
    }
    return expired;
  }

  #findDuplicate(entry: ProducerEntry, epoch: number, first: number, last: number): ProducerBatch | null {
    const duplicate = findDuplicate(entry, epoch, first, last);
    if (duplicate !== null || this.older === null || epoch !== entry.epoch) return duplicate;
    if (entry.batches.length === BATCHES_KEPT || addSequence(lastSequenceOf(entry), 1) === first) return null;
    this.older();
    this.older = null;
    return findDuplicate(entry, epoch, first, last);
  }

  #checkSequence(entry: ProducerEntry, epoch: number, first: number, offset: number): void {
    const { producerId } = entry;
    if (epoch !== entry.epoch) {
      if (first === 0 || entry.epoch === NO_PRODUCER_EPOCH) return;
      throw new KafkaError(
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `Invalid sequence number for new epoch of producer ${producerId} at offset ${offset} in partition ${this.#partition}: ${epoch} (request epoch), ${first} (seq. number), ${entry.epoch} (current producer epoch)`,
      );
    }
    const last = lastSequenceOf(entry);
    if (first === addSequence(last, 1)) return;
    throw new KafkaError(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `Out of order sequence number for producer ${producerId} at offset ${offset} in partition ${this.#partition}: ${first} (incoming seq. number), ${last} (current end sequence number)`,
    );
  }

  #fenced(producerId: number, epoch: number, current: number, offset: number): KafkaError {
    return new KafkaError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `Epoch of producer ${producerId} at offset ${offset} in ${this.#partition} is ${epoch}, which is smaller than the last seen epoch ${current}`,
    );
  }
}

export function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return entry.currentTxnFirstOffset === NO_OFFSET && nowMs - entry.lastTimestamp >= expirationMs;
}

function newEntry(producerId: number): ProducerEntry {
  return {
    producerId,
    epoch: NO_PRODUCER_EPOCH,
    batches: [],
    lastTimestamp: -1,
    coordinatorEpoch: -1,
    currentTxnFirstOffset: NO_OFFSET,
  };
}

function lastSequenceOf(entry: ProducerEntry): number {
  return entry.batches.at(-1)?.lastSequence ?? NO_SEQUENCE;
}

function findDuplicate(entry: ProducerEntry, epoch: number, first: number, last: number): ProducerBatch | null {
  if (epoch !== entry.epoch) return null;
  for (const batch of entry.batches) {
    if (batch.lastSequence === last && firstSequence(batch) === first) return batch;
  }
  return null;
}

function firstSequence(batch: ProducerBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + 0x8000_0000 : first;
}
