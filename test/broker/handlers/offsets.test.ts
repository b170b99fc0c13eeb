/** ListOffsets, OffsetForLeaderEpoch and DeleteRecords: what a broker says of the ends of its logs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildBatch } from '../../../src/protocol/batch-builder.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { BrokerHarness, configRecord, partitionChange, records, topicId } from '../harness.ts';

const LIST_OFFSETS = 2;
const DELETE_RECORDS = 21;
const OFFSET_FOR_LEADER_EPOCH = 23;
const [LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, PENDING_UPLOAD] = [-1, -2, -3, -4, -5, -6];
const T0 = 1_700_000_000_000;

let broker: BrokerHarness;

beforeEach(async () => {
  broker = await BrokerHarness.start();
  broker.withTopics({
    t: {},
    empty: {},
    waiting: { replicas: [1, 2], isr: [1, 2] },
    following: { replicas: [1, 2], leader: 2, isr: [1, 2] },
    compacted: { configs: { 'cleanup.policy': 'compact' } },
    __consumer_offsets: { configs: { 'cleanup.policy': 'compact' } },
  });
});

afterEach(() => broker.remove());

/** Offsets 0 and 1 in epoch 0, 2 to 4 in epoch 1, with times that go up and back. */
function fill(topic = 't', id = topicId(0)) {
  const put = (...times: number[]) => {
    for (const time of times) broker.partition(topic).append(records({ timestamp: T0 + time }, 'a'), false);
  };
  put(100, 200);
  broker.apply(partitionChange(id, 0, { leader: 1 }));
  put(400, 300, 400);
}

interface ListShape {
  readonly version?: number;
  readonly topic?: string;
  readonly index?: number;
  readonly currentLeaderEpoch?: number;
  readonly replicaId?: number;
}

async function list(time: number | bigint, shape: ListShape = {}) {
  const { version = 11, topic = 't', index = 0, currentLeaderEpoch = -1, replicaId = -1 } = shape;
  const partition = { partitionIndex: index, timestamp: BigInt(time), ...(version >= 4 && { currentLeaderEpoch }) };
  const request = {
    replicaId,
    ...(version >= 2 && { isolationLevel: 0 }),
    topics: [{ name: topic, partitions: [partition] }],
  };
  return (await broker.ask(LIST_OFFSETS, version, request).answer).topics[0].partitions[0];
}

describe('ListOffsets', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])('v%i finds both ends', async (version) => {
    fill();
    broker.partition('t').deleteRecordsBefore(1);
    const epoch = (leaderEpoch: number) => (version >= 4 ? { leaderEpoch } : {});
    expect(await list(LATEST, { version })).toMatchObject({ errorCode: 0, offset: 5, timestamp: -1, ...epoch(1) });
    expect(await list(EARLIEST, { version })).toMatchObject({ errorCode: 0, offset: 1, timestamp: -1, ...epoch(0) });
  });

  it('finds the first record that is not earlier than a time', async () => {
    fill();
    const at = async (time: number) => (await list(T0 + time)).offset;
    expect(await Promise.all([0, 100, 101, 200, 201, 300, 400, 401].map(at))).toEqual([0, 0, 1, 1, 2, 2, 2, -1]);
    expect(await list(T0 + 150)).toMatchObject({ offset: 1, timestamp: T0 + 200, leaderEpoch: 0 });
    const nothing = { errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 };
    expect(await list(T0 + 900)).toMatchObject(nothing);
    expect(await list(2n ** 63n - 1n)).toMatchObject(nothing);
    expect((await list(-(2n ** 63n))).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(await list(0)).toMatchObject({ offset: 0 });
  });

  it('looks within batches', async () => {
    const times = [100, 500, 300];
    const bytes = buildBatch(
      times.map((time) => ({ value: Buffer.from('a'), timestamp: T0 + time })),
      { compression: 1 },
    );
    broker.partition('t').append(bytes, false);
    expect(await list(T0 + 101)).toMatchObject({ offset: 1, timestamp: T0 + 500 });
    expect(await list(MAX_TIMESTAMP)).toMatchObject({ offset: 1, timestamp: T0 + 500 });
  });

  it('finds the latest time', async () => {
    fill();
    expect(await list(MAX_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 2, timestamp: T0 + 400, leaderEpoch: 1 });
    expect(await list(MAX_TIMESTAMP, { topic: 'empty' })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 });
  });

  it('has nothing tiered, and its local records are all there are', async () => {
    fill();
    expect(await list(EARLIEST_LOCAL)).toMatchObject({ errorCode: 0, offset: 0 });
    expect(await list(LATEST_TIERED)).toMatchObject({ errorCode: 0, offset: -1 });
    expect(await list(PENDING_UPLOAD)).toMatchObject({ errorCode: 0, offset: -1 });
  });

  it.each([
    [MAX_TIMESTAMP, 7],
    [EARLIEST_LOCAL, 8],
    [LATEST_TIERED, 9],
    [PENDING_UPLOAD, 11],
  ])('knows special time %i since version %i', async (timestamp, since) => {
    expect((await list(timestamp, { version: since - 1 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect((await list(timestamp, { version: since })).errorCode).toBe(0);
  });

  it('refuses special times that nobody knows', async () => {
    expect((await list(-7)).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
  });

  it('tells clients nothing of what is not committed', async () => {
    broker.append('waiting', 'a', 'b');
    expect(await list(LATEST, { topic: 'waiting' })).toMatchObject({ offset: 0 });
    expect(await list(T0, { topic: 'waiting' })).toMatchObject({ errorCode: 0, offset: -1 });
    expect(await list(MAX_TIMESTAMP, { topic: 'waiting' })).toMatchObject({ errorCode: 0, offset: -1 });
  });

  it('lets clients of a new leader come again until its high watermark has reached its epoch', async () => {
    for (const value of ['a', 'b']) broker.append('waiting', value);
    broker.apply(partitionChange(topicId(2), 0, { leader: 1 }));
    const waiting = { topic: 'waiting' };
    expect((await list(LATEST, waiting)).errorCode).toBe(ErrorCode.OFFSET_NOT_AVAILABLE);
    expect((await list(LATEST, { ...waiting, version: 4 })).errorCode).toBe(ErrorCode.LEADER_NOT_AVAILABLE);
    expect((await list(T0, waiting)).errorCode).toBe(ErrorCode.OFFSET_NOT_AVAILABLE);
    expect(await list(EARLIEST, waiting)).toMatchObject({ errorCode: 0, offset: 0 });
    expect(await list(LATEST, { ...waiting, replicaId: 2 })).toMatchObject({ errorCode: 0, offset: 2 });
    broker.apply(partitionChange(topicId(2), 0, { isr: [1] }));
    expect(await list(LATEST, waiting)).toMatchObject({ errorCode: 0, offset: 2 });
  });

  it('answers from a follower to the tools that compare replicas', async () => {
    const following = { topic: 'following' };
    expect((await list(LATEST, following)).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await list(LATEST, { ...following, replicaId: -2 })).toMatchObject({ errorCode: 0, offset: 0 });
  });

  it('refuses a partition that is asked for twice', async () => {
    const partition = { partitionIndex: 0, timestamp: BigInt(LATEST), currentLeaderEpoch: -1 };
    const topics = [{ name: 't', partitions: [partition, partition] }];
    const answer = await broker.ask(LIST_OFFSETS, 7, { replicaId: -1, isolationLevel: 0, topics }).answer;
    const codes = answer.topics[0].partitions.map((one: { errorCode: number }) => one.errorCode);
    expect(codes).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
  });

  it('refuses what it does not lead or know, and epochs that do not fit', async () => {
    fill();
    expect((await list(LATEST, { topic: 'nobody' })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await list(LATEST, { topic: 'following' })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await list(LATEST, { currentLeaderEpoch: 0 })).errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect((await list(LATEST, { currentLeaderEpoch: 2 })).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect((await list(LATEST, { currentLeaderEpoch: 1 })).errorCode).toBe(0);
  });
});

describe('OffsetForLeaderEpoch', () => {
  async function endOf(
    leaderEpoch: number,
    more: { version?: number; topic?: string; currentLeaderEpoch?: number } = {},
  ) {
    const { version = 4, topic = 't', currentLeaderEpoch = -1 } = more;
    const partitions = [{ partition: 0, leaderEpoch, currentLeaderEpoch }];
    const request = { ...(version >= 3 && { replicaId: -1 }), topics: [{ topic, partitions }] };
    return (await broker.ask(OFFSET_FOR_LEADER_EPOCH, version, request).answer).topics[0].partitions[0];
  }

  it.each([2, 3, 4])('v%i tells where the log of an epoch ends', async (version) => {
    fill();
    expect(await endOf(0, { version })).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2 });
    expect(await endOf(1, { version })).toMatchObject({ errorCode: 0, leaderEpoch: 1, endOffset: 5 });
  });

  it('knows nothing of epochs to come', async () => {
    fill();
    expect(await endOf(7)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
  });

  it('answers for an epoch without records with the one before', async () => {
    fill();
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    broker.append('t', 'a');
    expect(await endOf(2)).toMatchObject({ errorCode: 0, endOffset: 5 });
    expect(await endOf(3)).toMatchObject({ errorCode: 0, leaderEpoch: 3, endOffset: 6 });
  });

  it('refuses what it does not lead or know, and epochs that do not fit', async () => {
    expect((await endOf(0, { topic: 'nobody' })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await endOf(0, { topic: 'following' })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await endOf(0, { currentLeaderEpoch: 5 })).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
  });
});

describe('DeleteRecords', () => {
  async function deleteBefore(offset: number, more: { version?: number; topic?: string } = {}) {
    const { version = 2, topic = 't' } = more;
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await broker.ask(DELETE_RECORDS, version, { topics, timeoutMs: 1000 }).answer;
    return answer.topics[0].partitions[0];
  }

  it.each([0, 1, 2])('v%i raises the log start, and never lowers it', async (version) => {
    fill();
    expect(await deleteBefore(3, { version })).toMatchObject({ errorCode: 0, lowWatermark: 3 });
    expect(await deleteBefore(1, { version })).toMatchObject({ errorCode: 0, lowWatermark: 3 });
    expect(broker.partition('t').log.logStartOffset).toBe(3);
  });

  it('takes -1 for the high watermark', async () => {
    fill();
    expect(await deleteBefore(-1)).toMatchObject({ errorCode: 0, lowWatermark: 5 });
  });

  it('refuses offsets that are not committed, or none', async () => {
    broker.append('waiting', 'a');
    expect(await deleteBefore(1, { topic: 'waiting' })).toMatchObject({
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      lowWatermark: -1,
    });
    expect((await deleteBefore(-2)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });

  it('refuses internal topics, and those that are only compacted until that changes', async () => {
    expect((await deleteBefore(0, { topic: '__consumer_offsets' })).errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect((await deleteBefore(0, { topic: 'compacted' })).errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    broker.apply(configRecord(2, 'compacted', 'cleanup.policy', 'compact,delete'));
    expect((await deleteBefore(0, { topic: 'compacted' })).errorCode).toBe(0);
  });

  it('refuses what it does not lead or know', async () => {
    expect((await deleteBefore(0, { topic: 'nobody' })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await deleteBefore(0, { topic: 'following' })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('wakes consumers that wait below the new start', async () => {
    fill();
    const partition = { partition: 0, fetchOffset: 5, partitionMaxBytes: 1000 };
    const topics = [{ topic: 't', partitions: [partition] }];
    const waiting = broker.ask(1, 6, {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1000,
      isolationLevel: 0,
      topics,
    });
    await deleteBefore(-1);
    broker.time.advance(500);
    expect((await waiting.answer).responses[0].partitions[0]).toMatchObject({ errorCode: 0, logStartOffset: 5 });
  });
});

describe('DescribeProducers', () => {
  const describeProducers = async (topic: string) =>
    (await broker.ask(61, 0, { topics: [{ name: topic, partitionIndexes: [0] }] }).answer).topics[0].partitions[0];

  it('tells whom a partition remembers', async () => {
    const numbered = { producerId: 9, producerEpoch: 2, baseSequence: 4 };
    broker.partition('t').append(records({ ...numbered, timestamp: T0 + 5 }, 'a', 'b'), false);
    expect(await describeProducers('t')).toMatchObject({
      errorCode: 0,
      activeProducers: [
        {
          producerId: 9,
          producerEpoch: 2,
          lastSequence: 5,
          lastTimestamp: T0 + 5,
          coordinatorEpoch: -1,
          currentTxnStartOffset: -1,
        },
      ],
    });
    expect(await describeProducers('following')).toMatchObject({ errorCode: 0, activeProducers: [] });
  });

  it('is refused for what is not here', async () => {
    expect((await describeProducers('nobody')).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});
