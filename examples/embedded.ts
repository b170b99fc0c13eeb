// A broker in this process, for tests and small programs: any Kafka client may use it.
import { startBroker } from 'kts/broker';
import { connect } from 'kts/client';

await using broker = await startBroker({ properties: { 'num.partitions': '2' } });
await using client = connect({ bootstrapServers: broker.bootstrapServers });
const { offset } = await client.producer().send({ topic: 'notes', value: 'the first one' });
console.log(`stored at ${offset}`);
const [notes] = await client.describeTopics(['notes']);
console.log(`${notes?.partitions.length} partitions`);

/* prints
stored at 0
2 partitions
*/
