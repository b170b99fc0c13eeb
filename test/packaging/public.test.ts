/** The public surface, together: a broker in this process, and the client against it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, type Client, connect, KafkaError, startBroker } from '../../src/index.ts';

let broker: Broker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker();
  client = connect({ bootstrapServers: broker.bootstrapServers });
});

afterAll(async () => {
  await client?.close();
  await broker?.stop();
});

describe('the package as a program uses it', () => {
  it('creates, describes and deletes topics', async () => {
    await client.createTopics([{ name: 'orders', partitions: 3 }]);
    expect((await client.listTopics()).map((topic) => topic.name)).toContain('orders');
    const [orders] = await client.describeTopics(['orders']);
    expect(orders?.partitions.map((partition) => partition.leader)).toEqual([1, 1, 1]);
    await expect(client.createTopics([{ name: 'orders' }])).rejects.toBeInstanceOf(KafkaError);
    await client.alterTopicConfigs('orders', { 'retention.ms': '1000' });
    await client.alterTopicConfigs('orders', { 'retention.ms': null });
    await expect(client.alterTopicConfigs('orders', { 'retention.ms': 'soon' })).rejects.toThrow(/soon/);
    await client.deleteTopics(['orders']);
    expect((await client.listTopics()).map((topic) => topic.name)).not.toContain('orders');
  });

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`produces with ${compression} and consumes in a group, which goes on where it was`, async () => {
      const topic = `orders-${compression}`;
      await client.createTopics([{ name: topic, partitions: 1 }]);
      const producer = client.producer({ compression });
      const sent = await Promise.all(
        ['a', 'b', 'c'].map((value) => producer.send({ topic, key: 'k', value: value.repeat(100) })),
      );
      expect(sent.map((metadata) => metadata.offset)).toEqual([0, 1, 2]);
      expect(await read(topic, 3)).toEqual(['a', 'b', 'c']);
      await producer.send({ topic, value: 'd' });
      expect(await read(topic, 1)).toEqual(['d']);
    });
  }

  it('is gone at the end of its block, with its directory', async () => {
    let address = '';
    {
      await using other = await startBroker();
      address = other.bootstrapServers;
      await using user = connect({ bootstrapServers: address });
      expect(await user.listTopics()).toEqual([]);
    }
    const late = connect({ bootstrapServers: address, bootstrapPatienceMs: 1, apiTimeoutMs: 1 });
    await expect(late.listTopics()).rejects.toThrow();
    await late.close();
  });
});

/** The first letters of the next `count` values, read by a new member of the topic's group. */
async function read(topic: string, count: number): Promise<(string | undefined)[]> {
  const consumer = client.consumer({ groupId: `readers of ${topic}`, offsetReset: 'earliest' });
  consumer.subscribe([topic]);
  const values: string[] = [];
  while (values.length < count) {
    for (const record of await consumer.poll(1000)) values.push(record.value?.toString() ?? '');
  }
  await consumer.close();
  return values.map((value) => value[0]);
}
