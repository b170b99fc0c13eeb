/**
 * Apache Kafka's own tools on a cluster of three: describe with its filters while a node is away, reassignment from plan
 * to cancel, elections, quorum, features, log directories, verifiable clients through a rolling restart, and the tool
 * that compares replicas. On Kafka's engine the same script says whether the script is right.
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToolLoop } from '../conformance/support/tool-loop.ts';
import { type Engine, kafkaJars, TestCluster } from './support/nodes.ts';
import { Window } from './support/terminal.ts';
import { verifyBytes } from './support/verify.ts';

type Say = (line: string) => void;

type JavaArguments = (tool: string, words: readonly string[]) => string[];

const PATIENCE_MS = 40_000;
const BACKGROUND = {
  'verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
} as const;

class Bench {
  readonly cluster: TestCluster;
  readonly say: Say;
  readonly #tools: ToolLoop;
  readonly #windows: Window[] = [];
  readonly #javaArguments: JavaArguments;

  constructor(cluster: TestCluster, tools: ToolLoop, say: Say, javaArguments: JavaArguments) {
    this.#javaArguments = javaArguments;
    this.cluster = cluster;
    this.#tools = tools;
    this.say = say;
  }

  get bootstrap(): string {
    return this.cluster.bootstrap().join(',');
  }

  file(name: string, content: unknown): string {
    const file = path.join(this.cluster.directory, name);
    fs.writeFileSync(file, JSON.stringify(content));
    return file;
  }

  #words(words: string): string[] {
    return words.split(' ').filter((word) => word !== '');
  }

  async once(tool: string, words: string): Promise<{ readonly code: number | null; readonly text: string }> {
    const { code, stdout, stderr } = await this.#tools.run(tool, [
      '--bootstrap-server',
      this.bootstrap,
      ...this.#words(words),
    ]);
    return { code, text: `${stdout}${stderr}` };
  }

  /** Until it prints what is wanted, and ends well; shows the last time. */
  async run(tool: string, words: string, wanted: RegExp | ((text: string) => boolean) = /(?:)/): Promise<string> {
    const isSo = typeof wanted === 'function' ? wanted : (text: string) => wanted.test(text);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { code, text } = await this.once(tool, words);
      if (code === 0 && isSo(text)) {
        this.say(`$ kafka-${tool}.sh ${words}`);
        if (text.trim() !== '') this.say(text.trimEnd());
        return text;
      }
      if (Date.now() > deadline) throw new Error(`kafka-${tool}.sh ${words} ended with ${code}: ${text}`);
      await sleep(200);
    }
  }

  /** In a machine of its own, since it goes on. */
  start(tool: keyof typeof BACKGROUND, words: string): Window {
    this.say(`$ kafka-${tool}.sh ${words}          # goes on`);
    const named = tool === 'replica-verification' ? '--broker-list' : '--bootstrap-server';
    const given = this.#javaArguments(BACKGROUND[tool], [named, this.bootstrap, ...this.#words(words)]);
    const window = new Window(tool, spawn('java', given, { stdio: 'pipe' }));
    this.#windows.push(window);
    return window;
  }

  async close(): Promise<void> {
    this.#tools.close();
    await Promise.all(this.#windows.map((window) => window.close()));
  }
}

/** One partition's line of describe. */
function line(topic: string, partition: number): string {
  return `Topic: ${topic}\tPartition: ${partition}\t`;
}

async function describeWhileOneIsAway(bench: Bench): Promise<void> {
  bench.say('\n## topics --describe while node 3 is away\n');
  const { cluster } = bench;
  await bench.run('topics', '--create --topic r3 --replica-assignment 1:2:3,2:3:1,3:1:2', /Created topic r3/);
  await bench.run('topics', '--create --topic r1 --replica-assignment 1,2,3', /Created topic r1/);
  await bench.run('topics', '--create --topic m3 --replica-assignment 1:2:3 --config min.insync.replicas=3');
  await bench.run('topics', '--create --topic m2 --replica-assignment 1:2:3 --config min.insync.replicas=2');
  await bench.run('topics', '--describe --topic r3', /Partition: 2\tLeader: 3\tReplicas: 3,1,2\tIsr: 3,1,2/);
  await bench.run('topics', '--describe --under-replicated-partitions', /^\s*$/);
  await cluster.node(3).kill();
  await bench.run('topics', '--describe --topic r3', (text) => (text.match(/Isr: \d,\d\t/g)?.length ?? 0) === 3);
  await bench.run('topics', '--describe --under-replicated-partitions', (text) =>
    [line('r3', 0), line('r3', 1), line('r3', 2), line('m3', 0), line('m2', 0)].every((one) => text.includes(one)),
  );
  await bench.run('topics', '--describe --unavailable-partitions', (text) => {
    return text.includes(`${line('r1', 2)}Leader: none`) && !text.includes('r3');
  });
  await bench.run('topics', '--describe --at-min-isr-partitions', (text) => text.includes(line('m2', 0)));
  await bench.run('topics', '--describe --under-min-isr-partitions', (text) => text.includes(line('m3', 0)));
  cluster.node(3).start();
  await cluster.node(3).untilReady();
  await bench.run('topics', '--describe --under-replicated-partitions', /^\s*$/);
}

async function elections(bench: Bench): Promise<void> {
  bench.say('\n## leader-election\n');
  await bench.run('leader-election', '--election-type preferred --all-topic-partitions', (text) => !/Error/.test(text));
  await bench.run('topics', '--describe --topic r3', (text) =>
    [1, 2, 3].every((leader, at) => text.includes(`${line('r3', at)}Leader: ${leader}`)),
  );
  const again = await bench.once('leader-election', '--election-type preferred --topic r3 --partition 0');
  bench.say(again.text.trimEnd());
  if (!/already the leader|Valid replica already elected/.test(again.text)) throw new Error(again.text);
}

async function quorumFeaturesDirectories(bench: Bench): Promise<void> {
  bench.say('\n## metadata-quorum, features, log-dirs\n');
  await bench.run('metadata-quorum', 'describe --status', /LeaderId: +[123]\n[\s\S]*CurrentVoters: +\[.*1.*2.*3.*\]/);
  await bench.run('metadata-quorum', 'describe --replication', (text) => {
    return /Leader/.test(text) && (text.match(/Follower/g)?.length ?? 0) === 2;
  });
  await bench.run('features', 'describe', /Feature: metadata\.version.*FinalizedVersionLevel: 4\.3-IV0/);
  await bench.run('log-dirs', '--describe --topic-list r3 --broker-list 1,2,3', (text) =>
    [1, 2, 3].every((broker) => text.includes(`"broker":${broker}`)),
  );
}

async function reassignment(bench: Bench): Promise<void> {
  bench.say('\n## reassign-partitions\n');
  const { cluster } = bench;
  await bench.run('topics', '--create --topic moved --replica-assignment 1:2,2:1');
  await bench.run('producer-perf-test', '--topic moved --num-records 20000 --record-size 1000 --throughput -1');
  const wish = bench.file('wish.json', { topics: [{ topic: 'moved' }], version: 1 });
  const generated = await bench.run(
    'reassign-partitions',
    `--generate --broker-list 2,3 --topics-to-move-json-file ${wish}`,
  );
  const proposal = /Proposed partition reassignment configuration\s+(\{.*\})/.exec(generated)?.[1];
  if (proposal === undefined) throw new Error(`no proposal: ${generated}`);
  const plan = bench.file('plan.json', JSON.parse(proposal));
  const file = `--reassignment-json-file ${plan}`;
  await bench.run('reassign-partitions', `--execute ${file} --throttle 50000000`, /Successfully started/);
  await bench.run('reassign-partitions', `--verify ${file}`, (text) => {
    return (text.match(/is completed|is complete\./g)?.length ?? 0) >= 2 && /Clearing/.test(text);
  });
  await bench.run('topics', '--describe --topic moved', (text) =>
    [...text.matchAll(/Isr: ([\d,]+)/g)].every(([, isr]) => [...(isr as string).split(',')].sort().join() === '2,3'),
  );
  // Slow enough that it is still going on when it is called off.
  const back = bench.file('back.json', {
    version: 1,
    partitions: [0, 1].map((partition) => ({ topic: 'moved', partition, replicas: [1, 2] })),
  });
  await bench.run('reassign-partitions', `--execute --reassignment-json-file ${back} --throttle 1000`, /Successfully/);
  await bench.run('reassign-partitions', '--list', /moved-0/);
  await bench.run('reassign-partitions', `--cancel --reassignment-json-file ${back}`, /Successfully cancelled/);
  const after = await cluster.probe.partitions(['moved']);
  if (after.some(({ replicas }) => [...replicas].sort().join() !== '2,3')) throw new Error('the cancel left replicas');
  await bench.run('reassign-partitions', '--list', /No partition reassignments found/);
}

interface Event {
  readonly name: string;
  readonly count?: number;
  readonly acked?: number;
}

function eventsOf(text: string): Event[] {
  return text.split('\n').flatMap((one) => (one.startsWith('{') ? [JSON.parse(one) as Event] : []));
}

const VERIFIED = 6_000;

async function rollingRestart(bench: Bench): Promise<void> {
  bench.say('\n## verifiable-producer and verifiable-consumer through a rolling restart\n');
  const { cluster } = bench;
  await bench.run(
    'topics',
    '--create --topic rolled --partitions 3 --replication-factor 3 --config min.insync.replicas=2',
  );
  const consumer = bench.start('verifiable-consumer', '--topic rolled --group-id rollers');
  const producer = bench.start(
    'verifiable-producer',
    `--topic rolled --max-messages ${VERIFIED} --throughput 400 --acks -1`,
  );
  for (const node of cluster.nodes) {
    await sleep(1_000);
    const began = performance.now();
    if (!(await node.stop())) throw new Error(`${node.name} did not stop by itself: ${node.tail()}`);
    const stopped = performance.now();
    node.start();
    await node.untilReady();
    await cluster.probe.untilWhole(3);
    const [down, up] = [stopped - began, performance.now() - stopped].map((ms) => (ms / 1000).toFixed(1));
    bench.say(`# ${node.name} stopped in ${down} s, was back and in every Isr ${up} s later`);
  }
  await producer.ended(60_000);
  const sent = eventsOf(producer.stdout);
  const acked = sent.find(({ name }) => name === 'tool_data')?.acked ?? 0;
  const errors = sent.filter(({ name }) => name === 'producer_send_error').length;
  const deadline = Date.now() + PATIENCE_MS;
  const consumed = () =>
    eventsOf(consumer.stdout)
      .filter(({ name }) => name === 'records_consumed')
      .reduce((sum, { count = 0 }) => sum + count, 0);
  while (consumed() < acked && Date.now() < deadline) await sleep(200);
  const read = consumed();
  await consumer.close();
  bench.say(`# ${acked} records acknowledged, ${errors} refused, ${read} consumed`);
  // It does not try again by itself: a record that met a moved leader is refused, and said to be.
  if (acked + errors !== VERIFIED || read < acked) throw new Error('records were lost');
  if (errors > VERIFIED / 50) throw new Error('too many records were refused');
}

async function replicaVerification(bench: Bench): Promise<void> {
  bench.say('\n## replica-verification\n');
  const running = bench.start('replica-verification', '--topics-include rolled|moved|r3 --report-interval-ms 500');
  const deadline = Date.now() + PATIENCE_MS;
  let text = '';
  while ((text.match(/max lag is 0 /g)?.length ?? 0) < 3) {
    if (Date.now() > deadline) throw new Error(`no clean report: ${text}`);
    await sleep(500);
    text = running.text;
  }
  await running.close();
  bench.say(text.trimEnd().split('\n').slice(-3).join('\n'));
  if (/has same number of|differs|mismatch|checksum/i.test(text)) throw new Error(`replicas differ: ${text}`);
}

export async function kafkaTools(engines: readonly Engine[], say: Say): Promise<void> {
  process.env['KTS_TEST_KAFKA_JARS'] = kafkaJars();
  // They look for the jars when they are loaded.
  const { ToolLoop } = await import('../conformance/support/tool-loop.ts');
  const { javaArguments } = await import('../conformance/support/tools.ts');
  const cluster = await TestCluster.start({ nodes: engines.map((engine, at) => ({ id: at + 1, engine })) });
  const bench = new Bench(cluster, new ToolLoop(), say, javaArguments);
  try {
    await describeWhileOneIsAway(bench);
    await elections(bench);
    await quorumFeaturesDirectories(bench);
    await reassignment(bench);
    await rollingRestart(bench);
    await replicaVerification(bench);
    const bytes = await verifyBytes(cluster);
    say(
      `\n${bytes.partitions} partitions with ${bytes.batches} batches, and ${bytes.metadataBatches} batches of metadata, ` +
        'identical on all nodes',
    );
  } catch (error) {
    for (const node of cluster.nodes) say(`${node.name}: ${node.story()}`);
    throw error;
  } finally {
    await bench.close();
    await cluster.close();
  }
}
