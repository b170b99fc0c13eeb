/**
 * Keeps the last few megabytes of a log directory's disk for the metadata log: without them a topic could not even be
 * deleted when the disk is full. Records of topics are refused, as on a full disk, while less than that is left.
 *
 * The system is asked only after so many appended bytes that the reserve cannot be missed by much.
 */
import type { Logger } from '../base/logger.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Files } from '../runtime/runtime.ts';

/** For some hours of an idle cluster's metadata. */
export const RESERVED_BYTES = 4 * 1024 * 1024;
/** Others may fill the disk meanwhile, so a large one is asked too. */
const MAX_UNASKED_BYTES = 64 * 1024 * 1024;

export class SpaceGuard {
  readonly #files: Pick<Files, 'freeBytesSync'>;
  readonly #directory: string;
  readonly #logger: Logger;
  /** May be appended before the system is asked again. */
  #unaskedBytes = 0;
  #refusing = false;

  constructor(files: Pick<Files, 'freeBytesSync'>, directory: string, logger: Logger) {
    this.#files = files;
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Throws KAFKA_STORAGE_ERROR when `bytes` would take from the reserve. */
  admit(bytes: number): void {
    if (bytes > this.#unaskedBytes) this.#ask(bytes);
    this.#unaskedBytes -= bytes;
  }

  #ask(bytes: number): void {
    const left = this.#usableBytes() - RESERVED_BYTES;
    if (left >= bytes) {
      if (this.#refusing) this.#logger.info(`There is space again in ${this.#directory}: records are taken`);
      this.#refusing = false;
      this.#unaskedBytes = Math.min(MAX_UNASKED_BYTES, Math.max(bytes, Math.floor(left / 2)));
      return;
    }
    this.#unaskedBytes = 0;
    const text = `The disk of log directory ${this.#directory} is full: less than ${RESERVED_BYTES} bytes are left, which are kept for metadata`;
    if (!this.#refusing) this.#logger.error(`${text}; records are refused until there is more`);
    this.#refusing = true;
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text);
  }

  /** Where the system cannot tell, the write itself will; some file systems say that they have no space at all. */
  #usableBytes(): number {
    try {
      const { totalBytes, usableBytes } = this.#files.freeBytesSync(this.#directory);
      return totalBytes > 0 ? usableBytes : Number.MAX_SAFE_INTEGER;
    } catch {
      return Number.MAX_SAFE_INTEGER;
    }
  }
}
