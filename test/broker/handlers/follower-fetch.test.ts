import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordBatch } from '../../../src/protocol/batch.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import {
  BrokerHarness,
  brokerRecord,
  configRecord,
  partitionChange,
  removeTopic,
  topicId,
  topicRecords,
  turn,
  unfence,
} from '../harness.ts';

const FETCH = 1;
const DELETE_RECORDS = 21;
const NO_TIME = 9223372036854775807n;

let broker: BrokerHarness;

interface Wanted {
  readonly topic?: number;
  readonly fetchOffset?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly logStartOffset?: number;
}

interface Shape {
  readonly replica?: number;
  readonly replicaEpoch?: number;
  readonly session?: readonly [number, number];
  readonly maxWaitMs?: number;
  readonly forgotten?: readonly number[];
  readonly rackId?: string;
  readonly version?: number;
}

/** As Kafka 4.3 follows: version 18, by topic id, one session. */
function request(wanted: readonly Wanted[], shape: Shape) {
  const { replica = 2, replicaEpoch = 5, session = [0, -1], maxWaitMs = 0, version = 18 } = shape;
  return {
    ...(version >= 15 ? { replicaState: { replicaId: replica, replicaEpoch } } : { replicaId: replica }),
    maxWaitMs,
    minBytes: 1,
    maxBytes: 10 << 20,
    isolationLevel: 0,
    sessionId: session[0],
    sessionEpoch: session[1],
    rackId: shape.rackId ?? '',
    topics: wanted.map(({ topic = 0, ...one }) => ({
      topicId: topicId(topic),
      partitions: [
        {
          partition: 0,
          fetchOffset: one.fetchOffset ?? 0,
          currentLeaderEpoch: one.currentLeaderEpoch ?? -1,
          lastFetchedEpoch: one.lastFetchedEpoch ?? -1,
          logStartOffset: one.logStartOffset ?? 0,
          partitionMaxBytes: 1 << 20,
          ...(version >= 18 && { highWatermark: NO_TIME }),
        },
      ],
    })),
    forgottenTopicsData: (shape.forgotten ?? []).map((topic) => ({ topicId: topicId(topic), partitions: [0] })),
  };
}

const ask = (wanted: readonly Wanted[], shape: Shape = {}) =>
  broker.ask(FETCH, shape.version ?? 18, request(wanted, shape));
const fetch = async (wanted: Wanted = {}, shape: Shape = {}) =>
  (await ask([wanted], shape).answer).responses[0].partitions[0];

function values(answer: { readonly records: Uint8Array | null }): string[] {
  return RecordBatch.all(Buffer.from(answer.records ?? []))
    .flatMap((batch) => readRecords(batch.bytes, batch.start))
    .map(({ value }) => String(value));
}

const highWatermark = (topic = 't') => broker.partition(topic).log.highWatermark;

beforeEach(async () => {
  broker = await BrokerHarness.start();
  broker.withTopics({ t: { replicas: [1, 2], isr: [1, 2] }, u: { replicas: [1, 2], isr: [1, 2] }, alone: {} });
  for (const id of [2, 3]) broker.apply(brokerRecord(id), unfence(id));
});

afterEach(() => broker.remove());

describe('a follower', () => {
  it.each([13, 14, 15, 16, 17, 18])(
    'reads to the end of the log, and says with it how far it is (v%i)',
    async (version) => {
      broker.append('t', 'a', 'b');
      const first = await fetch({}, { version });
      expect(first).toMatchObject({ errorCode: 0, highWatermark: 0, logStartOffset: 0, preferredReadReplica: -1 });
      expect(values(first)).toEqual(['a', 'b']);
      expect(await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 }, { version })).toMatchObject({ highWatermark: 2 });
      expect(highWatermark()).toBe(2);
    },
  );

  it('wakes when records are written, and is told of none that it waited for', async () => {
    const asked = ask([{}, { topic: 1 }], { maxWaitMs: 500 });
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.append('u', 'a');
    const answer = await asked.answer;
    expect(answer.responses.map(({ partitions }: { partitions: never[] }) => values(partitions[0] as never))).toEqual([
      [],
      ['a'],
    ]);
    expect(highWatermark('u')).toBe(0);
    expect(broker.partition('u').appended.waiters.size).toBe(0);
  });

  it('keeps a session, in which an idle partition costs nothing and still counts', async () => {
    const full = await ask([{}, { topic: 1 }], { session: [0, 0] }).answer;
    const id = full.sessionId;
    expect(full.responses).toHaveLength(2);
    broker.append('t', 'a');
    const news = await ask([], { session: [id, 1] }).answer;
    expect(news.responses.map(({ topicId: topic }: { topicId: string }) => topic)).toEqual([topicId(0)]);
    const committed = await ask([{ fetchOffset: 1, lastFetchedEpoch: 0 }], { session: [id, 2] }).answer;
    expect(committed.responses[0].partitions[0]).toMatchObject({ highWatermark: 1 });
    expect(highWatermark()).toBe(1);
    expect((await ask([], { session: [id, 3] }).answer).responses).toEqual([]);
    broker.append('u', 'b');
    const forgotten = await ask([], { session: [id, 4], forgotten: [1] }).answer;
    expect(forgotten.responses).toEqual([]);
  });

  it('is let go when a new partition waits for it, and not held for long until it asks for that', async () => {
    const both = [{}, { topic: 1 }];
    await ask(both).answer;
    const asked = ask(both, { maxWaitMs: 500 });
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.apply(...topicRecords('new', { id: topicId(8), replicas: [1, 2], isr: [1, 2] }));
    expect((await asked.answer).responses[0].partitions[0]).toMatchObject({ errorCode: 0 });
    const again = ask(both, { maxWaitMs: 500 });
    await turn();
    expect(again.settled()).toBeUndefined();
    broker.time.advance(20);
    await again.answer;
    const whole = ask([...both, { topic: 8 }], { maxWaitMs: 500 });
    await turn();
    broker.time.advance(499);
    await turn();
    expect(whole.settled()).toBeUndefined();
    broker.time.advance(1);
    await whole.answer;
  });

  it('is not awaited by a partition whose ISR it has left, or that is led elsewhere', async () => {
    const { awaited } = broker.replicas;
    expect(awaited.has(2)).toBe(true);
    broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
    expect(awaited.has(2)).toBe(true);
    broker.apply(partitionChange(topicId(1), 0, { leader: 2 }));
    expect(awaited.has(2)).toBe(false);
    broker.apply(partitionChange(topicId(1), 0, { leader: 1 }));
    expect(awaited.has(2)).toBe(true);
    broker.apply(removeTopic(topicId(1)));
    expect(awaited.has(2)).toBe(false);
  });

  it('is told where its log and the leader part ways, and is not counted there', async () => {
    broker.append('t', 'a', 'b');
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    broker.append('t', 'c');
    const diverging = await fetch({ fetchOffset: 3, lastFetchedEpoch: 0, currentLeaderEpoch: 1 }, { maxWaitMs: 500 });
    expect(diverging).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 2 }, highWatermark: 0 });
    expect(diverging.records?.length ?? 0).toBe(0);
    expect(highWatermark()).toBe(0);
  });

  it('is refused with another idea of the epoch, of the topic, of its own place, or of where the log is', async () => {
    broker.append('t', 'a');
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    const codeOf = async (wanted: Wanted, shape: Shape = {}) => (await fetch(wanted, shape)).errorCode;
    expect(await codeOf({ currentLeaderEpoch: 0 })).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(await codeOf({ currentLeaderEpoch: 2 })).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(await codeOf({ topic: 9 })).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    expect(await codeOf({ fetchOffset: 2 })).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await codeOf({ fetchOffset: 0, lastFetchedEpoch: 7 })).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await codeOf({ currentLeaderEpoch: 1 }, { replica: 3 })).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(await codeOf({}, { replica: 3 })).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await codeOf({}, { replicaEpoch: 4 })).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    broker.apply(partitionChange(topicId(0), 0, { leader: 2 }));
    const moved = await ask([{}]).answer;
    expect(moved.responses[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 2, leaderEpoch: 2 },
    });
    expect(moved.nodeEndpoints).toEqual([{ nodeId: 2, host: 'host2', port: 9092, rack: null }]);
  });

  it('is proposed for the ISR once it has all that is committed', async () => {
    broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
    broker.append('t', 'a');
    await fetch();
    expect(broker.proposals).toEqual([]);
    await fetch({ fetchOffset: 1, lastFetchedEpoch: 0 });
    expect(broker.proposals[0]?.isr).toEqual([
      { brokerId: 1, brokerEpoch: 7 },
      { brokerId: 2, brokerEpoch: 5 },
    ]);
  });
});

describe('a throttled follower', () => {
  beforeEach(() => {
    broker.apply(
      configRecord(2, 't', 'leader.replication.throttled.replicas', '0:1'),
      configRecord(4, '1', 'leader.replication.throttled.rate', '100'),
      partitionChange(topicId(0), 0, { isr: [1] }),
    );
    broker.append('t', 'x'.repeat(1000));
  });

  it('outside the ISR gets nothing more once the rate is reached, and more with time', async () => {
    expect(values(await fetch())).toHaveLength(1);
    expect(values(await fetch())).toHaveLength(0);
    expect((await fetch()).errorCode).toBe(0);
    broker.time.sleep(12_000);
    expect(values(await fetch())).toHaveLength(1);
  });

  it('in the ISR gets what it asks for', async () => {
    broker.apply(partitionChange(topicId(0), 0, { isr: [1, 2] }));
    for (let i = 0; i < 3; i++) expect(values(await fetch())).toHaveLength(1);
  });

  it('gets partitions that are not named', async () => {
    broker.apply(partitionChange(topicId(1), 0, { isr: [1] }));
    broker.append('u', 'x'.repeat(1000));
    await fetch();
    for (let i = 0; i < 3; i++) expect(values(await fetch({ topic: 1 }))).toHaveLength(1);
  });
});

describe('DeleteRecords', () => {
  const deleteRecords = (timeoutMs = 1000) =>
    broker.ask(DELETE_RECORDS, 2, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: -1 }] }],
      timeoutMs,
    });

  beforeEach(async () => {
    broker.append('t', 'a', 'b');
    await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 });
    expect(highWatermark()).toBe(2);
  });

  it('is answered when the follower has followed', async () => {
    const asked = deleteRecords();
    await turn();
    expect(asked.settled()).toBeUndefined();
    expect(await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 })).toMatchObject({ logStartOffset: 2 });
    await turn();
    expect(asked.settled()).toBeUndefined();
    await fetch({ fetchOffset: 2, lastFetchedEpoch: 0, logStartOffset: 2 });
    expect((await asked.answer).topics[0].partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 2 });
  });

  it('is answered when its time is over', async () => {
    const asked = deleteRecords();
    await turn();
    broker.time.advance(1000);
    expect((await asked.answer).topics[0].partitions[0].errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(broker.partition('t').log.logStartOffset).toBe(2);
  });

  it('is refused when the leadership goes', async () => {
    const asked = deleteRecords();
    await turn();
    broker.apply(partitionChange(topicId(0), 0, { leader: 2 }));
    expect((await asked.answer).topics[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      lowWatermark: -1,
    });
  });
});

describe('a consumer in a rack (KIP-392)', () => {
  const RACK_AWARE = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
  const consume = (rackId: string, wanted: Wanted = {}, version = 18) =>
    fetch(wanted, { replica: -1, replicaEpoch: -1, rackId, version });

  beforeEach(async () => {
    await broker.remove();
    broker = await BrokerHarness.start({ properties: { 'replica.selector.class': RACK_AWARE, 'broker.rack': 'r1' } });
    broker.withTopics({ t: { replicas: [1, 2, 3], isr: [1, 2, 3] } });
    for (const id of [1, 2, 3]) broker.apply(brokerRecord(id, { rack: id === 1 ? 'r1' : 'r2' }), unfence(id));
    broker.append('t', 'a', 'b');
    await fetch({ fetchOffset: 1, lastFetchedEpoch: 0 }, { replica: 2 });
    await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 }, { replica: 3 });
    expect(highWatermark()).toBe(1);
  });

  it('is sent to the replica there that has come furthest, without records', async () => {
    const answer = await consume('r2');
    expect(answer).toMatchObject({ errorCode: 0, preferredReadReplica: 3, highWatermark: 1 });
    expect(values(answer)).toEqual([]);
  });

  it.each([
    ['the leader stands there', 'r1'],
    ['nobody stands there', 'r3'],
    ['it names none', ''],
  ])('reads from the leader when %s', async (_why, rack) => {
    expect(await consume(rack)).toMatchObject({ preferredReadReplica: -1 });
    expect(values(await consume(rack))).toEqual(['a']);
  });

  it('is sent to members of the ISR only, that have what it asks for', async () => {
    broker.apply(partitionChange(topicId(0), 0, { isr: [1, 2] }));
    expect((await consume('r2')).preferredReadReplica).toBe(2);
    expect((await consume('r2', { fetchOffset: 2 })).preferredReadReplica).toBe(-1);
  });

  it('may read what is committed from a follower', async () => {
    broker.partition('t').log.highWatermark = 2;
    broker.apply(partitionChange(topicId(0), 0, { leader: 2 }));
    expect(values(await consume('r1'))).toEqual(['a', 'b']);
    expect((await consume('r1', { fetchOffset: 3 })).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });
});
