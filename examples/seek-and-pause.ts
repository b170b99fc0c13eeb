// Partitions by hand: no group, any place, in any order.
import { connect, OffsetSpec, partitionKey } from 'kts/client';

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
await client.createTopics([{ name: 'readings', partitions: 2 }]);
const producer = client.producer();
for (let n = 0; n < 10; n++) {
  await producer.send({ topic: 'readings', partition: n % 2, value: `${n}`, timestamp: 1_000_000 + n * 1_000 });
}

const consumer = client.consumer({ maxPollRecords: 2 });
const even = { topic: 'readings', partition: 0 };
const odd = { topic: 'readings', partition: 1 };
consumer.assign([{ ...even, offset: 3 }, odd]);
consumer.pause([odd]);
console.log((await consumer.poll(1_000)).map(({ value }) => `${value}`));

// The first record that is not older than a time.
const found = await consumer.offsetsForTimes([{ ...odd, timestamp: 1_006_500 }]);
consumer.seek(odd.topic, odd.partition, found.get(partitionKey(odd.topic, odd.partition))?.offset ?? 0);
consumer.resume([odd]);
consumer.pause([even]);
console.log((await consumer.poll(1_000)).map(({ value }) => `${value}`));

const ends = await client.admin.listOffsets([{ ...odd, timestamp: OffsetSpec.latest }]);
console.log(`partition 1 ends at ${[...ends.values()][0]?.offset}`);

/* prints
[ '6', '8' ]
[ '7', '9' ]
partition 1 ends at 5
*/
