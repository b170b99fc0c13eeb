/** Something to be done again and again, each time after a pause, until it says that it is over. */
import type { Timers } from '../runtime/runtime.ts';

export function repeat(timers: Timers, intervalMs: number, run: () => boolean): void {
  const next = (): void => {
    timers.after(intervalMs, () => run() && next(), { unref: true });
  };
  next();
}
