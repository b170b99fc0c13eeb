/**
 * The bench: kts and Apache Kafka side by side on this machine, one line per claim. Run: npm run bench -- --help
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchKafka, installKcat, KAFKA_VERSION } from '../scripts/foreign-programs.ts';
import { type Engine, KTS_BIN } from './harness/broker.ts';
import { Session, type SharedLoad } from './harness/session.ts';
import { codec } from './loads/codec.ts';
import { commands, short } from './loads/commands.ts';
import { describe } from './loads/describe.ts';
import { consume1k, consume100, consumeCold, kcatDefaults, kcatRaised } from './loads/fetch.ts';
import { latency } from './loads/latency.ts';
import { library } from './loads/library.ts';
import { growth, restart, start } from './loads/lifecycle.ts';
import { memory } from './loads/memory.ts';
import { growingConnections, kcatProduce, perf1k, perf100, small } from './loads/produce.ts';

interface Load {
  readonly needs?: 'java' | 'kcat';
  readonly run: (session: Session) => Promise<void>;
}

function shared(name: string, load: SharedLoad, needs?: 'java' | 'kcat'): Load {
  return { ...(needs === undefined ? {} : { needs }), run: (session) => session.measure(name, load) };
}

async function connections(session: Session): Promise<void> {
  for (const count of [1, 10, 100]) await session.measure(`${count} connections`, growingConnections(count));
}

/** In the order in which they run: what restarts brokers of its own first, memory after all that share theirs. */
const LOADS: Readonly<Record<string, Load>> = {
  start: { run: start },
  restart: { run: restart },
  describe: shared('describe', describe),
  'perf-1k': shared('perf-1k', perf1k, 'java'),
  'perf-100': shared('perf-100', perf100, 'java'),
  'kcat-p': shared('kcat-p', kcatProduce, 'kcat'),
  small: shared('small', small),
  'consume-1k': shared('consume-1k', consume1k, 'java'),
  'consume-100': shared('consume-100', consume100, 'java'),
  'consume-cold': shared('consume-cold', consumeCold, 'java'),
  'kcat-c': {
    needs: 'kcat',
    run: async (session) => {
      await session.measure('kcat-c, raised', kcatRaised);
      await session.measure('kcat-c, defaults', kcatDefaults);
    },
  },
  latency: shared('latency', latency),
  connections: { run: connections },
  memory: { run: memory },
  codec: { run: codec },
  commands: { needs: 'kcat', run: commands },
  short: { needs: 'java', run: short },
  library: { run: library },
  growth: { run: growth },
};

const USAGE = `npm run bench -- [--only NAME,...] [--quick] [--runs N] [--engine kts|kafka] [--json FILE] [--cpu-prof DIR]

  --only NAME,...   only these: ${Object.keys(LOADS).join(', ')}
  --quick           a fifth of each load, one run of each, at most 1,000 partitions
  --runs N          measured runs of each load on each broker (3); the median counts
  --engine NAME     only this broker
  --json FILE       every run of every row, and the machine
  --cpu-prof DIR    the kts brokers write CPU profiles there (kts becomes slower)
`;

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      engine: { type: 'string' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.only?.split(',') ?? Object.keys(LOADS);
  const unknown = names.find((name) => LOADS[name] === undefined);
  if (unknown !== undefined) throw new Error(`there is no load '${unknown}'\n\n${USAGE}`);
  if (values.engine !== undefined && values.engine !== 'kts' && values.engine !== 'kafka') throw new Error(USAGE);
  const runs = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(USAGE);
  return { ...values, names, runs };
}

type Options = ReturnType<typeof options>;

function engines(given: Options, jars: string | null): Engine[] {
  const profile = given['cpu-prof'];
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`];
  const all: Engine[] = [{ name: 'kts', jars: '', nodeOptions }];
  if (jars !== null) all.push({ name: 'kafka', jars, nodeOptions: [] });
  return all.filter((engine) => given.engine === undefined || engine.name === given.engine);
}

function machine() {
  const cpu = os.cpus();
  return {
    cpu: cpu[0]?.model.trim() ?? '',
    cores: cpu.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    node: process.version,
    load: os.loadavg().map((value) => Math.round(value * 100) / 100),
  };
}

async function runAll(session: Session, names: readonly string[], missing: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    const load = LOADS[name] as Load;
    if (load.needs !== undefined && missing.has(load.needs)) continue;
    try {
      await load.run(session);
    } catch (error) {
      session.note(`${name}: ${(error as Error).message}`);
    }
  }
}

async function main(): Promise<void> {
  const given = options();
  if (given.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (given.engine !== 'kafka' && !fs.existsSync(path.join(path.dirname(KTS_BIN), '..', 'dist', 'start.js'))) {
    throw new Error('there is no build; npm run bench makes it');
  }
  const jars = fetchKafka();
  const kcat = installKcat();
  const missing = new Set([...(jars === null ? ['java'] : []), ...(kcat ? [] : ['kcat'])]);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-bench-'));
  const session = new Session({ engines: engines(given, jars), jars, runs: given.runs, quick: given.quick, directory });
  const about = machine();
  process.stdout.write(
    `kts and Apache Kafka ${KAFKA_VERSION}; ${about.cores} x ${about.cpu}, ${about.memoryGiB} GiB, Linux ${about.kernel}, ` +
      `Node ${about.node}; load ${about.load.join(' ')}; ${given.runs} runs each, medians${given.quick ? ', quick' : ''}\n\n`,
  );
  const interrupted = () => {
    process.exitCode = 130;
    void session.close().then(() => process.exit());
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await runAll(session, given.names, missing);
  } finally {
    await session.close();
  }
  for (const [program, what] of [
    ['java', "Apache Kafka's column and the loads of its tools: they need java, and mvn once for the jars"],
    ['kcat', 'the loads of kcat: it is not on this machine and apt could not install it'],
  ] as const) {
    if (missing.has(program)) session.notes.push(`left out: ${what}`);
  }
  if (session.notes.length > 0) process.stdout.write(`\n${session.notes.join('\n')}\n`);
  if (given.json !== undefined) {
    const result = { machine: about, quick: given.quick, outcomes: session.outcomes, notes: session.notes };
    fs.writeFileSync(given.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
