/**
 * Faults in rotation over a cluster of three real processes, while idempotent producers, consumers, groups and an
 * administrator go on; at the end every acknowledgement is held against the cluster, and the replicas against each other.
 */
import process from 'node:process';
import { AckedProducers } from './support/acked-producer.ts';
import { AdminWork } from './support/admin-work.ts';
import { FAULTS, type FaultContext } from './support/faults.ts';
import { GroupLedgers } from './support/group-ledger.ts';
import { loopback, namespaces, namespacesMissing } from './support/network.ts';
import { type Engine, type Roles, TestCluster } from './support/nodes.ts';
import { verifyAcknowledged } from './support/read-back.ts';
import { SmallDisk } from './support/small-disk.ts';
import { TailReaders } from './support/tail-reader.ts';
import { verifyBytes } from './support/verify.ts';

export interface RotationOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Of node 1, 2, 3 and so on. */
  readonly engines: readonly Engine[];
  /** Of each node; all are broker and controller when it is left out. */
  readonly roles?: readonly Roles[] | undefined;
  readonly quorum?: 'static' | 'dynamic';
  /** Only faults whose names contain one of these. */
  readonly only?: readonly string[] | undefined;
  readonly say: (line: string) => void;
}

const TOPICS = [
  { name: 'strict', partitions: 3 },
  { name: 'loose', partitions: 3 },
];
const DISK_MB = 1_500;
const SMALL_DISK_NODE = 3;

export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

async function makeCluster(
  { engines, roles, quorum = 'dynamic', say }: RotationOptions,
  disk: SmallDisk | string,
): Promise<TestCluster> {
  const ids = engines.map((_, at) => at + 1);
  const missing = namespacesMissing();
  if (missing !== undefined) say(`left out: network cuts (${missing})`);
  if (typeof disk === 'string') say(`left out: a full disk (${disk})`);
  return TestCluster.start({
    network: missing === undefined ? namespaces(ids) : loopback(),
    quorum,
    nodes: engines.map((engine, at) => ({
      id: at + 1,
      engine,
      roles: roles?.[at] ?? 'broker,controller',
      ...(at + 1 === SMALL_DISK_NODE && typeof disk !== 'string' ? { dataDirectory: `${disk.path}/data` } : {}),
    })),
    properties: {
      'min.insync.replicas': '2',
      'log.flush.offset.checkpoint.interval.ms': '1000',
      'replica.lag.time.max.ms': '10000',
      'log.segment.bytes': String(8 << 20),
      'log.retention.ms': '-1',
    },
  });
}

async function rotate(options: RotationOptions, context: FaultContext, producers: AckedProducers): Promise<number> {
  const { only, say } = options;
  const { cluster, random } = context;
  const faults = FAULTS.filter(({ name }) => only === undefined || only.some((word) => name.includes(word)));
  const possible = faults.filter((fault) => fault.missing(context) === undefined);
  const end = Date.now() + options.minutes * 60_000;
  let count = 0;
  while (Date.now() < end) {
    const fault = possible[count % possible.length] as (typeof possible)[number];
    producers.forgetGaps();
    const began = performance.now();
    const what = await fault.strike(context);
    const struck = performance.now();
    await producers.progress();
    await cluster.probe.untilWhole(cluster.brokers.length, 90_000);
    // Every other time the preferred leaders take over again, so that leaders are spread when the next fault comes.
    if (random() < 0.5) await cluster.probe.electPreferred();
    count++;
    const healed = seconds(performance.now() - struck);
    say(
      `${String(count).padStart(3)}. ${fault.name}: ${what}; ${seconds(struck - began)} s, whole again ${healed} s later, ` +
        `longest wait for an acknowledgement ${seconds(producers.longestGapMs)} s`,
    );
  }
  return count;
}

/** Rejects with the first thing that does not hold. */
export async function rotation(options: RotationOptions): Promise<void> {
  const { say, seed } = options;
  const { engines, roles, quorum = 'dynamic' } = options;
  const nodes = engines.map(
    (engine, at) => `${engine} as ${(roles?.[at] ?? 'broker,controller').replace(',', ' and ')}`,
  );
  say(`seed ${seed}, ${options.minutes} minutes, a ${quorum} quorum; ${nodes.join(', ')}`);
  const disk = SmallDisk.mount(DISK_MB);
  let cluster: TestCluster | undefined;
  try {
    cluster = await makeCluster(options, disk);
    const { probe } = cluster;
    await probe.createTopics(TOPICS.map(({ name, partitions }) => ({ name, partitions, replicas: 3 })));
    await probe.untilWhole(cluster.brokers.length);
    const producers = new AckedProducers({ probe, topics: TOPICS, pauseMs: 30, recordBytes: 100 });
    const readers = new TailReaders(probe, TOPICS);
    const groups = new GroupLedgers(probe, 'strict', 4);
    const admin = new AdminWork(probe);
    await producers.progress();
    const small = typeof disk === 'string' ? undefined : { node: SMALL_DISK_NODE, disk };
    const faults = await rotate(options, { cluster, random: seeded(seed), disk: small }, producers);
    await producers.stop();
    await admin.stop();
    await groups.stop();
    const records = await verifyAcknowledged(probe, producers);
    await readers.stop();
    const bytes = await verifyBytes(cluster);
    say(
      `${faults} faults; ${records} records acknowledged, all there once and in order; ${readers.records} read meanwhile, none ` +
        `taken back; ${groups.commits} commits of groups, none lost; ${admin.changes} topics made or deleted; ` +
        `${bytes.partitions} partitions with ${bytes.batches} batches (${bytes.bytes} bytes) and ${bytes.metadataBatches} batches ` +
        `of metadata identical on all nodes` +
        (producers.refusals() === '' ? '' : `; refused and tried again: ${producers.refusals()}`),
    );
  } catch (error) {
    if (cluster !== undefined) keepForLater(cluster, say);
    throw error;
  } finally {
    await cluster?.close();
    if (typeof disk !== 'string') disk.unmount();
  }
}

function keepForLater(cluster: TestCluster, say: (line: string) => void): void {
  for (const node of cluster.nodes) say(`${node.name}: ${node.story()}`);
  const keep = process.env['KTS_DRILL_KEEP'];
  if (keep === undefined) return;
  // A whole copy, for whoever wants to know what happened.
  for (const node of cluster.nodes) node.copyTo(`${keep}/node-${node.id}`);
  say(`kept in ${keep}`);
}
