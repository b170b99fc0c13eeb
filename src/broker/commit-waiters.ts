/**
 * Who waits for an offset of one partition to be passed, in the order of the offsets: appends come in that order, so a
 * new one nearly always goes to the end and those that are due are at the front.
 */

interface Waiter {
  readonly offset: number;
  /** Null once it is settled or has given up. */
  settle: ((errorCode: number) => void) | null;
}

export class CommitWaiters {
  #queue: Waiter[] = [];

  get size(): number {
    return this.#queue.length;
  }

  /** `settle` is called with a wire error code when `offset` is passed, or cannot be any more. Returns what gives it up. */
  add(offset: number, settle: (errorCode: number) => void): () => void {
    const waiter: Waiter = { offset, settle };
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1] as Waiter).offset > offset) at--;
    if (at === this.#queue.length) this.#queue.push(waiter);
    else this.#queue.splice(at, 0, waiter);
    return () => {
      if (waiter.settle === null) return;
      waiter.settle = null;
      const index = this.#queue.indexOf(waiter);
      if (index >= 0) this.#queue.splice(index, 1);
    };
  }

  /** Settles those whose offset lies below `end`. */
  settleBelow(end: number, errorCode: number): void {
    let count = 0;
    while (count < this.#queue.length && (this.#queue[count] as Waiter).offset < end) count++;
    if (count === 0) return;
    const due = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count);
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    // One that is answered may take another one's place away: whoever has given up by then is not called.
    for (const waiter of due) {
      const { settle } = waiter;
      waiter.settle = null;
      settle?.(errorCode);
    }
  }

  settleAll(errorCode: number): void {
    this.settleBelow(Number.POSITIVE_INFINITY, errorCode);
  }
}
