/**
 * The recorded runs of Kafka's tools, replayed in the strict manner against the embedded broker. A case that differs on
 * purpose stands in DIFFERENT with its reason; one that needs what is not there yet, in NOT_YET.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { connect } from '../../src/client.ts';
import { runTool } from '../support/run-tool.ts';
import { readTranscript, type Substitutions, substitute, type TranscriptCase } from '../support/transcripts.ts';
import { replay } from './replay.ts';

/** Takes a minute of waiting in Kafka, and ten seconds in ours. */
const SLOW = new Set(['bootstrap-url']);

/** By tool and case where the case's name is not enough. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'command-config-ssl-to-plaintext': 'TLS is refused at once instead of timing out',
  'max-messages-nan': 'no totals before the error',
  'unknown-command': 'one line, not wrapped at 80 columns',
  'format-standalone-and-initial': 'one line, not wrapped at 80 columns',
  'cluster-ids-differ': 'which directory is the wrong one is a matter of order',
  'server-start no-args': 'usage in our own words',
  'server-start help': 'usage in our own words',
  'daemon-flag': "the script around Kafka's class takes it, and so do we",
  'option-first': 'the file may stand behind the options',
  'format-add-scram': 'the salt is a new one each time',
  'legacy-broker-list': 'still works, with one hint',
  'legacy-new-consumer': 'still works, with one hint',
  'legacy-zookeeper': "Kafka's line, and a hint behind it",
};

const NOT_YET: Readonly<Record<string, string>> = {
  'bootstrap-is-controller-listener': "needs the embedded controller's address",
  'offsets-formatter': 'the formatters of internal topics',
  'group-metadata-formatter': 'the formatters of internal topics',
  'key-deserializer-integer': 'one line of error where the log has it',
  'value-deserializer-integer': 'one line of error where the log has it',
  // A topic id that the recorded run had taken from its own list.
  'describe-topic-id': 'the id of this run',
  'describe-topic-and-topic-id': 'the id of this run',
};

let broker: Broker;
let scratch: string;
let values: Substitutions;

beforeAll(async () => {
  broker = await startBroker();
  scratch = mkdtempSync(join(tmpdir(), 'kts-transcripts-'));
  const [, port = ''] = broker.bootstrapServers.split(':');
  values = {
    BOOTSTRAP: broker.bootstrapServers,
    BOOTSTRAP_PORT: port,
    DIR: scratch,
    UNREACHABLE: 'localhost:1',
    UNREACHABLE_PORT: '1',
    FRESH: 'localhost:40001',
    FRESH_CONTROLLER: 'localhost:40002',
    CLUSTER_ID: 'abcdefghijklmnopqrstuv',
    CLUSTER_ID3: 'abcdefghijklmnopqrstuw',
  };
});

afterAll(async () => {
  await broker?.stop();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

function isReplayable(test: TranscriptCase, tools: readonly string[]): boolean {
  if (test.isTerminal || test.end !== undefined || !tools.includes(test.argv[0] as string)) return false;
  return !SLOW.has(test.id) && DIFFERENT[test.id] === undefined && NOT_YET[test.id] === undefined;
}

function casesOf(tool: string, tools: readonly string[]): TranscriptCase[] {
  const isMeant = ({ id }: TranscriptCase) => DIFFERENT[`${tool} ${id}`] === undefined;
  return readTranscript(tool).filter((test) => isMeant(test) && isReplayable(test, tools));
}

async function own(words: readonly string[], stdin = ''): Promise<void> {
  const run = await runTool([...words, '--bootstrap-server', broker.bootstrapServers], { stdin });
  if (run.exitCode !== 0) throw new Error(`${words.join(' ')}: ${run.stderr}`);
}

async function deleteEverything(): Promise<void> {
  await own(['topics', '--delete', '--topic', '.*', '--if-exists']);
}

describe('topics', () => {
  it.each(casesOf('topics', ['topics']).map((test) => [test.id, test] as const))('%s', async (_, test) => {
    expect(await replay(test, values)).toBeUndefined();
  });
});

describe('console-producer', () => {
  beforeAll(async () => {
    await deleteEverything();
    for (const topic of ['p-plain', 'p-kv', 'p-hdr']) await own(['topics', '--create', topic]);
    await own(['topics', '--create', 'empty', '--config', 'max.message.bytes=100']);
  });

  const cases = casesOf('console-producer', ['console-producer', 'console-consumer']);
  it.each(cases.map((test) => [test.id, test] as const))('%s', async (_, test) => {
    expect(await replay(test, values)).toBeUndefined();
  });
});

/** The recorded state: g1 with ten records, g2 with six and four; group rg at the end of both. */
async function makeGroups(): Promise<void> {
  await deleteEverything();
  await own(['topics', '--create', 'g1']);
  await own(['topics', '--create', 'g2', '--partitions', '2']);
  await using client = connect({ bootstrapServers: broker.bootstrapServers });
  const producer = client.producer();
  const shares: readonly (readonly [string, number, number])[] = [
    ['g1', 0, 10],
    ['g2', 0, 6],
    ['g2', 1, 4],
  ];
  for (const [topic, partition, count] of shares) {
    await Promise.all(Array.from({ length: count }, (_, i) => producer.send({ topic, partition, value: `v${i}` })));
  }
  const read = ['--from-beginning', '--group', 'rg', '--max-messages', '20'];
  await own(['console-consumer', '--include', 'g[12]', ...read]);
}

/** Cases that need members at work, or groups of the newer protocol. */
const NEEDS_OTHER_GROUPS = new Set([
  ...['list', 'list-state', 'list-type', 'list-state-and-type', 'list-state-stable', 'list-state-lower-case'],
  ...['list-state-two', 'list-type-classic', 'list-state-after-stop', 'reset-active', 'reset-all-groups'],
  ...['delete-active', 'delete-offsets-active', 'delete-one-missing-of-two', 'delete-all-groups'],
  ...['reset-two-groups', 'reset-export-two-groups', 'reset-from-file-two-groups'],
]);
/** What a library of Java says about a file that is not one of offsets. */
const JAVA_CSV = new Set(['reset-from-file-bad', 'reset-from-file-empty', 'reset-from-file-with-group-column']);

describe('consumer-groups', () => {
  const cases = casesOf('consumer-groups', ['consumer-groups']).filter(
    ({ id }) => !NEEDS_OTHER_GROUPS.has(id) && !JAVA_CSV.has(id),
  );
  const isAbout = ({ id, argv }: TranscriptCase) =>
    !argv.includes('act') &&
    !argv.includes('act-new') &&
    !argv.includes('nocommit') &&
    !/^describe-all-groups/.test(id);
  const start = cases.findIndex(({ id }) => id === 'describe-before-reset');
  const named = (list: readonly TranscriptCase[]) => list.filter(isAbout).map((test) => [test.id, test] as const);

  describe('without groups', () => {
    beforeAll(async () => {
      await own(['consumer-groups', '--delete', '--all-groups']);
    });

    it.each(named(cases.slice(0, start)))('%s', async (_, test) => {
      expect(await replay(test, values)).toBeUndefined();
    });
  });

  describe('with a group', () => {
    beforeAll(makeGroups);

    it.each(named(cases.slice(start)))('%s', async (id, test) => {
      // In place of the recorded deletion of groups that are not here.
      if (id === 'delete-all-groups-none-left') await own(['consumer-groups', '--delete', '--all-groups']);
      expect(await replay(test, values)).toBeUndefined();
    });
  });
});

describe('storage', () => {
  beforeAll(async () => {
    // What the recorded runs found there: a file where a directory should be, and a directory of another cluster.
    const directory = join(scratch, 'st');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'afile'), '');
    const other = readTranscript('storage').find(({ id }) => id === 'format')?.argv as readonly string[];
    const plain = readTranscript('storage').find(({ id }) => id === 'info-not-formatted')?.files as Map<string, string>;
    const config = substitute([...plain.values()][0] as string, values).replace('st/plain', 'st/mixed');
    writeFileSync(join(directory, 'other.properties'), config);
    const words = ['format', '-t', values['CLUSTER_ID3'] as string, '-c', join(directory, 'other.properties')];
    const run = await runTool([other[0] as string, ...words], { manner: 'strict' });
    if (run.exitCode !== 0) throw new Error(run.stderr);
    // Cases that are left out have written files that later ones read.
    for (const { id, files } of readTranscript('storage')) {
      if (DIFFERENT[id] === undefined) continue;
      for (const [name, content] of files) writeFileSync(substitute(name, values), substitute(content, values));
    }
  });

  const cases = casesOf('storage', ['storage']).filter(({ id }) => id !== 'help');
  it.each(cases.map((test) => [test.id, test] as const))('%s', async (_, test) => {
    expect(await replay(test, values)).toBeUndefined();
  });
});

/** These start, or need another node beside them. */
const STARTS = new Set(['port-in-use', 'config-zookeeper-connect', 'runs-until-sigterm', 'runs-until-sigint']);

describe('server-start', () => {
  const cases = casesOf('server-start', ['server-start']).filter(({ id }) => !STARTS.has(id));
  it.each(cases.map((test) => [test.id, test] as const))('%s', async (_, test) => {
    // What Kafka logs goes to stdout there: the last error with its exception, not what caused that.
    const last = test.log.findLastIndex((line) => line.startsWith('ERROR Exiting'));
    const stdout = [...test.stdout, ...(last < 0 ? [] : test.log.slice(last, last + 2))].map((line) => line.trim());
    expect(await replay({ ...test, stdout }, values)).toBeUndefined();
  });
});

describe('console-consumer', () => {
  beforeAll(async () => {
    await deleteEverything();
    for (const topic of ['c1', 'empty']) await own(['topics', '--create', topic]);
    await own(['topics', '--create', 'c3', '--partitions', '3']);
    const marked = 'parse.key=true parse.headers=true null.marker=NIL'.split(' ');
    const reader = (names: readonly string[]) => names.flatMap((name) => ['--reader-property', name]);
    const withHeaders = 'h:1\tk1\tv1\nh:2,g:x\tk2\tv2\n';
    await own(['console-producer', 'c1', ...reader(marked)], withHeaders);
    await own(['console-producer', 'c1', ...reader(['parse.key=true'])], 'k3\tv3\n');
    await own(['console-producer', 'c1', ...reader(marked)], 'h:NIL\tNIL\tno key\n');
    await own(['console-producer', 'c1', ...reader(['parse.key=true', 'null.marker=NIL'])], 'k5\tNIL\nk6\tv6\n');
    const keyed = Array.from({ length: 9 }, (_, i) => `k${i}\tv${i}\n`).join('');
    await own(['console-producer', 'c3', ...reader(['parse.key=true'])], keyed);
  });

  it.each(casesOf('console-consumer', ['console-consumer']).map((test) => [test.id, test] as const))(
    '%s',
    async (_, test) => {
      // Three seconds of silence tell no more than a moment of it.
      const argv = test.argv.map((word, i) => (test.argv[i - 1] === '--timeout-ms' && word === '3000' ? '700' : word));
      expect(await replay({ ...test, argv }, values)).toBeUndefined();
    },
  );
});
