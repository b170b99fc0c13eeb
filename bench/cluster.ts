/**
 * The bench of clusters: three nodes of kts beside three of Apache Kafka, one line per claim. The clusters take turns, since
 * six nodes at once would measure the machine.
 *   npm run bench:cluster -- --help
 */
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchKafka, KAFKA_VERSION } from '../scripts/foreign-programs.ts';
import { type Engine, TestCluster } from '../test/cluster/support/nodes.ts';
import { CLUSTER_LOADS, type ClusterLoad } from './cluster/loads.ts';
import { settleDisk } from './harness/programs.ts';
import { headLine, judge, type Outcome, outcomeLine, type Runs } from './harness/rows.ts';

const USAGE = `npm run bench:cluster -- [--only NAME,...] [--quick] [--engine kts|kafka] [--json FILE]

  --only NAME,...   only these: ${Object.keys(CLUSTER_LOADS).join(', ')}
  --quick           a fifth of each load, one run of each
  --engine NAME     only this cluster
  --json FILE       every run of every row
`;

type Readings = Map<string, Partial<Record<Engine, number[]>>>;

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      engine: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.only?.split(',') ?? Object.keys(CLUSTER_LOADS);
  const unknown = names.find((name) => CLUSTER_LOADS[name] === undefined);
  if (unknown !== undefined) throw new Error(`there is no load '${unknown}'\n\n${USAGE}`);
  return { ...values, names };
}

const say = (text: string) => process.stderr.write(`  ${text}\n`);

async function measure(engine: Engine, names: readonly string[], isQuick: boolean, jars: string, readings: Readings) {
  const cluster = await TestCluster.start({
    nodes: [1, 2, 3].map((id) => ({ id, engine })),
    java: 'own',
    properties: { 'offsets.topic.num.partitions': '5', 'log.segment.delete.delay.ms': '1000' },
  });
  let topics = 0;
  try {
    for (const name of names) {
      const load = CLUSTER_LOADS[name] as ClusterLoad;
      // The first is to warm up, where there are several.
      const rounds = isQuick || load.runs === 1 ? 1 : load.runs + 1;
      for (let round = 1; round <= rounds; round++) {
        say(`${engine}: ${name}, run ${round} of ${rounds}`);
        settleDisk();
        const record = (key: string, value: number) => {
          say(`${engine}: ${key} ${value.toFixed(2)}`);
          if (rounds > 1 && round === 1) return;
          const runs = readings.get(key) ?? {};
          readings.set(key, { ...runs, [engine]: [...(runs[engine] ?? []), value] });
        };
        const topicName = () => `bench-${++topics}`;
        try {
          await load.run({ cluster, jars, isQuick, record, say, topicName });
        } catch (error) {
          say(`${engine}: ${name}: ${(error as Error).stack}`);
          break;
        }
      }
    }
  } finally {
    // Not removed yet: ext4 is several times slower at making files for minutes after tens of thousands were removed, which
    // would tell against the engine that comes second.
    await cluster.halt();
  }
}

function report(names: readonly string[], readings: Readings): Outcome[] {
  process.stdout.write(`${headLine()}\n`);
  const outcomes = names.flatMap((name) =>
    (CLUSTER_LOADS[name] as ClusterLoad).rows.map((row) => judge(row, (readings.get(row.key) ?? {}) as Runs)),
  );
  for (const outcome of outcomes) process.stdout.write(`${outcomeLine(outcome)}\n`);
  return outcomes;
}

async function main(): Promise<void> {
  const given = options();
  if (given.help) {
    process.stdout.write(USAGE);
    return;
  }
  const jars = fetchKafka();
  if (jars === null) throw new Error("Kafka's tools make the load: they need java, and mvn once for the jars");
  const cpu = os.cpus();
  process.stdout.write(
    `three nodes of kts, three of Apache Kafka ${KAFKA_VERSION}; ${cpu.length} x ${cpu[0]?.model.trim()}, ` +
      `${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}; medians${given.quick ? ', quick' : ''}\n\n`,
  );
  const readings: Readings = new Map();
  for (const engine of ['kafka', 'kts'] as const) {
    if (given.engine === undefined || given.engine === engine) {
      await measure(engine, given.names, given.quick, jars, readings);
    }
  }
  const outcomes = report(given.names, readings);
  if (given.json !== undefined) fs.writeFileSync(given.json, `${JSON.stringify(outcomes, null, 2)}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
