/**
 * Bytes of one segment on their way into a response: nothing is read until the frame is encoded, then straight from the
 * file into the frame.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { RecordsSource } from '../protocol/schema.ts';
import type { PooledFile } from './file-pool.ts';

export class FetchSlice implements RecordsSource {
  readonly sizeInBytes: number;
  readonly #file: PooledFile | null;
  readonly #position: number;

  constructor(file: PooledFile | null, position: number, sizeInBytes: number) {
    this.#file = file;
    this.#position = position;
    this.sizeInBytes = sizeInBytes;
  }

  copyTo(target: Uint8Array, position: number): void {
    if (this.sizeInBytes === 0 || this.#file === null) return;
    const got = this.#file.get().readSync(target, position, this.sizeInBytes, this.#position);
    if (got === this.sizeInBytes) return;
    throw new KafkaError(
      ErrorCode.KAFKA_STORAGE_ERROR,
      `Log file ${this.#file.path} ended at ${this.#position + got}, where ${this.sizeInBytes - got} more bytes were expected`,
    );
  }

  /** The same bytes in a buffer of their own. */
  toBuffer(): Buffer {
    const bytes = Buffer.allocUnsafe(this.sizeInBytes);
    this.copyTo(bytes, 0);
    return bytes;
  }
}

export const EMPTY_SLICE = new FetchSlice(null, 0, 0);
