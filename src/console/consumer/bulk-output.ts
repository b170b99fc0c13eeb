/**
 * Records on their way to stdout, gathered in large pieces. What turns out to be much is written by a thread of its own,
 * so that the next piece fills while the reader of a pipe takes the last one.
 */
import { BackgroundWriter } from '../../runtime/background-writer.ts';
import type { Output } from '../output.ts';

const PIECE_BYTES = 1 << 18;
/** Full pieces that are written before a thread is thought to pay. */
const FULL_PIECES = 8;

export class BulkOutput {
  readonly #output: Output;
  /** The thread, once it runs. */
  #background: BackgroundWriter | undefined;
  #starting: BackgroundWriter | undefined;
  #buffer: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #used = 0;
  /** Pieces that have left, also those that the thread has not written yet. */
  #pieces = 0;
  #fullPieces = 0;
  /** Of these, those that were there before the thread was. */
  #written = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The bytes are copied. */
  bytes(source: Uint8Array, start: number, length: number): void {
    let from = start;
    for (let left = length; left > 0; ) {
      if (this.#used === PIECE_BYTES) this.#turn();
      const some = Math.min(left, PIECE_BYTES - this.#used);
      this.#copy(source, from, some);
      from += some;
      left -= some;
    }
  }

  #copy(source: Uint8Array, start: number, length: number): void {
    const target = this.#buffer;
    const at = this.#used;
    if (length > 24) target.set(source.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
    this.#used = at + length;
  }

  /** A value and the byte that ends its line. */
  line(source: Buffer, start: number, length: number, ending: number): void {
    if (this.#used + length + 1 > PIECE_BYTES) {
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
    if (this.#used === PIECE_BYTES) this.#turn();
    this.#buffer[this.#used++] = value;
  }

  /** Everything until now is on its way. */
  hand(): void {
    if (this.#used > 0) this.#turn();
  }

  /** Everything until now is written. */
  flush(): void {
    this.hand();
    this.#background?.drain();
  }

  /** A ticket for all bytes until now. */
  get ticket(): number {
    return this.#used > 0 ? this.#pieces + 1 : this.#pieces;
  }

  isWritten(ticket: number): boolean {
    return ticket <= this.#written + (this.#background?.written ?? 0);
  }

  #turn(): void {
    const end = this.#used;
    this.#used = 0;
    this.#pieces++;
    if (this.#background !== undefined) {
      this.#background.give(end);
      this.#buffer = this.#background.piece();
      return;
    }
    this.#output.bytes(this.#buffer, 0, end);
    this.#written = this.#pieces;
    if (end === PIECE_BYTES && ++this.#fullPieces === FULL_PIECES) this.#starting = inBackground(this.#output);
    if (this.#starting?.isReady !== true) return;
    this.#background = this.#starting;
    this.#buffer = this.#background.piece();
  }
}

function inBackground({ descriptor, outIsTerminal }: Output): BackgroundWriter | undefined {
  if (descriptor === undefined || outIsTerminal) return undefined;
  try {
    return new BackgroundWriter(descriptor, PIECE_BYTES);
  } catch {
    // No thread is to be had: under a limit of tasks, or where Node's permissions forbid it.
    return undefined;
  }
}
