/** A raft log and files in memory, and a listener that keeps what it hears. */
import {
  baseOffsetAt,
  batchSizeAt,
  forEachBatch,
  nextOffsetAt,
  partitionLeaderEpochAt,
} from '../../src/protocol/batch.ts';
import type {
  CommittedBatch,
  LeaderAndEpoch,
  RaftListener,
  SnapshotId,
  SnapshotReader,
} from '../../src/raft/raft-client.ts';
import type { OffsetAndEpoch, RaftLog } from '../../src/raft/raft-log.ts';
import type { FileHandle, Files, OpenMode } from '../../src/runtime/runtime.ts';

export class MemoryRaftLog implements RaftLog {
  batches: Buffer[] = [];
  #start = 0;
  #startEpoch = 0;
  syncs = 0;
  /** Set to hold back fsyncs until `releaseSync`. */
  holdSync = false;
  failAppend: Error | null = null;
  failSync: Error | null = null;
  #held: (() => void)[] = [];

  startOffset(): number {
    return this.#start;
  }

  endOffset(): number {
    const last = this.batches.at(-1);
    return last === undefined ? this.#start : nextOffsetAt(last, 0);
  }

  lastEpoch(): number {
    const last = this.batches.at(-1);
    return last === undefined ? this.#startEpoch : partitionLeaderEpochAt(last, 0);
  }

  endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    const last = this.batches.findLast((batch) => partitionLeaderEpochAt(batch, 0) <= epoch);
    if (last === undefined) return { offset: this.#start, epoch: this.#startEpoch };
    return { offset: nextOffsetAt(last, 0), epoch: partitionLeaderEpochAt(last, 0) };
  }

  append(bytes: Uint8Array): void {
    if (this.failAppend !== null) throw this.failAppend;
    forEachBatch(bytes, (_, at, size) => {
      if (baseOffsetAt(bytes, at) !== this.endOffset()) throw new Error('appended with a gap');
      this.batches.push(Buffer.from(bytes.subarray(at, at + size)));
    });
  }

  sync(): Promise<void> {
    this.syncs++;
    if (this.failSync !== null) return Promise.reject(this.failSync);
    if (!this.holdSync) return Promise.resolve();
    return new Promise((resolve) => this.#held.push(resolve));
  }

  releaseSync(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  read(offset: number): Uint8Array {
    return Buffer.concat(this.batches.filter((batch) => nextOffsetAt(batch, 0) > offset));
  }

  truncateTo(offset: number): void {
    this.batches = this.batches.filter((batch) => nextOffsetAt(batch, 0) <= offset);
  }

  truncateFully(to: SnapshotId): void {
    this.batches = [];
    this.#start = to.endOffset;
    this.#startEpoch = to.epoch;
  }

  /** It has none. */
  settleGaps(): void {}

  deleteBefore(snapshot: SnapshotId): void {
    this.batches = this.batches.filter((batch) => nextOffsetAt(batch, 0) > snapshot.endOffset);
    this.#start = snapshot.endOffset;
  }

  sizeInBytes(): number {
    return this.batches.reduce((sum, batch) => sum + batchSizeAt(batch, 0), 0);
  }
}

/** Just the calls that raft makes. */
export class MemoryFiles {
  readonly content = new Map<string, Buffer>();

  asFiles(): Files {
    return this as unknown as Files;
  }

  statSync(path: string) {
    const file = this.content.get(path);
    return file === undefined ? null : { size: file.length, modifiedMs: 0, isDirectory: false };
  }

  listSync(directory: string): string[] {
    return [...this.content.keys()]
      .filter((p) => p.startsWith(`${directory}/`))
      .map((p) => p.slice(directory.length + 1));
  }

  readFileSync(path: string): Buffer {
    const file = this.content.get(path);
    if (file === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return file;
  }

  replaceFileSync(path: string, content: Uint8Array | string): void {
    this.content.set(path, Buffer.from(content as string));
  }

  renameSync(from: string, to: string): void {
    this.content.set(to, this.readFileSync(from));
    this.content.delete(from);
  }

  removeSync(path: string): void {
    this.content.delete(path);
  }

  chmodSync(): void {}

  syncDirectorySync(): void {}

  openSync(path: string, mode: OpenMode): FileHandle {
    if (mode !== 'r') this.content.set(path, Buffer.alloc(0));
    return {
      path,
      write: async (source: Uint8Array, offset: number, length: number) => {
        const part = Buffer.from(source.subarray(offset, offset + length));
        this.content.set(path, Buffer.concat([this.readFileSync(path), part]));
      },
      readSync: (target: Uint8Array, offset: number, length: number, position: number) =>
        this.readFileSync(path).copy(target, offset, position, position + length),
      sizeSync: () => this.readFileSync(path).length,
      sync: async () => {},
      close: () => {},
    } as unknown as FileHandle;
  }
}

/** One line for each call, as `commit 1-3 e1 [a b c]`. */
export class TraceListener implements RaftListener {
  readonly lines: string[] = [];

  onSnapshot(snapshot: SnapshotReader): void {
    const values = [...snapshot.batches()].flat().map((value) => Buffer.from(value).toString());
    this.lines.push(`snapshot ${snapshot.id.endOffset}-${snapshot.id.epoch} [${values.join(' ')}]`);
  }

  onCommit(batch: CommittedBatch): void {
    const values = batch.values.map((value) => Buffer.from(value).toString());
    this.lines.push(`commit ${batch.baseOffset}-${batch.lastOffset} e${batch.epoch} [${values.join(' ')}]`);
  }

  onLeaderChange({ leaderId, epoch }: LeaderAndEpoch): void {
    this.lines.push(`leader ${leaderId} e${epoch}`);
  }
}

/** Lets everything run that is ready: appends, syncs, deliveries. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
