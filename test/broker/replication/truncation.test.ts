import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import type { PartitionLog } from '../../../src/storage/partition-log.ts';
import { batch, logConfig } from '../../storage/support.ts';
import { bytesOf, FollowerWorld, type Pair, settled, shape } from './follower-world.ts';

let world: FollowerWorld;

beforeEach(() => {
  world = new FollowerWorld();
});

afterEach(() => world.end());

/** Batches of two records each, in the epochs given. */
function write(log: PartitionLog, ...epochs: number[]): void {
  for (const epoch of epochs) {
    log.assignEpochStartOffset(epoch);
    log.appendAsLeader(batch({ records: 2, value: `${log.directory} ${epoch} ${log.logEndOffset}` }), epoch);
  }
}

/** What both have, as the follower got it. */
function share(from: PartitionLog, to: PartitionLog): void {
  to.appendAsFollower(bytesOf(from));
}

describe('truncation', () => {
  /** A leader in epoch 9 and a follower, whose logs begin alike and then go on in these epochs. */
  async function diverge(common: number[], leaders: number[], followers: number[], highWatermark = 0): Promise<Pair> {
    const log = world.log('t');
    const own = world.ownLog('t');
    write(log, ...common);
    share(log, own);
    write(log, ...leaders);
    write(own, ...followers);
    own.updateHighWatermark(highWatermark);
    const led = world.leader.lead(log, 9);
    world.leader.append(led, batch());
    const follower = world.partition(own);
    world.fetchers.follow(follower, 2, 9);
    await settled();
    await world.pass(510);
    return { led, own, follower };
  }

  /** A leader in epoch 2 with so many batches of it, and a follower's log that it does not follow yet, with two of its own on the disk. */
  async function ownBeyond(batches: number): Promise<Omit<Pair, 'follower'>> {
    const log = world.log('t');
    const own = world.ownLog('t');
    write(log, 1);
    share(log, own);
    write(own, 1, 1);
    await own.flush();
    const led = world.leader.lead(log, 2);
    for (let i = 0; i < batches; i++) world.leader.append(led, batch());
    return { own, led };
  }

  function expectAlike({ led, own }: Pair): void {
    expect(shape(own)).toBe(shape(led.log));
    expect(bytesOf(own).equals(bytesOf(led.log))).toBe(true);
    expect(own.leaderEpochCache.entries).toEqual(led.log.leaderEpochCache.entries);
    expect(own.highWatermark).toBe(led.log.highWatermark);
  }

  it('cuts what the leader never had, and takes its records', async () => {
    const found = await diverge([1, 1], [], [1, 1], 3);
    expectAlike(found);
    expect(shape(found.own)).toBe('0-1@1 2-3@1 4-4@9');
    expect(world.context.logger.matching(/Truncating t-0 to offset 4/)).toEqual(['INFO Truncating t-0 to offset 4']);
  });

  it('cuts epochs that the leader does not know', async () => {
    expectAlike(await diverge([1, 1], [3, 3], [2, 2, 2]));
  });

  it('keeps what lies behind a gap until the leader has answered', async () => {
    const log = world.log('t');
    write(log, 1, 1, 1, 1);
    const segmentBytes = bytesOf(log).length / 2;
    const config = logConfig({ segmentBytes });
    const torn = world.ownLog('t', { config });
    for (let at = 0; at < 2; at++)
      torn.appendAsFollower(bytesOf(log).subarray(at * segmentBytes, (at + 1) * segmentBytes));
    torn.abandon();
    // Retention took the first segment after the last checkpoint; then the process was killed.
    fs.rmSync(join(torn.path, '00000000000000000000.log'));
    const own = world.ownLog('t', { path: torn.path, clean: false, config, highWatermark: 8 });
    // Broker 3 is not there.
    world.fetchers.follow(world.partition(own), 3, 9);
    await world.pass(510);
    expect([own.logStartOffset, own.logEndOffset]).toEqual([4, 8]);
  });

  it('goes back in several rounds where epochs alternate', async () => {
    const found = await diverge([1, 1], [3, 5, 5], [2, 4, 4, 6]);
    expectAlike(found);
    expect(world.context.logger.matching(/Truncating t-0 to offset/).length).toBeGreaterThan(1);
  });

  it('takes out an epoch that began here and got no record', async () => {
    const log = world.log('t');
    const own = world.ownLog('t');
    write(log, 1);
    share(log, own);
    own.assignEpochStartOffset(4);
    const led = world.leader.lead(log, 5);
    world.fetchers.follow(world.partition(own), 2, 5);
    await settled();
    world.leader.append(led, batch());
    await settled();
    expect(own.leaderEpochCache.entries).toEqual([
      { epoch: 1, startOffset: 0 },
      { epoch: 5, startOffset: 2 },
    ]);
    expect(own.logEndOffset).toBe(3);
  });

  it('goes below its high watermark when the leader was elected uncleanly, and says so', async () => {
    const found = await diverge([1], [], [1, 1, 1], 8);
    expectAlike(found);
    expect(world.context.logger.matching(/below high watermark/)).toEqual([
      'WARN Truncating t-0 to offset 2 below high watermark 8',
    ]);
  });

  it('writes the recovery point before it appends again, when it was cut', async () => {
    const { own, led } = await ownBeyond(1);
    world.fetchers.follow(world.partition(own), 2, 2);
    await settled();
    expect(world.checkpoints).toBe(1);
    expectAlike({ led, own, follower: world.partition(own) });
  });

  it('lets nothing be appended before a full disk has the lower recovery point, by whatever loop, and others go on', async () => {
    const { own, led } = await ownBeyond(2);
    world.full.add(own.directory);
    const follower = world.partition(own);
    const other = world.pair('u');
    world.leader.append(other.led, batch());
    world.fetchers.follow(follower, 2, 2);
    world.fetchers.follow(other.follower, 2, 1);
    await settled();
    // Of the segment that was cut, the cut included, nothing counts as being on the disk.
    expect([own.logEndOffset, own.recoveryPoint]).toEqual([2, 0]);
    world.leader.append(other.led, batch());
    await world.pass(1500);
    expect([own.logEndOffset, other.own.logEndOffset]).toEqual([2, 2]);
    expect(world.checkpoints, 'it is tried again').toBeGreaterThan(1);
    // In another loop, and in the same one.
    world.fetchers.unfollow(follower);
    world.loops = 2;
    world.fetchers.resize();
    world.fetchers.follow(follower, 2, 2);
    await world.pass(1500);
    world.fetchers.follow(follower, 2, 3);
    await world.pass(1500);
    expect(own.logEndOffset).toBe(2);
    world.fetchers.follow(follower, 2, 2);
    world.full.clear();
    await world.pass(1500);
    expectAlike({ led, own, follower });
  });

  describe('where a power cut took the end of a segment and left the next one', () => {
    function tear(log: PartitionLog): PartitionLog {
      write(log, 1, 1, 1, 1);
      const segmentBytes = bytesOf(log).length / 2;
      const config = logConfig({ segmentBytes });
      const torn = world.ownLog('t', { config });
      for (const at of [0, segmentBytes]) torn.appendAsFollower(bytesOf(log).subarray(at, at + segmentBytes));
      torn.abandon();
      fs.truncateSync(join(torn.path, '00000000000000000000.log'), segmentBytes / 2);
      return world.ownLog('t', { path: torn.path, clean: false, config, highWatermark: 8 });
    }

    it('fetches again from there', async () => {
      const log = world.log('t');
      const own = tear(log);
      expect(shape(own)).toBe('0-1@1 4-5@1 6-7@1');
      const led = world.leader.lead(log, 9);
      world.leader.append(led, batch());
      world.fetchers.follow(world.partition(own), 2, 9);
      await settled();
      await world.pass(510);
      expect(world.checkpoints).toBe(1);
      expect(shape(own)).toBe(shape(log));
      expect(own.highWatermark).toBe(log.highWatermark);
    });

    it.each([
      ['keeps what there is when it leads', Number.MAX_SAFE_INTEGER, 8],
      ['ends there when it leads, where every record is synced before it counts', 1, 2],
    ])('%s', (_what, flushMessages, end) => {
      const own = tear(world.log('t'));
      own.updateConfig({ ...own.config, flushMessages });
      own.updateHighWatermark(2);
      const state = { leader: 1, leaderEpoch: 2, partitionEpoch: 1, replicas: [1], isr: [1], leaderRecoveryState: 0 };
      const partition = world.partition(own);
      partition.applyState(state);
      expect([own.gapAt, own.logEndOffset, partition.epochStartOffset]).toEqual([null, end, end]);
    });
  });

  it('leaves no producer behind of which the records are gone', async () => {
    const log = world.log('t');
    const own = world.ownLog('t');
    write(log, 1);
    share(log, own);
    own.appendAsLeader(batch({ producerId: 5, producerEpoch: 0, baseSequence: 0 }), 1);
    const led = world.leader.lead(log, 2);
    world.leader.append(led, batch({ producerId: 6, producerEpoch: 0, baseSequence: 0 }));
    world.fetchers.follow(world.partition(own), 2, 2);
    await settled();
    expect([own.producers.get(5), own.producers.get(6)?.batches.length]).toEqual([undefined, 1]);
  });
});

describe('an offset out of the range', () => {
  it('begins anew where the leader begins, when the leader has deleted what comes next', async () => {
    const { led, own, follower } = world.pair('t');
    for (let i = 0; i < 5; i++) world.leader.append(led, batch({ records: 2 }));
    share(led.log, own);
    own.truncateTo(2);
    led.log.deleteRecordsBefore(6);
    // Without an epoch to compare, the offset alone decides.
    own.truncateFullyAndStartAt(2);
    world.fetchers.follow(follower, 2, 1);
    await world.pass(510);
    expect([own.logStartOffset, own.logEndOffset, own.highWatermark]).toEqual([6, 10, 10]);
    expect(world.leader.listed.length).toBe(2);
    expect(world.context.logger.matching(/Reset fetch offset/)).toEqual([
      "WARN Reset fetch offset for partition t-0 from 2 to current leader's start offset 6",
    ]);
  });

  it('takes a whole batch when the leader begins within it', async () => {
    const { led, own, follower } = world.pair('t');
    for (let i = 0; i < 3; i++) world.leader.append(led, batch({ records: 4 }));
    led.log.deleteRecordsBefore(6);
    world.fetchers.follow(follower, 2, 1);
    await world.pass(510);
    expect([own.logStartOffset, own.logEndOffset]).toEqual([6, 12]);
    expect(own.segments[0]?.baseOffset).toBe(4);
    expect(shape(own)).toBe('4-7@1 8-11@1');
  });

  it('is cut to the leader, when the leader ends before it', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch({ records: 2 }));
    own.truncateFullyAndStartAt(1);
    own.appendAsFollower(Buffer.concat([offsetBatch(1, 1), offsetBatch(4, 1)]));
    // Nothing is known of its epochs, as after damage to their file.
    own.leaderEpochCache.clear();
    world.fetchers.follow(follower, 2, 1);
    await world.pass(510);
    expect(own.logEndOffset).toBe(2);
    expect(world.context.logger.matching(/Reset fetch offset.* latest offset 2/).length).toBe(1);
  });

  it('is left alone when the leader has moved meanwhile', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch());
    led.refusal = { code: ErrorCode.OFFSET_OUT_OF_RANGE, once: true };
    const answers = world.leader.holdListOffsets();
    world.fetchers.follow(follower, 2, 1);
    await settled();
    world.fetchers.unfollow(follower);
    answers();
    await settled();
    expect(own.logEndOffset).toBe(0);
    expect(world.context.logger.matching(/Reset/)).toEqual([]);
  });
});

function offsetBatch(baseOffset: number, epoch: number): Buffer {
  const bytes = batch();
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(epoch, 12);
  return bytes;
}
