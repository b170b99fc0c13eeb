/** Waiting between attempts: doubling pauses with a bit of chance, within a deadline. */
import type { Runtime } from '../runtime/runtime.ts';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The pause before attempt `attempt` (0 is the first repetition), ±20 %. */
export function backoffMs(options: BackoffOptions, attempt: number, runtime: Runtime): number {
  const plain = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 20));
  return plain * (0.8 + runtime.random.int(401) / 1000);
}

export function pause(runtime: Runtime, ms: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.timers.after(Math.max(0, ms), resolve);
  });
}

/** A point in monotonic time that work must not pass. */
export class Deadline {
  readonly #runtime: Runtime;
  readonly #at: number;

  constructor(runtime: Runtime, ms: number) {
    this.#runtime = runtime;
    this.#at = runtime.clock.monotonicMs() + ms;
  }

  get leftMs(): number {
    return Math.max(0, this.#at - this.#runtime.clock.monotonicMs());
  }

  get passed(): boolean {
    return this.leftMs <= 0;
  }
}
