// The configuration of a Java client as it stands: what has no meaning here is said once, what conflicts is refused.
import { ConfigError, createConsumer, createProducer } from 'kts/client';

const server = process.env['KTS_BOOTSTRAP_SERVER'] ?? 'localhost:9092';

await using producer = createProducer<string, string>(
  `
  bootstrap.servers=${server}
  acks=all
  linger.ms=10
  compression.type=lz4
  key.serializer=org.apache.kafka.common.serialization.StringSerializer
  value.serializer=org.apache.kafka.common.serialization.StringSerializer
  send.buffer.bytes=65536
  `,
  { warn: (line) => console.log(line) },
);
await producer.send({ topic: 'from-java', key: 'k', value: 'v' });

await using consumer = createConsumer<string, string>({
  'bootstrap.servers': server,
  'group.id': 'java',
  'auto.offset.reset': 'earliest',
  'max.poll.records': 100,
  'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
  'key.deserializer': 'org.apache.kafka.common.serialization.StringDeserializer',
  'value.deserializer': 'org.apache.kafka.common.serialization.StringDeserializer',
});
consumer.subscribe(['from-java']);
for await (const { key, value } of consumer) {
  console.log(key, value);
  break;
}

try {
  createProducer({ 'bootstrap.servers': server, acks: 0, 'enable.idempotence': true });
} catch (error) {
  if (error instanceof ConfigError) console.log(error.message);
}

/* prints
set, but without effect in kts: send.buffer.bytes
k v
Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.
*/
