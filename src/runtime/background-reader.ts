/**
 * Reads a descriptor in a thread of its own, and hands over what a class makes of it: while one piece is used, the next
 * ones are filled. Pieces lie in memory that both threads see; each belongs to one of them at a time, and they are used in
 * their order.
 *
 * A piece's control words: whose it is, how many bytes it holds, and the number that was given with it. One more is there
 * to wait at while nothing comes, and tells the thread to stop.
 */
import { getSystemErrorName } from 'node:util';
import type { Worker as Thread } from 'node:worker_threads';

const PIECES = 4;
const WORDS = 3;
const FREE = 0;
const STOP_AT = PIECES * WORDS;

/** What the thread posts besides the errno of its reading, which is below 0. */
const END = 0;
const PIECE = 1;
const CUT = 2;

export interface Piece {
  /** Until the next one is asked for. */
  readonly bytes: Buffer;
  /** What its maker says of it. */
  readonly mark: number;
}

/** What the maker has. */
export interface PieceWriter<Settings> {
  readonly settings: Settings;
  /**
   * Fills target[at, …); 0 at the end. -1 when there was nothing for some time since something was given: what was made
   * until now may be wanted. -2 when no more is to be read: what is whole is to be given.
   */
  read(target: Uint8Array, at: number): number;
  /** The memory to fill next, once it is free. */
  piece(): Uint8Array;
  /** Hands over what `piece` gave, up to `end`. */
  give(end: number, mark: number): void;
}

/** Runs in the thread until it has read everything, or is stopped. */
export interface PieceMaker {
  run(): void;
}

/** It is started with its text: nothing from outside may be named in the class. */
export type PieceMakerClass<Settings> = new (
  writer: PieceWriter<Settings>,
  isUtf8: (bytes: Uint8Array) => boolean,
) => PieceMaker;

interface Shared<Settings> {
  readonly descriptor: number;
  readonly settings: Settings;
  readonly pieces: readonly SharedArrayBuffer[];
  readonly control: Int32Array;
}

/** The thread; it is started with its text as well. */
function fillPieces<Settings>(
  { descriptor, settings, pieces, control }: Shared<Settings>,
  { readSync }: typeof import('node:fs'),
  post: (message: number) => void,
  run: (writer: PieceWriter<Settings>) => void,
): void {
  const words = 3;
  const stopAt = pieces.length * words;
  let next = 0;
  let isCut = false;
  const shortestWaitMs = 0.05;
  const longestWaitMs = 20;
  let waitMs = shortestWaitMs;
  /** Since something was given: lines that trickle are not held back for the piece to fill. */
  let waitedMs = 0;
  const read = (target: Uint8Array, at: number): number => {
    // Only a pipe that is read without blocking is ever empty: a thread that blocks could not be ended.
    for (;;) {
      isCut = Atomics.load(control, stopAt) !== 0;
      if (isCut) return -2;
      try {
        const bytes = readSync(descriptor, target, at, target.length - at, null);
        waitMs = shortestWaitMs;
        return bytes;
      } catch (error) {
        if ((error as { code?: string }).code !== 'EAGAIN') throw error;
      }
      const startMs = performance.now();
      Atomics.wait(control, stopAt, 0, waitMs);
      waitedMs += performance.now() - startMs;
      waitMs = Math.min(longestWaitMs, waitMs * 2);
      if (waitedMs >= longestWaitMs) return -1;
    }
  };
  try {
    run({
      settings,
      read,
      piece: () => {
        while (Atomics.load(control, next * words) !== 0) Atomics.wait(control, next * words, 1);
        return new Uint8Array(pieces[next] as SharedArrayBuffer);
      },
      give: (end, mark) => {
        control[next * words + 1] = end;
        control[next * words + 2] = mark;
        Atomics.store(control, next * words, 1);
        post(1);
        next = (next + 1) % pieces.length;
        waitedMs = 0;
      },
    });
    post(isCut ? 2 : 0);
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno === undefined) throw error;
    post(errno);
  }
}

export interface BackgroundReaderOptions<Settings> {
  readonly descriptor: number;
  readonly pieceBytes: number;
  readonly maker: PieceMakerClass<Settings>;
  readonly settings: Settings;
}

/** What the thread has made, in its order. */
export interface Pieces {
  /** Undefined at the end. The piece before it is filled anew. Throws what reading met. */
  next(): Promise<Piece | undefined>;
  /** Reads no more: what was read is still to be had, up to the end that is now near. */
  stop(): void;
  /** It was stopped before the end: what came last may be the beginning of something. */
  readonly isCut: boolean;
  /** Nothing more is wanted: what is ready is forgotten. */
  abandon(): void;
}

export class BackgroundReader<Settings> implements Pieces {
  readonly #buffers: readonly Buffer[];
  readonly #control = new Int32Array(new SharedArrayBuffer((STOP_AT + 1) * 4));
  readonly #thread: Thread;
  /** Pieces that were handed over and not asked for yet. */
  #ready = 0;
  #used = 0;
  #holds = false;
  #ended = false;
  #isCut = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** Throws when no thread is to be had. */
  constructor({ descriptor, pieceBytes, maker, settings }: BackgroundReaderOptions<Settings>) {
    const pieces = Array.from({ length: PIECES }, () => new SharedArrayBuffer(pieceBytes));
    this.#buffers = pieces.map((piece) => Buffer.from(piece));
    const shared: Shared<Settings> = { descriptor, settings, pieces, control: this.#control };
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    this.#thread = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
      const { isUtf8 } = require('node:buffer');
      const post = (message) => parentPort.postMessage(message);
      (${fillPieces})(workerData, require('node:fs'), post, (writer) => new (${maker})(writer, isUtf8).run());`,
      // Its outputs are left alone: to forward them would make the descriptors non-blocking.
      { eval: true, stdout: true, stderr: true, workerData: shared },
    );
    this.#thread.on('message', (message: number) => {
      if (message === PIECE) this.#ready++;
      else this.#end(message < END ? readError(message) : undefined);
      this.#isCut ||= message === CUT;
      this.#wake?.();
    });
    this.#thread.on('error', (error) => {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      this.#wake?.();
    });
  }

  async next(): Promise<Piece | undefined> {
    this.#release();
    while (this.#ready === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#ready === 0) {
      if (this.#error !== undefined) throw this.#error;
      return undefined;
    }
    this.#ready--;
    this.#holds = true;
    const at = this.#used % PIECES;
    const [end, mark] = [this.#control[at * WORDS + 1] as number, this.#control[at * WORDS + 2] as number];
    return { bytes: (this.#buffers[at] as Buffer).subarray(0, end), mark };
  }

  #release(): void {
    if (!this.#holds) return;
    this.#holds = false;
    const at = this.#used++ % PIECES;
    Atomics.store(this.#control, at * WORDS, FREE);
    Atomics.notify(this.#control, at * WORDS);
  }

  stop(): void {
    Atomics.store(this.#control, STOP_AT, 1);
    Atomics.notify(this.#control, STOP_AT);
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  abandon(): void {
    this.#ready = 0;
    this.#end(undefined);
    this.#wake?.();
    void this.#thread.terminate();
  }

  #end(error: Error | undefined): void {
    this.#ended = true;
    this.#error ??= error;
  }
}

function readError(errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: read`), { code, errno });
}
