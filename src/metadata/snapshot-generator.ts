/**
 * Makes snapshots of the image: after enough bytes of new log, or enough time (metadata.log.max.record.bytes.between.
 * snapshots, metadata.log.max.snapshot.interval.ms). One at a time; images do not change, so the loop goes on meanwhile.
 */
import type { Logger } from '../base/logger.ts';
import type { RaftClient } from '../raft/raft-client.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { MetadataDelta } from './delta.ts';
import type { MetadataImage } from './image.ts';
import type { MetadataPublisher, UpdateManifest } from './loader.ts';
import { encodeRecord } from './records.ts';
import { metadataRecordsOf } from './snapshot-records.ts';

export interface SnapshotGeneratorOptions {
  readonly raft: RaftClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxBytesBetweenSnapshots: number;
  /** 0: never by time. */
  readonly maxIntervalMs: number;
}

function* encodedRecords(image: MetadataImage): IterableIterator<Uint8Array> {
  for (const record of metadataRecordsOf(image)) yield encodeRecord(record);
}

export class SnapshotGenerator implements MetadataPublisher {
  readonly #options: SnapshotGeneratorOptions;
  #bytes = 0;
  #lastSnapshotMs: number;
  #running = false;

  constructor(options: SnapshotGeneratorOptions) {
    this.#options = options;
    this.#lastSnapshotMs = options.clock.monotonicMs();
  }

  onMetadataUpdate(_delta: MetadataDelta, image: MetadataImage, manifest: UpdateManifest): void {
    if (manifest.fromSnapshot) {
      this.#reset();
      return;
    }
    this.#bytes += manifest.logBytes;
    // A snapshot must end where a batch ends; one of the past, while the log is still being read, would serve nobody.
    const isCurrent = manifest.endOfBatch && image.offset + 1 === this.#options.raft.highWatermark();
    if (this.#running || !isCurrent || !this.#isDue()) return;
    this.#running = true;
    void this.make(image).finally(() => {
      this.#running = false;
    });
  }

  #isDue(): boolean {
    const { clock, maxBytesBetweenSnapshots, maxIntervalMs } = this.#options;
    if (this.#bytes >= maxBytesBetweenSnapshots) return true;
    return maxIntervalMs > 0 && this.#bytes > 0 && clock.monotonicMs() - this.#lastSnapshotMs >= maxIntervalMs;
  }

  #reset(): void {
    this.#bytes = 0;
    this.#lastSnapshotMs = this.#options.clock.monotonicMs();
  }

  /** A failure is said and tried again after as much new log: the log itself is whole without the snapshot. */
  async make(image: MetadataImage): Promise<boolean> {
    this.#reset();
    const { raft, logger } = this.#options;
    const id = { endOffset: image.offset + 1, epoch: image.epoch };
    try {
      const made = await raft.createSnapshot(id, image.timestampMs, encodedRecords(image));
      if (made) logger.info(`Successfully wrote snapshot ${id.endOffset}-${id.epoch}`);
      return made;
    } catch (error) {
      logger.error(`Failed to write snapshot ${id.endOffset}-${id.epoch}`, error);
      return false;
    }
  }
}
