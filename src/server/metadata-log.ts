/**
 * Raft's log over the storage of a partition: `__cluster_metadata-0`. It is opened as after an unclean stop with recovery
 * point 0, so every batch is checked at each start, as Kafka does; no checkpoint of the log directories covers it.
 *
 * A full disk does not stop the node: what cannot be written waits in memory, in order, and counts as appended but not
 * as durable, so nothing of it is committed before it is in the file.
 */
import { join } from 'node:path';
import { assert } from '../base/assert.ts';
import { METADATA_TOPIC_ID } from '../base/uuid.ts';
import { forEachBatch, lastOffsetAt, partitionLeaderEpochAt } from '../protocol/batch.ts';
import type { SnapshotId } from '../raft/raft-client.ts';
import type { OffsetAndEpoch, RaftLog } from '../raft/raft-log.ts';
import { DEFAULT_LOG_CONFIG, NEVER_MS } from '../storage/log-config.ts';
import { isOutOfSpace, type LogContext } from '../storage/log-context.ts';
import type { LogSegment } from '../storage/log-segment.ts';
import { PartitionLog } from '../storage/partition-log.ts';
import { MetadataTail } from './metadata-tail.ts';

export const METADATA_TOPIC = '__cluster_metadata';

export interface MetadataLogSettings {
  /** `metadata.log.segment.bytes`. */
  readonly segmentBytes: number;
  /** `metadata.log.segment.ms`. */
  readonly segmentMs: number;
  /** The log directory that holds the partition. */
  readonly directory: string;
}

export class MetadataLog implements RaftLog {
  readonly #log: PartitionLog;
  readonly #tail: MetadataTail;
  readonly #context: LogContext;
  /** What the full disk has not taken yet; it follows the end of the log. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #stalled = Promise.withResolvers<void>();
  #closed = false;
  /** The epoch at the start of a log that a snapshot precedes. */
  #startEpoch = 0;

  private constructor(log: PartitionLog, context: LogContext) {
    this.#log = log;
    this.#context = context;
    this.#tail = new MetadataTail(context.clock, context.logger);
  }

  static open(context: LogContext, settings: MetadataLogSettings): MetadataLog {
    const log = PartitionLog.open(context, {
      path: join(settings.directory, `${METADATA_TOPIC}-0`),
      topic: METADATA_TOPIC,
      partition: 0,
      topicId: METADATA_TOPIC_ID,
      config: {
        ...DEFAULT_LOG_CONFIG,
        segmentBytes: settings.segmentBytes,
        segmentMs: settings.segmentMs,
        // Retention of this log goes by snapshots alone.
        retentionMs: -1,
        retentionBytes: -1,
        maxMessageBytes: MAX_BATCH_BYTES,
        messageTimestampAfterMaxMs: NEVER_MS,
      },
      clean: false,
      recoveryPoint: 0,
      logStartOffset: 0,
      startsAnywhere: true,
    });
    return new MetadataLog(log, context);
  }

  startOffset(): number {
    return this.#log.logStartOffset;
  }

  endOffset(): number {
    const last = this.#held.at(-1);
    return last === undefined ? this.#log.logEndOffset : endOf(last);
  }

  lastEpoch(): number {
    const last = this.#held.at(-1);
    if (last !== undefined) return partitionLeaderEpochAt(last, 0);
    return this.#log.latestEpoch >= 0 ? this.#log.latestEpoch : this.#startEpoch;
  }

  /** What waits for space follows the file: a leader must not tell its followers that its log ends before it. */
  endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    let end = this.#endInFile(epoch);
    for (const held of this.#held) {
      forEachBatch(held, (bytes, at) => {
        const batchEpoch = partitionLeaderEpochAt(bytes, at);
        if (batchEpoch <= epoch) end = { offset: lastOffsetAt(bytes, at) + 1, epoch: batchEpoch };
      });
    }
    return end;
  }

  #endInFile(epoch: number): OffsetAndEpoch {
    const end = this.#log.endOffsetForEpoch(epoch);
    if (end.endOffset >= 0) return { offset: end.endOffset, epoch: end.leaderEpoch };
    // Larger than every epoch here: the log's own end; smaller than all of them: its start.
    if (epoch > this.lastEpoch()) return { offset: this.endOffset(), epoch: this.lastEpoch() };
    return { offset: this.startOffset(), epoch: this.#startEpoch };
  }

  append(batches: Uint8Array): void {
    if (this.#held.length === 0 && this.#tryToWrite(batches)) return;
    this.#held.push(Buffer.from(batches));
    this.#heldBytes += batches.length;
    assert(this.#heldBytes <= MAX_HELD_BYTES, 'more metadata than memory waits for space on the disk');
    if (this.#held.length > 1) return;
    this.#context.logger.error(
      'The disk of __cluster_metadata-0 is full: changes of metadata wait until there is space',
    );
    this.#stalled.resolve();
  }

  /** Also waits for space. It never ends when the log is closed meanwhile: nothing of what waits is committed then. */
  async sync(): Promise<void> {
    for (;;) {
      this.#tail.heal();
      if (this.#writeHeld()) {
        try {
          return await this.#log.flush();
        } catch (error) {
          if (!isOutOfSpace(error) || this.#log.failure !== null) throw error;
        }
      }
      await this.#pause();
    }
  }

  /** Resolves once changes wait for space. */
  whenStalled(): Promise<void> {
    return this.#stalled.promise;
  }

  #tryToWrite(batches: Uint8Array): boolean {
    try {
      this.#log.appendAsFollower(asBuffer(batches));
    } catch (error) {
      if (isOutOfSpace(error)) return false;
      throw error;
    }
    this.#tail.note(this.#log.segments.at(-1) as LogSegment, batches);
    return true;
  }

  /** True when nothing waits any more. */
  #writeHeld(): boolean {
    if (this.#held.length === 0) return true;
    // A try that fails is an error in the log, so there has to be hope.
    const { totalBytes, usableBytes } = this.#context.files.freeBytesSync(this.#log.directory);
    if (totalBytes > 0 && usableBytes < HOPE_BYTES + this.#heldBytes) return false;
    while (this.#held.length > 0 && this.#tryToWrite(this.#held[0] as Uint8Array)) {
      this.#heldBytes -= (this.#held.shift() as Uint8Array).length;
    }
    if (this.#held.length > 0) return false;
    this.#stalled = Promise.withResolvers();
    this.#context.logger.info('There is space again for __cluster_metadata-0');
    return true;
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#context.timers.after(RETRY_MS, () => !this.#closed && resolve(), { unref: true });
    return promise;
  }

  read(offset: number, maxBytes: number): Uint8Array {
    this.#tail.heal();
    // What waits for space on the disk cannot be read yet.
    if (offset >= this.#log.logEndOffset) return NOTHING;
    const slice = this.#log.read(offset, maxBytes, { maxOffset: this.#log.logEndOffset, minOneBatch: true });
    const bytes = slice.toBuffer();
    return bytes.subarray(
      0,
      forEachBatch(bytes, () => true),
    );
  }

  truncateTo(offset: number): void {
    this.#tail.forget();
    this.#dropHeld(offset);
    this.#log.truncateTo(offset);
  }

  truncateFully(to: SnapshotId): void {
    this.#tail.forget();
    this.#dropHeld(0);
    this.#log.truncateFullyAndStartAt(to.endOffset);
    this.#startEpoch = to.epoch;
  }

  /**
   * Nothing of this log is ever compacted, and what was promised was synced with all before it. So a gap is the trace of
   * segments before a snapshot that were being removed; or nobody was told of what is behind it.
   */
  settleGaps(covered: number): void {
    const log = this.#log;
    for (let gapAt = log.gapAt; gapAt !== null; gapAt = log.gapAt) {
      const end = gapAt;
      const behind = log.segments.find(({ baseOffset }) => baseOffset > end)?.baseOffset ?? log.logEndOffset;
      if (behind > covered) this.truncateTo(end);
      else {
        log.updateHighWatermark(log.logEndOffset);
        log.deleteRecordsBefore(behind, 'a snapshot that has what is missing before it');
        log.deleteOldSegments();
      }
    }
  }

  deleteBefore(snapshot: SnapshotId): void {
    this.#tail.forget();
    this.#log.updateHighWatermark(this.#log.logEndOffset);
    this.#log.deleteRecordsBefore(snapshot.endOffset);
    this.#log.deleteOldSegments();
    this.#startEpoch = snapshot.epoch;
  }

  sizeInBytes(): number {
    return this.#log.sizeInBytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tail.heal();
    try {
      await this.#log.close();
    } catch (error) {
      // Said already, and each start checks all of this log anyway.
      if (!isOutOfSpace(error)) throw error;
    }
  }

  #dropHeld(offset: number): void {
    this.#held = this.#held.filter((batch) => endOf(batch) <= offset);
    this.#heldBytes = this.#held.reduce((bytes, batch) => bytes + batch.length, 0);
  }
}

const NOTHING = new Uint8Array(0);
/** What may wait for space. Beyond it the node stops, as on any other failure of its metadata log. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const HOPE_BYTES = 64 * 1024;
const RETRY_MS = 500;

/** The offset behind batches that were appended together. */
function endOf(batches: Uint8Array): number {
  let end = 0;
  forEachBatch(batches, (bytes, at) => {
    end = lastOffsetAt(bytes, at) + 1;
  });
  return end;
}

/** Kafka's largest batch of the metadata log is 8 MiB. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024 + 1024;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
