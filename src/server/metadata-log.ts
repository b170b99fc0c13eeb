/**
 * Raft's log over the storage of a partition: `__cluster_metadata-0`. It is opened as after an unclean stop with recovery
 * point 0, so every batch is checked at each start, as Kafka does; no checkpoint of the log directories covers it.
 */
import { join } from 'node:path';
import { METADATA_TOPIC_ID } from '../base/uuid.ts';
import { forEachBatch } from '../protocol/batch.ts';
import type { SnapshotId } from '../raft/raft-client.ts';
import type { OffsetAndEpoch, RaftLog } from '../raft/raft-log.ts';
import { DEFAULT_LOG_CONFIG, NEVER_MS } from '../storage/log-config.ts';
import type { LogContext } from '../storage/log-context.ts';
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
  /** The epoch at the start of a log that a snapshot precedes. */
  #startEpoch = 0;

  private constructor(log: PartitionLog, context: LogContext) {
    this.#log = log;
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
    });
    return new MetadataLog(log, context);
  }

  startOffset(): number {
    return this.#log.logStartOffset;
  }

  endOffset(): number {
    return this.#log.logEndOffset;
  }

  lastEpoch(): number {
    return this.#log.latestEpoch >= 0 ? this.#log.latestEpoch : this.#startEpoch;
  }

  endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    const end = this.#log.endOffsetForEpoch(epoch);
    if (end.endOffset >= 0) return { offset: end.endOffset, epoch: end.leaderEpoch };
    // Larger than every epoch here: the log's own end; smaller than all of them: its start.
    if (epoch > this.lastEpoch()) return { offset: this.endOffset(), epoch: this.lastEpoch() };
    return { offset: this.startOffset(), epoch: this.#startEpoch };
  }

  append(batches: Uint8Array): void {
    this.#log.appendAsFollower(asBuffer(batches));
    this.#tail.note(this.#log.segments.at(-1) as LogSegment, batches);
  }

  sync(): Promise<void> {
    this.#tail.heal();
    return this.#log.flush();
  }

  read(offset: number, maxBytes: number): Uint8Array {
    this.#tail.heal();
    const slice = this.#log.read(offset, maxBytes, { maxOffset: this.endOffset(), minOneBatch: true });
    const bytes = slice.toBuffer();
    return bytes.subarray(
      0,
      forEachBatch(bytes, () => true),
    );
  }

  truncateTo(offset: number): void {
    this.#tail.forget();
    this.#log.truncateTo(offset);
  }

  truncateFully(to: SnapshotId): void {
    this.#tail.forget();
    this.#log.truncateFullyAndStartAt(to.endOffset);
    this.#startEpoch = to.epoch;
  }

  deleteBefore(snapshot: SnapshotId): void {
    this.#tail.forget();
    this.#log.updateHighWatermark(this.endOffset());
    this.#log.deleteRecordsBefore(snapshot.endOffset);
    this.#log.deleteOldSegments();
    this.#startEpoch = snapshot.epoch;
  }

  sizeInBytes(): number {
    return this.#log.sizeInBytes;
  }

  close(): Promise<void> {
    this.#tail.heal();
    return this.#log.close();
  }
}

/** Kafka's largest batch of the metadata log is 8 MiB. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024 + 1024;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
