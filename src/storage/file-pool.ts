/**
 * Open files, bounded. Thousands of partitions have tens of thousands of files; a PooledFile opens on first use and is
 * closed again when more than `limit` are open and it was not used for a while (the clock algorithm: a use only sets a
 * flag). Whoever takes the handle uses it at once and never keeps it: only a running pool operation outlives the call,
 * and FileHandle.close waits for that.
 */
import type { FileHandle, Files, OpenMode } from '../runtime/runtime.ts';

export class PooledFile {
  #path: string;
  readonly #pool: FilePool;
  /** Set while open. */
  handle: FileHandle | null = null;
  /** Used since the pool's hand last passed. */
  touched = false;
  /** Index among the pool's open files. */
  slot = -1;
  /** How the file is opened the next time it is needed. */
  mode: OpenMode;

  constructor(pool: FilePool, path: string, mode: OpenMode) {
    this.#pool = pool;
    this.#path = path;
    this.mode = mode;
  }

  get path(): string {
    return this.#path;
  }

  get(): FileHandle {
    const handle = this.handle;
    if (handle !== null) {
      this.touched = true;
      return handle;
    }
    return this.#pool.open(this);
  }

  close(): void {
    if (this.handle !== null) this.#pool.release(this);
  }

  /** Renames the file on disk and follows it. The handle is given up first, which some systems require. */
  rename(path: string): void {
    this.close();
    this.#pool.files.renameSync(this.#path, path);
    this.#path = path;
  }

  /** The file was moved together with its directory. */
  moved(path: string): void {
    this.close();
    this.#path = path;
  }

  remove(): void {
    this.close();
    this.#pool.files.removeSync(this.#path);
  }
}

export class FilePool {
  readonly files: Files;
  readonly #limit: number;
  readonly #open: PooledFile[] = [];
  #hand = 0;

  constructor(files: Files, limit = 2000) {
    this.files = files;
    this.#limit = Math.max(1, limit);
  }

  get openCount(): number {
    return this.#open.length;
  }

  file(path: string, mode: OpenMode = 'create'): PooledFile {
    return new PooledFile(this, path, mode);
  }

  open(file: PooledFile): FileHandle {
    while (this.#open.length >= this.#limit) this.#evictOne();
    let handle: FileHandle;
    try {
      handle = this.files.openSync(file.path, file.mode);
    } catch (error) {
      if (!isTooManyFiles(error) || this.#open.length === 0) throw error;
      for (let left = Math.ceil(this.#open.length / 2); left > 0; left--) this.#evictOne();
      handle = this.files.openSync(file.path, file.mode);
    }
    // A file made once is not made again: when it vanished, that is an error to be seen.
    if (file.mode === 'create' || file.mode === 'new') file.mode = 'rw';
    file.handle = handle;
    file.touched = true;
    file.slot = this.#open.length;
    this.#open.push(file);
    return handle;
  }

  release(file: PooledFile): void {
    const handle = file.handle as FileHandle;
    const last = this.#open.pop() as PooledFile;
    if (last !== file) {
      this.#open[file.slot] = last;
      last.slot = file.slot;
    }
    file.handle = null;
    file.slot = -1;
    handle.close();
  }

  #evictOne(): void {
    for (;;) {
      if (this.#hand >= this.#open.length) this.#hand = 0;
      const file = this.#open[this.#hand] as PooledFile;
      if (!file.touched) {
        this.release(file);
        return;
      }
      file.touched = false;
      this.#hand++;
    }
  }
}

function isTooManyFiles(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'EMFILE' || code === 'ENFILE';
}
