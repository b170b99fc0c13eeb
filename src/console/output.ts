/**
 * Where a command prints. stdout carries data only; everything for people goes to stderr. Text is gathered and written
 * straight to the descriptor: Node's streams cost start-up time, and a short command needs none of them.
 */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { PipeReaders } from '../runtime/pipe-readers.ts';

export interface Output {
  /** Data, without a newline of its own. */
  out(text: string): void;
  /** For people. */
  err(text: string): void;
  /** Data of its own making: written at once, behind what was gathered. */
  bytes(data: Uint8Array, start: number, end: number): void;
  flush(): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Whether colours may be used on stdout. */
  readonly colour: boolean;
  /** Whether nobody reads stdout any more; to be asked once before anything is written. */
  isAbandoned(): boolean;
  /** Where data goes: for who writes so much that another thread pays. */
  readonly descriptor?: number;
}

/** A closed pipe shows itself as this error of a write. */
export function isClosedPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EPIPE' || code === 'EOF';
}

const FLUSH_BYTES = 65536;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it; a descriptor that is full for the moment (non-blocking, set so by somebody else) is waited for. */
export function writeFully(descriptor: number, data: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end) {
    try {
      at += writeSync(descriptor, data, at, end - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 2);
    }
  }
}

export class DescriptorOutput implements Output {
  readonly descriptor = 1;
  readonly #env: NodeJS.ProcessEnv;
  readonly #readers = new PipeReaders();
  #text = '';

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  get outIsTerminal(): boolean {
    return isatty(1);
  }

  get errIsTerminal(): boolean {
    return isatty(2);
  }

  get colour(): boolean {
    return this.outIsTerminal && !this.#env['NO_COLOR'] && !this.#env['CI'] && this.#env['TERM'] !== 'dumb';
  }

  out(text: string): void {
    this.#text += text;
    if (this.#text.length > FLUSH_BYTES) this.flush();
  }

  err(text: string): void {
    this.flush();
    const data = Buffer.from(text);
    writeFully(2, data, 0, data.length);
  }

  bytes(data: Uint8Array, start: number, end: number): void {
    this.flush();
    writeFully(1, data, start, end);
  }

  flush(): void {
    if (this.#text === '') return;
    const data = Buffer.from(this.#text);
    this.#text = '';
    writeFully(1, data, 0, data.length);
  }

  isAbandoned(): boolean {
    return this.#readers.areGone();
  }
}
