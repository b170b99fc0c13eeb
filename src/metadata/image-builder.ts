/**
 * Builds images from what raft hands over: snapshots and committed batches, holding together the records between
 * BeginTransaction and EndTransaction. Until a transaction ends, the image is the one before it.
 */
import { assert } from '../base/assert.ts';
import type { CommittedBatch, SnapshotReader } from '../raft/raft-client.ts';
import { MetadataDelta } from './delta.ts';
import { EMPTY_IMAGE, type MetadataImage } from './image.ts';
import { decodeRecord, type MetadataRecord } from './records.ts';

/** One step from an image to the next. */
export interface ImageStep {
  readonly delta: MetadataDelta;
  readonly image: MetadataImage;
}

export class ImageBuilder {
  #image: MetadataImage = EMPTY_IMAGE;
  /** The records since BeginTransaction; null outside of a transaction. */
  #transaction: MetadataDelta | null = null;

  get image(): MetadataImage {
    return this.#image;
  }

  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  /** Goes on from an image that came about elsewhere: the active controller's own replay. */
  adopt(image: MetadataImage, inTransaction: boolean): void {
    this.#image = image;
    this.#transaction = inTransaction ? new MetadataDelta(image) : null;
  }

  applySnapshot(snapshot: SnapshotReader): ImageStep {
    const delta = new MetadataDelta(EMPTY_IMAGE);
    const lastOffset = snapshot.id.endOffset - 1;
    for (const values of snapshot.batches()) for (const value of values) delta.replay(decodeRecord(value), lastOffset);
    this.#transaction = null;
    this.#image = delta.apply({
      offset: lastOffset,
      epoch: snapshot.id.epoch,
      timestampMs: snapshot.lastContainedLogTimestampMs,
    });
    return { delta, image: this.#image };
  }

  /** The steps that the batch completes: one, unless a transaction begins or ends within it. */
  applyBatch(batch: CommittedBatch): ImageStep[] {
    assert(batch.baseOffset > this.#image.offset, 'committed batches arrive in order, each once');
    const steps: ImageStep[] = [];
    let delta = this.#transaction ?? new MetadataDelta(this.#image);
    const finish = (offset: number): void => {
      this.#image = delta.apply({ offset, epoch: batch.epoch, timestampMs: batch.appendTimestampMs });
      steps.push({ delta, image: this.#image });
      delta = new MetadataDelta(this.#image);
    };
    for (const [index, value] of batch.values.entries()) {
      const offset = batch.baseOffset + index;
      const record = decodeRecord(value);
      if (record.type === 'beginTransaction') {
        assert(this.#transaction === null, 'a metadata transaction begins within another one');
        if (!delta.isEmpty) finish(offset - 1);
        this.#transaction = delta;
      } else if (record.type === 'endTransaction') {
        this.#transaction = null;
      } else if (record.type === 'abortTransaction') {
        this.#transaction = null;
        delta = new MetadataDelta(this.#image);
      } else {
        delta.replay(record, offset);
      }
    }
    if (this.#transaction !== null) this.#transaction = delta;
    else finish(batch.lastOffset);
    return steps;
  }
}

/** The image after the records of one operation that this node itself writes at `baseOffset`. */
export function imageAfter(
  before: MetadataImage,
  records: readonly MetadataRecord[],
  at: { readonly baseOffset: number; readonly epoch: number; readonly timestampMs: number },
): MetadataImage {
  const delta = new MetadataDelta(before);
  for (const [index, record] of records.entries()) delta.replay(record, at.baseOffset + index);
  return delta.apply({
    offset: at.baseOffset + records.length - 1,
    epoch: at.epoch,
    timestampMs: at.timestampMs,
  });
}
