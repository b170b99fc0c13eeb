/** Records on their way to stdout: gathered in one large buffer, written in one piece. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { writeFully } from '../output.ts';

const BUFFER_BYTES = 1 << 20;

export class BulkOutput {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;

  /** The bytes are copied. */
  bytes(source: Uint8Array, start: number, length: number): void {
    if (this.#used + length > BUFFER_BYTES) {
      this.flush();
      if (length > BUFFER_BYTES) {
        writeFully(1, source, start, start + length);
        return;
      }
    }
    const target = this.#buffer;
    const at = this.#used;
    if (length > 24) target.set(source.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
    this.#used = at + length;
  }

  /** A value and the byte that ends its line. */
  line(source: Buffer, start: number, length: number, ending: number): void {
    if (this.#used + length + 1 > BUFFER_BYTES) {
      this.bytes(source, start, length);
      this.byte(ending);
      return;
    }
    const target = this.#buffer;
    let at = this.#used;
    if (length > 24) source.copy(target, at, start, start + length);
    else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
    at += length;
    target[at] = ending;
    this.#used = at + 1;
  }

  byte(value: number): void {
    if (this.#used === BUFFER_BYTES) this.flush();
    this.#buffer[this.#used++] = value;
  }

  flush(): void {
    if (this.#used === 0) return;
    const end = this.#used;
    this.#used = 0;
    writeFully(1, this.#buffer, 0, end);
  }
}

/**
 * Whether nobody reads the pipe any more. A write would tell, but there may be nothing to write: on Linux opening the
 * pipe's other face for writing without waiting fails when it has no reader.
 */
export function isPipeAbandoned(): boolean {
  try {
    if (!fstatSync(1).isFIFO()) return false;
    closeSync(openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
}
