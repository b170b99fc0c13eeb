/** The consumer with partitions by hand, against brokers in memory, under a clock that the test moves. */
import { afterEach, describe, expect, it } from 'vitest';
import { Consumer, WakeupError } from '../../../src/client/consumer/consumer.ts';
import type { ConsumerSettings } from '../../../src/client/consumer/settings.ts';
import { serdes } from '../../../src/client/serdes.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const open: Consumer[] = [];

afterEach(() => {
  for (const consumer of open.splice(0)) consumer.abort();
});

function start(settings: Partial<ConsumerSettings> = {}, { brokers = 1, partitions = 1, records = 0 } = {}) {
  const cluster = new FakeCluster({ brokers });
  const topic = cluster.topic('t', partitions);
  const log = topic.partitions[0]!.log;
  for (let i = 0; i < records; i += 10) log.write(Array.from({ length: 10 }, (_, n) => `${i + n}`));
  const consumer = new Consumer(cluster.view(), { offsetReset: 'earliest', ...settings });
  open.push(consumer);
  consumer.assign(topic.partitions.map((_, partition) => ({ topic: 't', partition })));
  const poll = async (timeoutMs = 1_000) =>
    (await cluster.until(consumer.poll(timeoutMs))).map(({ value }) => `${value}`);
  const take = async (count: number) => {
    const values: string[] = [];
    while (values.length < count) values.push(...(await poll(5_000)));
    return values;
  };
  return { cluster, topic, log, consumer, poll, take };
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${from + i}`);
}

describe('reading', () => {
  it('hands out everything in order, max.poll.records at a time', async () => {
    const { poll, consumer } = start({ maxPollRecords: 7 }, { records: 30 });
    expect(await poll()).toEqual(numbers(0, 7));
    expect(await consumer.position('t', 0)).toBe(7);
    expect([...(await poll()), ...(await poll()), ...(await poll()), ...(await poll())]).toEqual(numbers(7, 30));
    expect(consumer.currentLag('t', 0)).toBe(0);
    expect(await poll(100)).toEqual([]);
  });

  it.each([
    ['earliest', 0],
    ['latest', 30],
    [{ durationMs: 5_000 }, 20],
    [{ durationMs: 0 }, 30],
  ] as const)('begins by auto.offset.reset %j at %i', async (offsetReset, expected) => {
    const { cluster, log, consumer } = start({ offsetReset }, { records: 20 });
    await cluster.run(100_000, 10_000);
    log.write(numbers(20, 30), { timestamp: cluster.time.nowMs() - 1_000 });
    consumer.seekToBeginning();
    const other = new Consumer(consumer.cluster, { offsetReset });
    open.push(other);
    other.assign([{ topic: 't', partition: 0 }]);
    expect(await cluster.until(other.position('t', 0))).toBe(expected);
  });

  it('refuses to begin without a policy', async () => {
    const { cluster, consumer } = start({ offsetReset: 'none' }, { records: 10 });
    const error = await cluster.until(consumer.poll(1_000).catch((one: Error) => one));
    expect(String(error)).toContain('Undefined offset with no reset policy for partitions: [t-0]');
  });

  it('seeks, and forgets what it fetched ahead', async () => {
    const { consumer, poll } = start({ maxPollRecords: 5 }, { records: 30 });
    await poll();
    consumer.seek('t', 0, 25);
    expect(await poll()).toEqual(numbers(25, 30));
    consumer.seekToBeginning();
    expect(await poll()).toEqual(numbers(0, 5));
    consumer.seekToEnd();
    expect(await poll(300)).toEqual([]);
    expect(await consumer.position('t', 0)).toBe(30);
  });

  it('keeps quiet about paused partitions and loses nothing of them', async () => {
    const { cluster, topic, consumer, poll, take } = start({ maxPollRecords: 3 }, { partitions: 2, records: 20 });
    topic.partitions[1]?.log.write(['x', 'y']);
    const first = await poll();
    consumer.pause([{ topic: 't', partition: 0 }]);
    const seen = first.filter((value) => value !== 'x' && value !== 'y');
    const others = [...first, ...(await poll()), ...(await poll(600))].filter((value) => !seen.includes(value));
    expect(others.sort()).toEqual(['x', 'y']);
    expect(consumer.paused).toHaveLength(1);
    consumer.resume([{ topic: 't', partition: 0 }]);
    expect([...seen, ...(await take(20 - seen.length))]).toEqual(numbers(0, 20));
    void cluster;
  });

  it('asks a broker only for what changed once a session is open', async () => {
    const { cluster, topic, take, poll } = start({}, { partitions: 3, records: 10 });
    await take(10);
    await poll(2_000);
    const fetches = () => cluster.requests.filter(({ name }) => name === 'Fetch').map(({ body }) => body);
    expect(fetches()[0]).toMatchObject({ sessionEpoch: 0 });
    expect(fetches()[0].topics[0].partitions).toHaveLength(3);
    expect(fetches().at(-1).sessionEpoch).toBeGreaterThan(1);
    expect(fetches().at(-1).topics).toEqual([]);
    topic.partitions[2]?.log.write(['z']);
    expect(await take(1)).toEqual(['z']);
    expect(fetches().filter(({ sessionEpoch }) => sessionEpoch === 0)).toHaveLength(1);
  });

  it('opens the session anew when the broker has lost it', async () => {
    const { cluster, log, take } = start({}, { records: 10 });
    await take(10);
    cluster.fetchSessions.clear();
    log.write(['10']);
    expect(await take(1)).toEqual(['10']);
  });

  it('does without sessions where there are none', async () => {
    const { cluster, log, take } = start({}, { records: 10 });
    cluster.hasSessions = false;
    await take(10);
    log.write(['10']);
    expect(await take(1)).toEqual(['10']);
  });

  it('runs values through the deserializer, and stops at one that it cannot read', async () => {
    const { log, consumer, cluster } = start({ valueDeserializer: serdes.json.deserialize });
    log.write(['{"a":1}', 'no json', '2']);
    const values = (await cluster.until(consumer.poll(1_000))).map(({ value }) => value as unknown);
    expect(values).toEqual([{ a: 1 }]);
    await expect(cluster.until(consumer.poll(1_000))).rejects.toThrow(SyntaxError);
    expect(await consumer.position('t', 0)).toBe(1);
    consumer.seek('t', 0, 2);
    expect((await cluster.until(consumer.poll(1_000))).map(({ value }) => value as unknown)).toEqual([2]);
  });

  it('tells where a batch is damaged', async () => {
    const { log, poll, take } = start({}, { records: 20 });
    const { bytes } = log.batches[1] as { bytes: Buffer };
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] as number) ^ 1;
    expect(await take(10)).toEqual(numbers(0, 10));
    await expect(poll()).rejects.toThrow('the broker sent a damaged batch of t-0 at offset 10');
  });

  it('lets interceptors see records', async () => {
    const { poll } = start(
      { interceptors: [{ onConsume: (records) => records.filter(({ offset }) => offset % 2 === 0) }] },
      { records: 10 },
    );
    expect(await poll()).toEqual(['0', '2', '4', '6', '8']);
  });
});

describe('a log that changed', () => {
  it('is read from where it was cut, once another leader has written over it', async () => {
    const { cluster, topic, log, take } = start({}, { brokers: 2, records: 20 });
    await take(20);
    log.truncate(10);
    topic.partitions[0]!.epoch = 5;
    topic.partitions[0]!.leader = 2;
    log.write(['other', 'records'], { epoch: 5 });
    expect(await take(2)).toEqual(['other', 'records']);
    expect(cluster.count('OffsetForLeaderEpoch')).toBeGreaterThan(0);
  });

  it('is an error for those who have no reset policy', async () => {
    const { topic, log, consumer, cluster, poll } = start({ offsetReset: 'none' }, { records: 20 });
    consumer.seek('t', 0, 0);
    await poll();
    log.truncate(10);
    topic.partitions[0]!.epoch = 5;
    const error = await cluster.until(consumer.poll(5_000).catch((one: Error) => one));
    expect(String(error)).toContain('The log of t-0 was cut at offset 10, and the position is 20 of epoch 0');
  });

  it('is asked about no position that still exists', async () => {
    const { topic, log, take } = start({}, { records: 20 });
    await take(20);
    topic.partitions[0]!.epoch = 5;
    log.write(['20'], { epoch: 5 });
    expect(await take(1)).toEqual(['20']);
  });

  it('has lost its beginning: the policy says where to go on', async () => {
    const { log, poll, take } = start({ maxPollRecords: 5 }, { records: 10 });
    await poll();
    log.write(numbers(10, 20));
    expect(await take(15)).toEqual(numbers(5, 20));
    log.deleteBefore(20);
    log.write(numbers(20, 30));
    log.deleteBefore(30);
    log.write(['30']);
    expect(await take(1)).toEqual(['30']);
  });
});

describe('brokers that fail', () => {
  it('die and come back', async () => {
    const { cluster, log, take } = start({}, { records: 20 });
    await take(20);
    cluster.kill(1);
    await cluster.run(10_000, 100);
    cluster.restart(1);
    log.write(['20'], { epoch: 1 });
    expect(await take(1)).toEqual(['20']);
  });

  it.each(Array.from({ length: 25 }, (_, i) => 3 + i * 5))(
    'in any way cost neither a record nor bring one twice (seed %i)',
    async (seed) => {
      const { cluster, topic, consumer } = start({ maxPollRecords: 9 }, { brokers: 3, partitions: 3 });
      const random = new FakeCluster({ seed }).random;
      const codes = [
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      ];
      cluster.fate = ({ name }) => {
        if (name !== 'Fetch' || random.int(100) >= 20) return 'answer';
        const kind = random.int(4);
        return kind === 0 ? 'lose' : kind === 1 ? 'loseAnswer' : { code: codes[random.int(codes.length)] as number };
      };
      const seen: number[][] = [[], [], []];
      let written = 0;
      const polls = 250;
      for (let i = 0; i < polls; i++) {
        if (written < 400) {
          const partition = topic.partitions[random.int(3)]!;
          partition.log.write([`${written++}`, `${written++}`], { epoch: partition.epoch });
        }
        if (random.int(25) === 0) {
          const partition = topic.partitions[random.int(3)]!;
          partition.leader = 1 + random.int(3);
          partition.epoch++;
        }
        if (random.int(60) === 0) {
          cluster.kill(2);
          await cluster.run(random.int(500));
          cluster.restart(2);
        }
        for (const record of await cluster.until(consumer.poll(random.int(50)))) {
          expect(record.offset).toBe(seen[record.partition]!.length);
          seen[record.partition]!.push(Number(record.value));
        }
      }
      while (seen.flat().length < written) {
        for (const record of await cluster.until(consumer.poll(2_000), 60_000)) {
          expect(record.offset).toBe(seen[record.partition]!.length);
          seen[record.partition]!.push(Number(record.value));
        }
      }
      for (const [i, values] of seen.entries()) expect(values).toEqual(topic.partitions[i]!.log.values().map(Number));
    },
  );
});

describe('the loop of records', () => {
  it('gives the record in hand again to whoever leaves it', async () => {
    const { cluster, consumer } = start({}, { records: 20 });
    const read = async (count: number) => {
      const values: string[] = [];
      for await (const { value } of consumer) {
        values.push(`${value}`);
        if (values.length === count) break;
      }
      return values;
    };
    expect(await cluster.until(read(3))).toEqual(['0', '1', '2']);
    expect(await cluster.until(read(3))).toEqual(['2', '3', '4']);
  });

  it('ends when the consumer is closed', async () => {
    const { cluster, consumer } = start({}, { records: 10 });
    const values: string[] = [];
    const loop = (async () => {
      for await (const { value } of consumer) values.push(`${value}`);
    })();
    await cluster.run(1_000);
    await cluster.until(consumer.close());
    await cluster.until(loop);
    expect(values).toEqual(numbers(0, 10));
  });
});

describe('waking up', () => {
  it('ends a poll that waits, and the next one when nobody polls', async () => {
    const { cluster, consumer } = start();
    const waiting = consumer.poll(100_000).catch((error: Error) => error);
    await cluster.run(500);
    consumer.wakeup();
    expect(await cluster.until(waiting, 1_000)).toBeInstanceOf(WakeupError);
    consumer.wakeup();
    await expect(consumer.poll(0)).rejects.toBeInstanceOf(WakeupError);
    expect(await cluster.until(consumer.poll(0))).toEqual([]);
  });

  it('one poll at a time, and none behind the end', async () => {
    const { cluster, consumer } = start();
    const first = consumer.poll(1_000);
    await expect(consumer.poll(0)).rejects.toThrow('polled by somebody else');
    await cluster.until(first);
    await cluster.until(consumer.close());
    await expect(consumer.poll(0)).rejects.toThrow('the consumer is closed');
  });
});
