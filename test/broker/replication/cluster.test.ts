/** Three whole nodes, and what their replicas hold while leaders go and come. */
import { afterEach, expect, it, vi } from 'vitest';
import type { Client } from '../../../src/client.ts';
import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
} from '../../../src/protocol/messages/alter-replica-log-dirs.ts';
import { compareReplicas, replicaDirectory } from '../../cluster/support/replica-bytes.ts';
import { type Member, type Role, TestCluster } from '../../server/cluster-harness.ts';
import { FaultyFiles } from '../../storage/faulty-files.ts';
import { RawConnection } from '../../support/raw-connection.ts';

const BOTH: readonly Role[] = ['broker', 'controller'];
const WAIT = { timeout: 15_000, interval: 20 };

let cluster: TestCluster;

afterEach(() => cluster.remove());

async function describe0(client: Client, topic: string) {
  const found = (await client.admin.describeTopics([topic])).get(topic);
  if (found === undefined || found instanceof Error) throw new Error(`${topic} is not described`);
  const [partition] = found.partitions;
  if (partition === undefined) throw new Error(`${topic} has no partition`);
  return partition;
}

async function leaderOf(client: Client, topic: string): Promise<Member> {
  return cluster.member((await describe0(client, topic)).leader);
}

function isrIs(client: Client, topic: string, isr: readonly number[]): Promise<void> {
  return vi.waitFor(async () => {
    expect([...(await describe0(client, topic)).isr].sort()).toEqual(isr);
  }, WAIT);
}

function alike(partition: string, end: number) {
  const replicas = cluster.members.map((member) => ({
    name: `node ${member.id}`,
    path: replicaDirectory(member.config().logDirs, partition) as string,
  }));
  return vi.waitFor(() => {
    const compared = compareReplicas(replicas, Number.MAX_SAFE_INTEGER);
    expect(compared.batches).toBeGreaterThanOrEqual(end);
    return compared;
  }, WAIT);
}

async function three(properties: Readonly<Record<string, string>> = {}, directories = 1): Promise<Client> {
  cluster = await TestCluster.of(
    { 1: BOTH, 2: BOTH, 3: BOTH },
    { 'offsets.topic.replication.factor': '3', 'offsets.topic.num.partitions': '2', ...properties },
    directories,
  );
  await cluster.start();
  return cluster.client();
}
it('writes every batch to three replicas, the same bytes in each', async () => {
  const client = await three();
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 3 }]);
  const producer = client.producer();
  for (let n = 0; n < 20; n++) await producer.send({ topic: 't', value: `v${n}` });
  const compared = await alike('t-0', 20);
  expect(compared.batches).toBe(20);
});

it('goes on without its leader, and takes it back', async () => {
  const client = await three({ 'min.insync.replicas': '2' });
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 3 }]);
  const producer = client.producer();
  let sent = 0;
  const send = async (count: number) => {
    for (let n = 0; n < count; n++) await producer.send({ topic: 't', value: `v${sent++}` });
  };
  await send(10);
  const killed = await leaderOf(client, 't');
  await killed.kill();
  await send(10);
  const rest = [1, 2, 3].filter((id) => id !== killed.id);
  await isrIs(client, 't', rest);
  await killed.start();
  await isrIs(client, 't', [1, 2, 3]);
  await send(10);
  const stopped = await leaderOf(client, 't');
  await stopped.stop();
  await send(10);
  await stopped.start();
  await isrIs(client, 't', [1, 2, 3]);
  await send(1);
  await alike('t-0', sent);
});

async function valuesOf(client: Client, topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId: 'g', offsetReset: 'earliest' });
  consumer.subscribe([topic]);
  const values: string[] = [];
  for await (const record of consumer) {
    values.push(String(record.value));
    if (values.length === count) break;
  }
  await consumer.commit();
  await consumer.close();
  return values;
}

it('takes what an idempotent producer has under way once and in order, over the deaths of its leaders', async () => {
  const client = await three({ 'min.insync.replicas': '2' });
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 3 }]);
  const producer = client.producer({ lingerMs: 0, batchBytes: 200 });
  const sent: Promise<unknown>[] = [];
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 150; n++) {
      sent.push(producer.send({ topic: 't', value: `v${sent.length}` }));
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const killed = await leaderOf(client, 't');
    await killed.kill();
    await Promise.all(sent);
    await killed.start();
    await isrIs(client, 't', [1, 2, 3]);
  }
  expect(await valuesOf(client, 't', sent.length)).toEqual(sent.map((_, n) => `v${n}`));
  await alike('t-0', 1);
});

it('keeps the offsets of groups when their coordinators die', async () => {
  const client = await three();
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 3 }]);
  const producer = client.producer();
  for (let n = 0; n < 10; n++) await producer.send({ topic: 't', value: `v${n}` });
  await valuesOf(client, 't', 10);
  const before = (await client.admin.groupOffsets('g')).get('t-0')?.offset;
  expect(before).toBeGreaterThan(0);
  for (const id of [1, 2, 3]) {
    const member = cluster.member(id);
    await member.kill();
    const committed = await client.admin.groupOffsets('g');
    expect(committed.get('t-0')?.offset).toBe(before);
    await member.start();
    await isrIs(client, '__consumer_offsets', [1, 2, 3]);
  }
});

it('moves a replica to another broker, and deletes it where it was', async () => {
  cluster = await TestCluster.of({ 1: BOTH, 2: ['broker'], 3: ['broker'] });
  await cluster.start();
  const client = cluster.client();
  await client.createTopics([{ name: 't', assignment: [[1, 2]] }]);
  const producer = client.producer();
  for (let n = 0; n < 10; n++) await producer.send({ topic: 't', value: `v${n}` });
  await client.admin.alterPartitionReassignments([{ topic: 't', partition: 0, replicas: [3, 2] }]);
  await vi.waitFor(async () => {
    const { replicas, isr, leader } = await describe0(client, 't');
    expect([replicas, [...isr].sort(), leader]).toEqual([[3, 2], [2, 3], expect.anything()]);
  }, WAIT);
  await producer.send({ topic: 't', value: 'more' });
  await vi.waitFor(() => expect(replicaDirectory(cluster.member(1).logDirs, 't-0')).toBeUndefined(), WAIT);
  expect(await valuesOf(client, 't', 11)).toHaveLength(11);
});

it('throws away what only the dead leader had, after an unclean election', async () => {
  cluster = await TestCluster.of({ 1: ['broker'], 2: ['broker'], 100: ['controller'] });
  await cluster.start();
  const client = cluster.client();
  const configs = { 'unclean.leader.election.enable': 'true' };
  await client.createTopics([{ name: 't', assignment: [[1, 2]], configs }]);
  const producer = client.producer();
  const send = async (...values: string[]) => {
    for (const value of values) await producer.send({ topic: 't', value });
  };
  await send('both', 'both');
  await cluster.member(2).kill();
  await send('lost', 'lost', 'lost');
  await cluster.member(1).kill();
  await cluster.member(2).start();
  await send('new');
  await cluster.member(1).start();
  await isrIs(client, 't', [1, 2]);
  await send('both');
  await vi.waitFor(() => {
    const replicas = [1, 2].map((id) => ({
      name: `node ${id}`,
      path: replicaDirectory(cluster.member(id).logDirs, 't-0') as string,
    }));
    expect(compareReplicas(replicas, Number.MAX_SAFE_INTEGER).batches).toBe(4);
  }, WAIT);
  expect(cluster.member(1).said(/Truncating t-0 to offset 2/)).toBe(true);
  expect(await valuesOf(client, 't', 4)).toEqual(['both', 'both', 'new', 'both']);
});

it('deletes records in every replica', async () => {
  const client = await three();
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 3 }]);
  const producer = client.producer();
  for (let n = 0; n < 10; n++) await producer.send({ topic: 't', value: `v${n}` });
  await client.admin.deleteRecords([{ topic: 't', partition: 0, beforeOffset: 7 }]);
  const killed = await leaderOf(client, 't');
  await killed.kill();
  await producer.send({ topic: 't', value: 'v10' });
  expect(await valuesOf(client, 't', 4)).toEqual(['v7', 'v8', 'v9', 'v10']);
});

it('goes on with the directories that are left when one fails, whether it leads there or follows', async () => {
  const files = new FaultyFiles();
  cluster = await TestCluster.of({ 1: BOTH, 2: ['broker'], 3: ['broker'] }, {}, 2);
  cluster.member(2).files = files;
  await cluster.start();
  const client = cluster.client();
  await client.createTopics([{ name: 't', partitions: 6, replicationFactor: 3 }]);
  const producer = client.producer();
  const sendAll = async () => {
    for (let partition = 0; partition < 6; partition++) await producer.send({ topic: 't', partition, value: 'v' });
  };
  await sendAll();
  const [broken = ''] = cluster.member(2).logDirs.slice(1);
  files.failWith({ operation: 'write', path: new RegExp(`^${broken}/t-\\d+/.*log$`), code: 'EIO' });
  await sendAll();
  await sendAll();
  await vi.waitFor(async () => {
    const found = (await client.admin.describeTopics(['t'])).get('t');
    if (found === undefined || found instanceof Error) throw new Error('t is not described');
    const whole = found.partitions.filter(({ isr }) => isr.length === 3).length;
    expect([whole, found.partitions.filter(({ leader, isr }) => isr.includes(leader)).length]).toEqual([3, 6]);
  }, WAIT);
  await sendAll();
  expect(cluster.member(2).fatal).toEqual([]);
});

it('moves replicas to another directory while they are written, within the rate that is set meanwhile', async () => {
  cluster = await TestCluster.of({ 1: BOTH }, {}, 2);
  await cluster.start();
  const client = cluster.client();
  await client.createTopics([{ name: 't', partitions: 1, replicationFactor: 1 }]);
  const producer = client.producer();
  const send = async () => {
    for (let n = 0; n < 20; n++) await producer.send({ topic: 't', value: 'x'.repeat(1000) });
  };
  await send();
  const rate = { name: 'replica.alter.log.dirs.io.max.bytes.per.second', value: '100000' };
  await client.admin.alterConfigs([{ resource: { type: 4, name: '1' }, operation: 0, ...rate }]);
  const [first = '', second = ''] = cluster.member(1).logDirs;
  const to = replicaDirectory([first], 't-0') === undefined ? first : second;
  const connection = await RawConnection.open(cluster.member(1).address);
  const dirs = [{ path: to, topics: [{ name: 't', partitions: [0] }] }];
  const { results } = await connection.send(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, 2, { dirs });
  expect(results[0]?.partitions).toEqual([expect.objectContaining({ partitionIndex: 0, errorCode: 0 })]);
  await send();
  await vi.waitFor(() => expect(replicaDirectory([to], 't-0')).toBeDefined(), WAIT);
  await send();
  expect(await valuesOf(client, 't', 60)).toHaveLength(60);
  connection.close();
});
