/** Administration against a real broker in this process, and Java's properties as programs give them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import {
  type Admin,
  type Client,
  ConfigError,
  ConfigSource,
  connect,
  createAdmin,
  createConsumer,
  createProducer,
  ErrorCode,
  KafkaError,
  OffsetSpec,
  ResourceType,
} from '../../src/client.ts';

let broker: Broker;
let client: Client;
let admin: Admin;

beforeAll(async () => {
  broker = await startBroker({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
  client = connect({ bootstrapServers: broker.bootstrapServers });
  admin = client.admin;
});

afterAll(async () => {
  await client.close();
  await broker.stop();
});

describe('topics and partitions', () => {
  it('are made, grown, described by name and id, and deleted, each with its own outcome', async () => {
    const made = await admin.createTopics([
      { name: 'a', partitions: 2 },
      { name: 'b', assignment: [[1], [1], [1]] },
      { name: 'bad name!' },
    ]);
    expect([...made.values()].map((error) => error?.code ?? 0)).toEqual([0, 0, ErrorCode.INVALID_TOPIC_EXCEPTION]);
    expect(
      [
        ...(
          await admin.createPartitions([
            { name: 'a', count: 4 },
            { name: 'b', count: 1 },
          ])
        ).values(),
      ].map((e) => e?.code),
    ).toEqual([undefined, ErrorCode.INVALID_PARTITIONS]);
    const found = await admin.describeTopics(['a', 'b', 'none']);
    expect(found.get('none')).toBeInstanceOf(KafkaError);
    const a = found.get('a');
    if (a === undefined || a instanceof KafkaError) throw new Error('a is missing');
    expect(a.partitions).toHaveLength(4);
    expect(await admin.describeTopicById(a.id)).toMatchObject({ name: 'a' });
    const validated = await admin.createTopics([{ name: 'c' }], { validateOnly: true });
    expect(validated.get('c')).toBeNull();
    const deleted = await admin.deleteTopics(['b', 'c']);
    expect([...deleted.values()].map((error) => error?.code ?? 0)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('tell their offsets, and lose their first records', async () => {
    await client.producer().sendAll(
      'a',
      Array.from({ length: 10 }, () => ({ partition: 1, value: 'x', timestamp: 5_000 })),
    );
    const ask = (timestamp: number) => admin.listOffsets([{ topic: 'a', partition: 1, timestamp }]);
    expect((await ask(OffsetSpec.latest)).get('a-1')?.offset).toBe(10);
    expect((await ask(5_001)).get('a-1')?.offset).toBe(-1);
    const cut = await admin.deleteRecords([
      { topic: 'a', partition: 1, beforeOffset: 4 },
      { topic: 'a', partition: 9, beforeOffset: 4 },
    ]);
    expect(cut.get('a-1')).toBe(4);
    expect(cut.get('a-9')).toMatchObject({ code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    expect((await ask(OffsetSpec.earliest)).get('a-1')?.offset).toBe(4);
  });
});

describe('configs', () => {
  it('are changed one by one and tell where they come from', async () => {
    const resource = { type: ResourceType.topic, name: 'a' };
    const set = (operation: 0 | 1, value: string | null) =>
      admin.alterConfigs([{ resource, name: 'max.message.bytes', operation, value }]);
    await set(0, '2000000');
    const [configs] = await admin.describeConfigs([resource], { synonyms: true });
    const entry = configs?.entries.find(({ name }) => name === 'max.message.bytes');
    expect(entry).toMatchObject({ value: '2000000', source: ConfigSource.topic });
    expect(entry?.synonyms.length).toBeGreaterThan(1);
    expect(await admin.listConfigResources([ResourceType.topic])).toContainEqual(resource);
    await set(1, null);
    await expect(set(0, 'many')).rejects.toMatchObject({ code: ErrorCode.INVALID_CONFIG });
  });
});

describe('groups', () => {
  it('are listed, described, moved, emptied and deleted', async () => {
    const consumer = client.consumer({ groupId: 'g', offsetReset: 'earliest', heartbeatIntervalMs: 50 });
    consumer.subscribe(['a']);
    while ((await consumer.poll(200)).length === 0);
    await consumer.commit();
    const group = await admin.describeGroup('g');
    expect(group).toMatchObject({ state: 'Stable', assignor: 'range', type: 'Classic' });
    expect(group.members[0]?.assignment).toHaveLength(4);
    expect((await admin.deleteGroups(['g'])).get('g')?.code).toBe(ErrorCode.NON_EMPTY_GROUP);
    await admin.removeMembers('g', { reason: 'for a test' });
    consumer.abort();
    expect((await admin.describeGroup('g')).state).toBe('Empty');
    await admin.alterGroupOffsets('g', [{ topic: 'a', partition: 1, offset: 5, metadata: 'moved' }]);
    expect((await admin.groupOffsets('g')).get('a-1')).toMatchObject({ offset: 5, metadata: 'moved' });
    await admin.deleteGroupOffsets('g', [{ topic: 'a', partition: 1 }]);
    expect((await admin.groupOffsets('g')).has('a-1')).toBe(false);
    expect((await admin.deleteGroups(['g'])).get('g')).toBeNull();
    await expect(admin.describeGroup('g')).rejects.toMatchObject({ code: ErrorCode.GROUP_ID_NOT_FOUND });
  });
});

describe('the cluster', () => {
  it('tells its nodes, quorum, features and directories', async () => {
    expect(await admin.describeCluster()).toMatchObject({
      clusterId: broker.clusterId,
      nodes: [{ id: 1, isFenced: false }],
    });
    const quorum = await admin.describeQuorum();
    expect(quorum).toMatchObject({ leaderId: 1, voters: [{ replicaId: 1 }] });
    const features = await admin.describeFeatures();
    expect(features.find(({ name }) => name === 'metadata.version')?.level).toBeGreaterThan(20);
    await expect(admin.updateFeatures([{ name: 'none', level: 1 }])).rejects.toBeInstanceOf(KafkaError);
    const [directory] = await admin.describeLogDirs({ topics: ['a'] });
    expect(directory).toMatchObject({ brokerId: 1, errorCode: 0 });
    expect(directory?.replicas.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3]);
  });
});

describe("Java's properties", () => {
  it('make a producer, a consumer and an admin client with connections of their own', async () => {
    const lines: string[] = [];
    const options = { warn: (line: string) => void lines.push(line) };
    const server = broker.bootstrapServers;
    const producer = createProducer(`bootstrap.servers=${server}\nlinger.ms=0\nmetrics.num.samples=9\n`, options);
    await producer.send({ topic: 'java', value: 'x' });
    expect(producer.settings.batchBytes).toBe(16_384);
    await producer.close();
    const properties = {
      'bootstrap.servers': server,
      'group.id': 'java',
      'auto.offset.reset': 'earliest',
      'fetch.max.wait.ms': 50,
    };
    const consumer = createConsumer(new Map(Object.entries(properties).map(([key, value]) => [key, String(value)])), {
      ...options,
      maxPollRecords: 1,
    });
    consumer.subscribe(['java']);
    while ((await consumer.poll(200)).length === 0);
    expect(consumer.settings).toMatchObject({ maxPollRecords: 1, fetchMaxWaitMs: 50 });
    await consumer.close();
    const other = createAdmin({ 'bootstrap.servers': server, 'bootstrap.server': 'typo' }, options);
    expect((await other.listTopics()).map(({ name }) => name)).toContain('java');
    await other.close();
    await expect(other.listTopics()).rejects.toThrow('the client is closed');
    expect(lines).toEqual([
      'set, but without effect in kts: metrics.num.samples',
      'unknown configuration bootstrap.server is ignored; did you mean bootstrap.servers?',
    ]);
  });

  it('are refused in the words of Kafka', () => {
    expect(() => createProducer({ 'linger.ms': 'soon' })).toThrow(ConfigError);
    expect(() => createProducer({ 'linger.ms': 'soon' })).toThrow('Invalid value soon for configuration linger.ms');
  });
});
