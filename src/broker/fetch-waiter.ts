/**
 * A fetch that waits for more records (Kafka's DelayedFetch). It is woken by the partitions it reads, looks again behind
 * the events that are ready now, and is answered once there is enough, something changed, or its time is over.
 *
 * A waiter holds no bytes: each look reads positions only. It leaves every partition's set when it ends, however it ends.
 */
import type { TimerHandle, Timers } from '../runtime/runtime.ts';

/** What a waiter can be woken by. */
export interface Wakeable {
  readonly waiters: Set<FetchWaiter>;
}

export interface FetchWaiterOptions {
  readonly timers: Timers;
  readonly maxWaitMs: number;
  readonly sources: readonly Wakeable[];
  /** Looks again; true when the fetch has been answered. `final` means: answer with what there is. */
  readonly attempt: (final: boolean) => boolean;
}

export class FetchWaiter {
  readonly #options: FetchWaiterOptions;
  readonly #timer: TimerHandle;
  #scheduled = false;
  #ended = false;

  constructor(options: FetchWaiterOptions) {
    this.#options = options;
    for (const source of options.sources) source.waiters.add(this);
    this.#timer = options.timers.after(options.maxWaitMs, () => this.#look(true), { unref: true });
  }

  /** News from a partition; several in one turn of the loop cost one look. */
  wake(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    this.#options.timers.soon(() => {
      this.#scheduled = false;
      this.#look(false);
    });
  }

  /** Is answered with what there is, behind the events that are ready now. */
  letGo(): void {
    if (this.#ended) return;
    this.#options.timers.soon(() => this.#look(true));
  }

  /** The connection is gone: nobody waits any more. */
  drop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.cancel();
    for (const source of this.#options.sources) source.waiters.delete(this);
  }

  #look(final: boolean): void {
    if (this.#ended) return;
    if (this.#options.attempt(final) || final) this.drop();
  }
}

export function wakeAll(source: Wakeable): void {
  for (const waiter of source.waiters) waiter.wake();
}
