/**
 * The recorded runs of Kafka's tools as scenes: runs that share a broker's state, in their order, with what has to be there
 * before them. They are played in the strict manner against kts (npm test) and against Apache Kafka (conformance).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/client.ts';
import { runTool } from '../support/run-tool.ts';
import { readTranscript, substitute, type TranscriptCase } from '../support/transcripts.ts';
import { adminScenes } from './admin-scenes.ts';
import { ELSEWHERE } from './transcript-exceptions.ts';
import { own, type World } from './transcript-world.ts';

export interface Scene {
  readonly title: string;
  /** The name of the file of recorded runs. */
  readonly file: string;
  readonly cases: readonly TranscriptCase[];
  /** Needs no broker: against Apache Kafka it would say nothing new. */
  readonly isLocal?: boolean;
  /** Each waits for a while, and none minds the others. */
  readonly isConcurrent?: boolean;
  readonly prepare?: (world: World) => Promise<void>;
  /** Right before a run. Gives back what is to be cleared away behind the scene. */
  readonly before?: (world: World, test: TranscriptCase) => Promise<void>;
  readonly after?: () => Promise<void>;
  /** The run as it is to be in this world. */
  readonly adapt?: (test: TranscriptCase, world: World) => Promise<TranscriptCase> | TranscriptCase;
}

const TOOLS = new Set([
  ...['topics', 'console-producer', 'console-consumer', 'consumer-groups', 'storage', 'server-start'],
  ...['configs', 'acls'],
  ...['leader-election', 'reassign-partitions'],
]);

/** Those that are played in a scene. */
function casesOf(file: string): TranscriptCase[] {
  return recordedIn(file).filter(({ id, isTerminal }) => !isTerminal && reasonIn(ELSEWHERE, file, id) === undefined);
}

/** All runs in a file of tools that we have. */
export function recordedIn(file: string): TranscriptCase[] {
  return readTranscript(file).filter(({ argv }) => TOOLS.has(argv[0] as string));
}

/** A table of reasons is by run, or by file and run. */
export function reasonIn(table: Readonly<Record<string, string>>, file: string, id: string): string | undefined {
  return table[`${file} ${id}`] ?? table[id];
}

/** What the broker has to have: groups of the consumer protocol, quotas with credentials, an authorizer. */
export type Abilities = Pick<World, 'hasNewGroups' | 'hasQuotas' | 'hasAuthorizer'>;

const OF_QUOTAS = /^(?:user-(?!bad-key|scram-few)|clients-|ip-(?!bad))/;

/** The broker has what the run is about. */
export function isPlayed({ id, argv, exitCode }: TranscriptCase, has: Abilities): boolean {
  const { hasNewGroups, hasQuotas, hasAuthorizer } = has;
  // Those that fail do so before any rule is looked for.
  if (argv[0] === 'acls') return hasAuthorizer ? !argv.includes('<NO_AUTHORIZER>') : exitCode !== 0;
  if (argv[0] === 'configs') return hasQuotas || !OF_QUOTAS.test(id);
  return hasNewGroups || !argv.includes('act-new');
}

async function deleteEverything(world: World): Promise<void> {
  const exclude = ['--if-exists', '--topic', '(?!__consumer_offsets$).*'];
  await own(world.bootstrap, ['topics', '--delete', ...exclude]);
}

/** A topic's id stands in no recorded run: here is the one of this world. */
async function withTopicId(test: TranscriptCase, world: World): Promise<TranscriptCase> {
  if (!test.id.endsWith('topic-id') || !test.argv.includes('<TOPIC_ID>')) return test;
  const list = JSON.parse(await own(world.bootstrap, ['topics', '--list', '--output', 'json']));
  const { id } = list.find(({ name }: { name: string }) => name === 'payments');
  return { ...test, argv: test.argv.map((word) => (word === '<TOPIC_ID>' ? id : word)) };
}

/** Waits for a minute in Kafka, for ten seconds in ours. */
const SLOW = 'bootstrap-url';

const topics: Scene = {
  title: 'topics',
  file: 'topics',
  cases: casesOf('topics').filter(({ id }) => id !== SLOW),
  adapt: withTopicId,
};

/** What Kafka refuses and we do goes where nobody counts. */
function withoutTraces(test: TranscriptCase): TranscriptCase {
  if (test.id !== 'legacy-broker-list') return withoutSilence(test);
  return { ...test, argv: test.argv.map((word) => (word === 'p-plain' ? 'p-other' : word)) };
}

const producer: Scene = {
  title: 'console-producer',
  file: 'console-producer',
  cases: casesOf('console-producer'),
  adapt: withoutTraces,
  prepare: async (world) => {
    await deleteEverything(world);
    for (const topic of ['p-plain', 'p-kv', 'p-hdr']) await own(world.bootstrap, ['topics', '--create', topic]);
    await own(world.bootstrap, ['topics', '--create', 'empty', '--config', 'max.message.bytes=100']);
  },
};

// ---- consumer-groups ----

/** Who reads while the groups are looked at. */
const readers = new Map<string, () => Promise<void>>();

async function startReader(world: World, group: string, clientId: string, topic: string): Promise<void> {
  const client = connect({ bootstrapServers: world.bootstrap, clientId });
  const consumer = client.consumer({
    groupId: group,
    offsetReset: 'earliest',
    autoCommit: group !== 'nocommit',
    assignors: ['range'],
    heartbeatIntervalMs: 50,
  });
  consumer.subscribe([topic]);
  let stopped = false;
  const reading = (async () => {
    while (!stopped) await consumer.poll(20);
    await consumer.close();
    await client.close();
  })();
  readers.set(clientId, async () => {
    stopped = true;
    await reading;
  });
}

async function stopReaders(...clientIds: readonly string[]): Promise<void> {
  for (const clientId of clientIds) {
    await readers.get(clientId)?.();
    readers.delete(clientId);
  }
}

async function untilDescribed(world: World, group: string, isThere: (text: string) => boolean): Promise<void> {
  for (;;) {
    const { stdout } = await runTool(
      ['consumer-groups', '--describe', '--group', group, '--bootstrap-server', world.bootstrap],
      { manner: 'strict' },
    );
    if (isThere(stdout)) return;
  }
}

/** g1 with ten records, g2 with six and four; two members of `act`, and where it can be one of `act-new`. */
async function startGroups(world: World): Promise<void> {
  await own(world.bootstrap, ['topics', '--create', 'g1']);
  await own(world.bootstrap, ['topics', '--create', 'g2', '--partitions', '2']);
  await using client = connect({ bootstrapServers: world.bootstrap });
  const shares: readonly (readonly [string, number, number])[] = [
    ['g1', 0, 10],
    ['g2', 0, 6],
    ['g2', 1, 4],
  ];
  for (const [topic, partition, count] of shares) {
    const values = Array.from({ length: count }, (_, i) => ({ topic, partition, value: `v${i}` }));
    await Promise.all(values.map((record) => client.producer().send(record)));
  }
  await startReader(world, 'act', 'cl1', 'g2');
  await startReader(world, 'act', 'cl2', 'g2');
  const stop = await world.newGroupMember?.('act-new', 'g1', 'new1');
  if (stop !== undefined) readers.set('new1', stop);
  const both = /^act +g2 +0 +6 +6 +0 +cl.*\n(?:.*\n)*act +g2 +1 +4 +4 +0 +cl/m;
  await untilDescribed(world, 'act', (text) => both.test(text) && text.includes('cl1-') && text.includes('cl2-'));
  if (stop !== undefined) await untilDescribed(world, 'act-new', (text) => / 10 +10 +0 .*new1/.test(text));
}

async function stageGroups(world: World, test: TranscriptCase): Promise<void> {
  const { bootstrap } = world;
  if (test.id === 'list') await startGroups(world);
  else if (test.id === 'describe-after-one-left') {
    await stopReaders('cl2');
    await untilDescribed(world, 'act', (text) => text.match(/ cl1$/gm)?.length === 2);
  } else if (test.id === 'describe-empty') {
    await stopReaders('cl1', 'new1');
  } else if (test.id === 'describe-active-without-offsets') {
    await startReader(world, 'nocommit', 'console-consumer', 'g1');
    await untilDescribed(world, 'nocommit', (text) => text.includes('console-consumer'));
  } else if (test.id === 'describe-empty-without-offsets') await stopReaders('console-consumer');
  else if (test.id === 'describe-before-reset') {
    await own(bootstrap, [
      ...['console-consumer', '--include', 'g[12]', '--from-beginning', '--group', 'rg', '--max-messages', '20'],
    ]);
  }
}

/** Where there are no groups of the consumer protocol, `act-new` is not in the lists. */
function withoutNewGroups(test: TranscriptCase, world: World): TranscriptCase {
  if (world.hasNewGroups) return test;
  const kept = test.stdout.filter((line) => !line.startsWith('act-new'));
  const stdout = kept.map((line) => line.replace("'act-new', ", ''));
  // The blank line and the heads of its table went with it.
  const isTable = test.id.startsWith('describe-all-groups') && kept.length < test.stdout.length;
  return { ...test, stdout: isTable ? stdout.slice(0, stdout.lastIndexOf('')) : stdout };
}

const groups: Scene = {
  title: 'consumer-groups',
  file: 'consumer-groups',
  cases: casesOf('consumer-groups'),
  prepare: async (world) => {
    await deleteEverything(world);
    await own(world.bootstrap, ['consumer-groups', '--delete', '--all-groups']);
  },
  before: stageGroups,
  after: () => stopReaders(...readers.keys()),
  adapt: withoutNewGroups,
};

// ---- what works on files ----

async function prepareStorage({ scratch, values }: World): Promise<void> {
  // What the recorded runs found there: a file where a directory should be, and a directory of another cluster.
  const directory = join(scratch, 'st');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'afile'), '');
  const recorded = readTranscript('storage');
  const plain = recorded.find(({ id }) => id === 'info-not-formatted')?.files as Map<string, string>;
  const config = substitute([...plain.values()][0] as string, values).replace('st/plain', 'st/mixed');
  writeFileSync(join(directory, 'other.properties'), config);
  const words = ['format', '-t', values['CLUSTER_ID3'] as string, '-c', join(directory, 'other.properties')];
  const run = await runTool(['storage', ...words], { manner: 'strict' });
  if (run.exitCode !== 0) throw new Error(run.stderr);
}

/** The salt is a new one each time. */
function withAnySalt(test: TranscriptCase): TranscriptCase {
  return { ...test, stdout: test.stdout.map((line) => line.replace(/=\[(?:-?\d+, )+-?\d+\]/g, '=<BYTES>')) };
}

const storage: Scene = {
  title: 'storage',
  file: 'storage',
  isLocal: true,
  cases: casesOf('storage'),
  prepare: prepareStorage,
  adapt: withAnySalt,
};

/** What Kafka logs goes to stdout there: the last error with its exception, not what caused that. */
function withLogOnStdout(test: TranscriptCase): TranscriptCase {
  const last = test.log.findLastIndex((line) => line.startsWith('ERROR Exiting'));
  const logged = last < 0 ? [] : test.log.slice(last, last + 2);
  return { ...test, stdout: [...test.stdout, ...logged].map((line) => line.trim()) };
}

const serverStart: Scene = {
  title: 'server-start',
  file: 'server-start',
  isLocal: true,
  cases: casesOf('server-start'),
  adapt: withLogOnStdout,
};

// ---- console-consumer ----

async function prepareConsumer(world: World): Promise<void> {
  const { bootstrap } = world;
  await deleteEverything(world);
  for (const topic of ['c1', 'empty']) await own(bootstrap, ['topics', '--create', topic]);
  await own(bootstrap, ['topics', '--create', 'c3', '--partitions', '3']);
  const produce = (topic: string, properties: string, stdin: string) => {
    const reader = properties.split(' ').flatMap((name) => ['--reader-property', name]);
    return own(bootstrap, ['console-producer', topic, ...reader], stdin);
  };
  const marked = 'parse.key=true parse.headers=true null.marker=NIL';
  await produce('c1', marked, 'h:1\tk1\tv1\nh:2,g:x\tk2\tv2\n');
  await produce('c1', 'parse.key=true', 'k3\tv3\n');
  await produce('c1', marked, 'h:NIL\tNIL\tno key\n');
  await produce('c1', 'parse.key=true null.marker=NIL', 'k5\tNIL\nk6\tv6\n');
  const keyed = Array.from({ length: 9 }, (_, i) => `k${i}\tv${i}\n`).join('');
  await produce('c3', 'parse.key=true', keyed);
}

/** Seconds of silence tell no more than a moment of it; and what we do not refuse must come to an end. */
function withoutSilence(test: TranscriptCase): TranscriptCase {
  if (test.id === 'legacy-new-consumer') return { ...test, argv: [...test.argv, '--timeout-ms', '100'] };
  const isLong = (i: number) => test.argv[i - 1] === '--timeout-ms' && Number(test.argv[i]) >= 2000;
  return { ...test, argv: test.argv.map((word, i) => (isLong(i) ? '700' : word)) };
}

const consumer: Scene = {
  title: 'console-consumer',
  file: 'console-consumer',
  cases: casesOf('console-consumer'),
  prepare: prepareConsumer,
  adapt: withoutSilence,
};

// ---- the rest ----

const extra: Scene = {
  title: 'internal topics, a strict broker',
  file: 'extra',
  cases: casesOf('extra'),
  prepare: async (world) => {
    await deleteEverything(world);
    await own(world.bootstrap, ['topics', '--create', 'd1']);
    const noAuto = world.values['NO_AUTO'];
    if (noAuto !== undefined) await own(noAuto, ['topics', '--create', 'keep']);
  },
  adapt: withoutSilence,
};

const unreachable: Scene = {
  title: 'nobody answers',
  file: 'unreachable',
  isLocal: true,
  isConcurrent: true,
  cases: casesOf('unreachable'),
};

const slow: Scene = {
  title: 'a wait of a minute',
  file: 'topics',
  isLocal: true,
  cases: casesOf('topics').filter(({ id }) => id === SLOW),
  // Somebody's broker may listen where the recorded run found nobody.
  adapt: (test) => ({ ...test, argv: test.argv.map((word) => word.replace('localhost:9092', '<UNREACHABLE>')) }),
};

export const SCENES: readonly Scene[] = [
  topics,
  producer,
  groups,
  storage,
  serverStart,
  consumer,
  extra,
  ...adminScenes(casesOf),
  unreachable,
  slow,
];
