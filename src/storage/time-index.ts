/**
 * `.timeindex`: entries of {int64 timestamp, int32 offset relative to the segment's base}, timestamps strictly
 * ascending. An entry says that no record up to that offset is later than that timestamp.
 */
import { int32At, int64At, setInt32At, setInt64At } from '../protocol/batch.ts';
import { CorruptIndexError, EntryFile, indexOverflow } from './entry-file.ts';
import type { FilePool } from './file-pool.ts';

export const TIME_INDEX_ENTRY_BYTES = 12;

export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
}

export class TimeIndex extends EntryFile {
  readonly baseOffset: number;

  constructor(pool: FilePool, path: string, baseOffset: number, isNew: boolean) {
    super(pool, path, TIME_INDEX_ENTRY_BYTES, isNew);
    this.baseOffset = baseOffset;
  }

  protected override isEntry(at: number): boolean {
    return int32At(this.view, at) !== 0 || int32At(this.view, at + 4) !== 0 || int32At(this.view, at + 8) !== 0;
  }

  /** Timestamp -1 at the base offset when there is no entry. */
  get last(): TimestampOffset {
    const count = this.entries;
    return count === 0 ? { timestamp: -1, offset: this.baseOffset } : this.entry(count - 1);
  }

  entry(index: number): TimestampOffset {
    const at = this.locate(index);
    return { timestamp: int64At(this.view, at), offset: this.baseOffset + int32At(this.view, at + 8) };
  }

  /** Adds the entry when its timestamp is later than the last; otherwise there is nothing to say. */
  maybeAppend(timestamp: number, offset: number): void {
    const relative = offset - this.baseOffset;
    if (relative < 0 || relative > 0x7fffffff) throw indexOverflow(this.file.path, offset);
    const count = this.entries;
    if (timestamp <= (count === 0 ? -1 : this.#timestampAt(count - 1))) return;
    const at = this.extend();
    setInt64At(this.view, at, timestamp);
    setInt32At(this.view, at + 8, relative);
  }

  /** The entry with the greatest timestamp <= `timestamp`; (-1, base offset) when there is none. */
  lookup(timestamp: number): TimestampOffset {
    let low = -1;
    let high = this.entries - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#timestampAt(middle) <= timestamp) low = middle;
      else high = middle - 1;
    }
    return low < 0 ? { timestamp: -1, offset: this.baseOffset } : this.entry(low);
  }

  /** Drops every entry with an offset >= `offset`. */
  truncateTo(offset: number): void {
    const relative = offset - this.baseOffset;
    let low = 0;
    let high = this.entries;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.locate(middle);
      if (int32At(this.view, at + 8) < relative) low = middle + 1;
      else high = middle;
    }
    this.truncateToEntries(low);
  }

  /** As far as the file alone tells. */
  sanityCheck(): void {
    const count = this.entries;
    if (count === 0) return;
    const last = this.entry(count - 1);
    const ascending = count === 1 || last.timestamp > this.entry(0).timestamp;
    if (!ascending || last.offset < this.baseOffset || !Number.isSafeInteger(last.timestamp)) {
      throw new CorruptIndexError(
        `Corrupt time index found, time index file (${this.file.path}) has non-zero size but the last entry (${last.timestamp}, ${last.offset}) cannot be one of a segment with base offset ${this.baseOffset}`,
      );
    }
  }

  // `view` changes with `locate`, so the position is taken first.
  #timestampAt(index: number): number {
    const at = this.locate(index);
    return int64At(this.view, at);
  }
}
