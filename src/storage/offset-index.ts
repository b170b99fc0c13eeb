/**
 * `.index`: entries of {int32 offset relative to the segment's base, int32 byte position}. An entry names the last
 * offset of a batch and where that batch begins. A lookup gives the position to start scanning from.
 */
import { int32At, setInt32At } from '../protocol/batch.ts';
import { CorruptIndexError, EntryFile, indexOverflow } from './entry-file.ts';
import type { FilePool } from './file-pool.ts';

export const OFFSET_INDEX_ENTRY_BYTES = 8;

export class OffsetIndex extends EntryFile {
  readonly baseOffset: number;

  constructor(pool: FilePool, path: string, baseOffset: number, isNew: boolean) {
    super(pool, path, OFFSET_INDEX_ENTRY_BYTES, isNew);
    this.baseOffset = baseOffset;
  }

  // The first entry never lies at position 0: it is written only once enough bytes went before it.
  protected override isEntry(at: number): boolean {
    return int32At(this.view, at + 4) !== 0;
  }

  get lastOffset(): number {
    const count = this.entries;
    return count === 0 ? this.baseOffset : this.baseOffset + this.#relativeAt(count - 1);
  }

  get lastPosition(): number {
    const count = this.entries;
    return count === 0 ? 0 : this.#positionAt(count - 1);
  }

  append(offset: number, position: number): void {
    const relative = offset - this.baseOffset;
    if (relative < 0 || relative > 0x7fffffff) throw indexOverflow(this.file.path, offset);
    const at = this.extend();
    setInt32At(this.view, at, relative);
    setInt32At(this.view, at + 4, position);
  }

  /** Position of the entry with the greatest offset <= `offset`; 0 when there is none. */
  positionBefore(offset: number): number {
    const index = this.#floor(offset - this.baseOffset);
    return index < 0 ? 0 : this.#positionAt(index);
  }

  /** Offset and position of an entry, for rebuilding and checks. */
  entry(index: number): { readonly offset: number; readonly position: number } {
    return { offset: this.baseOffset + this.#relativeAt(index), position: this.#positionAt(index) };
  }

  /** Drops every entry with an offset >= `offset`. */
  truncateTo(offset: number): void {
    this.truncateToEntries(this.#floor(offset - 1 - this.baseOffset) + 1);
  }

  /** The last entry must lie within a segment of `segmentBytes`. */
  sanityCheck(segmentBytes: number): void {
    const count = this.entries;
    if (count === 0) return;
    const { offset, position } = this.entry(count - 1);
    if (offset < this.baseOffset || position <= 0 || position >= segmentBytes) {
      throw new CorruptIndexError(
        `Corrupt index found, index file (${this.file.path}) has non-zero size but the last entry (${offset}, ${position}) does not lie in the segment with base offset ${this.baseOffset} and ${segmentBytes} bytes`,
      );
    }
  }

  // `view` changes with `locate`, so the position is taken first.
  #relativeAt(index: number): number {
    const at = this.locate(index);
    return int32At(this.view, at);
  }

  #positionAt(index: number): number {
    const at = this.locate(index);
    return int32At(this.view, at + 4);
  }

  #floor(relative: number): number {
    let low = -1;
    let high = this.entries - 1;
    const memory = this.firstInMemory;
    // Most lookups are near the end: what is in memory is asked first, and answers without a look at the file.
    if (memory <= high && this.#relativeAt(memory) <= relative) low = memory;
    else if (memory <= high) high = memory - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#relativeAt(middle) <= relative) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
