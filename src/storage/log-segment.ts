/**
 * One segment: a .log file of batches back to back with its two sparse indexes, all named by the base offset. `size`
 * counts whole batches only: bytes behind it are leftovers of a failed write and are never read. Indexes follow what is
 * in the file, never lead it.
 */
import { join } from 'node:path';
import { batchSizeAt, lastOffsetAt, maxTimestampAt } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { findBatch, found, walkHeaders } from './batch-scan.ts';
import { CorruptIndexError } from './entry-file.ts';
import { INDEX_SUFFIX, LOG_SUFFIX, offsetName, TIME_INDEX_SUFFIX } from './file-names.ts';
import type { FilePool, PooledFile } from './file-pool.ts';
import { OFFSET_INDEX_ENTRY_BYTES, OffsetIndex } from './offset-index.ts';
import { TIME_INDEX_ENTRY_BYTES, TimeIndex, type TimestampOffset } from './time-index.ts';

const MAX_RELATIVE_OFFSET = 0x7fffffff;
/** Kafka keeps byte positions as int32. */
const MAX_SEGMENT_BYTES = 0x7fffffff;

export interface SegmentOptions {
  readonly pool: FilePool;
  readonly directory: string;
  readonly baseOffset: number;
  /** Bytes of whole batches in the file. */
  readonly size: number;
  /** True: none of the files exists yet. */
  readonly isNew: boolean;
  readonly createdMs: number;
  readonly rollJitterMs: number;
  /** Called with a segment whose indexes are broken, to say so and rebuild them. */
  readonly rebuild: (segment: LogSegment, cause: CorruptIndexError) => void;
}

export interface RollLimits {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentIndexBytes: number;
}

export class LogSegment {
  readonly baseOffset: number;
  readonly log: PooledFile;
  readonly rollJitterMs: number;
  size: number;
  /** When the file was made or last emptied. */
  createdMs: number;
  /** No longer part of its log: deleted, or about to be. */
  isDiscarded = false;
  readonly #pool: FilePool;
  readonly #rebuild: SegmentOptions['rebuild'];
  #directory: string;
  #isNew: boolean;
  #offsetIndex: OffsetIndex | null = null;
  #timeIndex: TimeIndex | null = null;
  #bytesSinceIndexEntry = 0;
  /** Null until the time index was asked. */
  #maxTimestamp: TimestampOffset | null = null;
  #maxTimestampMs = -1;
  #maxTimestampOffset: number;
  /** Largest timestamp of the first batch, which rolling by time counts from; undefined until it was read, -1: none. */
  #firstTimestamp: number | undefined;

  constructor(options: SegmentOptions) {
    this.baseOffset = options.baseOffset;
    this.size = options.size;
    this.createdMs = options.createdMs;
    this.rollJitterMs = options.rollJitterMs;
    this.#pool = options.pool;
    this.#rebuild = options.rebuild;
    this.#directory = options.directory;
    this.#isNew = options.isNew;
    this.#maxTimestampOffset = options.baseOffset;
    this.log = options.pool.file(this.pathOf(LOG_SUFFIX), options.isNew ? 'create' : 'rw');
    if (options.isNew) this.#maxTimestamp = { timestamp: -1, offset: options.baseOffset };
  }

  pathOf(suffix: string): string {
    return join(this.#directory, offsetName(this.baseOffset) + suffix);
  }

  /** Throws CorruptIndexError when the file cannot be this segment's. */
  get offsetIndex(): OffsetIndex {
    if (this.#offsetIndex !== null) return this.#offsetIndex;
    const index = new OffsetIndex(this.#pool, this.pathOf(INDEX_SUFFIX), this.baseOffset, this.#isNew);
    if (!this.#isNew) index.sanityCheck(this.size);
    this.#offsetIndex = index;
    return index;
  }

  /** Throws CorruptIndexError when the file cannot be this segment's. */
  get timeIndex(): TimeIndex {
    if (this.#timeIndex !== null) return this.#timeIndex;
    const index = new TimeIndex(this.#pool, this.pathOf(TIME_INDEX_SUFFIX), this.baseOffset, this.#isNew);
    if (!this.#isNew) this.#checkTimeIndex(index);
    this.#timeIndex = index;
    return index;
  }

  /** The latest timestamp in the segment with the offset up to which it was seen; timestamp -1 when it is empty. */
  get maxTimestamp(): TimestampOffset {
    this.#healed(() => this.#loadMaxTimestamp());
    return { timestamp: this.#maxTimestampMs, offset: this.#maxTimestampOffset };
  }

  /** For retention: the file's age where the records tell none. */
  get largestTimestampMs(): number {
    this.#healed(() => this.#loadMaxTimestamp());
    if (this.#maxTimestampMs >= 0) return this.#maxTimestampMs;
    return this.#pool.files.statSync(this.log.path)?.modifiedMs ?? this.createdMs;
  }

  shouldRoll(
    limits: RollLimits,
    incoming: { bytes: number; maxTimestamp: number; maxOffset: number },
    nowMs: number,
  ): boolean {
    if (this.size > Math.min(limits.segmentBytes, MAX_SEGMENT_BYTES) - incoming.bytes) return true;
    if (incoming.maxOffset - this.baseOffset > MAX_RELATIVE_OFFSET) return true;
    if (this.size === 0) return false;
    if (this.waitedMs(incoming.maxTimestamp, nowMs) > limits.segmentMs - this.rollJitterMs) return true;
    return (
      this.offsetIndex.entries >= Math.floor(limits.segmentIndexBytes / OFFSET_INDEX_ENTRY_BYTES) ||
      this.timeIndex.entries >= Math.floor(limits.segmentIndexBytes / TIME_INDEX_ENTRY_BYTES) - 1
    );
  }

  /** How long the segment has been open, by the clock of its records where they have one. */
  waitedMs(maxTimestamp: number, nowMs: number): number {
    const first = this.#rollingTimestamp();
    return first >= 0 ? maxTimestamp - first : nowMs - this.createdMs;
  }

  /**
   * Writes whole batches, whose offsets are final, at the end. All or nothing: after an error the file is cut back to
   * what it was; when even that fails the error says so.
   */
  append(bytes: Buffer, indexIntervalBytes: number): void {
    const file = this.log.get();
    // Whatever can fail without having written fails here: nothing may fail between the write and the bookkeeping.
    this.#loadMaxTimestamp();
    void this.offsetIndex.entries;
    try {
      file.writeSync(bytes, 0, bytes.length, this.size);
    } catch (error) {
      this.#cutBack(error);
    }
    for (let at = 0; at < bytes.length; ) {
      const size = batchSizeAt(bytes, at);
      this.noteAppended(bytes, this.size, { at, size, interval: indexIntervalBytes });
      this.size += size;
      at += size;
    }
    this.#isNew = false;
  }

  /** Index entries for the batch at `batch.at`, which lies in the file at `position`; for appends and rebuilding alike. */
  noteAppended(
    bytes: Buffer,
    position: number,
    batch: { readonly at: number; readonly size: number; readonly interval: number },
  ): void {
    const lastOffset = lastOffsetAt(bytes, batch.at);
    const maxTimestamp = maxTimestampAt(bytes, batch.at);
    if (position === 0) this.#firstTimestamp = maxTimestamp;
    this.#noteTimestamp(maxTimestamp, lastOffset);
    if (this.#bytesSinceIndexEntry > batch.interval) {
      this.offsetIndex.append(lastOffset, position);
      if (this.#maxTimestampMs >= 0) this.timeIndex.maybeAppend(this.#maxTimestampMs, this.#maxTimestampOffset);
      this.#bytesSinceIndexEntry = 0;
    }
    this.#bytesSinceIndexEntry += batch.size;
  }

  /** The batch that holds `offset`, or the next one behind it: true when there is one, and then it stands in `found`. */
  locate(offset: number): boolean {
    const from = this.#healed(() => this.offsetIndex.positionBefore(offset));
    return findBatch(this.log.get(), from, this.size, offset);
  }

  /** Where to begin looking for records at or behind `fromOffset` that are not earlier than `timestamp`. */
  positionForTimestamp(timestamp: number, fromOffset: number): number {
    return this.#healed(() => {
      // Nothing up to the entry's offset is as late as what is looked for.
      const entry = this.timeIndex.lookup(timestamp - 1);
      return this.offsetIndex.positionBefore(Math.max(entry.offset, fromOffset));
    });
  }

  /** Where the batches below `offset` end. */
  endPositionBefore(offset: number): number {
    return this.locate(offset) ? found.position : this.size;
  }

  /**
   * Walks what lies behind the last index entry and returns the offset after the last batch. Bytes behind that are the
   * torn end of a write; the caller decides about them by comparing `size` before and after.
   */
  loadTail(): number {
    let next = this.baseOffset;
    this.#loadMaxTimestamp();
    const from = this.offsetIndex.lastPosition;
    this.#bytesSinceIndexEntry = 0;
    this.size = walkHeaders(this.log.get(), from, this.size, (bytes, at, position, size) => {
      next = lastOffsetAt(bytes, at) + 1;
      const maxTimestamp = maxTimestampAt(bytes, at);
      this.#noteTimestamp(maxTimestamp, next - 1);
      if (position === 0) this.#firstTimestamp = maxTimestamp;
      this.#bytesSinceIndexEntry += size;
      return undefined;
    });
    return next;
  }

  /** Drops all batches that reach `offset` or beyond. Returns the offset at which the log now ends. */
  truncateTo(offset: number, nowMs: number): number {
    let end = offset;
    let position = this.size;
    if (this.locate(offset)) {
      position = found.position;
      // Cut within a batch: the whole batch goes, and the log ends where it began.
      end = Math.min(offset, found.baseOffset);
    }
    this.truncateToPosition(position, end, nowMs);
    return end;
  }

  truncateToPosition(position: number, endOffset: number, nowMs: number): void {
    this.#healed(() => {
      this.offsetIndex.truncateTo(endOffset);
      this.timeIndex.truncateTo(endOffset);
    });
    this.log.get().truncateSync(position);
    this.size = position;
    this.#bytesSinceIndexEntry = 0;
    if (position === 0) {
      this.createdMs = nowMs;
      this.#firstTimestamp = -1;
    }
    this.#maxTimestamp = null;
    this.loadTail();
  }

  /** Throws CorruptIndexError when an index cannot be this segment's. */
  checkIndexes(): void {
    void this.timeIndex.entries;
    const entries = this.offsetIndex.entries;
    if (entries === 0) return;
    const { offset, position } = this.offsetIndex.entry(entries - 1);
    let matches = false;
    try {
      matches =
        findBatch(this.log.get(), position, this.size, offset) &&
        found.position === position &&
        found.lastOffset === offset;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
    if (matches) return;
    throw new CorruptIndexError(
      `the last entry of ${this.offsetIndex.file.path} (${offset}, ${position}) names no batch of it`,
    );
  }

  /** Throws both indexes away; the caller then walks the batches and calls noteAppended for each. */
  resetIndexes(): void {
    this.#offsetIndex?.file.close();
    this.#timeIndex?.file.close();
    for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX]) this.#pool.files.removeSync(this.pathOf(suffix));
    this.#offsetIndex = new OffsetIndex(this.#pool, this.pathOf(INDEX_SUFFIX), this.baseOffset, true);
    this.#timeIndex = new TimeIndex(this.#pool, this.pathOf(TIME_INDEX_SUFFIX), this.baseOffset, true);
    this.#bytesSinceIndexEntry = 0;
    this.#maxTimestampMs = -1;
    this.#maxTimestampOffset = this.baseOffset;
    this.#maxTimestamp = { timestamp: -1, offset: this.baseOffset };
  }

  /** Everything into the files and the last time index entry added: what a segment looks like that takes no more. */
  seal(): void {
    this.log.get();
    this.#loadMaxTimestamp();
    if (this.#maxTimestampMs >= 0) this.timeIndex.maybeAppend(this.#maxTimestampMs, this.#maxTimestampOffset);
    this.offsetIndex.seal();
    this.timeIndex.seal();
  }

  /** fsync through the pool. Indexes are synced with the segment once they are complete. */
  async sync(withIndexes: boolean): Promise<void> {
    if (!withIndexes) return this.log.get().sync();
    this.seal();
    await Promise.all([this.log.get().sync(), this.offsetIndex.sync(), this.timeIndex.sync()]);
  }

  closeFiles(): void {
    this.log.close();
    this.#offsetIndex?.file.close();
    this.#timeIndex?.file.close();
  }

  /** The directory was renamed; the files went with it. */
  moved(directory: string): void {
    this.#directory = directory;
    this.log.moved(this.pathOf(LOG_SUFFIX));
    this.#offsetIndex?.file.moved(this.pathOf(INDEX_SUFFIX));
    this.#timeIndex?.file.moved(this.pathOf(TIME_INDEX_SUFFIX));
  }

  /** An index that turns out to be broken while it is used is rebuilt from the records, once. */
  #healed<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      if (!(error instanceof CorruptIndexError)) throw error;
      this.#rebuild(this, error);
      return use();
    }
  }

  #checkTimeIndex(index: TimeIndex): void {
    index.sanityCheck();
    if (index.entries === 0) return;
    const { offset } = index.last;
    const from = this.offsetIndex.positionBefore(offset);
    if (findBatch(this.log.get(), from, this.size, offset)) return;
    throw new CorruptIndexError(`the last entry of ${index.file.path} names offset ${offset}, which its segment lacks`);
  }

  #rollingTimestamp(): number {
    if (this.#firstTimestamp === undefined) {
      this.#firstTimestamp = -1;
      walkHeaders(this.log.get(), 0, this.size, (bytes, at) => {
        this.#firstTimestamp = maxTimestampAt(bytes, at);
        return false;
      });
    }
    return this.#firstTimestamp;
  }

  #loadMaxTimestamp(): void {
    if (this.#maxTimestamp !== null) return;
    this.#maxTimestamp = this.timeIndex.last;
    this.#maxTimestampMs = this.#maxTimestamp.timestamp;
    this.#maxTimestampOffset = this.#maxTimestamp.offset;
    if (this.timeIndex.entries > 0) return;
    // Records without timestamps, or an index that somebody emptied.
    walkHeaders(this.log.get(), 0, this.size, (bytes, at) => {
      this.#noteTimestamp(maxTimestampAt(bytes, at), lastOffsetAt(bytes, at));
      return undefined;
    });
  }

  #noteTimestamp(timestamp: number, offset: number): void {
    if (timestamp <= this.#maxTimestampMs) return;
    this.#maxTimestampMs = timestamp;
    this.#maxTimestampOffset = offset;
  }

  #cutBack(cause: unknown): never {
    let text = `Error while appending to ${this.log.path}`;
    try {
      this.log.get().truncateSync(this.size);
    } catch (second) {
      throw new CutBackError(`${text}, and what was written could not be cut off`, { cause: second });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    text += `: ${reason}`;
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause });
  }
}

/** The file may hold a torn batch behind its size: the log must take no more appends. */
export class CutBackError extends Error {
  override readonly name = 'CutBackError';
}
