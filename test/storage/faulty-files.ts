/**
 * Real files with an unreliable disk under them. Calls can be told to fail, and `crash` takes away what was not synced:
 * bytes of log and index files behind the last sync are cut at a random place, zeroed or filled with garbage, and files
 * that were written without a sync are emptied.
 */
import fs from 'node:fs';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import type { FileHandle, FileLock, FileStat, Files, OpenMode, Random } from '../../src/runtime/runtime.ts';

export interface Fault {
  readonly operation: 'write' | 'sync' | 'read' | 'truncate' | 'open' | 'replace' | 'rename';
  readonly path: RegExp;
  readonly code: string;
  /** Writes put this many bytes down before they fail. */
  readonly partialBytes?: number;
  /** How many matching calls pass before. */
  readonly after?: number;
  readonly times?: number;
}

export class FaultyFiles implements Files {
  readonly #faults: { fault: Fault; passed: number; failed: number }[] = [];
  readonly #synced = new Map<string, number>();
  readonly #unsynced = new Set<string>();

  failWith(fault: Fault): void {
    this.#faults.push({ fault, passed: 0, failed: 0 });
  }

  heal(): void {
    this.#faults.length = 0;
  }

  check(operation: Fault['operation'], path: string): Fault | null {
    for (const entry of this.#faults) {
      if (entry.fault.operation !== operation || !entry.fault.path.test(path)) continue;
      if (entry.passed++ < (entry.fault.after ?? 0)) continue;
      if (entry.failed++ >= (entry.fault.times ?? Number.POSITIVE_INFINITY)) continue;
      return entry.fault;
    }
    return null;
  }

  raise(operation: Fault['operation'], path: string): void {
    const fault = this.check(operation, path);
    if (fault !== null) throw diskError(fault, path);
  }

  noteSynced(path: string, size: number): void {
    this.#synced.set(path, size);
    this.#unsynced.delete(path);
  }

  noteTruncated(path: string, size: number): void {
    const synced = this.#synced.get(path);
    if (synced !== undefined) this.#synced.set(path, Math.min(synced, size));
  }

  noteOpened(path: string): void {
    if (!this.#synced.has(path)) this.#synced.set(path, fs.statSync(path).isDirectory() ? 0 : fs.statSync(path).size);
  }

  /** The machine loses power: what was not synced is gone, wholly or in part. */
  crash(random: Random): void {
    for (const path of this.#unsynced) {
      if (fs.existsSync(path) && random.int(2) === 0) fs.truncateSync(path, 0);
    }
    for (const [path, synced] of this.#synced) {
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.isDirectory() || stat.size <= synced) continue;
      const keep = synced + random.int(stat.size - synced + 1);
      fs.truncateSync(path, keep);
      const manner = random.int(3);
      if (manner === 0 || keep === synced) continue;
      // A page that never reached the disk reads as zeros, or as what was there before.
      const from = synced + random.int(keep - synced);
      const bytes = manner === 1 ? new Uint8Array(keep - from) : random.bytes(keep - from);
      const fd = fs.openSync(path, 'r+');
      fs.writeSync(fd, bytes, 0, bytes.length, from);
      fs.closeSync(fd);
    }
    this.#synced.clear();
    this.#unsynced.clear();
  }

  openSync(path: string, mode: OpenMode): FileHandle {
    this.raise('open', path);
    const existed = fs.existsSync(path);
    const handle = nodeFiles.openSync(path, mode);
    if (existed) this.noteOpened(path);
    else this.#synced.set(path, 0);
    return new FaultyHandle(this, handle);
  }

  statSync(path: string): FileStat | null {
    return nodeFiles.statSync(path);
  }

  listSync(directory: string): string[] {
    return nodeFiles.listSync(directory);
  }

  readFileSync(path: string): Buffer {
    this.raise('read', path);
    return nodeFiles.readFileSync(path);
  }

  writeFileSync(path: string, content: Uint8Array | string): void {
    const fault = this.check('write', path);
    if (fault !== null) {
      if (fault.partialBytes !== undefined) nodeFiles.writeFileSync(path, content.slice(0, fault.partialBytes));
      throw diskError(fault, path);
    }
    nodeFiles.writeFileSync(path, content);
    this.#unsynced.add(path);
  }

  replaceFileSync(path: string, content: Uint8Array | string): void {
    this.raise('replace', path);
    nodeFiles.replaceFileSync(path, content);
    this.#unsynced.delete(path);
  }

  async replaceFile(path: string, content: Uint8Array | string): Promise<void> {
    this.replaceFileSync(path, content);
  }

  renameSync(from: string, to: string): void {
    this.raise('rename', from);
    nodeFiles.renameSync(from, to);
    const synced = this.#synced.get(from);
    if (synced !== undefined) this.#synced.set(to, synced);
    this.#synced.delete(from);
  }

  removeSync(path: string): void {
    nodeFiles.removeSync(path);
    this.#synced.delete(path);
  }

  removeTreeSync(path: string): void {
    nodeFiles.removeTreeSync(path);
  }

  removeTree(path: string): Promise<void> {
    return nodeFiles.removeTree(path);
  }

  makeDirectorySync(path: string): void {
    nodeFiles.makeDirectorySync(path);
  }

  syncDirectorySync(): void {}

  chmodSync(path: string, mode: number): void {
    nodeFiles.chmodSync(path, mode);
  }

  freeBytesSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    return nodeFiles.freeBytesSync(path);
  }

  lockSync(path: string): FileLock | null {
    return nodeFiles.lockSync(path);
  }
}

class FaultyHandle implements FileHandle {
  readonly path: string;
  readonly #files: FaultyFiles;
  readonly #handle: FileHandle;

  constructor(files: FaultyFiles, handle: FileHandle) {
    this.path = handle.path;
    this.#files = files;
    this.#handle = handle;
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    this.#files.raise('read', this.path);
    return this.#handle.readSync(target, offset, length, position);
  }

  writeSync(source: Uint8Array, offset: number, length: number, position: number): void {
    const fault = this.#files.check('write', this.path);
    if (fault !== null) {
      const partial = Math.min(fault.partialBytes ?? 0, length);
      if (partial > 0) this.#handle.writeSync(source, offset, partial, position);
      throw diskError(fault, this.path);
    }
    this.#handle.writeSync(source, offset, length, position);
  }

  writevSync(sources: readonly Uint8Array[], position: number): void {
    this.#files.raise('write', this.path);
    this.#handle.writevSync(sources, position);
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.readSync(target, offset, length, position);
  }

  async write(source: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    this.writeSync(source, offset, length, position);
  }

  async sync(): Promise<void> {
    this.syncSync();
  }

  syncSync(): void {
    this.#files.raise('sync', this.path);
    this.#files.noteSynced(this.path, this.#handle.sizeSync());
  }

  truncateSync(size: number): void {
    this.#files.raise('truncate', this.path);
    this.#handle.truncateSync(size);
    this.#files.noteTruncated(this.path, size);
  }

  sizeSync(): number {
    return this.#handle.sizeSync();
  }

  close(): void {
    this.#handle.close();
  }
}

function diskError(fault: Fault, path: string): Error {
  return Object.assign(new Error(`${fault.code}: ${fault.operation} '${path}'`), { code: fault.code });
}
