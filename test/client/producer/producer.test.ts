/** The producer against brokers in memory, under a clock that the test moves. */
import { afterEach, describe, expect, it } from 'vitest';
import { roundRobin } from '../../../src/client/producer/partitioner.ts';
import { Producer } from '../../../src/client/producer/producer.ts';
import type { ProducerSettings } from '../../../src/client/producer/settings.ts';
import { serdes } from '../../../src/client/serdes.ts';
import type { ClientSettings } from '../../../src/client/settings.ts';
import { baseSequenceAt, codecAt, producerEpochAt } from '../../../src/protocol/batch.ts';
import { CODEC } from '../../../src/protocol/compression.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import type { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { readRecords } from '../../../src/protocol/record.ts';
import { FakeCluster, type Fate } from '../support/fake-cluster.ts';

const open: Producer[] = [];

afterEach(() => {
  for (const producer of open.splice(0)) producer.abort(new Error('the test is over'));
});

function start(
  settings: Partial<ProducerSettings> = {},
  { brokers = 1, partitions = 1, client = {} as Partial<ClientSettings> } = {},
) {
  const cluster = new FakeCluster({ brokers });
  const topic = cluster.topic('t', partitions);
  const producer = new Producer(cluster.view(client), settings);
  open.push(producer);
  return { cluster, topic, producer, log: topic.partitions[0]!.log };
}

/** Fates of the Produce requests, one after the other; then answers. */
function produceFates(cluster: FakeCluster, fates: readonly Fate[]): void {
  const left = [...fates];
  cluster.fate = ({ name }) => (name === 'Produce' ? (left.shift() ?? 'answer') : 'answer');
}

function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: Error) => error);
}

describe('batches', () => {
  it('gather what comes within linger.ms, and go together', async () => {
    const { cluster, producer, log } = start({ lingerMs: 20 });
    await cluster.until(producer.partitionsOf('t'));
    const sends = ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', value }));
    await cluster.run(10);
    expect(cluster.count('Produce')).toBe(0);
    const ends = await cluster.until(Promise.all(sends));
    expect(ends.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(log.batches).toHaveLength(1);
  });

  it('of several partitions go in one request', async () => {
    const { cluster, producer, topic } = start({}, { partitions: 4 });
    await cluster.until(producer.partitionsOf('t'));
    const sends = [0, 1, 2, 3].map((partition) => producer.send({ topic: 't', partition, value: 'x' }));
    await cluster.until(Promise.all(sends));
    expect(cluster.count('Produce')).toBe(1);
    expect(topic.partitions.map(({ log }) => log.endOffset)).toEqual([1, 1, 1, 1]);
  });

  it('go on filling while the broker is busy', async () => {
    const { cluster, producer, log } = start({ lingerMs: 0, maxInFlight: 1 });
    cluster.latencyMs = 50;
    await cluster.until(producer.send({ topic: 't', value: 'first' }));
    const sends: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      sends.push(producer.send({ topic: 't', value: `${i}` }));
      await cluster.run(2, 1);
    }
    await cluster.until(Promise.all(sends));
    expect(log.batches.length).toBeLessThan(5);
    expect(log.values().slice(1)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('are compressed with %s', async (codec) => {
    const { cluster, producer, log } = start({ compression: CODEC[codec] });
    const value = 'many the same '.repeat(100);
    await cluster.until(
      producer.send({ topic: 't', key: 'k', value, headers: [{ key: 'h', value: null }], timestamp: 7 }),
    );
    const [{ bytes }] = log.batches as unknown as [{ bytes: Buffer }];
    expect(codecAt(bytes, 0)).toBe(CODEC[codec]);
    expect(bytes.length).toBeLessThan(400);
    const [record] = readRecords(bytes);
    expect(record).toMatchObject({ timestamp: 7, headers: [{ key: 'h', value: null }] });
    expect(record?.value?.toString()).toBe(value);
  });

  it('that the broker finds too large are split until they fit', async () => {
    const { cluster, producer, log } = start({ lingerMs: 5 });
    cluster.fate = ({ name, body }) => {
      const size = name === 'Produce' ? body.topicData[0].partitionData[0].records.length : 0;
      return size > 200 ? { code: ErrorCode.MESSAGE_TOO_LARGE } : 'answer';
    };
    const sends = Array.from({ length: 16 }, (_, i) => producer.send({ topic: 't', value: `${i}`.padStart(30, '0') }));
    const ends = await cluster.until(Promise.all(sends));
    expect(ends.map(({ offset }) => offset)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(log.batches.length).toBeGreaterThan(3);
  });

  it('refuse a record that is larger than max.request.size', async () => {
    const { cluster, producer } = start({ maxRequestBytes: 1_000 });
    const error = await cluster.until(outcome(producer.send({ topic: 't', value: 'x'.repeat(2_000) })));
    expect(error).toMatchObject({ code: ErrorCode.MESSAGE_TOO_LARGE });
    expect(String(error)).toContain('larger than 1000, which is the value of the max.request.size');
  });
});

describe('order and idempotence', () => {
  it('keep five requests in flight in order when the first is refused', async () => {
    const { cluster, producer, log } = start({ batchBytes: 100, lingerMs: 0 });
    await cluster.until(producer.send({ topic: 't', value: 'warm' }));
    produceFates(cluster, [{ code: ErrorCode.NOT_LEADER_OR_FOLLOWER }]);
    const values = Array.from({ length: 30 }, (_, i) => `${i}`.padStart(20, '0'));
    await cluster.until(Promise.all(values.map((value) => producer.send({ topic: 't', value }))));
    expect(log.values().slice(1)).toEqual(values);
  });

  it('know a batch again whose answer was lost', async () => {
    const { cluster, producer, log } = start();
    produceFates(cluster, ['loseAnswer', 'loseAnswer']);
    const { offset } = await cluster.until(producer.send({ topic: 't', value: 'once' }));
    expect(offset).toBe(0);
    expect(log.values()).toEqual(['once']);
    expect(cluster.count('Produce')).toBe(3);
  });

  it('go on in a new epoch when the broker has forgotten the producer', async () => {
    const { cluster, producer, log } = start();
    await cluster.until(producer.send({ topic: 't', value: '0' }));
    produceFates(cluster, [{ code: ErrorCode.UNKNOWN_PRODUCER_ID }]);
    await cluster.until(producer.send({ topic: 't', value: '1' }));
    const epochs = log.batches.map(({ bytes }) => [producerEpochAt(bytes, 0), baseSequenceAt(bytes, 0)]);
    expect(epochs).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(cluster.count('InitProducerId')).toBe(1);
  });

  it('ask for a new id when the epoch is refused', async () => {
    const { cluster, producer, log } = start();
    await cluster.until(producer.send({ topic: 't', value: '0' }));
    produceFates(cluster, [{ code: ErrorCode.INVALID_PRODUCER_EPOCH }]);
    await cluster.until(producer.send({ topic: 't', value: '1' }));
    expect(log.values()).toEqual(['0', '1']);
    expect(cluster.count('InitProducerId')).toBe(2);
  });

  it('send one batch first to a leader that does not know them', async () => {
    const { cluster, producer } = start({ batchBytes: 80, lingerMs: 0 });
    produceFates(cluster, ['hang']);
    for (let i = 0; i < 10; i++) void outcome(producer.send({ topic: 't', value: `${i}`.padStart(40) }));
    await cluster.run(100);
    expect(cluster.count('Produce')).toBe(1);
  });

  it('do not repeat a batch under a new epoch that may be in the log under the old one', async () => {
    const { cluster, producer, topic } = start({ lingerMs: 0 }, { partitions: 2, client: { retryBackoffMs: 500 } });
    await cluster.until(
      Promise.all([0, 1].map((partition) => producer.send({ topic: 't', partition, value: 'warm' }))),
    );
    produceFates(cluster, ['loseAnswer', { code: ErrorCode.INVALID_RECORD }]);
    const lost = producer.send({ topic: 't', partition: 0, value: 'a' });
    await cluster.run(20, 1);
    const refused = outcome(producer.send({ topic: 't', partition: 1, value: 'b' }));
    await cluster.until(Promise.all([lost, refused]));
    expect(await refused).toMatchObject({ code: ErrorCode.INVALID_RECORD });
    await cluster.until(producer.send({ topic: 't', partition: 0, value: 'c' }));
    expect(topic.partitions[0]?.log.values()).toEqual(['warm', 'a', 'c']);
  });
});

describe('time', () => {
  it('ends a record that nobody takes with delivery.timeout.ms, the broker and the cause', async () => {
    const { cluster, producer } = start({ deliveryTimeoutMs: 5_000 });
    await cluster.until(producer.send({ topic: 't', value: 'warm' }));
    const begun = cluster.time.nowMs();
    cluster.kill(1);
    const error = (await cluster.until(outcome(producer.send({ topic: 't', value: 'x' })))) as KafkaError;
    expect(cluster.time.nowMs() - begun).toBeLessThan(5_100);
    expect(error).toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT });
    expect(error.message).toMatch(/^Expiring 1 record\(s\) for t-0:\d+ ms has passed since batch creation; last: /);
    expect(error.message).toContain('broker b1:9092');
  });

  it('survives a broker that dies and comes back', async () => {
    const { cluster, producer, log } = start();
    await cluster.until(producer.send({ topic: 't', value: '0' }));
    cluster.kill(1);
    const sends = [1, 2, 3].map((i) => producer.send({ topic: 't', value: `${i}` }));
    await cluster.run(20_000, 100);
    cluster.restart(1);
    await cluster.until(Promise.all(sends));
    expect(log.values()).toEqual(['0', '1', '2', '3']);
  });

  it('follows a leader that moves', async () => {
    const { cluster, producer, topic, log } = start({}, { brokers: 2 });
    await cluster.until(producer.send({ topic: 't', value: '0' }));
    topic.partitions[0]!.leader = 2;
    topic.partitions[0]!.epoch++;
    await cluster.until(producer.send({ topic: 't', value: '1' }));
    expect(log.values()).toEqual(['0', '1']);
  });

  it('repeats no more often than retries says', async () => {
    const { cluster, producer } = start({ retries: 2, idempotent: false });
    cluster.fate = ({ name }) => (name === 'Produce' ? { code: ErrorCode.NOT_ENOUGH_REPLICAS } : 'answer');
    const error = await cluster.until(outcome(producer.send({ topic: 't', value: 'x' })));
    expect(error).toMatchObject({ code: ErrorCode.NOT_ENOUGH_REPLICAS });
    expect(cluster.count('Produce')).toBe(3);
  });

  it('waits max.block.ms for a topic, with one question for all who wait', async () => {
    const { cluster, producer } = start({ maxBlockMs: 1_000 });
    const sends = Array.from({ length: 50 }, () => outcome(producer.send({ topic: 'none', value: 'x' })));
    const [error] = await cluster.until(Promise.all(sends));
    expect(String(error)).toContain('Topic none not present in metadata after 1000 ms.');
    expect(cluster.count('Metadata')).toBeLessThan(15);
  });
});

describe('memory', () => {
  it('makes those wait who come when it is full, in their order', async () => {
    const { cluster, producer, log } = start({ bufferBytes: 2_000, batchBytes: 500, lingerMs: 0 });
    cluster.latencyMs = 20;
    const values = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(100, '.'));
    const sends = values.map((value) => producer.send({ topic: 't', value }));
    await cluster.run(100);
    expect(producer.bufferedBytes).toBeLessThanOrEqual(2_500);
    await cluster.until(Promise.all(sends));
    expect(log.values()).toEqual(values);
    expect(producer.bufferedBytes).toBe(0);
  });

  it('counts what compressed batches take', async () => {
    const { cluster, producer } = start({
      bufferBytes: 60_000,
      compression: CODEC.gzip,
      deliveryTimeoutMs: 3_000,
      maxBlockMs: 1_000,
    });
    await cluster.until(producer.send({ topic: 't', value: 'warm' }));
    cluster.kill(1);
    const value = cluster.random.bytes(10_000);
    const sends = Array.from({ length: 30 }, () => outcome(producer.send({ topic: 't', value })));
    await cluster.run(500);
    expect(producer.bufferedBytes).toBeLessThan(90_000);
    const ends = await cluster.until(Promise.all(sends));
    expect(ends.filter((end) => String(end).includes('Failed to allocate memory within')).length).toBeGreaterThan(0);
    expect(producer.bufferedBytes).toBe(0);
  });
});

describe('flush and close', () => {
  it('flush waits for what was given before, not for what comes later', async () => {
    const { cluster, producer } = start({ lingerMs: 60_000 });
    const first = producer.send({ topic: 't', value: 'a' });
    const flushed = producer.flush();
    await cluster.until(flushed);
    await cluster.until(first);
    void outcome(producer.send({ topic: 't', value: 'b' }));
    expect(cluster.count('Produce')).toBe(1);
  });

  it('close delivers what was given, even while its topic was still looked up', async () => {
    const { cluster, producer, log } = start({ lingerMs: 60_000 });
    const send = producer.send({ topic: 't', value: 'a' });
    await cluster.until(producer.close());
    await send;
    expect(log.values()).toEqual(['a']);
    await expect(producer.send({ topic: 't', value: 'b' })).rejects.toThrow('the producer is closed');
  });

  it('close gives up after its time', async () => {
    const { cluster, producer } = start();
    await cluster.until(producer.send({ topic: 't', value: 'warm' }));
    cluster.kill(1);
    const send = outcome(producer.send({ topic: 't', value: 'b' }));
    await cluster.until(producer.close({ timeoutMs: 500 }), 1_000);
    expect(String(await send)).toContain('closed before the record was delivered');
  });
});

describe('choices', () => {
  it('sends a new leader no more than it remembers while a former one holds an answer back', async () => {
    const cluster = new FakeCluster({ brokers: 2 });
    const [partition] = cluster.topic('t', 1).partitions;
    const view = cluster.view({ bootstrapServers: 'b2:9092', requestTimeoutMs: 3_000 });
    const producer = new Producer(view, { requestTimeoutMs: 3_000, lingerMs: 0, batchBytes: 1 });
    open.push(producer);
    await cluster.until(producer.send({ topic: 't', value: 'first' }));
    cluster.fate = ({ name, broker }) => (name === 'Produce' && broker === 1 ? 'hangAnswer' : 'answer');
    const sends = [outcome(producer.send({ topic: 't', value: 'held' }))];
    await cluster.run(20);
    expect(partition!.log.endOffset).toBe(2);
    partition!.leader = 2;
    partition!.epoch++;
    view.learnLeader('t', 0, partition!.leader, partition!.epoch);
    const values = Array.from({ length: 12 }, (_, i) => `${i}`);
    for (const value of values) {
      sends.push(outcome(producer.send({ topic: 't', value })));
      await cluster.run(20);
    }
    expect(partition!.log.endOffset).toBe(6);
    await cluster.until(Promise.all(sends));
    expect(partition!.log.values()).toEqual(['first', 'held', ...values]);
  });

  it('takes a partitioner of its own', async () => {
    const { cluster, producer, topic } = start({ partitioner: roundRobin() }, { partitions: 3 });
    const sends = Array.from({ length: 9 }, (_, i) => producer.send({ topic: 't', key: 'same', value: `${i}` }));
    await cluster.until(Promise.all(sends));
    expect(topic.partitions.map(({ log }) => log.endOffset)).toEqual([3, 3, 3]);
  });

  it('spreads records without keys over partitions that have leaders, a batch at a time', async () => {
    const { cluster, producer, topic } = start({ batchBytes: 1_000, lingerMs: 0 }, { brokers: 3, partitions: 3 });
    await cluster.until(producer.partitionsOf('t'));
    topic.partitions[1]!.leader = 99;
    await cluster.until(producer.cluster.refresh(['t']));
    const sends = Array.from({ length: 400 }, () => producer.send({ topic: 't', value: 'x'.repeat(50) }));
    await cluster.until(Promise.all(sends));
    const counts = topic.partitions.map(({ log }) => log.endOffset);
    expect(counts[1]).toBe(0);
    expect(Math.min(counts[0]!, counts[2]!)).toBeGreaterThan(100);
  });

  it('prefers partitions with shorter queues', async () => {
    const { cluster, producer, topic } = start({ batchBytes: 200, lingerMs: 0 }, { brokers: 2, partitions: 2 });
    await cluster.until(producer.partitionsOf('t'));
    cluster.fate = ({ name, broker }) => (name === 'Produce' && broker === 1 ? 'hang' : 'answer');
    for (let i = 0; i < 100; i++) {
      for (let n = 0; n < 6; n++) void outcome(producer.send({ topic: 't', value: 'x'.repeat(50) }));
      await cluster.run(5, 1);
    }
    expect(topic.partitions[1]!.log.endOffset).toBeGreaterThan(400);
  });

  it('runs records through serializers and interceptors', async () => {
    const seen: string[] = [];
    const { cluster, producer, log } = start({
      valueSerializer: serdes.long.serialize as never,
      interceptors: [
        { onSend: (record) => ({ ...record, value: Number(record.value) + 1 }) },
        {
          onSend: () => {
            throw new Error('passed over');
          },
          onAcknowledgement: (metadata, error) => {
            seen.push(`${metadata?.offset} ${error}`);
          },
        },
      ],
    });
    await cluster.until((producer as unknown as Producer<string, number>).send({ topic: 't', value: 41 }));
    const [record] = readRecords((log.batches[0] as { bytes: Buffer }).bytes);
    expect(record?.value?.readBigInt64BE()).toBe(42n);
    expect(seen).toEqual(['0 null']);
  });

  it('sendAll tells where its records lie', async () => {
    const { cluster, producer } = start({}, { partitions: 2 });
    const records = [0, 0, 1, 1, 1].map((partition) => ({ partition, value: 'x' }));
    expect(await cluster.until(producer.sendAll('t', records))).toEqual([
      { topic: 't', partition: 0, baseOffset: 0, count: 2 },
      { topic: 't', partition: 1, baseOffset: 0, count: 3 },
    ]);
    expect(await cluster.until(producer.sendAll('t', []))).toEqual([]);
  });

  it('acks=0 resolves without an offset', async () => {
    const { cluster, producer } = start({ acks: 0 });
    expect(await cluster.until(producer.send({ topic: 't', value: 'x' }))).toMatchObject({ offset: -1 });
  });
});
