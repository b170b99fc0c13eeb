/** kafkajs, a client that others wrote in JavaScript: admin calls, compression, a group whose members come and go. */
import kafkajs, { type Admin, type Consumer, type Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/index.ts';

const { CompressionTypes, ConfigResourceTypes, Kafka: KafkaClient, logLevel } = kafkajs;

let broker: Broker;
let kafka: Kafka;
let admin: Admin;

beforeAll(async () => {
  broker = await startBroker();
  kafka = new KafkaClient({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  await admin.connect();
});

afterAll(async () => {
  await admin?.disconnect();
  await broker?.stop();
});

async function produce(topic: string, values: readonly string[], partitions = 1): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messages = values.map((value, index) => ({ value, partition: index % partitions }));
  await producer.send({ topic, messages, acks: -1, compression: CompressionTypes.GZIP });
  await producer.disconnect();
}

describe('the administrator', () => {
  it('creates, widens, lists and deletes topics', async () => {
    expect(await admin.createTopics({ topics: [{ topic: 'wide', numPartitions: 1 }] })).toBe(true);
    await admin.createPartitions({ topicPartitions: [{ topic: 'wide', count: 4 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['wide'] });
    expect(topics[0]?.partitions.map((partition) => partition.leader)).toEqual([1, 1, 1, 1]);
    await admin.deleteTopics({ topics: ['wide'] });
    expect(await admin.listTopics()).not.toContain('wide');
  });

  it('describes the cluster and changes a setting', async () => {
    const cluster = await admin.describeCluster();
    expect(cluster.clusterId).toBe(broker.clusterId);
    expect(cluster.brokers).toHaveLength(1);
    await admin.createTopics({ topics: [{ topic: 'set' }] });
    const type = ConfigResourceTypes.TOPIC;
    const configEntries = [{ name: 'retention.ms', value: '86400000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: 'set', configEntries }] });
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: 'set', configNames: ['retention.ms'] }],
    });
    expect(described.resources[0]?.configEntries[0]?.configValue).toBe('86400000');
  });

  it('tells offsets and deletes records', async () => {
    await admin.createTopics({ topics: [{ topic: 'cut' }] });
    await produce('cut', ['1', '2', '3', '4']);
    // It knows no leader of the topic before it has asked for something else.
    expect(await admin.fetchTopicOffsets('cut')).toEqual([{ partition: 0, offset: '4', high: '4', low: '0' }]);
    await admin.deleteTopicRecords({ topic: 'cut', partitions: [{ partition: 0, offset: '3' }] });
    expect(await admin.fetchTopicOffsets('cut')).toEqual([{ partition: 0, offset: '4', high: '4', low: '3' }]);
  });
});

interface Member {
  readonly consumer: Consumer;
  readonly assigned: () => number;
}

/** Resolves with the values once `count` different ones have been read by any member. */
class Tally {
  readonly seen = new Map<string, number>();
  #waiting: (() => void)[] = [];

  add(value: string): void {
    this.seen.set(value, (this.seen.get(value) ?? 0) + 1);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async until(count: number): Promise<void> {
    while (this.seen.size < count) await this.changed();
  }
}

describe('a group of three', () => {
  const tally = new Tally();
  const members: Member[] = [];
  let joined: (() => void)[] = [];

  async function join(): Promise<Member> {
    const consumer = kafka.consumer({ groupId: 'three', rebalanceTimeout: 10_000, heartbeatInterval: 200 });
    let count = 0;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      count = payload.memberAssignment['spread']?.length ?? 0;
      for (const wake of joined.splice(0)) wake();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: 'spread', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => tally.add(message.value?.toString() ?? '') });
    const member = { consumer, assigned: () => count };
    members.push(member);
    return member;
  }

  async function assignedAre(counts: readonly number[]): Promise<void> {
    const now = () => members.map((member) => member.assigned()).sort();
    while (now().join() !== counts.join()) await new Promise<void>((resolve) => joined.push(resolve));
  }

  const values = (from: number, count: number) => Array.from({ length: count }, (_, i) => `value ${from + i}`);

  it('shares the partitions, hands them on, and loses nothing', async () => {
    await admin.createTopics({ topics: [{ topic: 'spread', numPartitions: 6 }] });
    await Promise.all([join(), join(), join()]);
    await assignedAre([2, 2, 2]);
    await produce('spread', values(0, 600), 6);
    await tally.until(600);

    await members.pop()?.consumer.disconnect();
    await assignedAre([3, 3]);
    await produce('spread', values(600, 600), 6);
    await tally.until(1200);
    expect([...tally.seen.values()].filter((times) => times !== 1)).toEqual([]);
  }, 60_000);

  it('is described, and can be deleted once it is empty', async () => {
    const { groups } = await admin.describeGroups(['three']);
    expect(groups[0]).toMatchObject({ state: 'Stable', protocolType: 'consumer' });
    expect(groups[0]?.members).toHaveLength(2);
    await Promise.all(members.splice(0).map((member) => member.consumer.disconnect()));
    const [offsets] = await admin.fetchOffsets({ groupId: 'three', topics: ['spread'] });
    expect(offsets?.partitions.map((partition) => partition.offset)).toEqual(Array.from({ length: 6 }, () => '200'));
    await admin.deleteGroups(['three']);
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain('three');
    joined = [];
  });
});
