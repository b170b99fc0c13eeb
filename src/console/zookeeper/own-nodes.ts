/**
 * Nodes that people make for themselves (`/zk_test`): one record for each in a compacted topic of one partition, by path;
 * the last one counts, and one without a value is gone.
 */
import type { Admin } from '../../client/admin.ts';
import { Consumer } from '../../client/consumer/consumer.ts';
import { Producer } from '../../client/producer/producer.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { bareNode, type Znode } from './znode.ts';

export const OWN_NODES_TOPIC = '__zookeeper_nodes';
const PARTITION = { topic: OWN_NODES_TOPIC, partition: 0 };
const READ_MS = 1_000;

/** By path. Empty where nobody has made one yet. */
export async function readOwnNodes(admin: Admin): Promise<Map<string, Znode>> {
  const nodes = new Map<string, Znode>();
  if ((await admin.describeTopics([OWN_NODES_TOPIC])).get(OWN_NODES_TOPIC) instanceof KafkaError) return nodes;
  const consumer = new Consumer<Buffer, Buffer>(admin.cluster, { offsetReset: 'earliest' });
  try {
    const key = `${OWN_NODES_TOPIC}-0`;
    const [starts, ends] = await Promise.all([
      consumer.beginningOffsets([PARTITION]),
      consumer.endOffsets([PARTITION]),
    ]);
    const end = ends.get(key)?.offset ?? 0;
    consumer.assign([{ ...PARTITION, offset: starts.get(key)?.offset ?? 0 }]);
    // Compaction and deleted records leave gaps, also before the end.
    while ((await consumer.position(OWN_NODES_TOPIC, 0)) < end) {
      for (const record of await consumer.poll(READ_MS)) take(nodes, record.key, record.value);
    }
  } finally {
    await consumer.close();
  }
  return nodes;
}

function take(nodes: Map<string, Znode>, key: Buffer | null, value: Buffer | null): void {
  if (key === null) return;
  if (value === null) nodes.delete(key.toString());
  else nodes.set(key.toString(), nodeOf(value.toString()));
}

/** Records of another program are nodes with that data. */
function nodeOf(text: string): Znode {
  try {
    const node = JSON.parse(text) as Znode | null;
    if (node !== null && typeof node.version === 'number') return node;
  } catch {
    // Not ours.
  }
  return bareNode(text);
}

/** Null takes the node away. */
export async function writeOwnNodes(
  admin: Admin,
  changes: readonly (readonly [string, Znode | null])[],
): Promise<void> {
  await createTopic(admin);
  const producer = new Producer(admin.cluster, {});
  try {
    const sent = changes.map(([path, node]) =>
      producer.send({
        topic: OWN_NODES_TOPIC,
        partition: 0,
        key: path,
        value: node === null ? null : JSON.stringify(node),
      }),
    );
    await Promise.all(sent);
  } finally {
    await producer.close();
  }
}

/** With as many replicas as there are brokers for it, three at most. */
async function createTopic(admin: Admin): Promise<void> {
  const { nodes } = await admin.describeCluster();
  const replicationFactor = Math.max(1, Math.min(3, nodes.length));
  const topic = { name: OWN_NODES_TOPIC, partitions: 1, replicationFactor, configs: { 'cleanup.policy': 'compact' } };
  const refused = (await admin.createTopics([topic])).get(OWN_NODES_TOPIC);
  if (refused instanceof KafkaError && refused.code !== ErrorCode.TOPIC_ALREADY_EXISTS) throw refused;
}
