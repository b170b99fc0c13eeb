/** A clock that stands still and timers that fire when the test moves it. */
import type { Clock, TimerHandle, Timers } from '../../src/runtime/runtime.ts';

interface Waiting {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualTime implements Clock, Timers {
  #nowMs: number;
  readonly #waiting = new Set<Waiting>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const waiting = { atMs: this.#nowMs + delayMs, run };
    this.#waiting.add(waiting);
    return { cancel: () => this.#waiting.delete(waiting) };
  }

  soon(run: () => void): void {
    queueMicrotask(run);
  }

  get timerCount(): number {
    return this.#waiting.size;
  }

  /** Time passes without the loop: nothing fires until the next `advance`. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }

  /** Fires what falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#waiting].filter(({ atMs }) => atMs <= end).sort((one, other) => one.atMs - other.atMs)[0];
      if (due === undefined) break;
      this.#waiting.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.run();
    }
    this.#nowMs = end;
  }
}
