/** The public surface, together: a broker in this process, and the client against it. */
import { describe, expect, it } from 'vitest';
import { connect, KafkaError, startBroker } from '../../src/index.ts';

describe('the package as a program uses it', () => {
  it('creates, describes and deletes topics', async () => {
    await using broker = await startBroker();
    await using client = connect({ bootstrapServers: broker.bootstrapServers });
    await client.createTopics([{ name: 'orders', partitions: 3 }]);
    expect((await client.listTopics()).map((topic) => topic.name)).toEqual(['orders']);
    const [orders] = await client.describeTopics(['orders']);
    expect(orders?.partitions.map((partition) => partition.leader)).toEqual([1, 1, 1]);
    await expect(client.createTopics([{ name: 'orders' }])).rejects.toBeInstanceOf(KafkaError);
    await client.deleteTopics(['orders']);
    expect(await client.listTopics()).toEqual([]);
  });

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`produces with ${compression} and consumes in a group, which goes on where it was`, async () => {
      await using broker = await startBroker();
      await using client = connect({ bootstrapServers: broker.bootstrapServers });
      await client.createTopics([{ name: 'orders', partitions: 1 }]);
      const producer = client.producer({ compression });
      const sent = await Promise.all(
        ['a', 'b', 'c'].map((value) => producer.send({ topic: 'orders', key: 'k', value: value.repeat(100) })),
      );
      expect(sent.map((metadata) => metadata.offset)).toEqual([0, 1, 2]);

      const settings = { groupId: 'readers', offsetReset: 'earliest' } as const;
      const read = async (count: number) => {
        const consumer = client.consumer(settings);
        consumer.subscribe(['orders']);
        const values: string[] = [];
        while (values.length < count) {
          for (const record of await consumer.poll(1000)) values.push(record.value?.toString() ?? '');
        }
        await consumer.close();
        return values.map((value) => value[0]);
      };
      expect(await read(3)).toEqual(['a', 'b', 'c']);
      await producer.send({ topic: 'orders', value: 'd' });
      expect(await read(1)).toEqual(['d']);
    });
  }
});
