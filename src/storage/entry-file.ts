/**
 * A sparse index of fixed-size entries in ascending order, as Kafka's .index and .timeindex: a part on disk and a tail
 * in memory that is not written yet. Only the active segment has a tail; it is written out when it grows beyond a
 * bound, and at roll, flush and close, so that memory per partition is bounded and what lies on disk is always exact:
 * no preallocated zeros. Preallocated tails that an unclean Kafka left are recognised and cut.
 *
 * The file may hold fewer entries than the log would allow (any sparse subset is legal), never wrong ones.
 */
import { KafkaError } from '../protocol/kafka-error.ts';
import type { FilePool, PooledFile } from './file-pool.ts';

const MAX_TAIL_ENTRIES = 512;
const BLOCK_BYTES = 4096;

/** One block of an index file in memory, shared by all: a binary search ends with many looks into the same block. */
const block = Buffer.allocUnsafe(BLOCK_BYTES);
let blockOwner: EntryFile | null = null;
let blockFirst = 0;
let blockCount = 0;

/** The index cannot be one of this log; it has to be rebuilt from the records. */
export class CorruptIndexError extends Error {
  override readonly name = 'CorruptIndexError';
}

export abstract class EntryFile {
  readonly file: PooledFile;
  readonly entrySize: number;
  /** Entries in the file; -1 until it was looked at. */
  #onDisk = -1;
  #tail: Buffer | null = null;
  #tailEntries = 0;
  /** The buffer that `locate` left its entry in. */
  protected view: Buffer = block;

  constructor(pool: FilePool, path: string, entrySize: number, isNew: boolean) {
    this.file = pool.file(path, 'create');
    this.entrySize = entrySize;
    if (isNew) this.#onDisk = 0;
  }

  /** True when the bytes in `view` at `at` are an entry, not the zeros of a preallocated file. */
  protected abstract isEntry(at: number): boolean;

  get entries(): number {
    return this.#diskEntries() + this.#tailEntries;
  }

  /** Entries that are not in the file yet. */
  get unwritten(): number {
    return this.#tailEntries;
  }

  /** Index of the first entry that is still in memory. */
  protected get firstInMemory(): number {
    return this.#diskEntries();
  }

  /** Makes entry `index` readable in `view` and returns its position there. Valid until the next call on any index. */
  protected locate(index: number): number {
    const onDisk = this.#diskEntries();
    if (index >= onDisk) {
      this.view = this.#tail as Buffer;
      return (index - onDisk) * this.entrySize;
    }
    this.view = block;
    if (blockOwner !== this || index < blockFirst || index >= blockFirst + blockCount) this.#loadBlock(index, onDisk);
    return (index - blockFirst) * this.entrySize;
  }

  /** Room for one more entry at the end: `view` and the position to write it to. */
  protected extend(): number {
    this.#diskEntries();
    if (this.#tailEntries >= MAX_TAIL_ENTRIES) this.#tryWrite();
    const need = (this.#tailEntries + 1) * this.entrySize;
    if (this.#tail === null || this.#tail.length < need) {
      const grown = Buffer.allocUnsafeSlow(Math.max(8, this.#tailEntries * 4) * this.entrySize);
      this.#tail?.copy(grown, 0, 0, this.#tailEntries * this.entrySize);
      this.#tail = grown;
    }
    this.view = this.#tail;
    return this.#tailEntries++ * this.entrySize;
  }

  /** Brings everything into the file. The tail stays when that fails, and goes again to the same place next time. */
  write(): void {
    if (this.#tailEntries === 0) return;
    const onDisk = this.#diskEntries();
    this.file.get().writeSync(this.#tail as Buffer, 0, this.#tailEntries * this.entrySize, onDisk * this.entrySize);
    if (blockOwner === this) blockOwner = null;
    this.#onDisk = onDisk + this.#tailEntries;
    this.#tailEntries = 0;
  }

  // The records are in their file already when an entry is added, so a full disk must not fail it: the tail grows.
  #tryWrite(): void {
    try {
      this.write();
    } catch {
      // The next roll, flush or close meets the same error where it can be answered.
    }
  }

  /** The segment takes no more appends: everything into the file, and the memory back. */
  seal(): void {
    this.write();
    // An index without entries is an empty file, as Kafka leaves it.
    if (this.entries === 0) this.file.get();
    this.#tail = null;
  }

  truncateToEntries(count: number): void {
    const onDisk = this.#diskEntries();
    if (count >= onDisk) {
      this.#tailEntries = Math.min(this.#tailEntries, count - onDisk);
      return;
    }
    if (blockOwner === this) blockOwner = null;
    this.file.get().truncateSync(count * this.entrySize);
    this.#onDisk = count;
    this.#tailEntries = 0;
  }

  /** Through the pool; the tail must have been written before. */
  sync(): Promise<void> {
    return this.file.get().sync();
  }

  #loadBlock(index: number, onDisk: number): void {
    blockOwner = null;
    const perBlock = Math.floor(BLOCK_BYTES / this.entrySize);
    const first = index - (index % perBlock);
    const count = Math.min(perBlock, onDisk - first);
    const got = this.file.get().readSync(block, 0, count * this.entrySize, first * this.entrySize);
    if (got < count * this.entrySize) throw new CorruptIndexError(`Index file ${this.file.path} ends early`);
    blockOwner = this;
    blockFirst = first;
    blockCount = count;
  }

  #diskEntries(): number {
    return this.#onDisk >= 0 ? this.#onDisk : this.#open();
  }

  /** Counts the entries of an existing file: whole ones, without the zeros behind the last. */
  #open(): number {
    const bytes = this.file.get().sizeSync();
    if (bytes % this.entrySize !== 0) {
      throw new CorruptIndexError(
        `Index file ${this.file.path} is corrupt, found ${bytes} bytes which is neither positive nor a multiple of ${this.entrySize}`,
      );
    }
    const slots = bytes / this.entrySize;
    this.#onDisk = slots;
    try {
      if (slots > 0 && !this.isEntry(this.locate(slots - 1))) this.#cutPadding(slots);
    } catch (error) {
      this.#onDisk = -1;
      throw error;
    }
    return this.#onDisk;
  }

  #cutPadding(slots: number): void {
    let low = 0;
    let high = slots - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isEntry(this.locate(middle))) low = middle + 1;
      else high = middle;
    }
    this.truncateToEntries(low);
  }
}

/** Thrown where an index is asked for what it cannot hold; the caller has to roll before. */
export function indexOverflow(path: string, offset: number): KafkaError {
  return new KafkaError(-1, `Offset ${offset} does not fit into index ${path}`);
}
