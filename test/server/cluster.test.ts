/** Nodes of every role, as clusters: what is created, written and read through a client while nodes come and go. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../src/client.ts';
import { type Role, TestCluster } from './cluster-harness.ts';

const clusters: TestCluster[] = [];

async function makeCluster(
  roles: Readonly<Record<number, readonly Role[]>>,
  properties: Readonly<Record<string, string>> = {},
): Promise<TestCluster> {
  const cluster = await TestCluster.of(roles, properties);
  clusters.push(cluster);
  return cluster;
}

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.remove();
});

const BOTH: readonly Role[] = ['broker', 'controller'];
const WAIT = { timeout: 15_000, interval: 20 };

/** Each value into its own partition, and all of them read again. */
async function writeAndRead(client: Client, topic: string, partitions: number): Promise<void> {
  const producer = client.producer();
  const sent = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => producer.send({ topic, partition, value: `v${partition}` })),
  );
  expect(sent).toHaveLength(partitions);
  expect(await readAll(client, topic, partitions)).toEqual(Array.from({ length: partitions }, (_, i) => `v${i}`));
}

let groups = 0;

async function readAll(client: Client, topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId: `readers-${groups++}`, offsetReset: 'earliest' });
  consumer.subscribe([topic]);
  const values: string[] = [];
  for await (const record of consumer) {
    values.push(String(record.value));
    if (values.length === count) break;
  }
  await consumer.close();
  return values.sort();
}

async function leadersOf(client: Client, topic: string): Promise<number[]> {
  const described = await client.admin.describeTopics([topic]);
  const description = described.get(topic);
  if (description === undefined || description instanceof Error) throw new Error(`${topic} is not described`);
  return description.partitions.map(({ leader }) => leader);
}

describe('a cluster', () => {
  it.each<[string, Readonly<Record<number, readonly Role[]>>, string?]>([
    ['a controller and a broker', { 1: ['broker'], 100: ['controller'] }],
    ['a controller and three brokers', { 1: ['broker'], 2: ['broker'], 3: ['broker'], 100: ['controller'] }],
    [
      'three controllers and two brokers',
      { 1: ['broker'], 2: ['broker'], 101: ['controller'], 102: ['controller'], 103: ['controller'] },
    ],
    ['three nodes that are both', { 1: BOTH, 2: BOTH, 3: BOTH }],
    ['a node that is both, and a broker', { 1: BOTH, 2: ['broker'] }],
    ['two nodes that are both, a controller and a broker', { 1: BOTH, 2: BOTH, 3: ['controller'], 4: ['broker'] }],
    ['one node that is both, with a dynamic quorum', { 1: BOTH }, 'true'],
    ['a controller and a broker, with a dynamic quorum', { 1: ['broker'], 100: ['controller'] }, 'true'],
    [
      'three nodes that are both and a broker, with a dynamic quorum',
      { 1: BOTH, 2: BOTH, 3: BOTH, 4: ['broker'] },
      'true',
    ],
  ])('of %s takes topics, records and groups', async (_what, roles, dynamic = 'false') => {
    const cluster = await makeCluster(roles, { dynamic });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 6, replicationFactor: 1 }]);
    await writeAndRead(client, 't', 6);
    const brokers = cluster.members.filter(({ isBroker }) => isBroker).map(({ id }) => id);
    expect([...new Set(await leadersOf(client, 't'))].sort()).toEqual(brokers);
    expect(cluster.members.flatMap(({ fatal }) => fatal)).toEqual([]);
  });
});

describe('a broker that is killed', () => {
  it('is fenced at once, and leads again when it is back, with all that it held', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 2: ['broker'], 100: ['controller'] });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 4, replicationFactor: 1 }]);
    await writeAndRead(client, 't', 4);
    await cluster.member(2).kill();
    await vi.waitFor(async () => expect(await leadersOf(client, 't')).toContain(-1), WAIT);
    expect(cluster.member(100).said(/Fencing broker 2/)).toBe(true);
    await cluster.member(2).start();
    // The other broker is asked, which may hear of it a moment later.
    await vi.waitFor(async () => expect(await leadersOf(client, 't')).not.toContain(-1), WAIT);
    expect(await readAll(client, 't', 4)).toHaveLength(4);
  });

  it('need not wait for its session when it is back at once', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 2: ['broker'], 100: ['controller'] });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 4, replicationFactor: 1 }]);
    for (let round = 0; round < 3; round++) {
      await cluster.member(2).kill();
      await cluster.member(2).start();
    }
    await writeAndRead(client, 't', 4);
  });

  it('is not fenced at once where only sessions tell', async () => {
    const properties = { 'kts.fast.failure.detection': 'false', 'broker.session.timeout.ms': '1500' };
    const cluster = await makeCluster({ 1: ['broker'], 2: ['broker'], 100: ['controller'] }, properties);
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 4, replicationFactor: 1 }]);
    await cluster.member(2).kill();
    await vi.waitFor(async () => expect(await leadersOf(client, 't')).toContain(-1), WAIT);
    expect(cluster.member(100).said(/Fencing broker 2/)).toBe(false);
  });
});

describe('a broker without a controller', () => {
  it('goes on serving, and stops within a bound', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 100: ['controller'] });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 2, replicationFactor: 1 }]);
    await writeAndRead(client, 't', 2);
    await cluster.member(100).stop();
    await client.producer().send({ topic: 't', partition: 0, value: 'late' });
    expect(await readAll(client, 't', 3)).toContain('late');
    await client.close();
    await cluster.member(1).stop();
    expect(cluster.member(1).said(/the broker goes without being released/)).toBe(true);
    expect(cluster.member(1).said(/shut down completed/)).toBe(true);
  });

  it('waits for one to start, says so, and is stopped while it waits', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 100: ['controller'] });
    const asked = Promise.withResolvers<void>();
    const starting = cluster.member(1).start({ 'broker.session.timeout.ms': '300' }, asked.promise);
    await vi.waitFor(() => expect(cluster.member(1).said(/Unable to register broker 1/)).toBe(true), WAIT);
    asked.resolve();
    await expect(starting).rejects.toThrow();
    expect(cluster.member(1).said(/no controller is known/)).toBe(true);
  });

  it('gives up when its time to register is over, and names the controllers', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 100: ['controller'] });
    const starting = cluster.member(1).start({
      'initial.broker.registration.timeout.ms': '10',
      'broker.session.timeout.ms': '300',
    });
    await expect(starting).rejects.toMatchObject({
      message: expect.stringContaining('could not be registered with the controller quorum'),
      hint: expect.stringContaining(`100@${cluster.member(100).controllerAddress}`),
    });
  });

  it('joins one that starts later', async () => {
    const cluster = await makeCluster({ 1: ['broker'], 100: ['controller'] });
    const starting = cluster.member(1).start();
    await vi.waitFor(() => expect(cluster.member(1).said(/Awaiting socket connections/)).toBe(true), WAIT);
    await cluster.member(100).start();
    await starting;
    await cluster.client().createTopics([{ name: 't', partitions: 1, replicationFactor: 1 }]);
  });
});

describe('when the active controller goes', () => {
  const THREE: Readonly<Record<number, readonly Role[]>> = {
    1: ['broker'],
    2: ['broker'],
    101: ['controller'],
    102: ['controller'],
    103: ['controller'],
  };

  it.each(['stop', 'kill'] as const)(
    'topics that are being created are there once another one leads (%s)',
    async (how) => {
      const cluster = await makeCluster(THREE);
      await cluster.start();
      const client = cluster.client();
      await client.createTopics([{ name: 'first', partitions: 1, replicationFactor: 1 }]);
      const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
      const creating = Promise.allSettled(
        names.map((name) => client.createTopics([{ name, partitions: 1, replicationFactor: 1 }])),
      );
      const active = cluster.activeController();
      await active?.[how]();
      const outcomes = await creating;
      // One that was created by a request whose answer was lost is there already the second time.
      const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
      for (const failure of failures) expect(failure).toContain('already exists');
      expect(cluster.activeController()).not.toBe(active);
      const listed = (await client.admin.listTopics()).map(({ name }) => name);
      for (const name of names) expect(listed).toContain(name);
      await writeAndRead(client, 'first', 1);
    },
  );

  it('the others are stopped one after the other, the last two without a quorum', async () => {
    const cluster = await makeCluster({ 1: BOTH, 2: BOTH, 3: BOTH });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 3, replicationFactor: 3 }]);
    await writeAndRead(client, 't', 3);
    for (const id of [1, 2, 3]) await cluster.member(id).stop();
    for (const member of cluster.members) expect(member.said(/shut down completed/)).toBe(true);
    await cluster.start();
    expect(await readAll(client, 't', 3)).toHaveLength(3);
    expect(cluster.members.flatMap(({ fatal }) => fatal)).toEqual([]);
    for (const member of cluster.members) expect(member.lines.filter((line) => / ERROR /.test(line))).toEqual([]);
  });

  it('all that are killed at once come back with all that was acknowledged', async () => {
    const cluster = await makeCluster({ 1: BOTH, 2: BOTH, 3: BOTH });
    await cluster.start();
    const client = cluster.client();
    await client.createTopics([{ name: 't', partitions: 3, replicationFactor: 3 }]);
    await writeAndRead(client, 't', 3);
    await Promise.all(cluster.members.map((member) => member.kill()));
    await cluster.start();
    expect(await readAll(client, 't', 3)).toHaveLength(3);
    expect(cluster.members.flatMap(({ fatal }) => fatal)).toEqual([]);
  });
});
