import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import type { PartitionLog } from '../../../src/storage/partition-log.ts';
import { batch, logConfig } from '../../storage/support.ts';
import { bytesOf, FollowerWorld, settled } from './follower-world.ts';

let world: FollowerWorld;

beforeEach(() => {
  world = new FollowerWorld();
});

afterEach(() => world.end());

describe('fetching', () => {
  it('asks as a replica, takes batches as they are, and follows the high watermark', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch({ records: 3 }));
    world.leader.append(led, batch({ records: 2, producerId: 9, producerEpoch: 0, baseSequence: 0 }));
    led.log.updateHighWatermark(4);
    world.fetchers.follow(follower, 2, 1);
    await settled();
    expect(world.leader.connections).toEqual(['broker-1-fetcher-0']);
    expect(world.leader.fetches[0]).toMatchObject({
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
    world.leader.tell();
    await world.pass(510);
    expect(own.highWatermark).toBe(5);
  });

  it('keeps a session: what has moved is asked for, an idle one asks for nothing, and what is left is forgotten', async () => {
    const one = world.pair('a');
    const other = world.pair('b');
    world.fetchers.follow(one.follower, 2, 1);
    world.fetchers.follow(other.follower, 2, 1);
    await settled();
    world.leader.append(one.led, batch());
    await settled();
    await world.pass(510);
    world.fetchers.unfollow(other.follower);
    await world.pass(510);
    const asked = world.leader.fetches.map(({ sessionId, sessionEpoch, topics, forgottenTopicsData }) => ({
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
    world.leader.append(other.led, batch());
    await settled();
    expect(other.own.logEndOffset).toBe(0);
  });

  it('begins a new session when the leader has forgotten the old one, and closes the old one after a lost connection', async () => {
    const { led, own, follower } = world.pair('t');
    world.fetchers.follow(follower, 2, 1);
    await settled();
    world.leader.restart();
    await world.pass(30);
    world.leader.append(led, batch());
    await settled();
    expect(own.logEndOffset).toBe(1);
    const afterwards = world.leader.fetches.slice(1).map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch]);
    expect(afterwards).toEqual([
      [0, 0],
      [101, 1],
    ]);
    world.leader.wholeRefusal = ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    world.leader.append(led, batch());
    await settled();
    await world.pass(600);
    expect(own.logEndOffset).toBe(2);
    expect(world.leader.fetches.at(-1)).toMatchObject({ topics: [] });
  });

  it('says once that a leader cannot be reached, tries again with longer pauses, and takes the address as it is then', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch());
    world.leader.isReachable = false;
    world.fetchers.follow(follower, 2, 1);
    await world.pass(5000);
    expect(world.context.logger.matching(/cannot be followed/)).toEqual([
      'WARN Broker 2 cannot be followed now: connection refused',
    ]);
    expect(world.leader.connections.length).toBeGreaterThan(6);
    expect(world.leader.connections.length).toBeLessThan(14);
    world.leader.isReachable = true;
    await world.pass(1000);
    expect(own.logEndOffset).toBe(1);
    expect(world.context.logger.matching(/followed again/).length).toBe(1);
  });

  it('goes to the new leader at once, without waiting out a fetch that the leader holds back', async () => {
    const { led, own, follower } = world.pair('t');
    const moved = world.pair('m', 3);
    world.fetchers.follow(follower, 2, 1);
    await settled();
    expect(world.leader.waiting).toBe(1);
    world.leader.append(moved.led, batch());
    world.fetchers.follow(moved.follower, 2, 3);
    await world.pass(10);
    expect(moved.own.logEndOffset).toBe(1);
    expect(world.context.logger.matching(/cannot be followed/)).toEqual([]);
    world.leader.append(led, batch());
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('does not touch a log that is followed no more, whatever is still under way', async () => {
    const { led, own, follower } = world.pair('t');
    world.fetchers.follow(follower, 2, 1);
    await settled();
    world.leader.append(led, batch());
    world.fetchers.unfollow(follower);
    await settled();
    expect(own.logEndOffset).toBe(0);
    world.fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('ends the loop and the connection when nothing is left to follow at a leader', async () => {
    const { follower } = world.pair('t');
    world.fetchers.follow(follower, 2, 1);
    await settled();
    world.fetchers.unfollow(follower);
    await world.pass(600);
    const before = world.leader.fetches.length;
    await world.pass(2000);
    expect(world.leader.fetches.length).toBe(before);
    expect(world.time.timerCount).toBeLessThan(2);
  });

  it('spreads partitions over num.replica.fetchers connections, also when that changes', async () => {
    const pairs = ['a', 'b', 'c', 'd'].map((topic) => world.pair(topic));
    for (const { follower } of pairs) {
      follower.applyState({
        leader: 2,
        leaderEpoch: 1,
        partitionEpoch: 1,
        replicas: [1, 2],
        isr: [2],
        leaderRecoveryState: 0,
      });
      world.fetchers.follow(follower, 2, 1);
    }
    await settled();
    expect(world.leader.connections).toEqual(['broker-1-fetcher-0']);
    world.loops = 2;
    world.fetchers.resize();
    await world.pass(510);
    expect(new Set(world.leader.connections)).toEqual(new Set(['broker-1-fetcher-0', 'broker-1-fetcher-1']));
    for (const { led } of pairs) world.leader.append(led, batch());
    await world.pass(510);
    expect(pairs.map(({ own }) => own.logEndOffset)).toEqual([1, 1, 1, 1]);
  });

  it('raises its log start with the leader', async () => {
    const { led, own, follower } = world.pair('t');
    for (let i = 0; i < 4; i++) world.leader.append(led, batch());
    world.fetchers.follow(follower, 2, 1);
    await settled();
    await world.pass(510);
    led.log.deleteRecordsBefore(3);
    world.leader.tell();
    await world.pass(510);
    expect(own.logStartOffset).toBe(3);
    await world.pass(510);
    expect(world.leader.fetches.flatMap(({ topics }) => topics).at(-1)?.partitions[0]?.logStartOffset).toBe(3);
  });

  it('tells its log start to a leader that catches up with it', async () => {
    const { led, own, follower } = world.pair('t');
    for (let i = 0; i < 4; i++) world.leader.append(led, batch());
    world.fetchers.follow(follower, 2, 1);
    await settled();
    await world.pass(510);
    // As retention does, which every replica looks after by itself.
    own.deleteRecordsBefore(3);
    led.log.deleteRecordsBefore(2);
    world.leader.tell();
    await world.pass(1020);
    expect(world.leader.fetches.flatMap(({ topics }) => topics).at(-1)?.partitions[0]?.logStartOffset).toBe(3);
  });

  it('waits for the disk before it tells the leader of records, where flush.messages wants it', async () => {
    const led = world.leader.lead(world.log('t'), 1);
    const own = world.ownLog('t', { config: logConfig({ flushMessages: 1 }) });
    world.leader.append(led, batch());
    world.fetchers.follow(world.partition(own), 2, 1);
    await settled();
    while (world.leader.fetches.length < 2) await settled();
    expect(own.recoveryPoint).toBe(1);
  });

  it('waits for the disk too where it begins with records that a crash left in the page cache', async () => {
    const { led, own } = world.pair('t');
    world.leader.append(led, batch({ records: 3 }));
    own.appendAsFollower(bytesOf(led.log));
    own.updateConfig(logConfig({ flushMessages: 1 }));
    expect(own.recoveryPoint).toBe(0);
    world.fetchers.follow(world.partition(own), 2, 1);
    while (world.leader.fetches.length < 1) await settled();
    const [asked] = world.leader.fetches.flatMap(({ topics }) => topics).flatMap(({ partitions }) => partitions);
    expect(asked?.fetchOffset).toBe(own.logEndOffset);
    expect(own.recoveryPoint).toBe(own.logEndOffset);
  });

  it.each(['recovered', 'fetched'])('asks no further while a full disk refuses to sync what was %s', async (how) => {
    const { led, own, follower } = world.pair('t');
    const other = world.pair('u');
    const { full } = fullDisk(own);
    world.leader.append(led, batch({ records: 3 }));
    if (how === 'recovered') own.appendAsFollower(bytesOf(led.log));
    own.updateConfig(logConfig({ flushMessages: 1 }));
    world.fetchers.follow(follower, 2, 1);
    world.fetchers.follow(other.follower, 2, 1);
    await world.pass(2_000);
    world.leader.append(other.led, batch({ records: 2 }));
    await world.pass(1_000);
    expect(own.logEndOffset).toBe(3);
    expect(offsetsAsked(own.topicId)).not.toContain(3);
    expect(other.own.logEndOffset, 'the others go on').toBe(2);
    full.clear();
    world.leader.append(led, batch({ records: 2 }));
    while (own.recoveryPoint < 5) await world.pass(100);
    expect(offsetsAsked(own.topicId)).toContain(3);
    expect(own.logEndOffset).toBe(5);
  });
});

/** A log whose disk takes no flush before `full` is empty. */
function fullDisk(log: PartitionLog): { full: Set<string> } {
  const full = new Set([log.directory]);
  const flush = log.flush.bind(log);
  log.flush = () =>
    full.size === 0 ? flush() : Promise.reject(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'the disk is full'));
  return { full };
}

function offsetsAsked(topicId: string): number[] {
  return world.leader.fetches
    .flatMap(({ topics }) => topics)
    .filter((topic) => topic.topicId === topicId)
    .flatMap(({ partitions }) => partitions.map(({ fetchOffset }) => Number(fetchOffset)));
}

describe('trouble of one partition', () => {
  it.each([
    ['UNKNOWN_LEADER_EPOCH', ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['NOT_LEADER_OR_FOLLOWER', ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ['UNKNOWN_TOPIC_ID', ErrorCode.UNKNOWN_TOPIC_ID],
    ['KAFKA_STORAGE_ERROR', ErrorCode.KAFKA_STORAGE_ERROR],
  ])('%s: it is tried again soon, then seldom, and the others go on', async (name, code) => {
    const good = world.pair('g');
    const bad = world.pair('b');
    bad.led.refusal = { code, once: false };
    world.leader.append(bad.led, batch());
    world.fetchers.follow(good.follower, 2, 1);
    world.fetchers.follow(bad.follower, 2, 1);
    await settled();
    for (let i = 0; i < 20; i++) {
      world.leader.append(good.led, batch());
      await world.pass(500);
    }
    expect(good.own.logEndOffset).toBe(20);
    expect(world.context.logger.matching(/b-0/)).toEqual([
      expect.stringContaining(`Fetching b-0 from broker 2: the leader answered ${name}`),
    ]);
    bad.led.refusal = null;
    await world.pass(1010);
    world.leader.tell();
    await world.pass(510);
    expect(bad.own.logEndOffset).toBe(1);
  });

  it('a fenced epoch waits for the metadata', async () => {
    const { led, own, follower } = world.pair('t');
    led.refusal = { code: ErrorCode.FENCED_LEADER_EPOCH, once: true };
    world.leader.append(led, batch());
    world.fetchers.follow(follower, 2, 1);
    await world.pass(3000);
    expect(world.leader.fetches.length).toBe(1);
    led.leaderEpoch = 2;
    world.fetchers.follow(follower, 2, 2);
    await settled();
    expect(own.logEndOffset).toBe(1);
  });

  it('refuses a damaged batch, and takes it when it comes whole', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch());
    world.leader.append(led, batch());
    let spoiled = 0;
    led.spoil = (records) => {
      if (records.length === 0 || spoiled++ > 2) return records;
      const copy = Buffer.from(records);
      copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
      return copy;
    };
    world.fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(0);
    expect(
      world.context.logger.matching(/Found invalid messages during fetch for partition t-0 at offset 0/).length,
    ).toBe(1);
    await world.pass(200);
    expect(own.logEndOffset).toBe(2);
  });

  it('leaves a torn batch at the end, and what a later leader has written', async () => {
    const { led, own, follower } = world.pair('t');
    world.leader.append(led, batch({ records: 2 }));
    led.spoil = (records) => Buffer.concat([records, records.subarray(0, 40)]);
    world.fetchers.follow(follower, 2, 1);
    await settled();
    expect(own.logEndOffset).toBe(2);
    led.spoil = null;
    led.leaderEpoch = 5;
    led.log.appendAsLeader(batch(), 5);
    led.leaderEpoch = 1;
    world.leader.tell();
    await world.pass(600);
    expect(own.logEndOffset).toBe(2);
  });

  it('a log that cannot be written is tried again', async () => {
    const { led, own, follower } = world.pair('t');
    own.markFailed('the disk is gone');
    world.leader.append(led, batch());
    const good = world.pair('g');
    world.leader.append(good.led, batch());
    world.fetchers.follow(follower, 2, 1);
    world.fetchers.follow(good.follower, 2, 1);
    await world.pass(3000);
    expect(good.own.logEndOffset).toBe(1);
    expect(world.context.logger.matching(/the disk is gone/).length).toBe(1);
  });
});

describe('the throttle', () => {
  it('counts throttled replicas only, and lets those wait that are behind while it is exceeded', async () => {
    const free = world.pair('f');
    world.leader.append(free.led, batch());
    world.fetchers.follow(free.follower, 2, 1);
    await settled();
    expect(world.quota.bytes).toBe(0);
    world.throttled = new Set([0]);
    world.leader.append(free.led, batch());
    await settled();
    expect(world.quota.bytes).toBe(batch().length);
    world.quota.isExceeded = true;
    const late = world.pair('l');
    world.leader.append(late.led, batch());
    world.fetchers.follow(late.follower, 2, 1);
    await world.pass(1000);
    world.leader.append(free.led, batch());
    await world.pass(600);
    // In sync it goes on.
    expect([free.own.logEndOffset, late.own.logEndOffset]).toEqual([3, 0]);
    world.quota.isExceeded = false;
    await world.pass(1000);
    expect(late.own.logEndOffset).toBe(1);
  });
});
