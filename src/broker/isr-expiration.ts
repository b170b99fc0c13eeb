/**
 * Half of `replica.lag.time.max.ms` apart, every partition that leads here looks whether a member of its ISR has fallen
 * behind (Kafka's isr-expiration task).
 */
import type { TimerHandle, Timers } from '../runtime/runtime.ts';
import type { ReplicaManager } from './replica-manager.ts';

export interface IsrExpirationOptions {
  readonly replicas: ReplicaManager;
  readonly timers: Timers;
  readonly maxLagMs: () => number;
}

export class IsrExpiration {
  readonly #options: IsrExpirationOptions;
  #timer: TimerHandle | null = null;

  constructor(options: IsrExpirationOptions) {
    this.#options = options;
  }

  start(): void {
    const { replicas, timers, maxLagMs } = this.#options;
    this.#timer = timers.after(
      maxLagMs() / 2,
      () => {
        for (const partition of replicas.all()) partition.maybeShrinkIsr();
        this.start();
      },
      { unref: true },
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
