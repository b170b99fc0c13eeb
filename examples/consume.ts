// A member of a group: partitions come and go by themselves, offsets are committed as the records are done with.
import { connect } from 'kts/client';

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
await client.createTopics([{ name: 'greetings', partitions: 1 }]);
const producer = client.producer();
for (const value of ['hello', 'hallo', 'salut', 'done']) await producer.send({ topic: 'greetings', value });

const consumer = client.consumer({ groupId: 'readers', offsetReset: 'earliest' });
consumer.subscribe(['greetings']);

// A record counts as consumed when the next one is asked for; leaving the loop leaves the one in hand for next time.
for await (const record of consumer) {
  const text = record.value?.toString();
  if (text === 'done') break;
  console.log(`${record.topic}/${record.partition}@${record.offset} ${text}`);
}
await consumer.close();

const next = client.consumer({ groupId: 'readers' });
next.subscribe(['greetings']);
for await (const record of next) {
  console.log(`the next one begins with ${record.value}`);
  break;
}

/* prints
greetings/0@0 hello
greetings/0@1 hallo
greetings/0@2 salut
the next one begins with done
*/
