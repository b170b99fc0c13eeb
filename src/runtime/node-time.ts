/** The real clock, timers and randomness. One of the few places that may name Date, performance, setTimeout and crypto. */
import { openSync, readSync } from 'node:fs';
import { cryptoModule } from './builtin-modules.ts';
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

/** Null where there is no such device (Windows): then crypto is loaded for it. */
let device: number | null | undefined;

/** Random bytes without loading crypto, which costs a start five milliseconds. */
function randomBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  if (device === undefined) device = openDevice();
  if (device === null) return cryptoModule().randomFillSync(bytes);
  let at = 0;
  while (at < size) at += readSync(device, bytes, at, size - at, null);
  return bytes;
}

function openDevice(): number | null {
  try {
    return openSync('/dev/urandom', 'r');
  } catch {
    return null;
  }
}

/** A multiple of the limit, so that every remainder is as likely. */
function randomInt(limit: number): number {
  const range = 2 ** 48;
  const usable = range - (range % limit);
  for (;;) {
    const bytes = randomBytes(6);
    let value = 0;
    for (const byte of bytes) value = value * 256 + byte;
    if (value < usable) return value % limit;
  }
}

export const nodeRandom: Random = { bytes: randomBytes, int: randomInt };
