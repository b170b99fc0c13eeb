/** Keeps count of what is outstanding: every batch ends once, and who flushes hears when those before him have. */
import type { Delivery, Outgoing, SealedBatch } from './partition-queue.ts';

export const NO_DELIVERY: Delivery = { baseOffset: -1, logAppendTime: -1 };

interface Flush {
  /** Batches sealed before this one in the order. */
  readonly before: number;
  left: number;
  readonly resolve: () => void;
}

export class Ends {
  readonly #flushes = new Set<Flush>();
  #outstanding = 0;
  #order = 0;

  get outstanding(): number {
    return this.#outstanding;
  }

  open(batch: SealedBatch): Outgoing {
    this.#outstanding++;
    return {
      batch,
      order: this.#order++,
      width: 1,
      sequence: -1,
      attempts: 0,
      mayBeThere: false,
      lastError: null,
      tooLarge: false,
      settled: false,
    };
  }

  /** Resolves when everything that was opened until now has ended. */
  idle(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushes.add({ before: this.#order, left: this.#outstanding, resolve });
    });
  }

  /** The parts take the place of the whole in the order. */
  split(whole: Outgoing, batches: readonly SealedBatch[]): Outgoing[] {
    const more = batches.length - 1;
    this.#outstanding += more;
    for (const flush of this.#flushes) if (whole.order < flush.before) flush.left += more;
    const width = whole.width / batches.length;
    return batches.map((batch, i) => {
      const order = whole.order + i * width;
      return { ...whole, batch, order, width, tooLarge: false, lastError: null };
    });
  }

  end(out: Outgoing, error: Error | null, delivery: Delivery, recordErrors?: ReadonlyMap<number, Error>): void {
    this.settle(out, error, delivery, recordErrors);
    out.batch.release();
  }

  /** Its records learn their end; its buffer may still be on the way. */
  settle(out: Outgoing, error: Error | null, delivery: Delivery, recordErrors?: ReadonlyMap<number, Error>): void {
    if (out.settled) return;
    out.settled = true;
    const { first, count } = out.batch;
    out.batch.settle({ first, count, error, delivery, ...(recordErrors === undefined ? {} : { recordErrors }) });
    this.#outstanding--;
    for (const flush of this.#flushes) {
      if (out.order >= flush.before || --flush.left > 0) continue;
      this.#flushes.delete(flush);
      flush.resolve();
    }
  }
}
