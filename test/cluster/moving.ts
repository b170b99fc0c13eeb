/**
 * Moves a cluster from Apache Kafka to kts with the commands of docs/MOVING.md, read from that page, under producers,
 * consumers and groups: first by reassignment, node by node; then back to Kafka in place, and to kts in place again.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { AckedProducers } from './support/acked-producer.ts';
import { GroupLedgers } from './support/group-ledger.ts';
import { type ClusterNode, type Engine, KTS_BIN, kafkaJars, TestCluster } from './support/nodes.ts';
import { verifyAcknowledged } from './support/read-back.ts';
import { TailReaders } from './support/tail-reader.ts';
import { verifyBytes } from './support/verify.ts';

type Say = (line: string) => void;

const PAGE = path.resolve(import.meta.dirname, '../../docs/MOVING.md');
const TOPICS = [{ name: 'moving', partitions: 4 }];
const TOOLS: Readonly<Record<string, string>> = {
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-reassign-partitions.sh': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-metadata-quorum.sh': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-cluster.sh': 'org.apache.kafka.tools.ClusterTool',
};
/** The drill starts and stops nodes itself, since it must not leave any behind. */
const OF_PROCESSES = /^(?:kts server-start|kafka-server-stop\.sh)\b/;

/** The commands below a heading of the page. */
function commandsOf(heading: string): string[] {
  const page = fs.readFileSync(PAGE, 'utf8');
  const section = new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)(?=^#+ |(?![\\s\\S]))`, 'm').exec(page)?.[1];
  const blocks = [...(section ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, text]) => text ?? []);
  if (blocks.length === 0) throw new Error(`docs/MOVING.md has no commands below "${heading}"`);
  return blocks.flatMap((text) => text.trim().split('\n'));
}

class Mover {
  readonly cluster: TestCluster;
  readonly say: Say;
  readonly #bin: string;

  constructor(cluster: TestCluster, say: Say) {
    this.cluster = cluster;
    this.say = say;
    this.#bin = path.join(cluster.directory, 'bin');
    fs.mkdirSync(this.#bin);
    const quick = '-Xmx128M -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto';
    for (const [name, main] of Object.entries(TOOLS))
      this.#script(name, `java ${quick} -cp '${kafkaJars()}/*' ${main}`);
    this.#script('kts', `'${process.execPath}' '${KTS_BIN}'`);
  }

  #script(name: string, command: string): void {
    fs.writeFileSync(path.join(this.#bin, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }

  /** Runs the commands below a heading; `start` and `stop` are what they mean in this drill. */
  async follow(
    heading: string,
    variables: Readonly<Record<string, string>>,
    nodes: { readonly start?: ClusterNode; readonly stop?: ClusterNode },
  ): Promise<void> {
    let pending: string[] = [];
    const flush = async () => {
      if (pending.length > 0) await this.#shell(pending.join('\n'), variables);
      pending = [];
    };
    for (const command of commandsOf(heading)) {
      this.say(`$ ${command}`);
      if (!OF_PROCESSES.test(command)) {
        pending.push(command);
        continue;
      }
      await flush();
      if (command.startsWith('kts')) {
        nodes.start?.start();
        await nodes.start?.untilReady();
      } else if ((await nodes.stop?.stop()) === false) throw new Error(`${nodes.stop?.name} did not stop by itself`);
    }
    await flush();
  }

  async #shell(script: string, variables: Readonly<Record<string, string>>): Promise<void> {
    const env = { ...process.env, ...variables, PATH: `${this.#bin}:${process.env['PATH']}` };
    // One terminal: what was set before is there.
    const memory = path.join(this.cluster.directory, 'terminal');
    const whole = `[ -f '${memory}' ] && . '${memory}'\n${script}\ndeclare -p DIRECTORY > '${memory}' 2> /dev/null || :`;
    const child = spawn('bash', ['-euo', 'pipefail', '-c', whole], {
      env,
      cwd: this.cluster.directory,
      stdio: 'pipe',
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${script}\nended with ${code}: ${text}`);
  }

  bootstrapWithout(node: ClusterNode): string {
    const others = this.cluster.brokers.filter((one) => one !== node && one.isRunning);
    return others.map(({ brokerAddress }) => brokerAddress).join(',');
  }
}

/** A new node takes the place of an old one. */
async function replace(mover: Mover, old: ClusterNode, newId: number, engine: Engine): Promise<void> {
  const { cluster, say } = mover;
  say(`\n# ${old.name} is replaced by node ${newId} (${engine})`);
  const fresh = await cluster.prepare({ id: newId, engine });
  const variables = {
    BOOTSTRAP: mover.bootstrapWithout(old),
    CLUSTER_ID: cluster.clusterId,
    CONFIG: fresh.file,
    OLD: String(old.id),
    BROKERS: cluster.brokers.flatMap((node) => (node === old ? [] : [node.id])).join(','),
  };
  await mover.follow('A new node joins', variables, { start: fresh });
  await mover.follow('The partitions move', variables, {});
  await mover.follow('The old node goes', variables, { stop: old });
  cluster.forget(old);
}

/** The other program goes on with a node's directories. */
async function exchange(mover: Mover, node: ClusterNode, engine: Engine): Promise<void> {
  const { cluster, say } = mover;
  say(`\n# ${node.name} is exchanged in place for ${engine}`);
  const variables = { BOOTSTRAP: mover.bootstrapWithout(node), CONFIG: node.file, OLD: String(node.id) };
  const stop = {
    name: node.name,
    stop: async () => {
      const inTime = await node.stop();
      node.engine = engine;
      return inTime;
    },
  } as unknown as ClusterNode;
  await mover.follow('In place', variables, { start: node, stop });
  await cluster.probe.untilWhole(cluster.brokers.length);
}

async function exchangeAll(mover: Mover, engine: Engine): Promise<void> {
  const active = await mover.cluster.controller();
  const order = [...mover.cluster.nodes.filter((node) => node !== active), active];
  for (const node of order) await exchange(mover, node, engine);
}

export async function moving(say: Say): Promise<void> {
  const cluster = await TestCluster.start({
    properties: { 'min.insync.replicas': '2' },
    nodes: [1, 2, 3].map((id) => ({ id, engine: 'kafka' as const })),
  });
  try {
    const { probe } = cluster;
    await probe.createTopics(TOPICS.map((topic) => ({ ...topic, replicas: 3 })));
    await probe.untilWhole(3);
    const producers = new AckedProducers({ probe, topics: TOPICS, pauseMs: 20, recordBytes: 200 });
    const readers = new TailReaders(probe, TOPICS);
    const groups = new GroupLedgers(probe, 'moving', 3);
    await producers.progress();
    producers.forgetGaps();
    const mover = new Mover(cluster, say);
    const told = (what: string) => {
      say(`\n# ${what}: the longest wait for an acknowledgement was ${(producers.longestGapMs / 1000).toFixed(1)} s`);
      producers.forgetGaps();
    };
    for (const old of [...cluster.nodes]) await replace(mover, old, old.id + 3, 'kts');
    told('moved to kts by reassignment');
    await exchangeAll(mover, 'kafka');
    told('moved to Apache Kafka in place');
    await exchangeAll(mover, 'kts');
    told('moved to kts in place');
    await producers.stop();
    await groups.stop();
    const records = await verifyAcknowledged(probe, producers);
    await readers.stop();
    const bytes = await verifyBytes(cluster);
    say(
      `\n${records} records acknowledged meanwhile, all there once and in order; ${readers.records} read, none taken back; ` +
        `${groups.commits} commits of groups, none lost; ${bytes.partitions} partitions with ${bytes.batches} batches ` +
        `and ${bytes.metadataBatches} batches of metadata identical on all nodes`,
    );
  } catch (error) {
    for (const node of cluster.nodes) say(`${node.name}: ${node.story()}`);
    throw error;
  } finally {
    await cluster.close();
  }
}
