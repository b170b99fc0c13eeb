/**
 * The drills of a textbook, typed as the textbook has them: Kafka's scripts, here those of `kts shims`. Each prints what
 * was typed and what came of it, and ends with an error where that is not what the textbook promises.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { KTS_BIN } from './support/nodes.ts';
import { Terminal, type Window } from './support/terminal.ts';

/** Leaders go back to where they belong every five minutes, which nobody waits for in a drill. */
const REBALANCE = 'leader.imbalance.check.interval.seconds=2';

type Say = (line: string) => void;

interface Desk {
  readonly terminal: Terminal;
  /** HOST:PORT of each broker, by node. */
  readonly brokers: ReadonlyMap<number, string>;
}

interface NodeRow {
  readonly id: number;
  readonly broker: string | null;
}

/** A cluster of its own, gone afterwards. */
async function withCluster(say: Say, words: string, use: (desk: Desk) => Promise<void>): Promise<void> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-textbook-'));
  const bin = path.join(home, 'bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, XDG_DATA_HOME: home, KTS_STRICT: undefined };
  const terminal = new Terminal({ env, directory: home, say });
  // `kts` by its name, as an installation has it.
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'kts'), `#!/bin/sh\nexec '${process.execPath}' '${KTS_BIN}' "$@"\n`, { mode: 0o755 });
  const silent = new Terminal({ env, directory: home, say: () => {} });
  try {
    await silent.run(`kts shims ${bin}`);
    await terminal.run(`kts cluster start ${words}`);
    const status = JSON.parse(await silent.run('kts cluster status --output json')) as { nodes: NodeRow[] };
    const brokers = new Map(status.nodes.flatMap(({ id, broker }) => (broker === null ? [] : [[id, broker] as const])));
    await use({ terminal, brokers });
  } finally {
    await terminal.close();
    await silent.run('kts cluster stop --kill --remove').catch(() => '');
    fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Partition 0 of what `kafka-topics.sh --describe` printed. */
function leaderIn(text: string): number {
  return Number(/Partition: 0\tLeader: (\d+)/.exec(text)?.[1] ?? -1);
}

function isrIn(text: string, partition = 0): number[] {
  const found = new RegExp(`Partition: ${partition}\\t.*Isr: ([\\d,]*)`).exec(text)?.[1] ?? '';
  return found === '' ? [] : found.split(',').map(Number);
}

async function typeAndSee(producer: Window, consumer: Window, line: string, say: Terminal): Promise<void> {
  producer.type(line);
  await consumer.untilShows(line);
  say.remark(`typed into the producer, shown by the consumer: ${line}`);
}

async function leaderIsKilled({ terminal, brokers }: Desk): Promise<void> {
  const all = [...brokers.values()].join(',');
  await terminal.run(
    `kafka-topics.sh --create --bootstrap-server ${all} --replication-factor 3 --partitions 3 --topic first`,
  );
  const describe = `kafka-topics.sh --describe --bootstrap-server ${all} --topic first`;
  const before = await terminal.until(describe, (text) => [0, 1, 2].every((at) => isrIn(text, at).length === 3));
  const leader = leaderIn(before);
  const producer = terminal.open('producer', `kafka-console-producer.sh --bootstrap-server ${all} --topic first`);
  const consumer = terminal.open(
    'consumer',
    `kafka-console-consumer.sh --bootstrap-server ${all} --topic first --from-beginning`,
  );
  await typeAndSee(producer, consumer, 'hello with all three', terminal);

  await terminal.run(`kts cluster stop --node-id ${leader} --kill`);
  const down = await terminal.until(describe, (text) => {
    return leaderIn(text) !== leader && [0, 1, 2].every((at) => isrIn(text, at).length === 2);
  });
  terminal.remark(`partition 0 is led by ${leaderIn(down)} now; node ${leader} is in no Isr`);
  await typeAndSee(producer, consumer, 'hello without the leader', terminal);

  await terminal.run(`kts cluster start --node-id ${leader}`);
  await terminal.until(describe, (text) => [0, 1, 2].every((at) => isrIn(text, at).length === 3));
  await terminal.until(describe, (text) => leaderIn(text) === leader);
  terminal.remark(`the Isr is whole, and node ${leader} leads what it led before`);
  await typeAndSee(producer, consumer, 'hello with all three again', terminal);
}

async function twoOfThreeAreKilled({ terminal, brokers }: Desk): Promise<void> {
  const all = [...brokers.values()].join(',');
  await terminal.run(
    `kafka-topics.sh --create --bootstrap-server ${all} --replication-factor 3 --partitions 3 --topic topic --config min.insync.replicas=1`,
  );
  const describe = `kafka-topics.sh --describe --bootstrap-server ${all} --topic topic`;
  await terminal.until(describe, (text) => [0, 1, 2].every((at) => isrIn(text, at).length === 3));
  const producer = terminal.open('producer', `kafka-console-producer.sh --bootstrap-server ${all} --topic topic`);
  const consumer = terminal.open(
    'consumer',
    `kafka-console-consumer.sh --bootstrap-server ${all} --topic topic --from-beginning`,
  );
  await typeAndSee(producer, consumer, 'three brokers', terminal);
  for (const [killed, node] of [1, 2].entries()) {
    await terminal.run(`kts cluster stop --node-id ${node} --kill`);
    await terminal.until(describe, (text) => [0, 1, 2].every((at) => isrIn(text, at).length === 2 - killed));
    await typeAndSee(producer, consumer, `${2 - killed} left`, terminal);
  }
  await terminal.run('kts cluster start');
  await terminal.until(describe, (text) => [0, 1, 2].every((at) => isrIn(text, at).length === 3));
  await typeAndSee(producer, consumer, 'three again', terminal);
}

async function anyOneThenTwo({ terminal, brokers }: Desk): Promise<void> {
  const all = [...brokers.values()].join(',');
  await terminal.run(
    `kafka-topics.sh --create --bootstrap-server ${all} --replication-factor 3 --partitions 1 --topic kept --config min.insync.replicas=2`,
  );
  const describe = `kafka-topics.sh --describe --bootstrap-server ${all} --topic kept`;
  const produce = `kafka-console-producer.sh --bootstrap-server ${all} --topic kept --sync`;
  await terminal.until(describe, (text) => isrIn(text).length === 3);
  const acknowledged: string[] = [];
  for (const node of brokers.keys()) {
    await terminal.run(`kts cluster stop --node-id ${node} --kill`);
    await terminal.until(describe, (text) => isrIn(text).length === 2 && leaderIn(text) > 0);
    const line = `while node ${node} was away`;
    await terminal.run(produce, `${line}\n`);
    acknowledged.push(line);
    await terminal.run(`kts cluster start --node-id ${node}`);
    await terminal.until(describe, (text) => isrIn(text).length === 3);
  }
  terminal.remark('now two of the three: no majority of controllers is left, and nothing is promised any more');
  await terminal.run('kts cluster stop --node-id 1 --node-id 2 --kill');
  await terminal.fails(
    `${produce} --command-property delivery.timeout.ms=4000 --command-property request.timeout.ms=2000 --command-property linger.ms=0`,
    'never acknowledged\n',
  );
  await terminal.run('kts cluster status');
  await terminal.run('kts cluster start --node-id 1');
  await terminal.until(describe, (text) => isrIn(text).length === 2);
  const read = await terminal.run(
    `kafka-console-consumer.sh --bootstrap-server ${all} --topic kept --from-beginning --timeout-ms 3000`,
  );
  for (const line of acknowledged) if (!read.includes(line)) throw new Error(`"${line}" was acknowledged, and is lost`);
  terminal.remark('everything that was acknowledged is there');
  await terminal.run('kts cluster start');
  await terminal.until(describe, (text) => isrIn(text).length === 3);
}

export async function textbook(say: Say): Promise<void> {
  say('# Three brokers, a topic with three replicas: the leader is killed');
  await withCluster(say, `--nodes 3 --override ${REBALANCE}`, leaderIsKilled);
  say('\n# Three brokers beside a controller: two of them are killed, one after the other');
  await withCluster(say, '--nodes 3 --controllers 1', twoOfThreeAreKilled);
  say('\n# Three nodes that are broker and controller: any one goes, then two');
  await withCluster(say, '--nodes 3', anyOneThenTwo);
}
