/**
 * The commands as whole processes, on the kts broker: beside kcat, Kafka's own tools and a bare Node. Each row names its
 * rival, which stands in the other column.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { type Broker, KTS_BIN } from '../harness/broker.ts';
import { javaArguments, type KafkaTool, plainEnvironment, run, settleDisk } from '../harness/programs.ts';
import type { Row } from '../harness/rows.ts';
import type { Session } from '../harness/session.ts';

const LINES = 2_000_000;

interface Rival {
  readonly name: string;
  readonly key: string;
  readonly must?: number;
  readonly aim?: number;
  readonly run: () => Promise<number>;
}

interface Contest {
  readonly key: string;
  readonly title: string;
  readonly own: () => Promise<number>;
  readonly rivals: readonly Rival[];
  readonly digits?: number;
  /** A share of the rival's figure, where the rival does less than we do. */
  readonly isShare?: boolean;
}

/** All in turns, once unmeasured; the order changes each time. */
async function hold(session: Session, contest: Contest): Promise<void> {
  const all = [
    { key: contest.key, name: 'kts', run: contest.own },
    ...contest.rivals.map(({ key, name, run: once }) => ({ key, name, run: once })),
  ];
  for (let round = 0; round <= session.settings.runs; round++) {
    for (const one of round % 2 === 0 ? all : all.toReversed()) {
      session.say(`${contest.title}: ${one.name}${round === 0 ? ', to warm up' : `, run ${round}`}`);
      settleDisk();
      const figure = await one.run();
      if (round === 0) continue;
      if (one.name !== 'kts') session.record('kafka', { [one.key]: figure });
      else for (const { key } of contest.rivals) session.record('kts', { [key]: figure });
    }
  }
  session.report(
    contest.rivals.map(
      ({ key, name, must, aim }): Row => ({
        key,
        title: `${contest.title} (rival: ${name})`,
        better: 'less',
        ratio: contest.isShare ? 'share' : 'times',
        digits: contest.digits ?? 2,
        ...(must === undefined ? {} : { must: { ratio: must } }),
        ...(aim === undefined ? {} : { aim: { ratio: aim } }),
      }),
    ),
  );
}

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

/** Seconds of a program; `pipe`: its input or output is one. */
async function seconds(
  words: readonly string[],
  { inputFile, through }: { readonly inputFile?: string; readonly through?: 'cat |' | '| cat' } = {},
): Promise<number> {
  const [command, ...args] = words as [string, ...string[]];
  if (through === undefined) {
    const { wallMs } = await run(command, args, inputFile === undefined ? { discard: true } : { inputFile });
    return wallMs / 1_000;
  }
  const line = through === 'cat |' ? `cat '${inputFile}' | ${quoted(words)}` : `${quoted(words)} | cat >/dev/null`;
  return (await run('bash', ['-o', 'pipefail', '-c', line])).wallMs / 1_000;
}

const kts = (...words: readonly string[]) => [process.execPath, KTS_BIN, ...words];

function java(session: Session, tool: KafkaTool, ...words: readonly string[]): string[] {
  return ['java', ...javaArguments(session.kafkaJars, tool, words)];
}

async function onNewTopic(broker: Broker, session: Session, use: (topic: string) => Promise<number>): Promise<number> {
  const topic = session.topicName();
  await broker.createTopic(topic, 1);
  const figure = await use(topic);
  await broker.deleteTopic(topic);
  return figure;
}

async function producing(session: Session, broker: Broker, through: 'cat |' | undefined): Promise<void> {
  const inputFile = session.inputFile(session.count(LINES), (i) => `${i}`.padEnd(99, 'abcdefghijklmnopqrstuvwxyz'));
  const how = { inputFile, ...(through === undefined ? {} : { through }) };
  const server = ['--bootstrap-server', broker.bootstrap];
  const once = (words: (topic: string) => string[]) => () =>
    onNewTopic(broker, session, (topic) => seconds(words(topic), how));
  const from = through === undefined ? 'file' : 'pipe';
  await hold(session, {
    key: `produce-${from}`,
    title: `console-producer, 100 B lines from a ${from}, s`,
    own: once((topic) => kts('console-producer', ...server, '--topic', topic)),
    rivals: [
      {
        ...{ name: 'kcat -P', key: `produce-${from}-kcat`, must: 1.3, aim: 2 },
        run: once((topic) => ['kcat', '-P', '-b', broker.bootstrap, '-t', topic, '-p', '0']),
      },
      {
        ...{ name: "Kafka's", key: `produce-${from}-java`, must: 5, aim: 7 },
        run: once((topic) => java(session, 'console-producer', ...server, '--topic', topic)),
      },
    ],
  });
}

async function consuming(session: Session, broker: Broker): Promise<void> {
  const count = session.count(LINES);
  const topic = 'consumed';
  await session.once(broker, 'consumed by commands', async () => {
    await broker.createTopic(topic, 1);
    const inputFile = session.inputFile(count, (i) => `${i}`.padEnd(99, 'abcdefghijklmnopqrstuvwxyz'));
    await run('kcat', ['-P', '-b', broker.bootstrap, '-t', topic, '-p', '0'], { inputFile });
  });
  const words = ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--from-beginning'];
  const all = [...words, '--max-messages', String(count)];
  const once = (line: readonly string[]) => () => seconds(line, { through: '| cat' });
  const raised = ['-X', 'queued.min.messages=1000000', '-c', String(count), '-o', 'beginning', '-q'];
  await hold(session, {
    key: 'consume-pipe',
    title: 'console-consumer, 100 B records to a pipe, s',
    own: once(kts('console-consumer', ...all)),
    rivals: [
      {
        ...{ name: 'kcat -C, queue raised', key: 'consume-pipe-kcat', must: 1.5, aim: 2.8 },
        run: once(['kcat', '-C', '-b', broker.bootstrap, '-t', topic, ...raised]),
      },
      {
        ...{ name: "Kafka's", key: 'consume-pipe-java', must: 8, aim: 14 },
        run: once(java(session, 'console-consumer', ...all)),
      },
    ],
  });
}

/** User and system time of a whole process, in milliseconds; the best of a few, since only disturbances add to it. */
function cpuMs(words: readonly string[], env: NodeJS.ProcessEnv): number {
  const [command, ...args] = words as [string, ...string[]];
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const script = 'times=$({ TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null; } 2>&1); echo "$times"';
    const { stdout } = spawnSync('bash', ['-c', script, 'bash', command, ...args], { env, encoding: 'utf8' });
    const [user = 0, system = 0] = stdout.trim().split(' ').map(Number);
    times.push((user + system) * 1_000);
  }
  return Math.min(...times);
}

async function shortCommands(session: Session, broker: Broker): Promise<void> {
  const server = ['--bootstrap-server', broker.bootstrap];
  const bare = [process.execPath, '-e', '0'];
  const cache = path.join(session.settings.directory, 'compiled');
  const env = { ...plainEnvironment(), NODE_COMPILE_CACHE: cache };
  const wall = async (words: readonly string[]) => {
    const started = performance.now();
    spawnSync(words[0] as string, words.slice(1), { env, stdio: 'ignore' });
    return performance.now() - started;
  };
  await broker.createTopic('listed', 10);
  const lines: readonly (readonly [string, readonly string[], KafkaTool])[] = [
    ['topics --list', ['topics', '--list', ...server], 'topics'],
    ['topics --describe', ['topics', '--describe', '--topic', 'listed', ...server], 'topics'],
    ['consumer-groups --list', ['consumer-groups', '--list', ...server], 'consumer-groups'],
    ['topics --help', ['topics', '--help'], 'topics'],
    ['storage random-uuid', ['storage', 'random-uuid'], 'storage'],
  ];
  for (const [title, words, tool] of lines) {
    const key = title.replaceAll(/\W+/g, '-');
    await hold(session, {
      ...{ key, title: `${title}, whole process, ms`, digits: 0, isShare: true, own: () => wall(kts(...words)) },
      rivals: [{ name: 'node -e 0', key: `${key}-wall`, must: 3, aim: 2.2, run: () => wall(bare) }],
    });
    await hold(session, {
      ...{ key, title: `${title}, CPU, ms`, digits: 0, isShare: true, own: async () => cpuMs(kts(...words), env) },
      rivals: [{ name: 'node -e 0', key: `${key}-cpu`, must: 3, aim: 2.2, run: async () => cpuMs(bare, env) }],
    });
    const coldly = async () => {
      fs.rmSync(cache, { recursive: true, force: true });
      return wall(kts(...words));
    };
    await hold(session, {
      ...{ key, title: `  ${title}, nothing compiled yet, ms`, digits: 0, isShare: true, own: coldly },
      rivals: [{ name: 'node -e 0', key: `${key}-cold`, run: () => wall(bare) }],
    });
    await hold(session, {
      ...{ key, title: `  ${title}, whole process, ms`, digits: 0, own: () => wall(kts(...words)) },
      rivals: [
        { name: "Kafka's tool", key: `${key}-java`, must: 10, run: () => wall(java(session, tool, ...words.slice(1))) },
      ],
    });
  }
}

async function ownBroker(session: Session): Promise<Broker> {
  const broker = (await session.shared()).find(({ name }) => name === 'kts');
  if (broker === undefined) throw new Error('this needs the kts broker');
  return broker;
}

export async function commands(session: Session): Promise<void> {
  const broker = await ownBroker(session);
  await producing(session, broker, undefined);
  await producing(session, broker, 'cat |');
  await consuming(session, broker);
}

export async function short(session: Session): Promise<void> {
  await shortCommands(session, await ownBroker(session));
}
