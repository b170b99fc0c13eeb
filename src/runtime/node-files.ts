/**
 * The real files. Synchronous calls are the rule (measured: half the latency and CPU of the pool); only fsync and the
 * forms that return a promise go through the pool, and a file is not closed under them.
 */
import fs from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { FileHandle, FileLock, FileStat, Files, OpenMode } from './runtime.ts';

const { constants } = fs;
const FLAGS: Record<OpenMode, number> = {
  r: constants.O_RDONLY,
  rw: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT,
  new: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

class NodeFileHandle implements FileHandle {
  readonly path: string;
  readonly #fd: number;
  /** Operations of the pool that still use the descriptor. */
  #pending = 0;
  #closing = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const got = fs.readSync(this.#fd, target, offset + done, length - done, position + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  writeSync(source: Uint8Array, offset: number, length: number, position: number): void {
    let done = 0;
    while (done < length) {
      const wrote = fs.writeSync(this.#fd, source, offset + done, length - done, position + done);
      if (wrote === 0) throw noProgress(this.path);
      done += wrote;
    }
  }

  writevSync(sources: readonly Uint8Array[], position: number): void {
    let total = 0;
    for (const source of sources) total += source.length;
    const wrote = fs.writevSync(this.#fd, sources, position);
    if (wrote === total) return;
    // A short write is finished piece by piece, or throws what stands in its way.
    let before = 0;
    for (const source of sources) {
      const skip = Math.min(Math.max(0, wrote - before), source.length);
      if (skip < source.length) this.writeSync(source, skip, source.length - skip, position + before + skip);
      before += source.length;
    }
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const got = await this.#pooled<number>((end) =>
        fs.read(this.#fd, target, offset + done, length - done, position + done, end),
      );
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  async write(source: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    let done = 0;
    while (done < length) {
      const wrote = await this.#pooled<number>((end) =>
        fs.write(this.#fd, source, offset + done, length - done, position + done, end),
      );
      if (wrote === 0) throw noProgress(this.path);
      done += wrote;
    }
  }

  sync(): Promise<void> {
    return this.#pooled<void>((end) => fs.fdatasync(this.#fd, end as (error: Error | null) => void));
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  truncateSync(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  sizeSync(): number {
    return fs.fstatSync(this.#fd).size;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#pending === 0) fs.closeSync(this.#fd);
  }

  #pooled<T>(start: (end: (error: Error | null, result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending++;
      start((error, result) => {
        this.#pending--;
        if (this.#closing && this.#pending === 0) fs.closeSync(this.#fd);
        if (error === null) resolve(result);
        else reject(error);
      });
    });
  }
}

function noProgress(path: string): Error {
  return Object.assign(new Error(`EIO: nothing more could be written to '${path}'`), { code: 'EIO', path });
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Windows does not open directories; there is nothing to sync then. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(path, constants.O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function writeDurably(path: string, content: Uint8Array | string): void {
  const fd = fs.openSync(path, 'w');
  try {
    fs.writeFileSync(fd, content);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Kafka's lock on a log directory is a POSIX record lock over the whole of `.lock`. Node has no call for one, but SQLite
 * takes record locks within that range: an exclusive transaction that writes nothing leaves the file empty and holds
 * what Java then finds taken, and fails where Java holds it. Nothing else may open the file: closing any descriptor of
 * it would give the lock up.
 */
function lockThroughSqlite(path: string): FileLock | null {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  let database: DatabaseSync | null = null;
  try {
    database = new Database(path);
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const code = (error as { errcode?: number }).errcode ?? 0;
    if ((code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED) return null;
    throw Object.assign(new Error(`${path} could not be locked: ${(error as Error).message}`, { cause: error }), {
      path,
    });
  }
  const held = database;
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      held.close();
    },
  };
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

class NodeFiles implements Files {
  openSync(path: string, mode: OpenMode): FileHandle {
    return new NodeFileHandle(path, fs.openSync(path, FLAGS[mode], 0o644));
  }

  statSync(path: string): FileStat | null {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    return { size: stat.size, modifiedMs: Math.floor(stat.mtimeMs), isDirectory: stat.isDirectory() };
  }

  listSync(directory: string): string[] {
    return fs.readdirSync(directory);
  }

  readFileSync(path: string): Buffer {
    return fs.readFileSync(path);
  }

  writeFileSync(path: string, content: Uint8Array | string): void {
    fs.writeFileSync(path, content);
  }

  replaceFileSync(path: string, content: Uint8Array | string): void {
    const temporary = `${path}.tmp`;
    writeDurably(temporary, content);
    fs.renameSync(temporary, path);
    syncDirectory(dirname(path));
  }

  async replaceFile(path: string, content: Uint8Array | string): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = await fs.promises.open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.promises.rename(temporary, path);
    if (process.platform === 'win32') return;
    const directory = await fs.promises.open(dirname(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  renameSync(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  removeSync(path: string): void {
    try {
      fs.unlinkSync(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  removeTreeSync(path: string): void {
    fs.rmSync(path, { recursive: true, force: true });
  }

  async removeTree(path: string): Promise<void> {
    await fs.promises.rm(path, { recursive: true, force: true });
  }

  makeDirectorySync(path: string): void {
    fs.mkdirSync(path, { recursive: true });
  }

  syncDirectorySync(path: string): void {
    syncDirectory(path);
  }

  chmodSync(path: string, mode: number): void {
    fs.chmodSync(path, mode);
  }

  freeBytesSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    const stat = fs.statfsSync(path);
    return { totalBytes: stat.blocks * stat.bsize, usableBytes: stat.bavail * stat.bsize };
  }

  lockSync(path: string): FileLock | null {
    return lockThroughSqlite(path);
  }
}

export const nodeFiles: Files = new NodeFiles();
