/**
 * The only doors to the outside: time, randomness, files, sockets. Engine code receives a Runtime (or one of its
 * parts) and never reaches for the real thing, so that a simulation can own them. The real one is node-runtime.ts.
 */

export interface Clock {
  /** Wall clock, ms since 1970: for record timestamps and file ages. */
  nowMs(): number;
  /** Monotonic, ms with fractions: for sessions, timeouts and measured durations. */
  monotonicMs(): number;
}

export interface TimerHandle {
  cancel(): void;
}

export interface Timers {
  /** Runs once after `delayMs`. The timer keeps the process alive unless `unref` is set. */
  after(delayMs: number, run: () => void, options?: { readonly unref?: boolean }): TimerHandle;
  /** Runs behind the events that are ready now. */
  soon(run: () => void): void;
}

export interface Random {
  bytes(size: number): Uint8Array;
  /** A whole number in [0, limit). */
  int(limit: number): number;
}

/** An open file. Positions are absolute; nothing keeps a cursor. Buffers are borrowed until the call (or its promise) is done. */
export interface FileHandle {
  readonly path: string;
  /** Returns the bytes read; fewer than asked only at the end of the file. */
  readSync(target: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes all bytes or throws; a short write throws after what it wrote (the caller cuts the file back). */
  writeSync(source: Uint8Array, offset: number, length: number, position: number): void;
  writevSync(sources: readonly Uint8Array[], position: number): void;
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  write(source: Uint8Array, offset: number, length: number, position: number): Promise<void>;
  /** fdatasync through the pool. */
  sync(): Promise<void>;
  syncSync(): void;
  truncateSync(size: number): void;
  sizeSync(): number;
  /** Closes once no operation of the pool holds the file. */
  close(): void;
}

export interface FileStat {
  readonly size: number;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
}

export interface FileLock {
  release(): void;
}

/** `r`: existing, read only. `rw`: existing, read and write. `create`: read and write, made when absent. `new`: must not exist. */
export type OpenMode = 'r' | 'rw' | 'create' | 'new';

/** Errors are Node's, with `code` (ENOENT, ENOSPC, EIO…). */
export interface Files {
  openSync(path: string, mode: OpenMode): FileHandle;
  statSync(path: string): FileStat | null;
  /** Names, unsorted; an absent directory throws ENOENT. */
  listSync(directory: string): string[];
  readFileSync(path: string): Buffer;
  writeFileSync(path: string, content: Uint8Array | string): void;
  /** Writes `path.tmp`, syncs it, renames it over `path` and syncs the directory: all or nothing. */
  replaceFileSync(path: string, content: Uint8Array | string): void;
  /** Like replaceFileSync, through the pool. */
  replaceFile(path: string, content: Uint8Array | string): Promise<void>;
  renameSync(from: string, to: string): void;
  /** An absent file is no error. */
  removeSync(path: string): void;
  removeTreeSync(path: string): void;
  /** Like removeTreeSync, through the pool: unlinking large files takes long. */
  removeTree(path: string): Promise<void>;
  makeDirectorySync(path: string): void;
  syncDirectorySync(path: string): void;
  chmodSync(path: string, mode: number): void;
  freeBytesSync(path: string): { readonly totalBytes: number; readonly usableBytes: number };
  /** The lock that Kafka takes on `.lock` of a log directory, or null when another process holds it. */
  lockSync(path: string): FileLock | null;
}

/** One connection. The owner sets the callbacks once, before the next turn of the loop. */
export interface Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Bytes handed to `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** `bytes` belong to the receiver. */
  onData(receive: (bytes: Buffer) => void): void;
  /**
   * Instead of `onData`, where the connection can: bytes are read straight into what `target` gives, and `took` gets the
   * part of it that was filled, to be used up before it returns. A target that was given stays valid until then.
   */
  readonly onRead?: (target: () => Uint8Array, took: (bytes: Uint8Array) => void) => void;
  /** Called once; `error` when it did not end cleanly. */
  onClose(closed: (error?: Error) => void): void;
  /** The kernel has taken everything that was buffered; only called after more than 64 KiB were. */
  onDrain(drained: () => void): void;
  /** The bytes must stay unchanged until `written` is called (always called, also when the connection closes). */
  write(bytes: Uint8Array, written?: () => void): void;
  pause(): void;
  resume(): void;
  /** Ends at once; buffered output is lost. */
  destroy(): void;
  /** Ends once the buffered output is out. */
  end(): void;
}

export interface ListenerHandle {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface Sockets {
  /** An empty host means every address of the machine, port 0 a free one. */
  listen(
    options: { readonly host: string; readonly port: number; readonly backlog?: number },
    accept: (connection: Connection) => void,
  ): Promise<ListenerHandle>;
  /** Rejects with Node's error (ECONNREFUSED, ETIMEDOUT, ENOTFOUND…). */
  connect(options: { readonly host: string; readonly port: number; readonly timeoutMs: number }): Promise<Connection>;
}

export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: Files;
  readonly sockets: Sockets;
}
