/** What was printed counts as consumed, and may be committed, once it is written: not while it waits for a reader. */
import type { Consumer } from '../../client/consumer/consumer.ts';
import type { FetchedPartition } from '../../client/consumer/fetched.ts';
import type { BulkOutput } from './bulk-output.ts';
import type { RecordFormat } from './record-formats.ts';

type Place = Pick<FetchedPartition, 'topic' | 'partition' | 'nextOffset' | 'leaderEpoch'>;

interface Waiting {
  /** Undefined while the format still holds the records. */
  ticket: number | undefined;
  readonly place: Place;
  readonly offset: number;
}

export class Printed {
  readonly #output: BulkOutput;
  readonly #consumer: Consumer;
  readonly #format: Pick<RecordFormat, 'flush' | 'holds'> | undefined;
  readonly #waiting: Waiting[] = [];

  /** `format`: where it gathers records of its own before they go to the output. */
  constructor(output: BulkOutput, consumer: Consumer, format?: Pick<RecordFormat, 'flush' | 'holds'>) {
    this.#output = output;
    this.#consumer = consumer;
    this.#format = format;
  }

  /** The records of `piece` before `offset` have gone to the output. */
  add(piece: FetchedPartition, offset: number): void {
    const { topic, partition, nextOffset, leaderEpoch } = piece;
    this.#waiting.push({ ticket: undefined, place: { topic, partition, nextOffset, leaderEpoch }, offset });
    this.#settle();
  }

  /** What there is goes to the reader; nobody waits for him. */
  hand(): void {
    this.#format?.flush();
    this.#output.hand();
    this.#settle();
  }

  /** What there is is written. */
  flush(): void {
    this.#format?.flush();
    this.#output.flush();
    this.#settle();
  }

  #settle(): void {
    if (this.#format?.holds?.() !== true) {
      const { ticket } = this.#output;
      for (let i = this.#waiting.length - 1; i >= 0; i--) {
        const one = this.#waiting[i] as Waiting;
        if (one.ticket !== undefined) break;
        one.ticket = ticket;
      }
    }
    let written = 0;
    for (const { ticket, place, offset } of this.#waiting) {
      if (ticket === undefined || !this.#output.isWritten(ticket)) break;
      this.#consumer.markConsumed(place, offset);
      written++;
    }
    if (written > 0) this.#waiting.splice(0, written);
  }
}
