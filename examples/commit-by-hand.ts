// Commit after the work, not on a timer: whatever happens in between is done again, and nothing is left out.
import { connect } from 'kts/client';

await using client = connect({ bootstrapServers: process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092' });
await client.createTopics([{ name: 'jobs', partitions: 2 }]);
await client.producer().sendAll(
  'jobs',
  Array.from({ length: 20 }, (_, n) => ({ partition: n % 2, value: `job ${n}` })),
);

const consumer = client.consumer({
  groupId: 'workers',
  autoCommit: false,
  offsetReset: 'earliest',
  maxPollRecords: 5,
  assignors: ['cooperative-sticky'],
});
consumer.subscribe(['jobs'], {
  onAssigned: (partitions) => console.log(`took ${partitions.length} partitions`),
  // Still ours here: a commit is in time.
  onRevoked: (partitions) => console.log(`gave up ${partitions.length} partitions`),
});

let done = 0;
while (done < 20) {
  const records = await consumer.poll(1_000);
  for (const record of records) {
    done++;
    consumer.done(record);
  }
  await consumer.commit();
}
const partitions = [0, 1].map((partition) => ({ topic: 'jobs', partition }));
const committed = await consumer.committed(partitions);
console.log(`committed ${[...committed.values()].map(({ offset }) => offset)}`);
await consumer.close();

/* prints
took 2 partitions
committed 10,10
gave up 2 partitions
*/
