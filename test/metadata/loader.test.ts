import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import type { MetadataDelta } from '../../src/metadata/delta.ts';
import type { MetadataImage } from '../../src/metadata/image.ts';
import { MetadataLoader, type UpdateManifest } from '../../src/metadata/loader.ts';
import { encodeRecord, type MetadataRecord, metadataRecord } from '../../src/metadata/records.ts';
import { SnapshotGenerator } from '../../src/metadata/snapshot-generator.ts';
import type { CommittedBatch, RaftClient, SnapshotId } from '../../src/raft/raft-client.ts';
import { ManualTime } from '../support/manual-time.ts';
import { committedBatches, fixture, plain } from './support.ts';

const T1 = 'JEXY6aqzQY-32P5TStzaFg';
const begin = metadataRecord('beginTransaction', 0, { name: 'x' });
const end = metadataRecord('endTransaction', 0, {});
const abort = metadataRecord('abortTransaction', 0, { reason: 'why' });
const noOp = metadataRecord('noOp', 0, {});
const topic = metadataRecord('topic', 0, { name: 't', topicId: T1 });

class Log {
  readonly loader = new MetadataLoader();
  /** Set to something beyond what was handed on: the log is still being read. */
  highWatermark: number | undefined;
  #offset = 0;

  get nextOffset(): number {
    return this.#offset;
  }

  commit(...records: MetadataRecord[]): void {
    const batch: CommittedBatch = {
      baseOffset: this.#offset,
      lastOffset: this.#offset + records.length - 1,
      epoch: 1,
      appendTimestampMs: 7,
      sizeInBytes: 100,
      values: records.map(encodeRecord),
    };
    this.#offset += records.length;
    this.loader.onCommit(batch);
  }
}

class Publisher {
  readonly seen: string[] = [];

  onMetadataUpdate(delta: MetadataDelta, image: MetadataImage, manifest: UpdateManifest): void {
    const topics = [...delta.topics.values()].map((one) => one.name).join();
    this.seen.push(`${image.offset}${manifest.endOfBatch ? '' : '…'} [${topics}] ${manifest.logBytes}`);
  }
}

describe('the loader', () => {
  it('publishes each batch, empty ones too', () => {
    const log = new Log();
    const publisher = new Publisher();
    log.loader.addPublisher(publisher);
    log.commit(noOp);
    log.commit(topic);
    expect(publisher.seen).toEqual(['0 [] 100', '1 [t] 100']);
  });

  it('holds a transaction back until it ends, over several batches', () => {
    const log = new Log();
    const publisher = new Publisher();
    log.loader.addPublisher(publisher);
    log.commit(noOp);
    log.commit(begin, topic);
    log.commit(noOp);
    expect(log.loader.image.offset).toBe(0);
    log.commit(end);
    expect(publisher.seen).toEqual(['0 [] 100', '4 [t] 100']);
  });

  it('drops what is aborted and publishes what came before it in the batch', () => {
    const log = new Log();
    const publisher = new Publisher();
    log.loader.addPublisher(publisher);
    log.commit(topic, begin, metadataRecord('topic', 0, { name: 'u', topicId: 'KEXY6aqzQY-32P5TStzaFg' }), abort);
    expect(publisher.seen).toEqual(['0… [t] 100', '3 [] 0']);
    expect(log.loader.image.topics.size).toBe(1);
  });

  it('gives a late publisher the image that there is', () => {
    const loader = new MetadataLoader();
    for (const batch of committedBatches(fixture('static.log'))) loader.onCommit(batch);
    let given: MetadataDelta | undefined;
    loader.addPublisher({
      onMetadataUpdate: (delta) => {
        given = delta;
      },
    });
    expect(plain(given?.apply({ offset: 0, epoch: 0, timestampMs: 0 }) as MetadataImage)).toEqual(plain(loader.image));
  });

  it('says when an offset is reached', async () => {
    const log = new Log();
    const reached: string[] = [];
    void log.loader.whenApplied(1).then(() => reached.push('1'));
    log.commit(noOp);
    await Promise.resolve();
    expect(reached).toEqual([]);
    log.commit(noOp);
    await Promise.resolve();
    expect(reached).toEqual(['1']);
    await log.loader.whenApplied(0);
  });
});

describe('snapshots', () => {
  function generator(maxBytes: number, maxIntervalMs: number) {
    const time = new ManualTime();
    const made: SnapshotId[] = [];
    const raft = {
      createSnapshot: (id: SnapshotId) => {
        made.push(id);
        return Promise.resolve(true);
      },
    } as unknown as RaftClient;
    const log = new Log();
    Object.assign(raft, { highWatermark: () => log.highWatermark ?? log.nextOffset });
    log.loader.addPublisher(
      new SnapshotGenerator({
        raft,
        clock: time,
        logger: SILENT_LOGGER,
        maxBytesBetweenSnapshots: maxBytes,
        maxIntervalMs,
      }),
    );
    return { time, made, log };
  }

  it('are made after enough bytes', async () => {
    const { made, log } = generator(250, 0);
    for (let i = 0; i < 7; i++) {
      log.commit(noOp);
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(made).toEqual([
      { endOffset: 3, epoch: 1 },
      { endOffset: 6, epoch: 1 },
    ]);
  });

  it('are made after enough time', () => {
    const { made, log, time } = generator(1e9, 1000);
    log.commit(noOp);
    time.advance(999);
    log.commit(noOp);
    expect(made).toEqual([]);
    time.advance(1);
    log.commit(noOp);
    expect(made).toEqual([{ endOffset: 3, epoch: 1 }]);
  });

  it('are not made of the past', () => {
    const { made, log } = generator(50, 0);
    log.highWatermark = 2;
    log.commit(noOp);
    expect(made).toEqual([]);
    log.commit(noOp);
    expect(made).toEqual([{ endOffset: 2, epoch: 1 }]);
  });

  it('never end within a batch', () => {
    const { made, log } = generator(50, 0);
    log.commit(topic, begin);
    expect(made).toEqual([]);
    log.commit(end);
    expect(made).toEqual([{ endOffset: 3, epoch: 1 }]);
  });
});
