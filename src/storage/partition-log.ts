/**
 * The log of one partition (Kafka's UnifiedLog): segments in order, with leader epochs and producer state.
 *
 * Invariants: logStartOffset <= highWatermark <= logEndOffset; the log end offset, producer state and epochs move only
 * when a whole batch is in the file; the recovery point moves only to an end offset taken before an fsync that succeeded
 * and after all older segments were synced. A failed fsync is never tried again: the log takes no more appends.
 * Everything but flush and close is synchronous.
 */
import { dirname, join } from 'node:path';
import { MIGRATING_DIR, type Uuid, ZERO_UUID } from '../base/uuid.ts';
import { baseOffsetAt, batchSizeAt, maxTimestampAt, NO_TIMESTAMP, partitionLeaderEpochAt } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { checkBatchSizes, latestTimestamp, numberBatches, numberedBatches } from './append-checks.ts';
import { EpochFile } from './epoch-file.ts';
import { EMPTY_SLICE, type FetchSlice } from './fetch-slice.ts';
import { offsetName, PARTITION_METADATA, SNAPSHOT_SUFFIX } from './file-names.ts';
import { GroupCommit } from './group-commit.ts';
import type { EpochEndOffset, LeaderEpochCache } from './leader-epoch-cache.ts';
import type { LogConfig } from './log-config.ts';
import type { LogContext } from './log-context.ts';
import { LogHealth } from './log-health.ts';
import { createSegment, type LoadedLog, loadLog, type OpenLogOptions, reloadProducerState } from './log-loader.ts';
import { planRetention } from './log-retention.ts';
import type { LogSegment } from './log-segment.ts';
import { findOffsetByTimestamp, findOffsetOfMaxTimestamp, type TimestampedOffset } from './offset-by-timestamp.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerBatch, ProducerState } from './producer-state.ts';
import { floorSegment, type ReadOptions, sliceSegments } from './segment-read.ts';
import { discardSegmentLater, discardTail } from './segment-removal.ts';
import { syncDirectory, syncFile } from './sync-directory.ts';

export interface AppendResult {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** With LogAppendTime the time that the batch carries, else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** The batch had been appended before: nothing was written, the offsets are the earlier ones. */
  readonly duplicate: boolean;
  /** Set when `flush.messages` asks for it: the batch must not count as appended here before this resolves. */
  readonly durable: Promise<void> | null;
}

const ALREADY_DURABLE = Promise.resolve();

export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** Id of the log directory. */
  readonly directoryId: Uuid;
  readonly topicId: Uuid;
  #path: string;
  #config: LogConfig;
  readonly #context: LogContext;
  #segments: LogSegment[];
  #active: LogSegment;
  #logStartOffset: number;
  #logEndOffset: number;
  #highWatermark: number;
  #recoveryPoint: number;
  #gaps: readonly number[];
  readonly #epochs: LeaderEpochCache;
  readonly #producers: ProducerState;
  #snapshotOffset: number;
  readonly #epochFile: EpochFile;
  readonly #flushes = new GroupCommit(() => this.#flushNow());
  #lastFlushedMs: number;
  /** Files were made or renamed since the directory was last synced. */
  #directoryChanged: boolean;
  /** The directory was made and its entry above is not durable yet. */
  #isNew: boolean;
  /** Appended, truncated or rebuilt since it was opened: at a close its indexes have to be synced. */
  #changed: boolean;
  /** Counts truncations, so that a flush notices one that came between. */
  #truncations = 0;
  readonly #health: LogHealth;

  static open(context: LogContext, options: OpenLogOptions): PartitionLog {
    return new PartitionLog(context, options, loadLog(context, options));
  }

  private constructor(context: LogContext, options: OpenLogOptions, loaded: LoadedLog) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.directoryId = options.directoryId ?? MIGRATING_DIR;
    this.topicId = loaded.topicId;
    this.#path = options.path;
    this.#config = options.config;
    this.#context = context;
    this.#health = new LogHealth(context, `${options.topic}-${options.partition}`, () => this.directory);
    this.#segments = loaded.segments;
    this.#active = loaded.segments.at(-1) as LogSegment;
    this.#logStartOffset = loaded.logStartOffset;
    this.#logEndOffset = loaded.logEndOffset;
    this.#gaps = loaded.gaps;
    this.#recoveryPoint = Math.min(options.recoveryPoint, this.wholeEnd);
    this.#highWatermark = loaded.logStartOffset;
    this.#epochs = loaded.epochs;
    this.#epochFile = new EpochFile(context.files, loaded.epochs, () => (this.#health.closed ? null : this.#path));
    this.#producers = loaded.producers;
    this.#snapshotOffset = loaded.snapshotOffset;
    this.#lastFlushedMs = context.clock.nowMs();
    this.#directoryChanged = loaded.changed;
    this.#changed = loaded.changed;
    this.#isNew = loaded.isNew && loaded.topicId !== ZERO_UUID;
    this.updateHighWatermark(options.highWatermark ?? loaded.logStartOffset);
  }

  /** `topic-0`, as Kafka prints a partition. */
  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  /** The log directory, one of `log.dirs`. */
  get directory(): string {
    return dirname(this.#path);
  }

  /** The partition's own directory. */
  get path(): string {
    return this.#path;
  }

  get config(): LogConfig {
    return this.#config;
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Kept between log start and end. */
  set highWatermark(offset: number) {
    this.updateHighWatermark(offset);
  }

  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** Where records may be missing that others have (see LoadedLog), until somebody has decided; null when none are. */
  get gapAt(): number | null {
    return this.#gaps[0] ?? null;
  }

  /**
   * It leads, and nobody is asked for more: what there is, is the log. Where every record is synced before it counts, nobody
   * was told of what lies behind a gap at or above the high watermark, and it comes again: it goes. A gap below is older
   * than the crash; and where Kafka's cleaner may have made it, nothing is missing.
   */
  acceptGaps(): void {
    const { flushMessages, cleanupPolicy } = this.#config;
    const gapAt = this.#gaps.find((offset) => offset >= this.#highWatermark);
    if (gapAt !== undefined && flushMessages <= 1 && !cleanupPolicy.compact) this.truncateTo(gapAt);
    this.#gaps = [];
  }

  /** Up to here nothing is missing. */
  get wholeEnd(): number {
    return this.gapAt ?? this.#logEndOffset;
  }

  get latestEpoch(): number {
    return this.#epochs.latestEpoch;
  }

  get leaderEpochCache(): LeaderEpochCache {
    return this.#epochs;
  }

  get producers(): ProducerState {
    return this.#producers;
  }

  get segments(): readonly LogSegment[] {
    return this.#segments;
  }

  get unflushedMessages(): number {
    return this.#logEndOffset - this.#recoveryPoint;
  }

  get lastFlushedMs(): number {
    return this.#lastFlushedMs;
  }

  /** Null while the log works. */
  get failure(): string | null {
    return this.#health.failure;
  }

  get sizeInBytes(): number {
    let size = 0;
    for (const segment of this.#segments) size += segment.size;
    return size;
  }

  updateConfig(config: LogConfig): void {
    this.#config = config;
  }

  /** Sets the high watermark, kept between log start and end. Returns what it is now. */
  updateHighWatermark(offset: number): number {
    this.#highWatermark = Math.min(Math.max(offset, this.#logStartOffset), this.#logEndOffset);
    return this.#highWatermark;
  }

  /** True when it rose. */
  maybeIncrementHighWatermark(offset: number): boolean {
    const before = this.#highWatermark;
    return offset > before && this.updateHighWatermark(offset) > before;
  }

  /** This replica leads from now on: its epoch begins at the log end, even without a record. */
  assignEpochStartOffset(leaderEpoch: number, startOffset = this.#logEndOffset): void {
    if (leaderEpoch > this.#epochs.latestEpoch) this.#epochs.assign(leaderEpoch, startOffset);
  }

  /** The epoch of the record at `offset`, if known. */
  leaderEpochAt(offset: number): number | null {
    const epoch = this.#epochs.epochFor(offset);
    return epoch < 0 ? null : epoch;
  }

  /**
   * Appends batches as the leader. They were validated and, where the topic wants it, stamped with the time; offsets and
   * epoch are patched into `bytes`. An idempotent producer's batch comes alone. Throws a KafkaError and leaves the log
   * as it was.
   */
  appendAsLeader(bytes: Buffer, leaderEpoch: number): AppendResult {
    this.#health.check();
    checkBatchSizes(bytes, this.#config, this.name);
    const duplicate = this.#producers.size === 0 ? null : this.#checkProducer(bytes);
    if (duplicate !== null) {
      const { lastOffset, offsetDelta, timestamp } = duplicate;
      return this.#result(lastOffset - offsetDelta, lastOffset, timestamp, true);
    }
    this.#context.space?.admit(bytes.length);
    const baseOffset = this.#logEndOffset;
    const next = numberBatches(bytes, baseOffset, leaderEpoch);
    this.#write(bytes, next);
    return this.#result(baseOffset, next - 1, maxTimestampAt(bytes, 0), false);
  }

  /**
   * Appends batches whose offsets and epochs a leader has set: as a follower, or as a log that its owner numbers itself.
   * A torn batch at the end is left out. Null when there is no whole batch.
   */
  appendAsFollower(bytes: Buffer): AppendResult | null {
    this.#health.check();
    const { next, end } = numberedBatches(bytes, this.#logEndOffset, this.name);
    if (end === 0) return null;
    const baseOffset = baseOffsetAt(bytes, 0);
    this.#write(end === bytes.length ? bytes : bytes.subarray(0, end), next);
    return this.#result(baseOffset, next - 1, maxTimestampAt(bytes, 0), false);
  }

  /**
   * The bytes from the batch that holds `startOffset` on, cut at maxBytes and at maxOffset as Kafka cuts them. Throws
   * OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE or KAFKA_STORAGE_ERROR.
   */
  read(startOffset: number, maxBytes: number, options: ReadOptions): FetchSlice {
    this.#health.check();
    if (startOffset > this.#logEndOffset || startOffset < this.#logStartOffset) {
      throw new KafkaError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `Received request for offset ${startOffset} for partition ${this.name}, but we only have log segments from offset ${this.#logStartOffset} up to ${this.#logEndOffset}.`,
      );
    }
    if (startOffset >= options.maxOffset || startOffset === this.#logEndOffset) return EMPTY_SLICE;
    return this.#health.reading(() => sliceSegments(this, startOffset, maxBytes, options));
  }

  /** ListOffsets by time: the first record at or behind the log start that is not earlier than `timestamp`. */
  offsetForTimestamp(timestamp: number): TimestampedOffset | null {
    return this.#health.reading(() => findOffsetByTimestamp(this, timestamp));
  }

  /** ListOffsets MAX_TIMESTAMP: the earliest record that has the latest timestamp; null for an empty log. */
  offsetOfMaxTimestamp(): TimestampedOffset | null {
    return this.#health.reading(() => findOffsetOfMaxTimestamp(this));
  }

  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.#epochs.endOffsetFor(epoch, this.#logEndOffset);
  }

  /** Moves the log start offset up (DeleteRecords, or a follower following). Files go with the next retention. */
  deleteRecordsBefore(offset: number, reason = 'client delete records request'): number {
    if (offset > this.#highWatermark) {
      throw new KafkaError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `Cannot increment the log start offset to ${offset} of partition ${this.name} since it is larger than the high watermark ${this.#highWatermark}`,
      );
    }
    this.#health.check();
    if (offset > this.#logStartOffset) {
      this.#startAt(offset);
      this.#context.logger.info(`Incremented log start offset of ${this.name} to ${offset} due to ${reason}`);
    }
    return this.#logStartOffset;
  }

  /**
   * Drops everything from `offset` on. True when records went. When that went below the recovery point, its checkpoint
   * has to be written before more is appended: recovery believes what lies below it.
   */
  truncateTo(offset: number): boolean {
    this.#health.check();
    if (offset >= this.#logEndOffset) {
      // The epochs may still contradict the leader's at the very end.
      this.#epochs.truncateFromEnd(offset);
      return false;
    }
    this.#context.logger.info(`Truncating ${this.name} to offset ${offset}`);
    if (offset < (this.#segments[0] as LogSegment).baseOffset) {
      this.truncateFullyAndStartAt(offset);
      return true;
    }
    this.#health.changing(`truncating ${this.name} to offset ${offset}`, () => {
      this.#discardFrom(floorSegment(this.#segments, offset) + 1);
      this.#active = this.#segments.at(-1) as LogSegment;
      this.#changed = true;
      this.#logEndOffset = this.#active.truncateTo(offset, this.#context.clock.nowMs());
      this.#afterTruncation();
      this.#rebuildProducers();
    });
    return true;
  }

  /** Empties the log; it goes on at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#health.check();
    this.#context.logger.info(`Truncating ${this.name} and starting at offset ${offset}`);
    this.#health.changing(`truncating ${this.name} fully`, () => {
      this.#discardFrom(0);
      this.#active = createSegment(this.#context, this.#config, this.#path, offset);
      this.#segments.push(this.#active);
      this.#directoryChanged = true;
      this.#changed = true;
      this.#logEndOffset = offset;
      this.#logStartOffset = offset;
      this.#epochs.clear();
      this.#afterTruncation();
      this.#rebuildProducers();
    });
  }

  /** Deletes segments that retention or the log start offset has released. Returns how many. */
  deleteOldSegments(): number {
    if (this.#health.closed || this.#health.failure !== null) return 0;
    return this.#health.changing(`deleting old segments of ${this.name}`, () => {
      const plan = planRetention(this, this.#context.clock.nowMs());
      // The log always has a segment to append to: without space for a new one it keeps the last that it has.
      const isShort = plan.count === this.#segments.length && !this.#health.hadSpace(() => this.roll());
      const count = isShort ? plan.count - 1 : plan.count;
      if (count <= 0) return 0;
      for (const line of plan.lines.slice(0, count)) this.#context.logger.info(line);
      const first = (this.#segments[count] as LogSegment).baseOffset;
      const doomed = this.#segments.splice(0, count);
      if (first > this.#logStartOffset) {
        this.#startAt(first);
        this.updateHighWatermark(this.#highWatermark);
        this.#context.logger.info(`Incremented log start offset of ${this.name} to ${first} due to segment deletion`);
      }
      for (const segment of doomed) discardSegmentLater(this.#context, segment, this.#config.fileDeleteDelayMs);
      this.#directoryChanged = true;
      return doomed.length;
    });
  }

  /** Closes the active segment and begins a new one at the log end offset (or `atOffset`, behind a gap). */
  roll(atOffset = this.#logEndOffset): void {
    const started = this.#context.clock.monotonicMs();
    const baseOffset = Math.max(atOffset, this.#logEndOffset);
    if (this.#active.baseOffset === baseOffset) return;
    this.#active.seal();
    this.#writeSnapshot(baseOffset);
    this.#active = createSegment(this.#context, this.#config, this.#path, baseOffset);
    this.#segments.push(this.#active);
    this.#directoryChanged = true;
    this.#changed = true;
    const took = Math.round(this.#context.clock.monotonicMs() - started);
    this.#context.logger.info(`Rolled new log segment of ${this.name} at offset ${baseOffset} in ${took} ms.`);
    // What was rolled away is synced in the background, so that recovery need not look at it. A failure reports itself.
    this.#context.timers.soon(() => {
      if (!this.#health.closed && this.#health.failure === null) this.flush().catch(() => {});
    });
  }

  /** Resolves when everything appended before the call is on the disk. Shared among all who wait. */
  flush(): Promise<void> {
    if (this.#recoveryPoint >= this.#logEndOffset && !this.#directoryChanged) return ALREADY_DURABLE;
    return this.#flushes.run();
  }

  /** Where `flush.messages` asks for it; null otherwise. */
  flushIfDue(): Promise<void> | null {
    return this.#config.flushMessages <= this.unflushedMessages ? this.flush() : null;
  }

  expireProducers(): number {
    return this.#producers.expire(this.#context.clock.nowMs(), this.#context.producerIdExpirationMs);
  }

  /** Ends cleanly: exact indexes, producer snapshot and epochs, all of it on the disk. */
  async close(): Promise<void> {
    if (this.#health.closed) return;
    if (this.#health.failure !== null) return this.abandon();
    try {
      this.#active.seal();
      if (this.#logEndOffset > this.#snapshotOffset) this.#writeSnapshot(this.#logEndOffset);
      await this.flush();
      if (this.#changed) {
        await this.#active.sync(true);
        await syncDirectory(this.#context.files, this.#path);
      }
      await this.writeEpochs();
    } catch (error) {
      throw this.#health.changeError(`closing ${this.name}`, error);
    } finally {
      this.abandon();
    }
  }

  /** Gives all files up as they are. */
  abandon(): void {
    this.#health.closed = true;
    for (const segment of this.#segments) segment.closeFiles();
  }

  /** The log's directory goes offline: every later call is answered with an error. */
  markFailed(reason: string): void {
    this.#health.failure ??= reason;
    for (const segment of this.#segments) segment.closeFiles();
  }

  /** Gives the log's directory another name and gives the log up: the topic is deleted, or the log is stray. */
  retire(path: string): void {
    this.abandon();
    this.rename(path);
  }

  /** Gives the log's directory another name, under which it goes on. */
  rename(path: string): void {
    this.#context.files.renameSync(this.#path, path);
    this.#path = path;
    // Slices that are on their way into an answer still find their files.
    for (const segment of this.#segments) segment.moved(path);
  }

  /** Writes `leader-epoch-checkpoint` when it has changed. */
  writeEpochs(): Promise<void> {
    return this.#epochFile.write();
  }

  #write(bytes: Buffer, nextOffset: number): void {
    try {
      this.#maybeRoll(bytes, nextOffset - 1);
      this.#active.append(bytes, this.#config.indexIntervalBytes);
    } catch (error) {
      throw this.#health.appendError(error);
    }
    this.#changed = true;
    this.#logEndOffset = nextOffset;
    for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) {
      const epoch = partitionLeaderEpochAt(bytes, at);
      if (epoch > this.#epochs.latestEpoch) this.#epochs.assign(epoch, baseOffsetAt(bytes, at));
      this.#producers.apply(bytes, at);
    }
  }

  #maybeRoll(bytes: Buffer, lastOffset: number): void {
    const nowMs = this.#context.clock.nowMs();
    const incoming = { bytes: bytes.length, maxTimestamp: latestTimestamp(bytes), maxOffset: lastOffset };
    if (this.#active.shouldRoll(this.#config, incoming, nowMs)) this.roll(baseOffsetAt(bytes, 0));
  }

  #checkProducer(bytes: Buffer): ProducerBatch | null {
    for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) {
      const duplicate = this.#producers.check(bytes, at, this.#logEndOffset);
      if (duplicate !== null) return duplicate;
    }
    return null;
  }

  #result(baseOffset: number, lastOffset: number, timestamp: number, duplicate: boolean): AppendResult {
    return {
      baseOffset,
      lastOffset,
      logAppendTimeMs: this.#config.messageTimestampType === 'LogAppendTime' ? timestamp : NO_TIMESTAMP,
      logStartOffset: this.#logStartOffset,
      duplicate,
      durable: this.flushIfDue(),
    };
  }

  #startAt(offset: number): void {
    this.#logStartOffset = offset;
    this.#epochs.truncateFromStart(offset);
    this.#gaps = this.#gaps.filter((gapAt) => gapAt >= offset);
  }

  #discardFrom(index: number): void {
    discardTail(this.#context.files, this.#path, this.#segments.splice(index));
  }

  #afterTruncation(): void {
    this.#truncations++;
    this.#gaps = this.#gaps.filter((offset) => offset < this.#logEndOffset);
    this.#epochs.truncateFromEnd(this.#logEndOffset);
    this.#logStartOffset = Math.min(this.#logStartOffset, this.#logEndOffset);
    // The cut has to reach the disk before anything behind it counts: a crash would bring back what was cut off.
    this.#recoveryPoint = Math.min(this.#recoveryPoint, this.#active.baseOffset);
    this.updateHighWatermark(this.#highWatermark);
  }

  #rebuildProducers(): void {
    const scope = { directory: this.#path, segments: this.#segments, logEndOffset: this.#logEndOffset };
    this.#snapshotOffset = reloadProducerState(this.#context, scope, this.#producers);
  }

  // Not synced: its checksum tells a torn one, and then an older one and the log serve.
  #writeSnapshot(offset: number): void {
    const path = join(this.#path, offsetName(offset) + SNAPSHOT_SUFFIX);
    this.#context.files.writeFileSync(path, encodeProducerSnapshot(this.#producers.entries(), this.#producers.size));
    this.#snapshotOffset = offset;
  }

  async #flushNow(): Promise<void> {
    if (this.#health.failure !== null) throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, this.#health.failure);
    const endOffset = this.wholeEnd;
    const truncations = this.#truncations;
    const directoryChanged = this.#directoryChanged;
    this.#directoryChanged = false;
    try {
      // A full disk refuses these, and the log goes on without them. What an fsync refuses is lost.
      await this.writeEpochs();
      for (const segment of this.#unflushedSegments().slice(0, -1)) segment.seal();
    } catch (error) {
      this.#directoryChanged ||= directoryChanged;
      throw this.#health.changeError(`flushing log for ${this.name}`, error);
    }
    try {
      await this.#syncSegments();
      if (directoryChanged) await this.#syncDirectory();
    } catch (error) {
      this.#directoryChanged ||= directoryChanged;
      this.#flushFailed(error);
    }
    if (this.#health.closed) return;
    // What was written behind a truncation has not been synced.
    if (truncations === this.#truncations) this.#recoveryPoint = Math.max(this.#recoveryPoint, endOffset);
    this.#lastFlushedMs = this.#context.clock.nowMs();
  }

  /** Older segments first, with their indexes; the last one's are rebuilt after a crash. */
  async #syncSegments(): Promise<void> {
    const active = this.#active;
    for (const segment of this.#unflushedSegments()) {
      try {
        if (!segment.isDiscarded && !this.#health.closed) await segment.sync(segment !== active);
      } catch (error) {
        // Retention or truncation may have taken the segment meanwhile.
        if (!segment.isDiscarded) throw error;
      }
    }
  }

  #unflushedSegments(): LogSegment[] {
    return this.#segments.slice(floorSegment(this.#segments, this.#recoveryPoint));
  }

  async #syncDirectory(): Promise<void> {
    const { files } = this.#context;
    await syncDirectory(files, this.#path);
    if (!this.#isNew) return;
    await syncFile(files, join(this.#path, PARTITION_METADATA));
    await syncDirectory(files, this.directory);
    this.#isNew = false;
  }

  #flushFailed(error: unknown): never {
    const text = `Error while flushing log for ${this.name} in dir ${this.directory}`;
    // The files of a log that was deleted under the flush may be gone: that says nothing of the disk.
    if (!this.#health.closed) this.#health.fail(text, error);
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause: error });
  }
}
