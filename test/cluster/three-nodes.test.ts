/** Three real processes: the leader that is also the active controller is killed under producers, and nothing is lost. */
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AckedProducers } from './support/acked-producer.ts';
import { GroupLedgers } from './support/group-ledger.ts';
import { TestCluster } from './support/nodes.ts';
import { verifyAcknowledged } from './support/read-back.ts';
import { TailReaders } from './support/tail-reader.ts';
import { verifyBytes } from './support/verify.ts';

const TOPICS = [{ name: 'three', partitions: 3 }];
let cluster: TestCluster;

beforeAll(async () => {
  process.env['KTS_SOURCE'] = '1';
  cluster = await TestCluster.start({
    nodes: [1, 2, 3].map((id) => ({ id, engine: 'kts' as const })),
    properties: { 'min.insync.replicas': '2' },
  });
}, 60_000);

afterAll(() => cluster?.close());

it('loses nothing when the active controller and then every other node is killed', { timeout: 120_000 }, async () => {
  const { probe } = cluster;
  await probe.createTopics(TOPICS.map((topic) => ({ ...topic, replicas: 3 })));
  await probe.untilWhole(3);
  const producers = new AckedProducers({ probe, topics: TOPICS });
  const readers = new TailReaders(probe, TOPICS);
  const groups = new GroupLedgers(probe, 'three', 2);
  await producers.progress(50);
  const first = await cluster.controller();
  for (const node of [first, ...cluster.nodes.filter((one) => one !== first)]) {
    await node.kill();
    await producers.progress(50);
    node.start();
    await node.untilReady();
    await probe.untilWhole(3);
  }
  await producers.stop();
  await groups.stop();
  expect(await verifyAcknowledged(probe, producers)).toBe(producers.acknowledged);
  await readers.stop();
  const bytes = await verifyBytes(cluster);
  expect(bytes.partitions).toBeGreaterThanOrEqual(3);
  expect(bytes.metadataBatches).toBeGreaterThan(10);
});
