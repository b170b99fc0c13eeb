// Records go out in batches; each `send` resolves with the place of its record, once all in-sync replicas hold it.
import { connect } from 'kts/client';

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
await client.createTopics([{ name: 'payments', partitions: 3 }]);

const producer = client.producer({ compression: 'zstd', lingerMs: 5 });

// Records with the same key go to the same partition, the one that Java's client chooses.
const { partition, offset } = await producer.send({
  topic: 'payments',
  key: 'alice',
  value: JSON.stringify({ amount: 12 }),
  headers: [{ key: 'source', value: 'example' }],
});
console.log(`alice is in partition ${partition}, at offset ${offset}`);

// Many at once: one promise, and where they lie.
const stored = await producer.sendAll(
  'payments',
  Array.from({ length: 1000 }, (_, n) => ({ key: `customer ${n % 10}`, value: `payment ${n}` })),
);
console.log(`${stored.reduce((sum, range) => sum + range.count, 0)} more are stored`);

// What the brokers refuse rejects, with Kafka's code.
const refused = await producer.send({ topic: 'payments', value: 'x'.repeat(2_000_000) }).catch((error) => error);
console.log(refused.message.slice(-57));

/* prints
alice is in partition 0, at offset 0
1000 more are stored
which is the value of the max.request.size configuration.
*/
