// Topics, configs, groups and their offsets, as the command line tools see them.
import { connect, KafkaError, ResourceType } from 'kts/client';

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
const { admin } = client;

await client.createTopics([{ name: 'events', partitions: 2, configs: { 'retention.ms': '3600000' } }]);
await admin.createPartitions([{ name: 'events', count: 4 }]);
const [events] = await client.describeTopics(['events']);
console.log(`${events?.name} has ${events?.partitions.length} partitions`);

await client.alterTopicConfigs('events', { 'retention.ms': '7200000' });
const [configs] = await admin.describeConfigs([{ type: ResourceType.topic, name: 'events' }]);
console.log(configs?.entries.find(({ name }) => name === 'retention.ms')?.value);

await client.producer().sendAll('events', [
  { partition: 0, value: 'a' },
  { partition: 0, value: 'b' },
]);
await admin.alterGroupOffsets('archive', [{ topic: 'events', partition: 0, offset: 1 }]);
console.log(
  [...(await admin.groupOffsets('archive')).values()].map(({ partition, offset }) => `${partition}: ${offset}`),
);
console.log((await admin.listGroups()).map(({ id, state }) => `${id} ${state}`));
await admin.deleteGroups(['archive']);

const firsts = await admin.deleteRecords([{ topic: 'events', partition: 0, beforeOffset: 1 }]);
console.log(`events-0 begins at ${firsts.get('events-0')}`);

// Methods for several things answer for each of them.
const outcomes = await admin.createTopics([{ name: 'events' }, { name: 'more-events' }]);
for (const [name, error] of outcomes) console.log(name, error instanceof KafkaError ? error.code : 'created');
const { nodes } = await admin.describeCluster();
console.log(`${nodes.length} broker`);

/* prints
events has 4 partitions
7200000
[ '0: 1' ]
[ 'archive Empty' ]
events-0 begins at 1
events 36
more-events created
1 broker
*/
