/**
 * Whether a log still works, and what its failures mean: a full disk passes, so only that call is refused; whatever else
 * the system says of a file takes the log out of service, and its directory with it.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { isDiskError, isOutOfSpace, type LogContext } from './log-context.ts';
import { CutBackError } from './log-segment.ts';

export class LogHealth {
  /** Why the log takes no more calls, if so. */
  failure: string | null = null;
  closed = false;
  readonly #context: LogContext;
  readonly #name: string;
  readonly #directory: () => string;

  constructor(context: LogContext, name: string, directory: () => string) {
    this.#context = context;
    this.#name = name;
    this.#directory = directory;
  }

  check(): void {
    if (this.failure === null && !this.closed) return;
    const reason = this.failure ?? 'it is closed';
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, `The log for partition ${this.#name} is offline: ${reason}`);
  }

  fail(text: string, cause: unknown): void {
    if (this.failure !== null) return;
    this.failure = text;
    this.#context.onStorageFailure(text, cause);
  }

  reading<T>(read: () => T): T {
    this.check();
    try {
      return read();
    } catch (error) {
      if (!isDiskError(error)) throw error;
      throw this.#failed(`Exception when reading from ${this.#name} in dir ${this.#directory()}`, error);
    }
  }

  /** Changes of files that must not stop half way: when the disk fails in one, the log is done. */
  changing<T>(what: string, change: () => T): T {
    this.check();
    try {
      return change();
    } catch (error) {
      if (error instanceof KafkaError) throw error;
      throw this.#failed(`Error while ${what} in dir ${this.#directory()}`, error);
    }
  }

  /** For work that can wait: false when the disk is full. */
  hadSpace(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      return false;
    }
  }

  /** What to throw for work that writes nothing that the log depends on: it may be tried again when there is space. */
  changeError(what: string, error: unknown): unknown {
    if (error instanceof KafkaError) return error;
    const text = `Error while ${what} in dir ${this.#directory()}`;
    if (!isOutOfSpace(error)) return this.#failed(text, error);
    this.#context.logger.error(text, error);
    return new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause: error });
  }

  /** What to throw for an append that failed; the log's end is where it was. */
  appendError(error: unknown): unknown {
    const text = `Error while appending records to ${this.#name} in dir ${this.#directory()}`;
    const cause = error instanceof KafkaError || error instanceof CutBackError ? error.cause : error;
    if (error instanceof CutBackError) return this.#failed(text, cause);
    if (!isDiskError(cause)) return error;
    if (!isOutOfSpace(cause)) return this.#failed(text, cause);
    this.#context.logger.error(text, cause);
    return new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause });
  }

  #failed(text: string, cause: unknown): KafkaError {
    this.fail(text, cause);
    return new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause });
  }
}
