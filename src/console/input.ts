/**
 * Standard input as bytes. A file is read synchronously, which is quickest. A pipe is read without blocking, through a
 * descriptor of our own, so that batches go out while nothing comes in; elsewhere Node's stream does it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { Runtime } from '../runtime/runtime.ts';

export interface Input {
  readonly isTerminal: boolean;
  /** Fills target[at, …) and gives the number of bytes; 0 at the end. */
  read(target: Buffer, at: number): number | Promise<number>;
  /** How much there is, of a file. */
  readonly bytes?: number;
  /** Where it comes from: for who reads so much that another thread pays. */
  readonly descriptor?: number;
  /** Somebody else reads the descriptor from here on, in place of `read`, and is stopped with the input. */
  handOver?(reader: Stoppable): void;
  /** Ends the waiting for more; the next read gives 0. */
  stop(): void;
  /** What was read last may be the beginning of a line. */
  readonly isStopped?: boolean;
}

interface Stoppable {
  stop(): void;
}

const SHORTEST_WAIT_MS = 1;
const HOT_MS = 1;
const LONGEST_WAIT_MS = 20;

class FileInput implements Input {
  readonly isTerminal = false;
  readonly descriptor = 0;
  readonly bytes: number;
  isStopped = false;
  #reader: Stoppable | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  read(target: Buffer, at: number): number {
    return this.isStopped ? 0 : readSync(0, target, at, target.length - at, null);
  }

  handOver(reader: Stoppable): void {
    this.#reader = reader;
  }

  stop(): void {
    this.isStopped = true;
    this.#reader?.stop();
  }
}

class PipeInput implements Input {
  readonly isTerminal = false;
  readonly descriptor: number;
  isStopped = false;
  readonly #runtime: Runtime;
  #reader: Stoppable | undefined;

  constructor(descriptor: number, runtime: Runtime) {
    this.descriptor = descriptor;
    this.#runtime = runtime;
  }

  read(target: Buffer, at: number): number | Promise<number> {
    const bytes = this.#try(target, at);
    return bytes >= 0 ? bytes : this.#wait(target, at);
  }

  /** -1: nothing there for the moment. */
  #try(target: Buffer, at: number): number {
    if (this.isStopped) return 0;
    try {
      return readSync(this.descriptor, target, at, target.length - at, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
      throw error;
    }
  }

  async #wait(target: Buffer, at: number): Promise<number> {
    const { clock, timers } = this.#runtime;
    // A pipe holds 64 KiB: a writer that is at work fills it again within microseconds, and a timer would wait for longer.
    const hotUntilMs = clock.monotonicMs() + HOT_MS;
    let ms = SHORTEST_WAIT_MS;
    for (;;) {
      const isHot = clock.monotonicMs() < hotUntilMs;
      await new Promise<void>((resolve) => {
        if (isHot) timers.soon(resolve);
        else timers.after(ms, resolve);
      });
      const bytes = this.#try(target, at);
      if (bytes >= 0) return bytes;
      if (!isHot) ms = Math.min(LONGEST_WAIT_MS, ms * 2);
    }
  }

  handOver(reader: Stoppable): void {
    this.#reader = reader;
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    if (this.#reader === undefined) closeSync(this.descriptor);
    else this.#reader.stop();
  }
}

class StreamInput implements Input {
  readonly isTerminal: boolean;
  isStopped = false;
  readonly #stream: ReadStream;
  readonly #chunks: Buffer[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: ReadStream) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      stream.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.on('end', end);
    stream.on('error', end);
  }

  read(target: Buffer, at: number): number | Promise<number> {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return this.#ended ? 0 : this.#wait(target, at);
    const bytes = chunk.copy(target, at);
    if (bytes === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(bytes);
    return bytes;
  }

  async #wait(target: Buffer, at: number): Promise<number> {
    this.#stream.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    return this.read(target, at);
  }

  stop(): void {
    // What ended before is whole.
    this.isStopped ||= !this.#ended;
    this.#ended = true;
    this.#chunks.length = 0;
    this.#stream.pause();
    this.#wake?.();
  }
}

/** `stream` is touched only when it is needed. */
export function openInput(runtime: Runtime, stream: () => ReadStream): Input {
  const stat = fstatSync(0);
  if (stat.isFile()) return new FileInput(stat.size);
  if (stat.isFIFO()) {
    try {
      const descriptor = openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
      return new PipeInput(descriptor, runtime);
    } catch {
      // No /proc: not Linux.
    }
  }
  return new StreamInput(stream());
}
