/** What a seed does not ask of a cluster: Kafka does not promise it either. */
import { afterEach, expect, test } from 'vitest';
import { Admin } from '../../src/client/admin.ts';
import type { TopicDescription } from '../../src/client/admin-topics.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { simulate } from './scenario.ts';

const { describeTopics } = Admin.prototype;
afterEach(() => {
  Admin.prototype.describeTopics = describeTopics;
});

/** As it was before a replica moved away from a broker that has none now. */
function ofThePast(topic: TopicDescription): TopicDescription {
  const partitions = topic.partitions.map((partition) => {
    const [moved] = partition.replicas;
    const before = [1, 2, 3, 4].find((id) => !partition.replicas.includes(id));
    const back = (ids: readonly number[]) => ids.map((id) => (id === moved ? (before as number) : id));
    return { ...partition, replicas: back(partition.replicas), isr: back(partition.isr) };
  });
  return { ...topic, partitions };
}

test('a broker that does not know yet where replicas have moved is asked again', async () => {
  let asked = 0;
  Admin.prototype.describeTopics = async function (names) {
    const found = await describeTopics.call(this, names);
    if (asked++ > 0) return found;
    return new Map(
      [...found].map(([name, topic]) => [name, topic instanceof KafkaError ? topic : ofThePast(topic)] as const),
    );
  };
  const { failure } = await simulate('1', { shape: 'oneController' });
  expect(failure).toBeNull();
  expect(asked).toBeGreaterThan(1);
});
