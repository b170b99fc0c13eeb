/** Wakes whoever waits; remembered when nobody waits, so that nothing is missed between looking and waiting. */
import type { Timers } from '../../runtime/runtime.ts';

export class Signal {
  readonly #timers: Timers;
  #isSet = false;
  #wake: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  readonly set = (): void => {
    this.#isSet = true;
    this.#wake?.();
  };

  /** Resolves when it is set, at once when it was, or when the time is over. */
  async wait(ms: number): Promise<void> {
    if (!this.#isSet) {
      await new Promise<void>((resolve) => {
        const timer = this.#timers.after(ms, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#isSet = false;
  }
}
