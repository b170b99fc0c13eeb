/** The real clock, timers and randomness. One of the few places that may name Date, performance, setTimeout and crypto. */
import type * as NodeCrypto from 'node:crypto';
import type { Clock, Random, TimerHandle, Timers } from './runtime.ts';

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Longer delays overflow Node's 32 bits and would fire at once; such a timer is as good as never. */
const MAX_DELAY_MS = 2_147_483_647;

class NodeTimer implements TimerHandle {
  readonly #timeout: NodeJS.Timeout;

  constructor(delayMs: number, run: () => void, unref: boolean) {
    this.#timeout = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    if (unref) this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

export const nodeTimers: Timers = {
  after: (delayMs, run, options) => new NodeTimer(delayMs, run, options?.unref ?? false),
  soon: (run) => {
    setImmediate(run);
  },
};

let loaded: typeof NodeCrypto | undefined;

/** Loaded on first use: it costs a quarter of a bare start, and most commands need no randomness. */
function crypto(): typeof NodeCrypto {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}

export const nodeRandom: Random = {
  bytes: (size) => crypto().randomFillSync(new Uint8Array(size)),
  int: (limit) => crypto().randomInt(limit),
};
