/** Random lives of a log against the simplest thing that could be one: an array of batches. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordBatch } from '../../src/protocol/batch.ts';
import type { PartitionLog } from '../../src/storage/partition-log.ts';
import {
  batch,
  logConfig,
  openLog,
  readAll,
  removeDirectory,
  SeededRandom,
  temporaryDirectory,
  testContext,
} from './support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

interface ModelBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
  readonly epoch: number;
}

class Model {
  batches: ModelBatch[] = [];
  start = 0;
  end = 0;

  append(records: number, timestamp: number, epoch: number, gap: number): void {
    const baseOffset = this.end + gap;
    this.batches.push({ baseOffset, lastOffset: baseOffset + records - 1, timestamp, epoch });
    this.end = baseOffset + records;
  }

  truncate(offset: number): void {
    if (offset >= this.end) return;
    const cut = this.batches.find((b) => b.lastOffset >= offset);
    this.end = Math.min(offset, cut?.baseOffset ?? offset);
    this.batches = this.batches.filter((b) => b.lastOffset < offset);
    this.start = Math.min(this.start, this.end);
  }

  visible(): ModelBatch[] {
    return this.batches.filter((b) => b.lastOffset >= this.start);
  }

  byTime(timestamp: number): number | null {
    const hit = this.visible().find((b) => b.timestamp >= timestamp);
    return hit === undefined ? null : Math.max(hit.baseOffset, this.start);
  }
}

function compare(log: PartitionLog, model: Model, random: SeededRandom, what: string): void {
  expect([log.logStartOffset, log.logEndOffset], what).toEqual([model.start, model.end]);
  const shape = (b: RecordBatch) => [b.baseOffset, b.lastOffset, b.maxTimestamp, b.partitionLeaderEpoch];
  const expected = model.visible().map((b) => [b.baseOffset, b.lastOffset, b.timestamp, b.epoch]);
  expect(readAll(log, model.start, 1 + random.int(3000)).map(shape), what).toEqual(expected);
  for (let i = 0; i < 5; i++) {
    const offset = model.start + random.int(model.end - model.start + 1);
    const first = readAll(log, offset)[0];
    const wanted = model.visible().find((b) => b.lastOffset >= offset);
    expect(first?.baseOffset, `${what}, read at ${offset}`).toBe(wanted?.baseOffset);
    const time = 1000 + random.int(400);
    expect(log.offsetForTimestamp(time)?.offset ?? null, `${what}, time ${time}`).toBe(model.byTime(time));
  }
}

async function live(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const context = testContext({ maxOpenFiles: 1 + random.int(10) });
  const config = logConfig({
    retentionMs: -1,
    segmentBytes: 600 + random.int(2000),
    indexIntervalBytes: random.int(400),
  });
  const path = join(directory, String(seed));
  const model = new Model();
  let log = openLog(context, directory, { path, config });
  let epoch = 0;
  for (let step = 0; step < 60; step++) {
    const what = `seed ${seed}, step ${step}`;
    const dice = random.int(20);
    if (dice < 12) {
      for (let i = 1 + random.int(8); i > 0; i--) {
        const records = 1 + random.int(3);
        const timestamp = 1000 + random.int(300);
        const bytes = batch({ records, timestamp, valueBytes: random.int(100), partitionLeaderEpoch: epoch });
        const gap = random.int(10) === 0 ? random.int(5) : 0;
        if (gap === 0) log.appendAsLeader(bytes, epoch);
        else {
          bytes.writeBigInt64BE(BigInt(model.end + gap), 0);
          log.appendAsFollower(bytes);
        }
        model.append(records, timestamp, epoch, gap);
      }
    } else if (dice === 12) {
      epoch++;
      log.assignEpochStartOffset(epoch, log.logEndOffset);
    } else if (dice === 13) {
      log.roll();
    } else if (dice === 14 && model.end > model.start) {
      // An end within a gap is not remembered across a restart, in Kafka neither: nothing on the disk tells it.
      const to = model.start + random.int(model.end - model.start + 1);
      const before = model.batches.filter((b) => b.lastOffset < to).at(-1);
      const inGap = model.batches.every((b) => to < b.baseOffset || to > b.lastOffset) && before?.lastOffset !== to - 1;
      if (!inGap) {
        log.truncateTo(to);
        model.truncate(to);
      }
    } else if (dice === 15) {
      log.updateHighWatermark(log.logEndOffset);
      const to = model.start + random.int(Math.ceil((model.end - model.start) / 3) + 1);
      log.deleteRecordsBefore(to);
      log.deleteOldSegments();
      model.start = Math.max(model.start, to);
      const floor = log.segments[0]?.baseOffset ?? 0;
      model.batches = model.batches.filter((b) => b.lastOffset >= floor);
    } else if (dice === 16) {
      await log.flush();
    } else {
      const clean = dice > 17;
      if (clean) await log.close();
      else log.abandon();
      const recoveryPoint = log.recoveryPoint;
      log = openLog(context, directory, { path, config, clean, recoveryPoint, logStartOffset: model.start });
      if (clean) expect(log.recoveryPoint, what).toBe(model.end);
      // Whoever leads takes what there is.
      else log.acceptGaps();
    }
    compare(log, model, random, what);
  }
  expect(context.logger.matching(/WARN (?!There is nothing between)|ERROR/), `seed ${seed}`).toEqual([]);
  expect(context.failures, `seed ${seed}`).toEqual([]);
  log.abandon();
}

describe('a log', () => {
  it('is an array of batches, whatever happens to it', async () => {
    for (let seed = 1; seed <= 12; seed++) await live(seed);
  });
});
