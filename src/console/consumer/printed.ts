/** What was printed counts as consumed, and may be committed, once it is written: not while it waits for a reader. */
import type { Consumer } from '../../client/consumer/consumer.ts';
import type { FetchedPartition } from '../../client/consumer/fetched.ts';
import type { BulkOutput } from './bulk-output.ts';

type Place = Pick<FetchedPartition, 'topic' | 'partition' | 'nextOffset' | 'leaderEpoch'>;

interface Waiting {
  readonly ticket: number;
  readonly place: Place;
  readonly offset: number;
}

export class Printed {
  readonly #output: BulkOutput;
  readonly #consumer: Consumer;
  readonly #waiting: Waiting[] = [];

  constructor(output: BulkOutput, consumer: Consumer) {
    this.#output = output;
    this.#consumer = consumer;
  }

  /** The records of `piece` before `offset` have gone to the output. */
  add(piece: FetchedPartition, offset: number): void {
    const { topic, partition, nextOffset, leaderEpoch } = piece;
    this.#waiting.push({ ticket: this.#output.ticket, place: { topic, partition, nextOffset, leaderEpoch }, offset });
    this.#settle();
  }

  flush(): void {
    this.#output.flush();
    this.#settle();
  }

  #settle(): void {
    let written = 0;
    for (const { ticket, place, offset } of this.#waiting) {
      if (!this.#output.isWritten(ticket)) break;
      this.#consumer.markConsumed(place, offset);
      written++;
    }
    if (written > 0) this.#waiting.splice(0, written);
  }
}
