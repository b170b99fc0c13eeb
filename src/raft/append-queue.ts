/**
 * Gathers what the leader is given within one turn of the loop into one batch, as Kafka does within
 * controller.quorum.append.linger.ms. Offsets are assigned when values are pushed, so that the controller can go on.
 */
import { assert } from '../base/assert.ts';
import { BatchBuilder } from '../protocol/batch-builder.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Clock, Timers } from '../runtime/runtime.ts';

/** Kafka's largest batch of the metadata log. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** What the framing of one record takes at most. */
const RECORD_OVERHEAD_BYTES = 32;

export class AppendQueue {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #append: (batch: Uint8Array) => void;
  #epoch = -1;
  /** Of the batch that is being gathered. */
  #baseOffset = 0;
  #builder: BatchBuilder | null = null;

  constructor(timers: Timers, clock: Clock, append: (batch: Uint8Array) => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#append = append;
  }

  /** The time of every record of a batch: Kafka's raft stops over a batch whose records differ in it. */
  #appendMs = -1;

  startAt(offset: number): void {
    assert(this.#builder === null, 'nothing was gathered yet');
    this.#baseOffset = offset;
  }

  /** The node leads no more: what was gathered is in no log yet, and must not get into one. */
  drop(nextOffset: number): void {
    this.#builder = null;
    this.#epoch = -1;
    this.#baseOffset = nextOffset;
  }

  /** After a batch that did not come through the queue. */
  beginEpoch(epoch: number, nextOffset: number): void {
    this.startAt(nextOffset);
    this.#epoch = epoch;
  }

  get nextOffset(): number {
    return this.#baseOffset + (this.#builder?.recordCount ?? 0);
  }

  /** Adds the values of one operation, which stay in one batch, and returns the offset of the last. */
  push(values: readonly Uint8Array[]): number {
    let bytes = 0;
    for (const value of values) bytes += value.length + RECORD_OVERHEAD_BYTES;
    if (bytes > MAX_BATCH_BYTES) {
      throw new KafkaError(ErrorCode.RECORD_LIST_TOO_LARGE, `${values.length} records do not fit into one batch`);
    }
    if (this.#builder !== null && this.#builder.sizeInBytes + bytes > MAX_BATCH_BYTES) this.drain();
    if (this.#builder === null) {
      this.#builder = new BatchBuilder({ baseOffset: this.#baseOffset, partitionLeaderEpoch: this.#epoch });
      this.#appendMs = this.#clock.nowMs();
      this.#timers.soon(() => this.drain());
    }
    for (const value of values) this.#builder.appendValue(value, 0, value.length, this.#appendMs);
    return this.nextOffset - 1;
  }

  /** Appends what was gathered. */
  drain(): void {
    const builder = this.#builder;
    if (builder === null) return;
    this.#baseOffset += builder.recordCount;
    this.#builder = null;
    this.#append(builder.seal());
  }
}
