/** Who waits for the end of records: one promise for one of them, or one for many. */
import type { Waiter } from './accumulator.ts';
import type { ProducerInterceptor, ProducerRecord, RecordMetadata, StoredRange } from './record.ts';

interface Where {
  readonly topic: string;
  readonly partition: number;
}

export class SendWaiter implements Waiter {
  readonly #timestamp: number;
  readonly #resolve: (metadata: RecordMetadata) => void;
  readonly #reject: (error: Error) => void;
  #interceptors: readonly ProducerInterceptor[] = [];
  #record: ProducerRecord<unknown, unknown> | undefined;

  constructor(timestamp: number, resolve: (metadata: RecordMetadata) => void, reject: (error: Error) => void) {
    this.#timestamp = timestamp;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  intercepted(interceptors: readonly ProducerInterceptor[], record: ProducerRecord<unknown, unknown>): void {
    this.#interceptors = interceptors;
    this.#record = record;
  }

  ended(error: Error | null, { topic, partition }: Where, offset: number, timestamp: number): void {
    const metadata = { topic, partition, offset, timestamp: timestamp >= 0 ? timestamp : this.#timestamp };
    for (const { onAcknowledgement } of this.#interceptors) {
      try {
        onAcknowledgement?.(error === null ? metadata : null, error, this.#record as ProducerRecord<unknown, unknown>);
      } catch {
        // The record's end is the same, whatever an interceptor makes of it.
      }
    }
    if (error === null) this.#resolve(metadata);
    else this.#reject(error);
  }
}

interface OpenRange {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  count: number;
}

/** Ends with the last of its records; the first failure decides. */
export class RangeWaiter implements Waiter {
  readonly #resolve: (ranges: StoredRange[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #ranges: OpenRange[] = [];
  #left: number;
  #failure: Error | undefined;

  constructor(count: number, resolve: (ranges: StoredRange[]) => void, reject: (error: Error) => void) {
    this.#left = count;
    this.#resolve = resolve;
    this.#reject = reject;
    if (count === 0) resolve([]);
  }

  ended(error: Error | null, where: Where, offset: number): void {
    if (error !== null) this.failed(error);
    else this.stored({ ...where, offset });
  }

  stored({ topic, partition, offset }: Where & { readonly offset: number }): void {
    const last = this.#ranges.at(-1);
    const isNext = last !== undefined && last.topic === topic && last.partition === partition;
    if (isNext && (offset < 0 ? last.baseOffset < 0 : offset === last.baseOffset + last.count)) last.count++;
    else this.#ranges.push({ topic, partition, baseOffset: offset, count: 1 });
    this.#oneLess();
  }

  failed(error: Error): void {
    this.#failure ??= error;
    this.#oneLess();
  }

  #oneLess(): void {
    if (--this.#left > 0) return;
    if (this.#failure === undefined) this.#resolve(this.#ranges);
    else this.#reject(this.#failure);
  }
}
