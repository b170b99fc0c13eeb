/**
 * One group of a consumer of ours and one of Java's: they understand each other's subscriptions and assignments, whoever
 * leads, and between them read each record once.
 */
import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, type Consumer, connect } from '../../src/client.ts';
import { type Home, makeHome, type RunningNode, startNode } from './support/node.ts';
import { javaArguments, KAFKA_JARS } from './support/tools.ts';

let home: Home;
let node: RunningNode;
let client: Client;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  if (KAFKA_JARS === undefined) return;
  home = await makeHome();
  node = await startNode(home);
  client = connect({ bootstrapServers: home.bootstrap });
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

afterAll(async () => {
  await client?.close();
  await node?.stop();
  home?.remove();
});

const CLASS = 'org.apache.kafka.clients.consumer';

/** Java's console consumer; its lines are the values. */
function javaMember(group: string, topic: string, assignor: string) {
  const properties = [
    `partition.assignment.strategy=${CLASS}.${assignor}`,
    'auto.offset.reset=earliest',
    'heartbeat.interval.ms=300',
    'session.timeout.ms=6000',
  ];
  const words = ['--bootstrap-server', home.bootstrap, '--topic', topic, '--group', group];
  for (const property of properties) words.push('--command-property', property);
  const child = spawn('java', javaArguments('console-consumer', words), { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = () => {
    child.kill('SIGTERM');
    return gone;
  };
  ends.push(stop);
  return { values: () => output.split('\n').filter((line) => line !== ''), stop };
}

function ownMember(group: string, topic: string, assignor: string): Consumer {
  const consumer = client.consumer({
    groupId: group,
    assignors: [assignor],
    offsetReset: 'earliest',
    heartbeatIntervalMs: 300,
    sessionTimeoutMs: 6_000,
  });
  consumer.subscribe([topic]);
  ends.push(() => consumer.close());
  return consumer;
}

describe.skipIf(KAFKA_JARS === undefined)('a group of both', () => {
  it.each([
    ['range', 'RangeAssignor'],
    ['roundrobin', 'RoundRobinAssignor'],
    ['sticky', 'StickyAssignor'],
    ['cooperative-sticky', 'CooperativeStickyAssignor'],
  ])('shares by %s, led by either', async (own, java) => {
    for (const first of ['own', 'java']) {
      const topic = `${own}-${first}`;
      await client.createTopics([{ name: topic, partitions: 4 }]);
      const producer = client.producer();
      const seen: string[] = [];
      const poll = async (consumer: Consumer, until: () => boolean) => {
        const deadline = Date.now() + 60_000;
        while (!until() && Date.now() < deadline) {
          seen.push(...(await consumer.poll(200)).map(({ value }) => `${value}`));
        }
        expect(until(), `${topic}: ${consumer.assignment.length} partitions, ${seen.length} records`).toBe(true);
      };
      const write = (count: number, name: string) =>
        producer.sendAll(
          topic,
          Array.from({ length: count }, (_, i) => ({ partition: i % 4, value: `${name}${i}` })),
        );

      let foreign = first === 'java' ? javaMember(topic, topic, java) : undefined;
      if (foreign !== undefined) {
        await write(4, 'warm');
        const deadline = Date.now() + 60_000;
        while (foreign.values().length < 4 && Date.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const consumer = ownMember(topic, topic, own);
      if (foreign === undefined) {
        await poll(consumer, () => consumer.assignment.length === 4);
        foreign = javaMember(topic, topic, java);
      }
      const other = foreign;
      await poll(consumer, () => consumer.assignment.length === 2);
      // Java's second round of a cooperative rebalance may still be under way: the records come when it is through.
      await write(400, 'r');
      await poll(consumer, () => seen.length + other.values().length >= (first === 'java' ? 404 : 400));
      const all = [...seen, ...other.values()].filter((value) => value.startsWith('r'));
      expect(new Set(all).size).toBe(400);
      expect(all.length, 'each once').toBe(400);
      expect(Math.min(seen.length, other.values().length)).toBeGreaterThan(150);
      await other.stop();
      await poll(consumer, () => consumer.assignment.length === 4);
      await consumer.close();
    }
  });
});
