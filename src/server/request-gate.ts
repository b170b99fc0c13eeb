/**
 * Holds clients' requests until the broker is unfenced. The listeners are bound early, so that a taken port is noticed
 * before anything is written and a free one is known when the broker registers; but whoever connects in the meantime
 * must not be told of a cluster without brokers.
 */
import { type ApiRow, type HandlerTable, handlerTable } from '../network/handler.ts';

export class RequestGate {
  #isOpen = false;
  readonly #opened = Promise.withResolvers<void>();

  open(): void {
    this.#isOpen = true;
    this.#opened.resolve();
  }

  /** The same rows, behind the gate. */
  guard(rows: readonly ApiRow[]): HandlerTable {
    return handlerTable(rows.map((row) => this.#guardRow(row)));
  }

  #guardRow(row: ApiRow): ApiRow {
    return {
      ...row,
      handle: (request, context) =>
        this.#isOpen ? row.handle(request, context) : this.#opened.promise.then(() => row.handle(request, context)),
    };
  }
}
