import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordBatch } from '../../../src/protocol/batch.ts';
import { CODEC } from '../../../src/protocol/compression.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import { readAll } from '../../storage/support.ts';
import {
  type Asking,
  BrokerHarness,
  configRecord,
  partitionChange,
  records,
  removeTopic,
  topicId,
  topicRecords,
  turn,
} from '../harness.ts';

const FETCH = 1;

let broker: BrokerHarness;

interface Shape {
  readonly version?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
  readonly isolationLevel?: number;
  readonly forgotten?: readonly {
    readonly topic: string;
    readonly id: string;
    readonly partitions: readonly number[];
  }[];
}

interface Wanted {
  readonly topic?: string;
  readonly id?: string;
  readonly partition?: number;
  readonly fetchOffset?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly partitionMaxBytes?: number;
}

function request(wanted: readonly Wanted[], shape: Shape) {
  const { version = 12, maxWaitMs = 0, minBytes = 1, maxBytes = 1 << 20, isolationLevel = 0 } = shape;
  const { sessionId = 0, sessionEpoch = version >= 7 ? -1 : undefined, forgotten } = shape;
  const name = (topic: string, id: string) => (version >= 13 ? { topicId: id } : { topic });
  return {
    ...(version <= 14 && { replicaId: -1 }),
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    ...(version >= 7 && { sessionId, sessionEpoch }),
    topics: wanted.map(({ topic = 't', id = topicId(0), ...one }) => ({
      ...name(topic, id),
      partitions: [
        {
          partition: one.partition ?? 0,
          fetchOffset: one.fetchOffset ?? 0,
          partitionMaxBytes: one.partitionMaxBytes ?? 1 << 20,
          ...(version >= 9 && { currentLeaderEpoch: one.currentLeaderEpoch ?? -1 }),
          ...(version >= 12 && { lastFetchedEpoch: one.lastFetchedEpoch ?? -1 }),
        },
      ],
    })),
    ...(version >= 7 && {
      forgottenTopicsData: (forgotten ?? []).map(({ topic, id, partitions }) => ({ ...name(topic, id), partitions })),
    }),
  };
}

const ask = (wanted: readonly Wanted[], shape: Shape = {}, asking: Asking = {}) =>
  broker.ask(FETCH, shape.version ?? 12, request(wanted, shape), asking);
const fetch = async (wanted: Wanted = {}, shape: Shape = {}) =>
  (await ask([wanted], shape).answer).responses[0].partitions[0];

function values(answer: { readonly records: Uint8Array | null }): string[] {
  return RecordBatch.all(Buffer.from(answer.records ?? []))
    .flatMap((batch) => readRecords(batch.bytes, batch.start))
    .map(({ value }) => String(value));
}

const sizeOf = (answer: { readonly records: Uint8Array | null }) => answer.records?.length ?? 0;

beforeEach(async () => {
  broker = await BrokerHarness.start();
  broker.withTopics({
    t: { partitions: 2 },
    u: {},
    waiting: { replicas: [1, 2], isr: [1, 2] },
    elsewhere: { replicas: [2], leader: 2 },
    following: { replicas: [1, 2], leader: 2, isr: [1, 2] },
  });
});

afterEach(() => broker.remove());

describe('a fetch', () => {
  it.each([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])(
    'v%i gives the records from an offset on',
    async (version) => {
      broker.append('t', 'a', 'b', 'c');
      const answer = await ask([{ fetchOffset: 1 }], { version }).answer;
      expect(answer.responses[0]).toMatchObject(version >= 13 ? { topicId: topicId(0) } : { topic: 't' });
      const partition = answer.responses[0].partitions[0];
      expect(partition).toMatchObject({ partitionIndex: 0, errorCode: 0, highWatermark: 3, lastStableOffset: 3 });
      expect(values(partition)).toEqual(['b', 'c']);
    },
  );

  it('gives the batch that holds the offset whole, as it lies in the log', async () => {
    broker.partition('t').append(records({ compression: CODEC.gzip }, 'a', 'b', 'c'), false);
    const answer = await fetch({ fetchOffset: 2 });
    expect(Buffer.from(answer.records).equals(readAll(broker.partition('t').log)[0]?.bytes as Buffer)).toBe(true);
  });

  it('sees nothing above the high watermark', async () => {
    broker.append('waiting', 'a', 'b');
    expect(await fetch({ topic: 'waiting' })).toMatchObject({ errorCode: 0, highWatermark: 0 });
    expect(sizeOf(await fetch({ topic: 'waiting', fetchOffset: 2 }))).toBe(0);
    broker.apply(partitionChange(topicId(2), 0, { isr: [1] }));
    expect(values(await fetch({ topic: 'waiting' }))).toEqual(['a', 'b']);
  });

  it('lists no aborted transactions to those who ask for committed records only', async () => {
    broker.append('t', 'a');
    expect((await fetch({}, { isolationLevel: 1 })).abortedTransactions).toEqual([]);
    expect((await fetch({}, { isolationLevel: 0 })).abortedTransactions).toBeNull();
  });
});

describe('the limits of a fetch', () => {
  const SIZE = records({}, 'x'.repeat(1000)).length;

  beforeEach(() => {
    for (const topic of ['t', 'u']) broker.append(topic, ...Array.from({ length: 5 }, () => 'x'.repeat(1000)));
  });

  it('are for one partition, and for all', async () => {
    expect(sizeOf(await fetch({ partitionMaxBytes: 2 * SIZE }))).toBe(2 * SIZE);
    const both = await ask([{}, { topic: 'u' }], { maxBytes: 7 * SIZE }).answer;
    expect(both.responses.map(({ partitions }: { partitions: never[] }) => sizeOf(partitions[0] as never))).toEqual([
      5 * SIZE,
      2 * SIZE,
    ]);
  });

  it.each([0, 1, SIZE - 1])('of %i bytes still let the first batch of an answer through', async (limit) => {
    const both = await ask([{ partitionMaxBytes: limit }, { topic: 'u', partitionMaxBytes: limit }], {
      maxBytes: limit,
    }).answer;
    expect(sizeOf(both.responses[0].partitions[0])).toBe(SIZE);
    expect(sizeOf(both.responses[1].partitions[0])).toBeLessThan(SIZE);
  });

  it('leave a partition out whose first batch does not fit into what is left', async () => {
    const both = await ask([{ fetchOffset: 4 }, { topic: 'u' }], { maxBytes: 2 * SIZE - 1 }).answer;
    expect(sizeOf(both.responses[0].partitions[0])).toBe(SIZE);
    expect(sizeOf(both.responses[1].partitions[0])).toBe(0);
    const small = await ask([{}, { topic: 'u', partitionMaxBytes: SIZE - 1 }]).answer;
    expect(sizeOf(small.responses[1].partitions[0])).toBe(0);
  });

  it('go by the first partition that has something', async () => {
    const both = await ask([{ partition: 1 }, { topic: 'u' }], { maxBytes: 1 }).answer;
    expect(sizeOf(both.responses[0].partitions[0])).toBe(0);
    expect(sizeOf(both.responses[1].partitions[0])).toBe(SIZE);
  });

  it('shrink to one batch when answers already fill the memory', async () => {
    broker.responseBytesLeft = 0;
    expect(sizeOf(await fetch())).toBe(SIZE);
  });
});

describe('a fetch that waits', () => {
  it('is answered as soon as there is enough', async () => {
    const asked = ask([{}, { topic: 'u' }], { maxWaitMs: 500, minBytes: 100 });
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.append('t', 'short');
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.append('u', 'x'.repeat(100));
    const answer = await asked.answer;
    expect(values(answer.responses[0].partitions[0])).toEqual(['short']);
    expect(broker.time.timerCount).toBe(0);
    expect(broker.partition('t').waiters.size).toBe(0);
  });

  it('is answered with what there is when its time is over', async () => {
    const asked = ask([{}], { maxWaitMs: 500, minBytes: 1000 });
    broker.append('t', 'a');
    broker.time.advance(499);
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.time.advance(1);
    expect(values((await asked.answer).responses[0].partitions[0])).toEqual(['a']);
  });

  it('waits for records that are committed, not for those that are written', async () => {
    const asked = ask([{ topic: 'waiting' }], { maxWaitMs: 500 });
    broker.append('waiting', 'a');
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.apply(partitionChange(topicId(2), 0, { isr: [1] }));
    expect(values((await asked.answer).responses[0].partitions[0])).toEqual(['a']);
  });

  it.each([12, 13])('is answered when its topic is deleted (v%i)', async (version) => {
    const asked = ask([{}], { version, maxWaitMs: 500 });
    await turn();
    broker.apply(removeTopic(topicId(0)));
    const { errorCode } = (await asked.answer).responses[0].partitions[0];
    // Its id was known when the waiting began, so that it is missed under its name.
    expect(errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(broker.time.timerCount).toBeLessThanOrEqual(2);
  });

  it('is answered when the topic is deleted and made again at once', async () => {
    const asked = ask([{}], { version: 13, maxWaitMs: 500 });
    await turn();
    broker.apply(removeTopic(topicId(0)), ...topicRecords('t', { id: topicId(9) }));
    expect((await asked.answer).responses[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('is answered when the leadership goes', async () => {
    const asked = ask([{ id: topicId(2), currentLeaderEpoch: 0 }], { maxWaitMs: 500, version: 16 });
    await turn();
    broker.apply(partitionChange(topicId(2), 0, { leader: 2 }));
    expect((await asked.answer).responses[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: 2, leaderEpoch: 1 },
    });
  });

  it('is answered when the directory of its log fails', async () => {
    const asked = ask([{}], { maxWaitMs: 500 });
    await turn();
    broker.logs.failDirectory(broker.directories[0] as string, 'the disk is gone', new Error('EIO'));
    expect((await asked.answer).responses[0].partitions[0].errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect((await fetch()).errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  it('is dropped when its connection closes', async () => {
    const asked = ask([{}, { topic: 'u' }], { maxWaitMs: 500 });
    await turn();
    expect(broker.partition('u').waiters.size).toBe(1);
    asked.closeConnection();
    expect(broker.partition('t').waiters.size).toBe(0);
    expect(broker.partition('u').waiters.size).toBe(0);
    expect(broker.time.timerCount).toBe(0);
    broker.append('t', 'a');
    await turn();
    expect(asked.settled()).toBeUndefined();
  });

  it('looks once for many appends of one turn', async () => {
    const asked = ask([{}], { maxWaitMs: 500, minBytes: 1 });
    await turn();
    broker.append('t', 'a', 'b', 'c');
    expect(values((await asked.answer).responses[0].partitions[0])).toEqual(['a', 'b', 'c']);
  });

  it('does not begin with an error, nor without partitions', async () => {
    const refused = await ask([{}, { topic: 'nobody' }], { maxWaitMs: 500 }).answer;
    expect(refused.responses[1].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await ask([], { maxWaitMs: 500 }).answer).responses).toEqual([]);
    expect(broker.time.timerCount).toBe(0);
  });
});

describe('what a fetch is refused', () => {
  it.each([-1, 4])('offset %i lies outside of the log', async (fetchOffset) => {
    broker.append('t', 'a', 'b', 'c');
    expect((await fetch({ fetchOffset })).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });

  it('offsets below the log start, after DeleteRecords', async () => {
    broker.append('t', 'a', 'b', 'c');
    broker.partition('t').deleteRecordsBefore(2);
    expect((await fetch({ fetchOffset: 1 })).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await fetch({ fetchOffset: 2 })).toMatchObject({ errorCode: 0, logStartOffset: 2 });
  });

  it('leader epochs that are over, or not known yet', async () => {
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    expect(await fetch({ currentLeaderEpoch: 0 }, { version: 16 })).toMatchObject({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: 1, leaderEpoch: 1 },
    });
    expect((await fetch({ currentLeaderEpoch: 2 })).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect((await fetch({ currentLeaderEpoch: 1 })).errorCode).toBe(0);
  });

  it('partitions that others lead, or nobody has', async () => {
    expect((await fetch({ topic: 'following' }, { version: 10 })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await fetch({ topic: 'elsewhere' })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await fetch({ partition: 9 })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await fetch({ partition: -1 })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const byId = await fetch({ id: topicId(20) }, { version: 13 });
    expect(byId.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  it('records of an epoch that ended earlier: it is told where the logs diverge', async () => {
    broker.append('t', 'a', 'b');
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    broker.append('t', 'c');
    const diverging = await fetch({ fetchOffset: 3, lastFetchedEpoch: 0 }, { maxWaitMs: 500 });
    expect(diverging).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 2 } });
    expect(sizeOf(diverging)).toBe(0);
    expect(await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 })).toMatchObject({ errorCode: 0, highWatermark: 3 });
    expect(values(await fetch({ fetchOffset: 2, lastFetchedEpoch: 0 }))).toEqual(['c']);
  });
});

describe('records that are damaged on the disk', () => {
  it('are refused to their readers, and named once for whoever runs the node', async () => {
    broker.append('t', 'a', 'b', 'c');
    const file = join(broker.partition('t').log.path, '00000000000000000000.log');
    const bytes = fs.readFileSync(file);
    const one = bytes.length / 3;
    bytes.fill(0xff, one, 2 * one);
    fs.writeFileSync(file, bytes);
    expect(values(await fetch({ partitionMaxBytes: one }))).toEqual(['a']);
    for (let i = 0; i < 3; i++) expect((await fetch({ fetchOffset: 2 })).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE);
    expect(broker.logger.matching(/^ERROR .*Record batch at position/)).toEqual([expect.stringContaining(file)]);
    broker.append('t', 'd');
    expect(broker.partition('t').log.logEndOffset).toBe(4);
  });
});

describe('fetch sessions', () => {
  it.each([7, 12, 13, 18])('v%i: name changes in the request and news in the answer', async (version) => {
    broker.append('t', 'a');
    const wanted = [{}, { partition: 1 }, { topic: 'u', id: topicId(1) }];
    const full = await ask(wanted, { version, sessionEpoch: 0 }).answer;
    expect(full.sessionId).toBeGreaterThan(0);
    expect(full.responses).toHaveLength(2);
    expect(full.responses[0].partitions).toHaveLength(2);
    const session = { version, sessionId: full.sessionId };
    const second = await ask([{ fetchOffset: 1 }], { ...session, sessionEpoch: 1 }).answer;
    expect(second.responses).toEqual([]);
    broker.append('u', 'b');
    const third = await ask([], { ...session, sessionEpoch: 2, maxWaitMs: 500 }).answer;
    expect(third.responses).toHaveLength(1);
    expect(values(third.responses[0].partitions[0])).toEqual(['b']);
    const forgotten = [{ topic: 'u', id: topicId(1), partitions: [0] }];
    const fourth = await ask([], { ...session, sessionEpoch: 3, forgotten }).answer;
    expect(fourth).toMatchObject({ sessionId: full.sessionId, responses: [] });
    const wrong = await ask([], { ...session, sessionEpoch: 9 }).answer;
    expect(wrong).toMatchObject({ errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: 0, responses: [] });
  });

  it('wait with all of their partitions', async () => {
    const full = await ask([{}, { topic: 'u' }], { sessionEpoch: 0 }).answer;
    const waiting = ask([], { sessionId: full.sessionId, sessionEpoch: 1, maxWaitMs: 500 });
    await turn();
    broker.append('u', 'a');
    const answer = await waiting.answer;
    expect(answer.responses.map(({ topic }: { topic: string }) => topic)).toEqual(['u']);
  });

  it('serve those first that had nothing last time', async () => {
    for (const topic of ['t', 'u']) broker.append(topic, 'x'.repeat(100), 'y'.repeat(100));
    const full = await ask([{}, { topic: 'u' }], { sessionEpoch: 0, maxBytes: 100 }).answer;
    expect(sizeOf(full.responses[1].partitions[0])).toBe(0);
    const next = await ask([], { sessionId: full.sessionId, sessionEpoch: 1, maxBytes: 100 }).answer;
    expect(next.responses.map(({ topic }: { topic: string }) => topic)).toEqual(['u']);
  });

  it('that are unknown are refused, and end with epoch -1', async () => {
    const unknown = await ask([], { sessionId: 77, sessionEpoch: 1 }).answer;
    expect(unknown).toMatchObject({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] });
    const full = await ask([{}], { sessionEpoch: 0 }).answer;
    await ask([{}], { sessionId: full.sessionId, sessionEpoch: -1 }).answer;
    expect(broker.services.fetchSessions.size).toBe(0);
  });

  it('repeat a deleted topic as unknown until the client forgets it', async () => {
    const full = await ask([{}, { topic: 'u' }], { version: 12, sessionEpoch: 0 }).answer;
    broker.apply(removeTopic(topicId(1)));
    for (const sessionEpoch of [1, 2]) {
      const answer = await ask([], { version: 12, sessionId: full.sessionId, sessionEpoch, maxWaitMs: 500 }).answer;
      expect(answer.responses[0]).toMatchObject({
        topic: 'u',
        partitions: [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }],
      });
    }
  });
});

describe('librdkafka', () => {
  it('gets large answers a moment later, and nobody else does', async () => {
    broker.apply(configRecord(2, 't', 'max.message.bytes', '2000000'));
    broker.append('t', 'x'.repeat(300_000));
    const paced = ask([{}], {}, { clientSoftwareName: 'librdkafka' });
    const plain = ask([{}], {}, { clientSoftwareName: 'apache-kafka-java' });
    await turn();
    expect(plain.settled()).toBeDefined();
    expect(paced.settled()).toBeUndefined();
    broker.time.advance(2);
    expect(sizeOf((await paced.answer).responses[0].partitions[0])).toBeGreaterThan(300_000);
  });
});
