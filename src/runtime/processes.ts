/**
 * The process as a parameter: words, environment, signals, streams, exit code. Engine code and commands receive it;
 * only this file names `process`. Ending the process belongs to the executable alone: others set the exit code.
 * It is the global: importing node:process evaluates all its getters, the streams among them (4.5 ms of every start).
 */
import { writeSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import type { Writable } from 'node:stream';

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface OutputStream {
  readonly isTerminal: boolean;
  /** Of the terminal; 80 where there is none. */
  readonly columns: number;
  /** False when the caller had better wait for `drained` before it writes more. */
  write(data: string | Uint8Array): boolean;
  /** Resolves when everything that was written has left, or cannot leave any more. */
  drained(): Promise<void>;
  /** All bytes at once, past the stream: for bulk output. Never mixed with a `write` that is not drained. Throws EPIPE. */
  writeSync(bytes: Uint8Array): void;
}

export interface Processes {
  readonly pid: number;
  readonly platform: string;
  readonly runtimeVersion: string;
  /** The words behind the executable. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  readonly temporaryDirectory: string;
  readonly hostname: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Input as it comes; ends with the stream. */
  readonly stdin: AsyncIterable<Buffer> & { readonly isTerminal: boolean };
  readonly residentBytes: number;
  /** Microseconds of CPU of this process, user and system. */
  readonly cpuMicros: number;
  /** From then on the signal no longer ends the process; the returned function takes the listener back. */
  onSignal(signal: Signal, run: () => void): () => void;
  setExitCode(code: number): void;
  /** Ends the process now. Only the executable and a node that must stop at once call it. */
  exit(code: number): never;
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Lazily opened: naming process.stdout costs milliseconds that a quiet command need not pay. */
class NodeOutput implements OutputStream {
  readonly #open: () => Stream;
  readonly #fd: number;

  constructor(open: () => Stream, fd: number) {
    this.#open = open;
    this.#fd = fd;
  }

  get isTerminal(): boolean {
    return this.#open().isTTY === true;
  }

  get columns(): number {
    return this.#open().columns ?? 80;
  }

  write(data: string | Uint8Array): boolean {
    return this.#open().write(data);
  }

  drained(): Promise<void> {
    const stream = this.#open();
    if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      stream.write('', () => resolve());
    });
  }

  writeSync(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(this.#fd, bytes, at, bytes.length - at);
      } catch (error) {
        // A pipe that somebody made non-blocking and whose reader is behind: wait a moment, without spinning.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(SLEEPER, 0, 0, 1);
      }
    }
  }
}

const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

const stdin: Processes['stdin'] = {
  get isTerminal() {
    return process.stdin.isTTY === true;
  },
  async *[Symbol.asyncIterator]() {
    for await (const chunk of process.stdin) yield chunk as Buffer;
  },
};

export const nodeProcesses: Processes = {
  pid: process.pid,
  platform: process.platform,
  runtimeVersion: process.version,
  argv: process.argv.slice(2),
  env: process.env,
  get workingDirectory() {
    return process.cwd();
  },
  get homeDirectory() {
    try {
      return homedir();
    } catch {
      // A user whom the machine does not know by name, as containers have them, has none.
      return tmpdir();
    }
  },
  get temporaryDirectory() {
    return tmpdir();
  },
  get hostname() {
    return hostname();
  },
  stdout: new NodeOutput(() => process.stdout, 1),
  stderr: new NodeOutput(() => process.stderr, 2),
  stdin,
  get residentBytes() {
    return process.memoryUsage.rss();
  },
  get cpuMicros() {
    const used = process.cpuUsage();
    return used.user + used.system;
  },
  onSignal: (signal, run) => {
    process.on(signal, run);
    return () => {
      process.off(signal, run);
    };
  },
  setExitCode: (code) => {
    process.exitCode = code;
  },
  exit: (code) => process.exit(code),
};
