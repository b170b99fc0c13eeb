/** One timer for whatever is due next. It may fire too early: whoever is asked then finds nothing to do and arms it anew. */
import type { Clock, TimerHandle, Timers } from '../runtime/runtime.ts';

export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #run: () => void;
  #timer: TimerHandle | null = null;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers, run: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#run = run;
  }

  /** Deadlines move on with every message: an earlier timer is left alone. */
  arm(atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY || (this.#timer !== null && this.#atMs <= atMs)) return;
    this.cancel();
    this.#atMs = atMs;
    // At least a millisecond: nothing that is due at once may keep the loop from what is ready.
    const delayMs = Math.max(1, atMs - this.#clock.monotonicMs());
    this.#timer = this.#timers.after(delayMs, () => this.#fire(), { unref: true });
  }

  #fire(): void {
    this.#timer = null;
    this.#run();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
