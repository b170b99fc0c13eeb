import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/protocol/batch.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { FaultyFiles } from './faulty-files.ts';
import { batch, logConfig, openLog, readAll, removeDirectory, temporaryDirectory, testContext } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

function code(run: () => unknown): number | string {
  try {
    run();
    return 'no error';
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe('appending', () => {
  it('numbers batches from the log end offset and stamps the leader epoch', () => {
    const log = openLog(testContext(), directory);
    expect(log.appendAsLeader(batch({ records: 3 }), 5)).toMatchObject({
      baseOffset: 0,
      lastOffset: 2,
      duplicate: false,
    });
    expect(log.appendAsLeader(batch({ records: 2 }), 6)).toMatchObject({ baseOffset: 3, lastOffset: 4 });
    expect(log.logEndOffset).toBe(5);
    expect(readAll(log).map((b) => [b.baseOffset, b.partitionLeaderEpoch, b.isIntact()])).toEqual([
      [0, 5, true],
      [3, 6, true],
    ]);
    expect(log.leaderEpochCache.entries).toEqual([
      { epoch: 5, startOffset: 0 },
      { epoch: 6, startOffset: 3 },
    ]);
    log.abandon();
  });

  it('refuses batches that are larger than the topic or a segment takes', () => {
    const log = openLog(testContext(), directory, { config: logConfig({ maxMessageBytes: 200, segmentBytes: 300 }) });
    expect(code(() => log.appendAsLeader(batch({ valueBytes: 210 }), 0))).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    expect(code(() => log.appendAsLeader(batch({ valueBytes: 310 }), 0))).toBe(ErrorCode.RECORD_LIST_TOO_LARGE);
    expect(log.logEndOffset).toBe(0);
    log.abandon();
  });

  it('takes a follower batch with its offsets, leaves out a torn one, and refuses offsets that it has', () => {
    const log = openLog(testContext(), directory);
    const whole = batch({ records: 2, baseOffset: 10, partitionLeaderEpoch: 3 });
    const torn = batch({ baseOffset: 12 }).subarray(0, 50);
    expect(log.appendAsFollower(Buffer.concat([whole, torn]))).toMatchObject({ baseOffset: 10, lastOffset: 11 });
    expect(log.logEndOffset).toBe(12);
    expect(log.latestEpoch).toBe(3);
    expect(log.appendAsFollower(torn)).toBeNull();
    expect(() => log.appendAsFollower(batch({ baseOffset: 11 }))).toThrow(/Unexpected offset 11/);
    log.abandon();
  });
});

describe('idempotent producers', () => {
  const producer = (baseSequence: number, more = {}) =>
    batch({ producerId: 9, producerEpoch: 0, baseSequence, ...more });

  it('answers a repeated batch with its first offsets, for the last five', () => {
    const log = openLog(testContext(), directory);
    for (let i = 0; i < 6; i++) log.appendAsLeader(producer(i * 2, { records: 2 }), 0);
    expect(log.appendAsLeader(producer(2, { records: 2 }), 0)).toMatchObject({
      baseOffset: 2,
      lastOffset: 3,
      duplicate: true,
    });
    expect(code(() => log.appendAsLeader(producer(0, { records: 2 }), 0))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(log.logEndOffset).toBe(12);
    log.abandon();
  });

  it('refuses a gap and an older epoch, and takes any sequence of a producer that it does not know', () => {
    const log = openLog(testContext(), directory);
    log.appendAsLeader(producer(41), 0);
    expect(code(() => log.appendAsLeader(producer(43), 0))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(code(() => log.appendAsLeader(producer(5, { producerEpoch: 1 }), 0))).toBe(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    );
    log.appendAsLeader(producer(0, { producerEpoch: 1 }), 0);
    expect(code(() => log.appendAsLeader(producer(42), 0))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    log.abandon();
  });

  it('lets sequences wrap', () => {
    const log = openLog(testContext(), directory);
    log.appendAsLeader(producer(0x7ffffffe, { records: 4 }), 0);
    expect(log.producers.get(9)?.batches.at(-1)?.lastSequence).toBe(1);
    expect(log.appendAsLeader(producer(0x7ffffffe, { records: 4 }), 0)).toMatchObject({
      duplicate: true,
      baseOffset: 0,
    });
    expect(log.appendAsLeader(producer(2), 0).baseOffset).toBe(4);
    log.abandon();
  });

  it('remembers the last batch across a clean stop, and five after an unclean one', async () => {
    const context = testContext();
    let log = openLog(context, directory);
    for (let i = 0; i < 3; i++) log.appendAsLeader(producer(i), 0);
    await log.close();
    log = openLog(context, directory);
    expect(log.appendAsLeader(producer(2), 0)).toMatchObject({ duplicate: true, baseOffset: 2 });
    log.appendAsLeader(producer(3), 0);
    log.appendAsLeader(producer(4), 0);
    log.abandon();
    log = openLog(testContext(), directory, { clean: false });
    expect(log.appendAsLeader(producer(3), 0)).toMatchObject({ duplicate: true, baseOffset: 3 });
    expect(log.appendAsLeader(producer(5), 0).baseOffset).toBe(5);
    log.abandon();
  });
});

describe('rolling', () => {
  it('begins a segment when a batch does not fit, named by its first offset', () => {
    const one = batch().length;
    const log = openLog(testContext(), directory, { config: logConfig({ segmentBytes: one * 2 }) });
    for (let i = 0; i < 5; i++) log.appendAsLeader(batch(), 0);
    expect(log.segments.map((s) => s.baseOffset)).toEqual([0, 2, 4]);
    expect(readdirSync(join(directory, 't-0')).filter((n) => n.endsWith('.snapshot'))).toEqual([
      '00000000000000000002.snapshot',
      '00000000000000000004.snapshot',
    ]);
    expect(readAll(log).map((b) => b.baseOffset)).toEqual([0, 1, 2, 3, 4]);
    log.abandon();
  });

  it('begins a segment when the records say that it is old', () => {
    const log = openLog(testContext(), directory, { config: logConfig({ segmentMs: 1000 }) });
    log.appendAsLeader(batch({ timestamp: 5000 }), 0);
    log.appendAsLeader(batch({ timestamp: 6000 }), 0);
    log.appendAsLeader(batch({ timestamp: 6001 }), 0);
    expect(log.segments.map((s) => s.baseOffset)).toEqual([0, 2]);
    log.abandon();
  });

  it('begins a segment when the offsets no longer fit into four bytes', () => {
    const log = openLog(testContext(), directory);
    log.appendAsFollower(batch({ baseOffset: 0 }));
    log.appendAsFollower(batch({ baseOffset: 0x80000000 }));
    expect(log.segments.map((s) => s.baseOffset)).toEqual([0, 0x80000000]);
    expect(readAll(log).map((b) => b.baseOffset)).toEqual([0, 0x80000000]);
    log.abandon();
  });
});

describe('reading', () => {
  it('begins at the batch that holds the offset and ends below maxOffset', () => {
    const log = openLog(testContext(), directory);
    for (let i = 0; i < 4; i++) log.appendAsLeader(batch({ records: 3 }), 0);
    const size = batch({ records: 3 }).length;
    const read = (offset: number, maxBytes: number, maxOffset = 12, minOneBatch = true) =>
      log.read(offset, maxBytes, { maxOffset, minOneBatch });
    expect(RecordBatch.all(read(4, 10_000).toBuffer()).map((b) => b.baseOffset)).toEqual([3, 6, 9]);
    expect(read(4, 10_000, 9).sizeInBytes).toBe(size * 2);
    expect(read(0, size + 5).sizeInBytes).toBe(size + 5);
    expect(read(0, 1).sizeInBytes).toBe(size);
    expect(read(0, size - 1, 12, false).sizeInBytes).toBe(0);
    expect(read(0, size + 5, 12, false).sizeInBytes).toBe(size + 5);
    expect(read(12, 100).sizeInBytes).toBe(0);
    expect(read(9, 100, 9).sizeInBytes).toBe(0);
    expect(code(() => read(13, 100))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    log.abandon();
  });

  it('writes exactly the bytes of the file into the frame, at the position asked for', () => {
    const log = openLog(testContext(), directory);
    log.appendAsLeader(batch({ value: 'hello' }), 1);
    const slice = log.read(0, 1000, { maxOffset: 1, minOneBatch: true });
    const frame = Buffer.alloc(slice.sizeInBytes + 20);
    slice.copyTo(frame, 7);
    const file = readFileSync(join(directory, 't-0', '00000000000000000000.log'));
    expect(frame.subarray(7, 7 + slice.sizeInBytes).equals(file)).toBe(true);
    log.abandon();
  });
});

describe('offsets by time', () => {
  it('finds the first record not earlier than the timestamp, and the earliest of the latest', () => {
    const log = openLog(testContext(), directory, {
      config: logConfig({ segmentBytes: 2000, indexIntervalBytes: 100 }),
    });
    for (let i = 0; i < 100; i++) log.appendAsLeader(batch({ timestamp: 1000 + i * 10, records: 2 }), 0);
    expect(log.segments.length).toBeGreaterThan(3);
    expect(log.offsetForTimestamp(0)).toEqual({ timestamp: 1000, offset: 0 });
    for (let i = 0; i < 100; i++) {
      expect(log.offsetForTimestamp(1000 + i * 10)).toEqual({ timestamp: 1000 + i * 10, offset: i * 2 });
      expect(log.offsetForTimestamp(995 + i * 10)).toEqual({ timestamp: 1000 + i * 10, offset: i * 2 });
    }
    expect(log.offsetForTimestamp(1991)).toBeNull();
    expect(log.offsetOfMaxTimestamp()).toEqual({ timestamp: 1990, offset: 198 });
    log.abandon();
  });

  it('knows the latest record although later ones carry earlier times', () => {
    const log = openLog(testContext(), directory);
    for (const timestamp of [10, 50, 20, 50, 30]) log.appendAsLeader(batch({ timestamp }), 0);
    expect(log.offsetOfMaxTimestamp()).toEqual({ timestamp: 50, offset: 1 });
    expect(log.offsetForTimestamp(15)).toEqual({ timestamp: 50, offset: 1 });
    log.abandon();
  });
});

describe('truncation', () => {
  it('drops records, epochs and producer state behind the offset', () => {
    const log = openLog(testContext(), directory, { config: logConfig({ segmentBytes: 400 }) });
    for (let i = 0; i < 10; i++) {
      log.appendAsLeader(batch({ producerId: 1, producerEpoch: 0, baseSequence: i }), i < 5 ? 1 : 2);
    }
    log.updateHighWatermark(9);
    expect(log.truncateTo(4)).toBe(true);
    expect([log.logEndOffset, log.highWatermark]).toEqual([4, 4]);
    expect(log.leaderEpochCache.entries).toEqual([{ epoch: 1, startOffset: 0 }]);
    expect(log.appendAsLeader(batch({ producerId: 1, producerEpoch: 0, baseSequence: 4 }), 2).baseOffset).toBe(4);
    expect(readAll(log).map((b) => b.baseOffset)).toEqual([0, 1, 2, 3, 4]);
    expect(log.truncateTo(20)).toBe(false);
    log.abandon();
  });

  it('brings the cut itself to the disk before what is appended behind it, in whatever segment', async () => {
    const files = new SyncedFiles();
    const log = openLog(testContext({ files }), directory);
    for (let i = 0; i < 4; i++) log.appendAsLeader(batch({}), 1);
    await log.flush();
    log.truncateTo(2);
    expect(log.recoveryPoint).toBe(0);
    log.roll();
    log.appendAsLeader(batch({}), 2);
    files.synced.length = 0;
    await log.flush();
    expect(files.synced.filter((name) => name.endsWith('.log'))).toEqual([
      '00000000000000000000.log',
      '00000000000000000002.log',
    ]);
    expect(log.recoveryPoint).toBe(3);
    log.abandon();
  });

  it('starts over at another offset', () => {
    const log = openLog(testContext(), directory);
    log.appendAsLeader(batch({ records: 5 }), 1);
    log.truncateFullyAndStartAt(100);
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([100, 100, 100, -1]);
    expect(log.appendAsLeader(batch(), 3).baseOffset).toBe(100);
    expect(readdirSync(log.path).filter((n) => n.endsWith('.log'))).toEqual(['00000000000000000100.log']);
    log.abandon();
  });
});

describe('retention', () => {
  const fill = (overrides = {}) => {
    const context = testContext();
    const log = openLog(context, directory, { config: logConfig({ segmentBytes: 200, ...overrides }) });
    for (let i = 0; i < 10; i++) log.appendAsLeader(batch({ timestamp: context.clock.ms + i * 1000 }), 0);
    return { context, log, one: batch().length };
  };

  it('deletes by time only what lies below the high watermark', () => {
    const { context, log } = fill({ retentionMs: 5000 });
    context.clock.ms += 10_000;
    expect(log.deleteOldSegments()).toBe(0);
    log.updateHighWatermark(3);
    log.deleteOldSegments();
    expect(log.logStartOffset).toBe(2);
    log.updateHighWatermark(10);
    log.deleteOldSegments();
    expect(log.logStartOffset).toBe(4);
    expect(readdirSync(log.path).some((n) => n === '00000000000000000000.log.deleted')).toBe(true);
    context.timers.advance(60_000);
    expect(readdirSync(log.path).filter((n) => n.endsWith('.deleted'))).toEqual([]);
    log.abandon();
  });

  it('deletes by size, and begins a new segment when all go', () => {
    const { log, one } = fill({ retentionBytes: 600 });
    log.updateHighWatermark(10);
    log.deleteOldSegments();
    expect(log.sizeInBytes).toBeGreaterThan(600 - 2 * one);
    expect(log.sizeInBytes).toBeLessThan(600 + 2 * one);
    log.updateConfig(logConfig({ retentionBytes: 0 }));
    log.deleteOldSegments();
    expect([log.logStartOffset, log.logEndOffset, log.sizeInBytes]).toEqual([10, 10, 0]);
    expect(log.appendAsLeader(batch(), 0).baseOffset).toBe(10);
    log.abandon();
  });

  it('never deletes by time or size without the delete policy, but does what DeleteRecords released', () => {
    const { context, log } = fill({
      retentionMs: 1,
      retentionBytes: 0,
      cleanupPolicy: { delete: false, compact: true },
    });
    context.clock.ms += 1e9;
    log.updateHighWatermark(10);
    expect(log.deleteOldSegments()).toBe(0);
    log.deleteRecordsBefore(5);
    log.deleteOldSegments();
    expect([log.logStartOffset, log.segments[0]?.baseOffset]).toEqual([5, 4]);
    expect(code(() => log.read(4, 100, { maxOffset: 10, minOneBatch: true }))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(code(() => log.deleteRecordsBefore(11))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    log.abandon();
  });
});

describe('flushing', () => {
  it('moves the recovery point to the end offset from before the fsync', async () => {
    const log = openLog(testContext(), directory, { config: logConfig({ segmentBytes: 200 }) });
    for (let i = 0; i < 5; i++) log.appendAsLeader(batch(), 0);
    const flushed = log.flush();
    log.appendAsLeader(batch(), 0);
    await flushed;
    expect(log.recoveryPoint).toBe(5);
    await log.flush();
    expect(log.recoveryPoint).toBe(6);
    log.abandon();
  });

  it('hands out the promise that flush.messages asks for', async () => {
    const log = openLog(testContext(), directory, { config: logConfig({ flushMessages: 2 }) });
    expect(log.appendAsLeader(batch(), 0).durable).toBeNull();
    const { durable } = log.appendAsLeader(batch(), 0);
    await durable;
    expect(log.recoveryPoint).toBe(2);
    log.abandon();
  });
});

describe('opening again', () => {
  it('after a clean close finds everything, with exact index files', async () => {
    const context = testContext();
    const config = logConfig({ segmentBytes: 4000, indexIntervalBytes: 300 });
    let log = openLog(context, directory, { config });
    for (let i = 0; i < 100; i++) log.appendAsLeader(batch({ timestamp: 1000 + i }), i >> 4);
    const epochs = log.leaderEpochCache.entries;
    await log.close();
    for (const name of readdirSync(log.path).filter((n) => n.endsWith('.index'))) {
      const bytes = readFileSync(join(log.path, name));
      expect(bytes.length % 8).toBe(0);
      for (let at = 0; at < bytes.length; at += 8) expect(bytes.readInt32BE(at + 4)).toBeGreaterThan(0);
    }
    log = openLog(context, directory, { config, recoveryPoint: 100 });
    expect(context.logger.matching(/WARN|ERROR/)).toEqual([]);
    expect([log.logEndOffset, log.recoveryPoint]).toEqual([100, 100]);
    expect(log.leaderEpochCache.entries).toEqual(epochs);
    expect(readAll(log).map((b) => b.baseOffset)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(log.offsetOfMaxTimestamp()).toEqual({ timestamp: 1099, offset: 99 });
    log.abandon();
  });

  it('serves thousands of segments with few open files', () => {
    const context = testContext({ maxOpenFiles: 8 });
    const log = openLog(context, directory, { config: logConfig({ segmentBytes: 100 }) });
    for (let i = 0; i < 200; i++) log.appendAsLeader(batch(), 0);
    expect(readAll(log)).toHaveLength(200);
    expect(context.pool.openCount).toBeLessThanOrEqual(8);
    log.abandon();
  });

  it('is given up when its directory is renamed, and slices on their way still find the records', async () => {
    const context = testContext();
    const log = openLog(context, directory);
    log.appendAsLeader(batch(), 0);
    const slice = log.read(0, 1000, { maxOffset: 1, minOneBatch: true });
    const flushed = log.flush();
    log.retire(join(directory, 'u-0'));
    expect(RecordBatch.all(slice.toBuffer())).toHaveLength(1);
    await flushed.catch(() => {});
    expect(context.failures).toEqual([]);
    expect(code(() => log.appendAsLeader(batch(), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });
});

/** Real files that tell which of them were synced. */
class SyncedFiles extends FaultyFiles {
  readonly synced: string[] = [];

  override noteSynced(path: string, size: number): void {
    this.synced.push(basename(path));
    super.noteSynced(path, size);
  }
}
