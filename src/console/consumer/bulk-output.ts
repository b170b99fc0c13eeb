/** Records on their way to stdout: gathered in one large buffer, written in one piece. */
import type { Output } from '../output.ts';

const BUFFER_BYTES = 1 << 20;

export class BulkOutput {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #output: Output;
  #used = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The bytes are copied. */
  bytes(source: Uint8Array, start: number, length: number): void {
    if (this.#used + length > BUFFER_BYTES) {
      this.flush();
      if (length > BUFFER_BYTES) {
        this.#output.bytes(source, start, start + length);
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
    this.#output.bytes(this.#buffer, 0, end);
  }
}
