/**
 * Writes to a descriptor from a thread of its own: while a pipe's reader takes one piece, the next ones are filled. Pieces
 * lie in memory that both threads see; each belongs to one of them at a time, and they are written in their order.
 *
 * A piece's control words: whose it is, and how many bytes it holds. One more word holds the errno of a write that failed, and one
 * tells that the thread runs.
 */
import { getSystemErrorName } from 'node:util';
import type { Worker as Thread } from 'node:worker_threads';

const PIECES = 4;
const FREE = 0;
const FULL = 1;
const ERRNO_AT = PIECES * 2;
const READY_AT = PIECES * 2 + 1;

interface Shared {
  readonly descriptor: number;
  readonly pieces: readonly SharedArrayBuffer[];
  readonly control: Int32Array;
}

/** The thread. Its text is what the thread is started with, since a bundle has no file of it: nothing from outside may be named in here. */
function writePieces(
  { descriptor, pieces, control }: Shared,
  writeSync: (descriptor: number, bytes: Uint8Array, at: number, length: number) => number,
): void {
  const isFull = 1;
  const errnoAt = pieces.length * 2;
  const readyAt = errnoAt + 1;
  Atomics.store(control, readyAt, 1);
  for (let piece = 0; ; piece = (piece + 1) % pieces.length) {
    while (Atomics.load(control, piece * 2) !== isFull) Atomics.wait(control, piece * 2, 0);
    const end = control[piece * 2 + 1] as number;
    const bytes = new Uint8Array(pieces[piece] as SharedArrayBuffer, 0, end);
    for (let at = 0; at < end && Atomics.load(control, errnoAt) === 0; ) {
      try {
        at += writeSync(descriptor, bytes, at, end - at);
      } catch (error) {
        const { code, errno } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') Atomics.wait(control, errnoAt, 0, 2);
        else Atomics.store(control, errnoAt, errno ?? -5);
      }
    }
    Atomics.store(control, piece * 2, 0);
    Atomics.notify(control, piece * 2);
  }
}

export class BackgroundWriter {
  readonly #pieces: readonly SharedArrayBuffer[];
  readonly #buffers: readonly Buffer[];
  readonly #control = new Int32Array(new SharedArrayBuffer((READY_AT + 1) * 4));
  readonly #thread: Thread;
  /** Pieces handed over. */
  #given = 0;
  /** Of these, known to be written. */
  #written = 0;
  /** What ended the thread. */
  #error: Error | undefined;

  constructor(descriptor: number, pieceBytes: number) {
    this.#pieces = Array.from({ length: PIECES }, () => new SharedArrayBuffer(pieceBytes));
    this.#buffers = this.#pieces.map((piece) => Buffer.from(piece));
    // Loaded only by those who write so much that it pays.
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const shared: Shared = { descriptor, pieces: this.#pieces, control: this.#control };
    this.#thread = new Worker(
      `const { workerData } = require('node:worker_threads'); (${writePieces})(workerData, require('node:fs').writeSync);`,
      // Its own outputs are left alone: to forward them would make the descriptors non-blocking.
      { eval: true, stdout: true, stderr: true, workerData: shared },
    );
    this.#thread.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
    });
    this.#thread.unref();
  }

  /** The thread runs. Until then what is given waits, and whoever has something to write had better do it. */
  get isReady(): boolean {
    return Atomics.load(this.#control, READY_AT) === 1;
  }

  /** The memory to fill next. Waits, with the whole thread, until it is free. */
  piece(): Buffer {
    const next = this.#given % PIECES;
    this.#await(next);
    this.#count();
    return this.#buffers[next] as Buffer;
  }

  /** Hands over what `piece` gave, up to `end`. Throws what an earlier write met. */
  give(end: number): void {
    this.#check();
    const piece = this.#given++ % PIECES;
    this.#control[piece * 2 + 1] = end;
    Atomics.store(this.#control, piece * 2, FULL);
    Atomics.notify(this.#control, piece * 2);
  }

  /** How many of the pieces given, in their order, are written. */
  get written(): number {
    this.#check();
    this.#count();
    return this.#written;
  }

  /** Everything given is written. */
  drain(): void {
    for (let piece = this.written; piece < this.#given; piece++) this.#await(piece % PIECES);
    this.#count();
  }

  /** Before a piece is used again it is counted, so that a free one is a written one. */
  #count(): void {
    while (this.#written < this.#given && this.#state(this.#written % PIECES) === FREE) this.#written++;
  }

  #state(piece: number): number {
    return Atomics.load(this.#control, piece * 2);
  }

  #await(piece: number): void {
    this.#check();
    while (this.#state(piece) !== FREE) Atomics.wait(this.#control, piece * 2, FULL);
    this.#check();
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
    const errno = Atomics.load(this.#control, ERRNO_AT);
    if (errno === 0) return;
    const code = getSystemErrorName(errno);
    throw Object.assign(new Error(`${code}: write`), { code, errno });
  }
}
