/**
 * Holds clients' requests until the broker is unfenced. The listeners are bound early, so that a taken port is noticed
 * before anything is written and a free one is known when the broker registers; but whoever connects in the meantime
 * must not be told of a cluster without brokers. A broker that waits for its controllers may wait for long: clients are
 * sent away after a while, since another broker may serve them.
 */
import { type ApiRow, CLOSE_CONNECTION, type HandlerTable, handlerTable } from '../network/handler.ts';
import type { Timers } from '../runtime/runtime.ts';

/** A start takes a fraction of it. */
const MAX_WAIT_MS = 3_000;

export class RequestGate {
  readonly #timers: Timers;
  #isOpen = false;
  readonly #waiting = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  open(): void {
    this.#isOpen = true;
    for (const go of [...this.#waiting]) go();
  }

  /** The same rows, behind the gate. */
  guard(rows: readonly ApiRow[]): HandlerTable {
    return handlerTable(rows.map((row) => this.#guardRow(row)));
  }

  #guardRow(row: ApiRow): ApiRow {
    return {
      ...row,
      handle: (request, context) => {
        if (this.#isOpen) return row.handle(request, context);
        return this.#opened().then(() => (this.#isOpen ? row.handle(request, context) : CLOSE_CONNECTION));
      },
    };
  }

  /** Resolves when the gate is open, or after the longest wait. */
  #opened(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        this.#waiting.delete(go);
        resolve();
      };
      const timer = this.#timers.after(MAX_WAIT_MS, go, { unref: true });
      this.#waiting.add(go);
    });
  }
}
