import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLOSE_CONNECTION, NO_RESPONSE } from '../../../src/network/handler.ts';
import type { RecordBatch } from '../../../src/protocol/batch.ts';
import { CODEC } from '../../../src/protocol/compression.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { ProtocolError } from '../../../src/protocol/kafka-error.ts';
import { FaultyFiles } from '../../storage/faulty-files.ts';
import { readAll } from '../../storage/support.ts';
import { BrokerHarness, configRecord, partitionChange, records, removeTopic, topicId, turn } from '../harness.ts';

const PRODUCE = 0;
const IDEMPOTENT = { producerId: 4000, producerEpoch: 2 };

let broker: BrokerHarness;

interface Shape {
  readonly acks?: number;
  readonly version?: number;
  readonly topic?: string;
  readonly index?: number;
  readonly timeoutMs?: number;
  readonly transactionalId?: string;
  readonly topicId?: string;
}

function request(bytes: Buffer | null, shape: Shape = {}) {
  const { acks = -1, version = 9, topic = 't', index = 0, timeoutMs = 1000, transactionalId = null } = shape;
  const named = version >= 13 ? { topicId: shape.topicId ?? topicId(0) } : { name: topic };
  return { transactionalId, acks, timeoutMs, topicData: [{ ...named, partitionData: [{ index, records: bytes }] }] };
}

const ask = (bytes: Buffer | null, shape: Shape = {}) => broker.ask(PRODUCE, shape.version ?? 9, request(bytes, shape));
const produce = async (bytes: Buffer | null, shape: Shape = {}) =>
  (await ask(bytes, shape).answer).responses[0].partitionResponses[0];
const codeOf = async (bytes: Buffer | null, shape: Shape = {}) => (await produce(bytes, shape)).errorCode;

beforeEach(async () => {
  broker = await BrokerHarness.start({ directories: 2 });
  broker.withTopics({
    t: {},
    // Two of two replicas must have a record, and one is all that is in the ISR.
    small: { replicas: [1, 2], isr: [1], configs: { 'min.insync.replicas': '2' } },
    // A follower that never fetches: what is written is never committed.
    waiting: { replicas: [1, 2], isr: [1, 2] },
    elsewhere: { replicas: [2], leader: 2 },
    following: { replicas: [1, 2], leader: 2, isr: [1, 2] },
  });
});

afterEach(() => broker.remove());

describe('a produce request', () => {
  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])('v%i is written and answered with its offset', async (version) => {
    await produce(records({}, 'first'), { version });
    const answer = await ask(records({}, 'a', 'b'), { version }).answer;
    expect(answer.responses[0]).toMatchObject(version >= 13 ? { topicId: topicId(0) } : { name: 't' });
    expect(answer.responses[0].partitionResponses[0]).toMatchObject({
      index: 0,
      errorCode: 0,
      baseOffset: 1,
      logAppendTimeMs: -1,
      ...(version >= 5 && { logStartOffset: 0 }),
    });
    expect(readAll(broker.partition('t').log).map((batch) => [batch.baseOffset, batch.recordCount])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(broker.partition('t').log.highWatermark).toBe(3);
  });

  it.each([0, 1, 2])('v%i is advertised for librdkafka and is no request that can be read', async (version) => {
    const row = broker.table.get(PRODUCE);
    expect(row?.minVersion).toBe(0);
    expect(() => ask(records({}, 'a'), { version })).toThrow(ProtocolError);
  });

  it('is answered for each partition by itself', async () => {
    const partitionData = (index: number) => ({ index, records: records({}, `to ${index}`) });
    const answer = await broker.ask(PRODUCE, 9, {
      ...request(null),
      topicData: [
        { name: 't', partitionData: [partitionData(0), partitionData(7)] },
        { name: 'nobody', partitionData: [partitionData(0)] },
      ],
    }).answer;
    const codes = answer.responses.flatMap((topic: { partitionResponses: { errorCode: number }[] }) =>
      topic.partitionResponses.map(({ errorCode }) => errorCode),
    );
    expect(codes).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('needs acks of -1, 0 or 1', async () => {
    expect(await codeOf(records({}, 'a'), { acks: 2 })).toBe(ErrorCode.INVALID_REQUIRED_ACKS);
    expect(await codeOf(records({}, 'a'), { acks: -2 })).toBe(ErrorCode.INVALID_REQUIRED_ACKS);
    expect(broker.partition('t').log.logEndOffset).toBe(0);
  });

  it('by an unknown topic id is told so', async () => {
    const answer = await produce(records({}, 'a'), { version: 13, topicId: topicId(20) });
    expect(answer.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  it('of a transaction fails for good at once', async () => {
    const fatal = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(await codeOf(records({}, 'a'), { transactionalId: 'tx' })).toBe(fatal);
    const bytes = records({ ...IDEMPOTENT, baseSequence: 0, isTransactional: true }, 'a');
    expect(await codeOf(bytes)).toBe(fatal);
    expect(broker.partition('t').log.logEndOffset).toBe(0);
  });
});

describe('acks', () => {
  it('0 is not answered, and a failure closes the connection', async () => {
    expect(await ask(records({}, 'a'), { acks: 0 }).answer).toBe(NO_RESPONSE);
    expect(broker.partition('t').log.logEndOffset).toBe(1);
    expect(await ask(records({}, 'a'), { acks: 0, topic: 'nobody' }).answer).toBe(CLOSE_CONNECTION);
    expect(await ask(records({}, 'a'), { acks: 0, transactionalId: 'tx' }).answer).toBe(CLOSE_CONNECTION);
  });

  it('1 does not wait for other replicas, nor ask how many there are', async () => {
    expect(await produce(records({}, 'a'), { acks: 1, topic: 'waiting' })).toMatchObject({
      errorCode: 0,
      baseOffset: 0,
    });
    expect(await produce(records({}, 'a'), { acks: 1, topic: 'small' })).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(broker.partition('small').log.highWatermark).toBe(0);
  });

  it('-1 is refused before anything is written when too few replicas are in sync', async () => {
    const answer = await produce(records({}, 'a'), { topic: 'small' });
    expect(answer.errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(answer.errorMessage).toMatch(/current ISR : 1 is insufficient to satisfy the min.isr requirement of 2/);
    expect(broker.partition('small').log.logEndOffset).toBe(0);
  });

  it('-1 waits until the records are committed', async () => {
    const asked = ask(records({}, 'a'), { topic: 'waiting' });
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.apply(partitionChange(topicId(2), 0, { isr: [1] }));
    expect((await asked.answer).responses[0].partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(broker.time.timerCount).toBe(0);
  });

  it('-1 is over with the request timeout, although the records are there', async () => {
    const asked = ask(records({}, 'a'), { topic: 'waiting', timeoutMs: 700 });
    broker.time.advance(699);
    await turn();
    expect(asked.settled()).toBeUndefined();
    broker.time.advance(1);
    expect((await asked.answer).responses[0].partitionResponses[0].errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(broker.partition('waiting').log.logEndOffset).toBe(1);
  });

  it('-1 is answered when the leadership goes, and when the topic does', async () => {
    const moved = ask(records({}, 'a'), { topic: 'waiting' });
    broker.apply(partitionChange(topicId(2), 0, { leader: 2 }));
    const answer = (await moved.answer).responses[0].partitionResponses[0];
    expect(answer.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    broker.apply(partitionChange(topicId(2), 0, { leader: 1 }));
    const deleted = ask(records({}, 'a'), { topic: 'waiting' });
    broker.apply(removeTopic(topicId(2)));
    const gone = (await deleted.answer).responses[0].partitionResponses[0];
    expect(gone.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('-1 is sent to the new leader when the replica moves away', async () => {
    const moved = ask(records({}, 'a'), { topic: 'waiting' });
    broker.apply(partitionChange(topicId(2), 0, { replicas: [2], isr: [2], leader: 2 }));
    const answer = (await moved.answer).responses[0].partitionResponses[0];
    expect(answer.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('-1 waits for all partitions of the request, and tells each its own end', async () => {
    const asked = broker.ask(PRODUCE, 9, {
      ...request(null, { timeoutMs: 500 }),
      topicData: [
        { name: 't', partitionData: [{ index: 0, records: records({}, 'a') }] },
        { name: 'waiting', partitionData: [{ index: 0, records: records({}, 'a') }] },
      ],
    });
    broker.time.advance(500);
    const codes = (await asked.answer).responses.map(
      (topic: { partitionResponses: { errorCode: number }[] }) => topic.partitionResponses[0]?.errorCode,
    );
    expect(codes).toEqual([0, ErrorCode.REQUEST_TIMED_OUT]);
  });

  it('-1 with flush.messages=1 is answered when the records are on the disk', async () => {
    broker.apply(configRecord(2, 't', 'flush.messages', '1'));
    expect(await produce(records({}, 'a'))).toMatchObject({ errorCode: 0 });
    expect(broker.partition('t').log.recoveryPoint).toBe(1);
    expect(broker.partition('t').log.highWatermark).toBe(1);
  });
});

describe('a partition that this broker does not lead', () => {
  it('is refused, with the leader that the broker knows', async () => {
    const answer = await produce(records({}, 'a'), { topic: 'following', version: 10 });
    expect(answer).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 2, leaderEpoch: 0 },
    });
    expect(await codeOf(records({}, 'a'), { topic: 'elsewhere' })).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(broker.partition('following').log.logEndOffset).toBe(0);
  });
});

describe('a batch that is not as it should be', () => {
  const corrupt = () => {
    const bytes = records({}, 'a');
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    return bytes;
  };
  const withMagic = (magic: number) => {
    const bytes = records({}, 'a');
    bytes[16] = magic;
    return bytes;
  };

  it.each([
    ['missing', () => null, ErrorCode.INVALID_RECORD],
    ['empty', () => Buffer.alloc(0), ErrorCode.INVALID_RECORD],
    ['cut off', () => records({}, 'a').subarray(0, -1), ErrorCode.INVALID_RECORD],
    ['of two batches', () => Buffer.concat([records({}, 'a'), records({}, 'b')]), ErrorCode.INVALID_RECORD],
    ['of an old format', () => withMagic(1), ErrorCode.INVALID_RECORD],
    ['with a wrong checksum', corrupt, ErrorCode.CORRUPT_MESSAGE],
    ['of control records', () => records({ isControl: true }, 'a'), ErrorCode.INVALID_RECORD],
    ['that begins elsewhere', () => records({ baseOffset: 3 }, 'a'), ErrorCode.INVALID_RECORD],
    ['too large', () => records({}, 'x'.repeat(1_100_000)), ErrorCode.MESSAGE_TOO_LARGE],
    ['from the future', () => records({ timestamp: 1_700_003_700_000 }, 'a'), ErrorCode.INVALID_TIMESTAMP],
  ])('(%s) is refused and not written', async (_what, make, code) => {
    expect(await codeOf(make())).toBe(code);
    expect(broker.partition('t').log.logEndOffset).toBe(0);
    expect(await codeOf(records({}, 'fine'))).toBe(0);
  });

  it('names the records that are at fault from version 8 on', async () => {
    broker.apply(configRecord(2, 't', 'cleanup.policy', 'compact'));
    const answer = await produce(records({}, 'without a key', 'nor this'));
    expect(answer.errorCode).toBe(ErrorCode.INVALID_RECORD);
    expect(answer.recordErrors.map(({ batchIndex }: { batchIndex: number }) => batchIndex)).toEqual([0, 1]);
    expect(await produce(records({}, 'without a key'), { version: 7 })).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
    });
  });

  it('with zstd is refused before version 7', async () => {
    const zstd = () => records({ compression: CODEC.zstd }, 'a');
    expect(await codeOf(zstd(), { version: 6 })).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
    expect(await codeOf(zstd(), { version: 7 })).toBe(0);
  });
});

describe('a topic of its own mind', () => {
  it('stamps records with the time of their append', async () => {
    broker.apply(configRecord(2, 't', 'message.timestamp.type', 'LogAppendTime'));
    broker.time.sleep(12_345);
    const answer = await produce(records({ timestamp: 5 }, 'a'));
    expect(answer.logAppendTimeMs).toBe(1_700_000_012_345);
    const [batch] = readAll(broker.partition('t').log);
    expect(batch).toMatchObject({ isLogAppendTime: true, maxTimestamp: 1_700_000_012_345 });
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'])(
    'compresses with %s what comes otherwise',
    async (type) => {
      broker.apply(configRecord(2, 't', 'compression.type', type));
      const compression = type === 'gzip' ? CODEC.none : CODEC.gzip;
      const bytes = records({ ...IDEMPOTENT, baseSequence: 0, compression }, 'one', 'two');
      expect(await codeOf(bytes)).toBe(0);
      const [batch] = readAll(broker.partition('t').log) as [RecordBatch];
      expect(batch).toMatchObject({
        codec: type === 'uncompressed' ? CODEC.none : CODEC[type as keyof typeof CODEC],
        recordCount: 2,
        producerId: 4000,
        baseSequence: 0,
      });
    },
  );
});

describe('an idempotent producer', () => {
  const numbered = (baseSequence: number, epoch = 2) =>
    records({ producerId: 4000, producerEpoch: epoch, baseSequence }, 'a', 'b');

  it('is answered with the first offset when one of its last five batches comes again', async () => {
    for (let i = 0; i < 7; i++)
      expect(await produce(numbered(2 * i))).toMatchObject({ errorCode: 0, baseOffset: 2 * i });
    for (let i = 2; i < 7; i++)
      expect(await produce(numbered(2 * i))).toMatchObject({ errorCode: 0, baseOffset: 2 * i });
    expect(await codeOf(numbered(2))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(broker.partition('t').log.logEndOffset).toBe(14);
  });

  it('waits with a repeated batch until the first is committed', async () => {
    const bytes = () => records({ ...IDEMPOTENT, baseSequence: 0 }, 'a');
    const first = ask(bytes(), { topic: 'waiting' });
    const again = ask(bytes(), { topic: 'waiting' });
    await turn();
    expect([first.settled(), again.settled()]).toEqual([undefined, undefined]);
    broker.apply(partitionChange(topicId(2), 0, { isr: [1] }));
    expect((await again.answer).responses[0].partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 });
    await first.answer;
    expect(broker.partition('waiting').log.logEndOffset).toBe(1);
  });

  it('is refused a gap, and an epoch that is over', async () => {
    await produce(numbered(0));
    expect(await codeOf(numbered(4))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(numbered(0, 1))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(await codeOf(numbered(2, 3))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(numbered(0, 3))).toBe(0);
    expect(await codeOf(numbered(2, 2))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  });

  it('may begin anywhere when the broker knows nothing of it', async () => {
    expect(await codeOf(numbered(12))).toBe(0);
    expect(await codeOf(numbered(14))).toBe(0);
  });

  it('counts past the largest sequence from zero', async () => {
    expect(await codeOf(numbered(0x7fffffff))).toBe(0);
    expect(await produce(numbered(0x7fffffff))).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(await codeOf(numbered(1))).toBe(0);
  });

  it('is remembered by its last five batches across a clean restart, and across a kill', async () => {
    for (let i = 0; i < 6; i++) await produce(numbered(2 * i));
    broker = await broker.restart('clean');
    expect(await produce(numbered(10))).toMatchObject({ errorCode: 0, baseOffset: 10 });
    expect(await produce(numbered(8))).toMatchObject({ errorCode: 0, baseOffset: 8 });
    expect(await codeOf(numbered(0))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(numbered(12, 1))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    for (let i = 6; i < 11; i++)
      expect(await produce(numbered(2 * i))).toMatchObject({ errorCode: 0, baseOffset: 2 * i });
    broker = await broker.restart('killed');
    for (let i = 6; i < 11; i++)
      expect(await produce(numbered(2 * i))).toMatchObject({ errorCode: 0, baseOffset: 2 * i });
    expect(await produce(numbered(22))).toMatchObject({ errorCode: 0, baseOffset: 22 });
  });

  it('is forgotten a day after its last record', async () => {
    await produce(numbered(0));
    broker.time.sleep(86_400_000);
    broker.partition('t').log.expireProducers();
    expect(await codeOf(numbered(8))).toBe(0);
  });
});

describe('a disk that fails', () => {
  it('is KAFKA_STORAGE_ERROR; when only space lacked, the next batch is written', async () => {
    const files = new FaultyFiles();
    const before = broker;
    broker = await before.restart('clean', { files });
    files.failWith({ operation: 'write', path: /\.log$/, code: 'ENOSPC' });
    expect(await codeOf(records({}, 'a'))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    files.heal();
    expect(await produce(records({}, 'a'))).toMatchObject({ errorCode: 0, baseOffset: 0 });
    files.failWith({ operation: 'write', path: /\.log$/, code: 'EIO' });
    expect(await codeOf(records({}, 'a'))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    files.heal();
    expect(await codeOf(records({}, 'a'))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(broker.logs.directories[0]?.offline).toBe(true);
  });
});
