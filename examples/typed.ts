// Keys and values of your own types, in the forms of Java's serializers or in your own.
import { connect, serdes } from 'kts/client';

interface Order {
  readonly item: string;
  readonly count: number;
}

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
const producer = client.producer<bigint | number, Order>({
  keySerializer: serdes.long.serialize,
  valueSerializer: serdes.json.serialize,
});
await producer.send({ topic: 'orders', key: 7, value: { item: 'tea', count: 2 } });

const consumer = client.consumer<bigint | number, Order>({
  groupId: 'kitchen',
  offsetReset: 'earliest',
  keyDeserializer: serdes.long.deserialize,
  valueDeserializer: (topic, bytes) => serdes.json.deserialize(topic, bytes) as Order,
});
consumer.subscribe(['orders']);
for await (const { key, value } of consumer) {
  console.log(`order ${key}: ${value?.count} x ${value?.item}`);
  break;
}

/* prints
order 7: 2 x tea
*/
