import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Partition } from '../../../src/broker/partition.ts';
import { ReplicaFetchers } from '../../../src/broker/replication/replica-fetchers.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import type { PartitionLog } from '../../../src/storage/partition-log.ts';
import {
  batch,
  logConfig,
  openLog,
  readAll,
  removeDirectory,
  type TestContext,
  temporaryDirectory,
  testContext,
} from '../../storage/support.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemorySockets } from '../../support/memory-sockets.ts';
import { turn } from '../harness.ts';
import { FakeLeader, type LedPartition } from './fake-leader.ts';

const SETTINGS = {
  socketTimeoutMs: 30_000,
  waitMaxMs: 500,
  minBytes: 1,
  maxBytes: 1 << 20,
  responseMaxBytes: 10 << 20,
  backoffMs: 1000,
};

let time: ManualTime;
let leader: FakeLeader;
let context: TestContext;
let fetchers: ReplicaFetchers;
let checkpoints: number;
let loops: number;
let throttled: ReadonlySet<number>;
let quota: { isExceeded: boolean; bytes: number; record(bytes: number): void };
let directories: string[];
let addresses: Map<number, { host: string; port: number }>;

beforeEach(() => {
  time = new ManualTime();
  leader = new FakeLeader(time);
  context = testContext();
  checkpoints = 0;
  loops = 1;
  throttled = new Set();
  quota = {
    isExceeded: false,
    bytes: 0,
    record(bytes) {
      this.bytes += bytes;
    },
  };
  directories = [];
  addresses = new Map([[2, leader.address]]);
  fetchers = makeFetchers();
});

afterEach(async () => {
  await fetchers.stop();
  for (const directory of directories) removeDirectory(directory);
});

function makeFetchers(): ReplicaFetchers {
  return new ReplicaFetchers({
    nodeId: 1,
    runtime: { clock: time, timers: time, random: context.random, files: context.files, sockets: new MemorySockets() },
    logger: context.logger,
    openLink: leader.openLink,
    endpointOf: (id) => addresses.get(id),
    brokerEpoch: () => 77,
    settings: () => ({ ...SETTINGS, fetchers: loops }),
    quota,
    checkpoint: async () => {
      checkpoints++;
    },
  });
}

function logOf(
  topic: string,
  overrides: Parameters<typeof openLog>[2] = {},
  of: TestContext = testContext(),
): PartitionLog {
  const directory = temporaryDirectory();
  directories.push(directory);
  const topicId = `TTTTTTTTTTTTTTTTTTTT${topic.charAt(0).toUpperCase()}A`;
  return openLog(of, directory, { topic, topicId, path: `${directory}/${topic}-0`, ...overrides });
}

function partitionOf(log: PartitionLog): Partition {
  return new Partition({
    topic: log.topic,
    id: 0,
    log,
    around: {
      nodeId: 1,
      clock: time,
      logger: context.logger,
      maxLagMs: () => 30_000,
      brokerEpoch: () => 77,
      peer: () => undefined,
      propose: () => {},
    },
    settings: () => ({
      minInsyncReplicas: 1,
      compressionType: 'producer',
      compressionLevel: undefined,
      leaderThrottled: new Set(),
      followerThrottled: throttled,
    }),
  });
}

interface Pair {
  readonly led: LedPartition;
  readonly own: PartitionLog;
  readonly follower: Partition;
}

/** A topic that broker 2 leads, and its empty replica here. */
function pair(topic: string, leaderEpoch = 1): Pair {
  const led = leader.lead(logOf(topic), leaderEpoch);
  const own = logOf(topic, {}, context);
  return { led, own, follower: partitionOf(own) };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

/** Time passes in small steps, each with everything that it sets off. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    time.advance(Math.min(left, 10));
    await settled();
  }
}

function bytesOf(log: PartitionLog): Buffer {
  return log.read(log.logStartOffset, 1 << 24, { maxOffset: log.logEndOffset, minOneBatch: true }).toBuffer();
}

/** Offset ranges with their epochs. */
function shape(log: PartitionLog): string {
  return readAll(log)
    .map((one) => `${one.baseOffset}-${one.lastOffset}@${one.partitionLeaderEpoch}`)
    .join(' ');
}

describe('fetching', () => {
  it('asks as a replica, takes batches as they are, and follows the high watermark', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch({ records: 3 }));
    leader.append(led, batch({ records: 2, producerId: 9, producerEpoch: 0, baseSequence: 0 }));
    led.log.updateHighWatermark(4);
    fetchers.follow(follower, 2, 1);
    await settled();
    expect(leader.connections).toEqual(['broker-1-fetcher-0']);
    expect(leader.fetches[0]).toMatchObject({
      replicaState: { replicaId: 1, replicaEpoch: 77 },
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 10 << 20,
      sessionId: 0,
      sessionEpoch: 0,
      topics: [
        {
          topicId: own.topicId,
          partitions: [
            { partition: 0, fetchOffset: 0, lastFetchedEpoch: -1, currentLeaderEpoch: 1, logStartOffset: 0 },
          ],
        },
      ],
    });
    expect(bytesOf(own)).toEqual(bytesOf(led.log));
    expect([own.logEndOffset, own.highWatermark, own.latestEpoch]).toEqual([5, 4, 1]);
    expect(own.producers.get(9)?.batches.at(-1)?.lastSequence).toBe(1);
    led.log.updateHighWatermark(5);
    leader.tell();
    await pass(510);
    expect(own.highWatermark).toBe(5);
  });

  it('keeps a session: what has moved is asked for, an idle one asks for nothing, and what is left is forgotten', async () => {
    const one = pair('a');
    const other = pair('b');
    fetchers.follow(one.follower, 2, 1);
    fetchers.follow(other.follower, 2, 1);
    await settled();
    leader.append(one.led, batch());
    await settled();
    await pass(510);
    fetchers.unfollow(other.follower);
    await pass(510);
    const asked = leader.fetches.map(({ sessionId, sessionEpoch, topics, forgottenTopicsData }) => ({
      session: [sessionId, sessionEpoch],
      offsets: topics.flatMap(({ partitions }) => partitions.map(({ fetchOffset }) => fetchOffset)),
      forgotten: forgottenTopicsData.map(({ topicId }) => topicId),
    }));
    expect(asked.slice(0, 3)).toEqual([
      { session: [0, 0], offsets: [0, 0], forgotten: [] },
      { session: [100, 1], offsets: [1], forgotten: [] },
      { session: [100, 2], offsets: [], forgotten: [] },
    ]);
    expect(asked.some(({ forgotten }) => forgotten.includes(other.own.topicId))).toBe(true);
    leader.append(other.led, batch());
    await settled();
    expect(other.own.logEndOffset).toBe(0);
  });

  it('begins a new session when the leader has forgotten the old one, and closes the old one after a lost connection', async () => {
    const { led, own, follower } = pair('t');
    fetchers.follow(follower, 2, 1);
    await settled();
    leader.restart();
    await pass(30);
    leader.append(led, batch());
    await settled();
    expect(own.logEndOffset).toBe(1);
    const afterwards = leader.fetches.slice(1).map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch]);
    expect(afterwards).toEqual([
      [0, 0],
      [101, 1],
    ]);
    leader.wholeRefusal = ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    leader.append(led, batch());
    await settled();
    await pass(600);
    expect(own.logEndOffset).toBe(2);
    expect(leader.fetches.at(-1)).toMatchObject({ topics: [] });
  });

  it('says once that a leader cannot be reached, tries again with longer pauses, and takes the address as it is then', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch());
    leader.isReachable = false;
    fetchers.follow(follower, 2, 1);
    await pass(5000);
    expect(context.logger.matching(/cannot be followed/)).toEqual([
      'WARN Broker 2 cannot be followed now: connection refused',
    ]);
    expect(leader.connections.length).toBeGreaterThan(6);
    expect(leader.connections.length).toBeLessThan(14);
    leader.isReachable = true;
    await pass(1000);
    expect(own.logEndOffset).toBe(1);
    expect(context.logger.matching(/followed again/).length).toBe(1);
  });

  it('goes to the new leader at once, without waiting out a fetch that the leader holds back', async () => {
    const { led, own, follower } = pair('t');
    const moved = pair('m', 3);
    fetchers.follow(follower, 2, 1);
    await settled();
    expect(leader.waiting).toBe(1);
    leader.append(moved.led, batch());
    fetchers.follow(moved.follower, 2, 3);
    await pass(10);
    expect(moved.own.logEndOffset).toBe(1);
    expect(context.logger.matching(/cannot be followed/)).toEqual([]);
    leader.append(led, batch());
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('does not touch a log that is followed no more, whatever is still under way', async () => {
    const { led, own, follower } = pair('t');
    fetchers.follow(follower, 2, 1);
    await settled();
    leader.append(led, batch());
    fetchers.unfollow(follower);
    await settled();
    expect(own.logEndOffset).toBe(0);
    fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('ends the loop and the connection when nothing is left to follow at a leader', async () => {
    const { follower } = pair('t');
    fetchers.follow(follower, 2, 1);
    await settled();
    fetchers.unfollow(follower);
    await pass(600);
    const before = leader.fetches.length;
    await pass(2000);
    expect(leader.fetches.length).toBe(before);
    expect(time.timerCount).toBeLessThan(2);
  });

  it('spreads partitions over num.replica.fetchers connections, also when that changes', async () => {
    const pairs = ['a', 'b', 'c', 'd'].map((topic) => pair(topic));
    for (const { follower } of pairs) {
      follower.applyState({
        leader: 2,
        leaderEpoch: 1,
        partitionEpoch: 1,
        replicas: [1, 2],
        isr: [2],
        leaderRecoveryState: 0,
      });
      fetchers.follow(follower, 2, 1);
    }
    await settled();
    expect(leader.connections).toEqual(['broker-1-fetcher-0']);
    loops = 2;
    fetchers.resize();
    await pass(510);
    expect(new Set(leader.connections)).toEqual(new Set(['broker-1-fetcher-0', 'broker-1-fetcher-1']));
    for (const { led } of pairs) leader.append(led, batch());
    await pass(510);
    expect(pairs.map(({ own }) => own.logEndOffset)).toEqual([1, 1, 1, 1]);
  });

  it('raises its log start with the leader', async () => {
    const { led, own, follower } = pair('t');
    for (let i = 0; i < 4; i++) leader.append(led, batch());
    fetchers.follow(follower, 2, 1);
    await settled();
    await pass(510);
    led.log.deleteRecordsBefore(3);
    leader.tell();
    await pass(510);
    expect(own.logStartOffset).toBe(3);
    await pass(510);
    expect(leader.fetches.flatMap(({ topics }) => topics).at(-1)?.partitions[0]?.logStartOffset).toBe(3);
  });

  it('waits for the disk before it tells the leader of records, where flush.messages wants it', async () => {
    const led = leader.lead(logOf('t'), 1);
    const own = logOf('t', { config: logConfig({ flushMessages: 1 }) }, context);
    leader.append(led, batch());
    fetchers.follow(partitionOf(own), 2, 1);
    await settled();
    while (leader.fetches.length < 2) await turn();
    expect(own.recoveryPoint).toBe(1);
  });
});

describe('trouble of one partition', () => {
  it.each([
    ['UNKNOWN_LEADER_EPOCH', ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['NOT_LEADER_OR_FOLLOWER', ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ['UNKNOWN_TOPIC_ID', ErrorCode.UNKNOWN_TOPIC_ID],
    ['KAFKA_STORAGE_ERROR', ErrorCode.KAFKA_STORAGE_ERROR],
  ])('%s: it is tried again soon, then seldom, and the others go on', async (name, code) => {
    const good = pair('g');
    const bad = pair('b');
    bad.led.refusal = { code, once: false };
    leader.append(bad.led, batch());
    fetchers.follow(good.follower, 2, 1);
    fetchers.follow(bad.follower, 2, 1);
    await settled();
    for (let i = 0; i < 20; i++) {
      leader.append(good.led, batch());
      await pass(500);
    }
    expect(good.own.logEndOffset).toBe(20);
    expect(context.logger.matching(/b-0/)).toEqual([
      expect.stringContaining(`Fetching b-0 from broker 2: the leader answered ${name}`),
    ]);
    bad.led.refusal = null;
    await pass(1010);
    leader.tell();
    await pass(510);
    expect(bad.own.logEndOffset).toBe(1);
  });

  it('a fenced epoch waits for the metadata', async () => {
    const { led, own, follower } = pair('t');
    led.refusal = { code: ErrorCode.FENCED_LEADER_EPOCH, once: true };
    leader.append(led, batch());
    fetchers.follow(follower, 2, 1);
    await pass(3000);
    expect(leader.fetches.length).toBe(1);
    led.leaderEpoch = 2;
    fetchers.follow(follower, 2, 2);
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('refuses a damaged batch, and takes it when it comes whole', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch());
    leader.append(led, batch());
    let spoiled = 0;
    led.spoil = (records) => {
      if (records.length === 0 || spoiled++ > 2) return records;
      const copy = Buffer.from(records);
      copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
      return copy;
    };
    fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(0);
    expect(context.logger.matching(/Found invalid messages during fetch for partition t-0 at offset 0/).length).toBe(1);
    await pass(200);
    expect(own.logEndOffset).toBe(2);
  });

  it('leaves a torn batch at the end, and what a later leader has written', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch({ records: 2 }));
    led.spoil = (records) => Buffer.concat([records, records.subarray(0, 40)]);
    fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(2);
    led.spoil = null;
    led.leaderEpoch = 5;
    led.log.appendAsLeader(batch(), 5);
    led.leaderEpoch = 1;
    leader.tell();
    await pass(600);
    expect(own.logEndOffset).toBe(2);
  });

  it('a log that cannot be written is tried again', async () => {
    const { led, own, follower } = pair('t');
    own.markFailed('the disk is gone');
    leader.append(led, batch());
    const good = pair('g');
    leader.append(good.led, batch());
    fetchers.follow(follower, 2, 1);
    fetchers.follow(good.follower, 2, 1);
    await pass(3000);
    expect(good.own.logEndOffset).toBe(1);
    expect(context.logger.matching(/the disk is gone/).length).toBe(1);
  });
});

describe('the throttle', () => {
  it('counts throttled replicas only, and lets those wait that are behind while it is exceeded', async () => {
    const free = pair('f');
    leader.append(free.led, batch());
    fetchers.follow(free.follower, 2, 1);
    await settled();
    expect(quota.bytes).toBe(0);
    throttled = new Set([0]);
    leader.append(free.led, batch());
    await settled();
    expect(quota.bytes).toBe(batch().length);
    quota.isExceeded = true;
    const late = pair('l');
    leader.append(late.led, batch());
    fetchers.follow(late.follower, 2, 1);
    await pass(1000);
    leader.append(free.led, batch());
    await pass(600);
    // In sync it goes on.
    expect([free.own.logEndOffset, late.own.logEndOffset]).toEqual([3, 0]);
    quota.isExceeded = false;
    await pass(1000);
    expect(late.own.logEndOffset).toBe(1);
  });
});

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
    const log = logOf('t');
    const own = logOf('t', {}, context);
    write(log, ...common);
    share(log, own);
    write(log, ...leaders);
    write(own, ...followers);
    own.updateHighWatermark(highWatermark);
    const led = leader.lead(log, 9);
    leader.append(led, batch());
    const follower = partitionOf(own);
    fetchers.follow(follower, 2, 9);
    await settled();
    await pass(510);
    return { led, own, follower };
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
    expect(context.logger.matching(/Truncating t-0 to offset 4/)).toEqual(['INFO Truncating t-0 to offset 4']);
  });

  it('cuts epochs that the leader does not know', async () => {
    expectAlike(await diverge([1, 1], [3, 3], [2, 2, 2]));
  });

  it('goes back in several rounds where epochs alternate', async () => {
    const found = await diverge([1, 1], [3, 5, 5], [2, 4, 4, 6]);
    expectAlike(found);
    expect(context.logger.matching(/Truncating t-0 to offset/).length).toBeGreaterThan(1);
  });

  it('takes out an epoch that began here and got no record', async () => {
    const log = logOf('t');
    const own = logOf('t', {}, context);
    write(log, 1);
    share(log, own);
    own.assignEpochStartOffset(4);
    const led = leader.lead(log, 5);
    fetchers.follow(partitionOf(own), 2, 5);
    await settled();
    leader.append(led, batch());
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
    expect(context.logger.matching(/below high watermark/)).toEqual([
      'WARN Truncating t-0 to offset 2 below high watermark 8',
    ]);
  });

  it('writes the recovery point before it appends again, when it was cut', async () => {
    const log = logOf('t');
    const own = logOf('t', {}, context);
    write(log, 1);
    share(log, own);
    write(own, 1, 1);
    await own.flush();
    const led = leader.lead(log, 2);
    leader.append(led, batch());
    fetchers.follow(partitionOf(own), 2, 2);
    await settled();
    expect(checkpoints).toBe(1);
    expectAlike({ led, own, follower: partitionOf(own) });
  });

  it('leaves no producer behind of which the records are gone', async () => {
    const log = logOf('t');
    const own = logOf('t', {}, context);
    write(log, 1);
    share(log, own);
    own.appendAsLeader(batch({ producerId: 5, producerEpoch: 0, baseSequence: 0 }), 1);
    const led = leader.lead(log, 2);
    leader.append(led, batch({ producerId: 6, producerEpoch: 0, baseSequence: 0 }));
    fetchers.follow(partitionOf(own), 2, 2);
    await settled();
    expect([own.producers.get(5), own.producers.get(6)?.batches.length]).toEqual([undefined, 1]);
  });
});

describe('an offset out of the range', () => {
  it('begins anew where the leader begins, when the leader has deleted what comes next', async () => {
    const { led, own, follower } = pair('t');
    for (let i = 0; i < 5; i++) leader.append(led, batch({ records: 2 }));
    share(led.log, own);
    own.truncateTo(2);
    led.log.deleteRecordsBefore(6);
    // Without an epoch to compare, the offset alone decides.
    own.truncateFullyAndStartAt(2);
    fetchers.follow(follower, 2, 1);
    await pass(510);
    expect([own.logStartOffset, own.logEndOffset, own.highWatermark]).toEqual([6, 10, 10]);
    expect(leader.listed.length).toBe(2);
    expect(context.logger.matching(/Reset fetch offset/)).toEqual([
      "WARN Reset fetch offset for partition t-0 from 2 to current leader's start offset 6",
    ]);
  });

  it('takes a whole batch when the leader begins within it', async () => {
    const { led, own, follower } = pair('t');
    for (let i = 0; i < 3; i++) leader.append(led, batch({ records: 4 }));
    led.log.deleteRecordsBefore(6);
    fetchers.follow(follower, 2, 1);
    await pass(510);
    expect([own.logStartOffset, own.logEndOffset]).toEqual([6, 12]);
    expect(own.segments[0]?.baseOffset).toBe(4);
    expect(shape(own)).toBe('4-7@1 8-11@1');
  });

  it('is cut to the leader, when the leader ends before it', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch({ records: 2 }));
    own.truncateFullyAndStartAt(1);
    own.appendAsFollower(Buffer.concat([offsetBatch(1, 1), offsetBatch(4, 1)]));
    // Nothing is known of its epochs, as after damage to their file.
    own.leaderEpochCache.clear();
    fetchers.follow(follower, 2, 1);
    await pass(510);
    expect(own.logEndOffset).toBe(2);
    expect(context.logger.matching(/Reset fetch offset.* latest offset 2/).length).toBe(1);
  });

  it('is left alone when the leader has moved meanwhile', async () => {
    const { led, own, follower } = pair('t');
    leader.append(led, batch());
    led.refusal = { code: ErrorCode.OFFSET_OUT_OF_RANGE, once: true };
    const answers = leader.holdListOffsets();
    fetchers.follow(follower, 2, 1);
    await settled();
    fetchers.unfollow(follower);
    answers();
    await settled();
    expect(own.logEndOffset).toBe(0);
    expect(context.logger.matching(/Reset/)).toEqual([]);
  });
});

function offsetBatch(baseOffset: number, epoch: number): Buffer {
  const bytes = batch();
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(epoch, 12);
  return bytes;
}
