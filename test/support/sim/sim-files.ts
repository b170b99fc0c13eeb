/** The files of one simulated process, over the disk of its host. */
import { dirname } from 'node:path';
import type { FileHandle, FileLock, FileStat, Files, OpenMode } from '../../../src/runtime/runtime.ts';
import { type Disk, DiskDirectory, type DiskOperation, sizeOf } from './disk.ts';
import { DiskFile } from './disk-file.ts';
import type { SimProcess } from './sim-process.ts';

export function fileError(code: string, what: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${what} '${path}'`), { code, path });
}

const SECTOR_BYTES = 512;

export class SimFiles implements Files {
  readonly #process: SimProcess;
  /** The host's, until a crash in the middle of a call: what comes behind it goes to a disk that nobody will read. */
  readonly disk: Disk;

  constructor(process: SimProcess, disk: Disk) {
    this.#process = process;
    this.disk = disk;
  }

  /** Before a call: may throw, or let the process die. */
  enter(operation: DiskOperation, path: string): void {
    this.#process.checkAlive(`${operation} ${path}`);
    const code = this.disk.fault?.(operation, path) ?? null;
    if (code !== null) {
      this.disk.errors++;
      this.#process.note(`disk ${code}`, `${operation} ${path}`);
      throw fileError(code, operation, path);
    }
    if (operation !== 'read' && operation !== 'open' && operation !== 'list') this.disk.countCall();
  }

  note(kind: string, path: string, a = 0, b = 0): void {
    this.#process.note(kind, path, a, b);
  }

  get nowMs(): number {
    return this.#process.runtime.clock.nowMs();
  }

  /** Ends later, as the pool's calls do. */
  pooled<T>(kind: string, delayMs: number, finish: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.after(delayMs, kind, () => {
        try {
          resolve(finish());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  get syncMs(): number {
    return this.disk.syncMs() * this.disk.slowness;
  }

  get poolMs(): number {
    return this.#process.random.between(0.02, 0.2);
  }

  openSync(path: string, mode: OpenMode): FileHandle {
    this.enter('open', path);
    const found = this.#find(path);
    if (found instanceof DiskDirectory) {
      if (mode !== 'r') throw fileError('EISDIR', 'open', path);
      return new SimDirectoryHandle(this, path, found);
    }
    if (found !== null) {
      if (mode === 'new') throw fileError('EEXIST', 'open', path);
      return new SimFileHandle(this, path, found);
    }
    if (mode === 'r' || mode === 'rw') throw fileError('ENOENT', 'open', path);
    this.disk.countCall();
    return new SimFileHandle(this, path, this.#make(path));
  }

  statSync(path: string): FileStat | null {
    this.enter('read', path);
    const found = this.#find(path);
    if (found === null) return null;
    if (found instanceof DiskDirectory) return { size: 4096, modifiedMs: 0, isDirectory: true };
    return { size: found.size, modifiedMs: found.modifiedMs, isDirectory: false };
  }

  listSync(directory: string): string[] {
    this.enter('list', directory);
    const found = this.#find(directory);
    if (found === null) throw fileError('ENOENT', 'scandir', directory);
    if (found instanceof DiskFile) throw fileError('ENOTDIR', 'scandir', directory);
    return [...found.entries.keys()];
  }

  readFileSync(path: string): Buffer {
    this.enter('read', path);
    const found = this.#find(path);
    if (found === null) throw fileError('ENOENT', 'open', path);
    if (found instanceof DiskDirectory) throw fileError('EISDIR', 'read', path);
    return Buffer.from(found.data.subarray(0, found.size));
  }

  writeFileSync(path: string, content: Uint8Array | string): void {
    const bytes = Buffer.from(content as string);
    const found = this.#find(path);
    if (found instanceof DiskDirectory) throw fileError('EISDIR', 'open', path);
    this.enter('write', path);
    const file = found ?? this.#make(path);
    this.resize(file, 0);
    this.writeTo(file, path, bytes, 0);
  }

  replaceFileSync(path: string, content: Uint8Array | string): void {
    const temporary = `${path}.tmp`;
    this.writeFileSync(temporary, content);
    this.enter('sync', temporary);
    (this.#find(temporary) as DiskFile).sync();
    this.renameSync(temporary, path);
    this.syncDirectorySync(dirname(path));
  }

  async replaceFile(path: string, content: Uint8Array | string): Promise<void> {
    const temporary = `${path}.tmp`;
    await this.pooled('pool.write', this.poolMs, () => this.writeFileSync(temporary, content));
    const handle = this.openSync(temporary, 'rw');
    await handle.sync();
    await this.pooled('pool.rename', this.poolMs, () => this.renameSync(temporary, path));
    await this.openSync(dirname(path), 'r').sync();
  }

  renameSync(from: string, to: string): void {
    this.enter('rename', from);
    const entry = this.#find(from);
    if (entry === null) throw fileError('ENOENT', 'rename', from);
    const replaced = this.#find(to);
    if (replaced instanceof DiskDirectory && replaced.entries.size > 0) throw fileError('ENOTEMPTY', 'rename', to);
    if (replaced !== null) this.disk.usedBytes -= sizeOf(replaced);
    const [source, target] = [this.#parent(from), this.#parent(to)];
    if (source === target) source.rename(nameOf(from), nameOf(to));
    else {
      target.set(nameOf(to), entry);
      source.delete(nameOf(from), true);
    }
    this.note('rename', to);
  }

  removeSync(path: string): void {
    this.enter('remove', path);
    const found = this.#find(path);
    if (found === null) return;
    if (found instanceof DiskDirectory) throw fileError('EISDIR', 'unlink', path);
    this.#drop(path, found);
  }

  removeTreeSync(path: string): void {
    this.enter('remove', path);
    const found = this.#find(path);
    if (found === null) return;
    // One name after the other, so that a crash leaves a part of the tree.
    if (found instanceof DiskDirectory)
      for (const name of [...found.entries.keys()]) this.removeTreeSync(`${path}/${name}`);
    this.#drop(path, found);
  }

  removeTree(path: string): Promise<void> {
    return this.pooled('pool.remove', this.poolMs, () => this.removeTreeSync(path));
  }

  makeDirectorySync(path: string): void {
    this.enter('make', path);
    let at = this.disk.root;
    for (const name of partsOf(path)) {
      let next = at.entries.get(name);
      if (next === undefined) {
        next = new DiskDirectory();
        at.set(name, next);
      }
      if (next instanceof DiskFile) throw fileError('EEXIST', 'mkdir', path);
      at = next;
    }
    this.note('mkdir', path);
  }

  syncDirectorySync(path: string): void {
    this.enter('sync', path);
    const found = this.#find(path);
    if (!(found instanceof DiskDirectory)) throw fileError('ENOENT', 'open', path);
    found.sync();
  }

  chmodSync(path: string): void {
    this.enter('make', path);
    if (this.#find(path) === null) throw fileError('ENOENT', 'chmod', path);
  }

  freeBytesSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    this.enter('read', path);
    const { capacity, usedBytes } = this.disk;
    const total = Number.isFinite(capacity) ? capacity : 2 ** 40;
    return { totalBytes: total, usableBytes: Math.max(0, total - usedBytes) };
  }

  lockSync(path: string): FileLock | null {
    this.#process.checkAlive(`lock ${path}`);
    if (this.#find(path) === null) this.#make(path);
    return this.#process.host.lock(path, this.#process);
  }

  // ---- for handles ----

  /** As much as there is space for; then ENOSPC. A crash that is due tears the write. */
  writeTo(file: DiskFile, path: string, bytes: Uint8Array, position: number): void {
    const { disk } = this;
    // A sector that a file has is written whole or not at all, and takes no more space.
    const isOneSector = file.size > 0 && position + bytes.length <= SECTOR_BYTES;
    if (disk.crashIsNext && bytes.length > 1 && !isOneSector) {
      const torn = this.#process.random.int(bytes.length);
      this.#put(file, bytes.subarray(0, torn), position);
      disk.countCall();
    } else disk.countCall();
    const grows = Math.max(0, position + bytes.length - file.size);
    const room = disk.capacity - disk.usedBytes;
    if (grows > room && !isOneSector) {
      const fits = Math.max(0, bytes.length - (grows - Math.max(0, room)));
      this.#put(file, bytes.subarray(0, fits), position);
      disk.errors++;
      this.note('disk full', path, position, bytes.length);
      throw fileError('ENOSPC', 'write', path);
    }
    this.#put(file, bytes, position);
    this.note('write', path, position, bytes.length);
  }

  resize(file: DiskFile, size: number): void {
    this.disk.usedBytes += size - file.size;
    file.truncate(size);
    file.modifiedMs = this.nowMs;
  }

  #put(file: DiskFile, bytes: Uint8Array, position: number): void {
    const before = file.size;
    file.write(bytes, position);
    file.modifiedMs = this.nowMs;
    this.disk.usedBytes += file.size - before;
  }

  #drop(path: string, entry: DiskFile | DiskDirectory): void {
    this.disk.usedBytes -= sizeOf(entry);
    this.#parent(path).delete(nameOf(path));
    this.note('remove', path);
  }

  #make(path: string): DiskFile {
    const file = new DiskFile();
    file.modifiedMs = this.nowMs;
    this.#parent(path).set(nameOf(path), file);
    this.note('create', path);
    return file;
  }

  #parent(path: string): DiskDirectory {
    const parent = this.#find(dirname(path));
    if (parent instanceof DiskDirectory) return parent;
    throw fileError(parent === null ? 'ENOENT' : 'ENOTDIR', 'open', path);
  }

  #find(path: string): DiskFile | DiskDirectory | null {
    let at: DiskFile | DiskDirectory = this.disk.root;
    for (const name of partsOf(path)) {
      if (at instanceof DiskFile) return null;
      const next: DiskFile | DiskDirectory | undefined = at.entries.get(name);
      if (next === undefined) return null;
      at = next;
    }
    return at;
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

class SimFileHandle implements FileHandle {
  readonly path: string;
  readonly #files: SimFiles;
  readonly #file: DiskFile;
  #closed = false;

  constructor(files: SimFiles, path: string, file: DiskFile) {
    this.path = path;
    this.#files = files;
    this.#file = file;
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    this.#enter('read');
    return this.#file.read(target, offset, length, position);
  }

  writeSync(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#enter('write');
    this.#files.writeTo(this.#file, this.path, source.subarray(offset, offset + length), position);
  }

  writevSync(sources: readonly Uint8Array[], position: number): void {
    this.#enter('write');
    this.#files.writeTo(this.#file, this.path, Buffer.concat(sources), position);
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#enter('read');
    return this.#files.pooled('pool.read', this.#files.poolMs, () => this.#file.read(target, offset, length, position));
  }

  async write(source: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    this.#enter('write');
    const bytes = source.subarray(offset, offset + length);
    return this.#files.pooled('pool.write', this.#files.poolMs, () =>
      this.#files.writeTo(this.#file, this.path, bytes, position),
    );
  }

  async sync(): Promise<void> {
    if (this.#closed) throw fileError('EBADF', 'fdatasync', this.path);
    const mark = this.#file.startSync();
    return this.#files.pooled('pool.sync', this.#files.syncMs, () => {
      try {
        this.#files.enter('sync', this.path);
      } catch (error) {
        this.#file.endSync(mark, false);
        throw error;
      }
      this.#file.endSync(mark, true);
      this.#files.note('synced', this.path, mark.size);
    });
  }

  syncSync(): void {
    this.#enter('sync');
    this.#file.sync();
  }

  truncateSync(size: number): void {
    this.#enter('truncate');
    this.#files.resize(this.#file, size);
    this.#files.note('truncate', this.path, size);
  }

  sizeSync(): number {
    this.#enter('read');
    return this.#file.size;
  }

  close(): void {
    this.#closed = true;
  }

  #enter(operation: DiskOperation): void {
    if (this.#closed) throw fileError('EBADF', operation, this.path);
    this.#files.enter(operation, this.path);
  }
}

/** Of a directory, which can only be synced. */
class SimDirectoryHandle implements FileHandle {
  readonly path: string;
  readonly #files: SimFiles;
  readonly #directory: DiskDirectory;

  constructor(files: SimFiles, path: string, directory: DiskDirectory) {
    this.path = path;
    this.#files = files;
    this.#directory = directory;
  }

  readSync(): number {
    throw fileError('EISDIR', 'read', this.path);
  }

  writeSync(): void {
    throw fileError('EBADF', 'write', this.path);
  }

  writevSync(): void {
    throw fileError('EBADF', 'write', this.path);
  }

  async read(): Promise<number> {
    return this.readSync();
  }

  async write(): Promise<void> {
    this.writeSync();
  }

  async sync(): Promise<void> {
    // What came since may be synced too, or not: it is not.
    const directory = this.#directory;
    const count = directory.changeCount;
    return this.#files.pooled('pool.sync', this.#files.syncMs, () => {
      this.#files.enter('sync', this.path);
      directory.sync(Math.min(count, directory.changeCount));
    });
  }

  syncSync(): void {
    this.#files.enter('sync', this.path);
    this.#directory.sync();
  }

  truncateSync(): void {
    throw fileError('EISDIR', 'ftruncate', this.path);
  }

  sizeSync(): number {
    return 4096;
  }

  close(): void {}
}
