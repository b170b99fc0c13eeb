/**
 * The recorded runs against three nodes, in the strict manner, against three real processes: all nodes up, node 3 killed,
 * node 3 back. Played are the tools that look at replicas and move them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from '../cluster/support/nodes.ts';
import { runTool } from '../support/run-tool.ts';
import { readTranscript, type Substitutions, type TranscriptCase } from '../support/transcripts.ts';
import { replay } from './replay.ts';

const TOOLS = new Set(['topics', 'leader-election', 'reassign-partitions']);

/** Not played, with the reason. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'reassign-legacy-zookeeper': "Kafka's line and a hint behind it: test/console/old-habits.test.ts",
  'back-election-all': 'which partitions need it is a matter of the run: below',
  'back-describe-rf3': 'where the partition that was added went, and in which order replicas came back, is chance',
  'back-describe-after-election': 'the order in which replicas came back is chance',
  'down-under-replicated': 'where the replicas of a topic went is chance',
  'down-bootstrap-dead-node': 'no group made the internal topic here',
};

let cluster: TestCluster;
let scratch: string;
let values: Substitutions;

beforeAll(async () => {
  process.env['KTS_SOURCE'] = '1';
  scratch = mkdtempSync(join(tmpdir(), 'kts-three-'));
  cluster = await TestCluster.make({
    nodes: [1, 2, 3].map((id) => ({ id, engine: 'kts' as const, dataDirectory: join(scratch, `c${id}`) })),
    properties: { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '200' },
  });
  for (const node of cluster.nodes) cluster.writeProperties(node, { 'broker.rack': `r${node.id}` });
  await cluster.startAll();
  const named = cluster.nodes.flatMap(({ id, brokerAddress, controllerAddress }) => [
    [`BOOTSTRAP${id}`, brokerAddress],
    [`CONTROLLER${id}`, controllerAddress],
  ]);
  values = { ...Object.fromEntries(named), DATA: scratch, DIR: join(scratch, 'files'), JSON: '{…}' };
}, 60_000);

afterAll(async () => {
  await cluster?.close();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

/** One of our commands in the own manner. */
async function ask(...words: string[]): Promise<string> {
  const run = await runTool([...words, '--bootstrap-server', cluster.node(1).brokerAddress]);
  if (run.exitCode !== 0) throw new Error(`${words.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

/** What the recorded runs waited for. */
async function stage({ id, argv }: TranscriptCase): Promise<void> {
  const node = cluster.node(3);
  const noneMoves = async () => (await ask('reassign-partitions', '--list')).startsWith('No partition');
  if (id === 'down-describe-rf3') {
    await node.kill();
    const isLeft = async () => !/Isr: [\d,]*3/.test(await ask('topics', '--describe', '--topic', 'r3|r1|m3'));
    await until(isLeft);
  } else if (id === 'back-unavailable') {
    node.start();
    await node.untilReady();
    await until(async () => (await ask('topics', '--describe', '--under-replicated-partitions')) === '');
  } else if (argv[0] === 'reassign-partitions' || argv.includes('--describe')) await until(noneMoves);
}

const TRACE = /^\t|^Caused by: |^ at \[Source|^(?:[a-z]+\.)+[A-Z]\w+(?:Exception|Error): /;

/** One line of cause instead of stack traces, which this tool prints on stdout. */
function withoutTraces(test: TranscriptCase): TranscriptCase {
  const failed = test.stdout.findIndex((line) => line.startsWith('Error: '));
  const said = failed < 0 ? test.stdout : test.stdout.slice(0, failed + 1);
  const rest = failed < 0 ? [] : test.stdout.slice(failed + 1).filter((line) => line !== '' && !TRACE.test(line));
  return {
    ...test,
    stdout: [...said, ...rest],
    stderr: test.stderr.filter((line) => !line.startsWith('\tSuppressed')),
  };
}

/** A proposal is a matter of chance: its form is what counts. */
function withProposal(test: TranscriptCase): TranscriptCase {
  return { ...test, stdout: test.stdout.map((line) => (line === '<JSON>' ? '<PLAN>' : line)) };
}

const cases = readTranscript('cluster-3-nodes').filter(
  ({ id, argv }) => TOOLS.has(argv[0] as string) && ELSEWHERE[id] === undefined,
);

describe('three nodes', () => {
  it.each(cases.map((test) => [test.id, test] as const))('%s', { timeout: 30_000 }, async (_, test) => {
    await stage(test);
    expect(await replay(withProposal(withoutTraces(test)), values)).toBeUndefined();
  });

  it('gives every partition its preferred leader', async () => {
    await ask('leader-election', '--all-topic-partitions');
    expect(await ask('leader-election', '--all-topic-partitions')).toBe('');
    expect(await ask('topics', '--describe', '--topic', 'r3')).toMatch(/Partition: 2\tLeader: 3/);
  });

  it('replaces a dead broker under a throttle, in the own manner', { timeout: 30_000 }, async () => {
    await ask('topics', '--create', '--topic', 'left', '--replica-assignment', '1:3');
    await cluster.node(3).kill();
    await until(async () => !/Isr: [\d,]*3/.test(await ask('topics', '--describe', '--topic', 'left')));
    const server = ['--bootstrap-server', cluster.node(1).brokerAddress];
    const stdin = JSON.stringify({ partitions: [{ topic: 'left', partition: 0, replicas: [1, 2] }] });
    const plan = ['--reassignment-json-file', '-', ...server];
    const started = await runTool(['reassign-partitions', '--execute', '--throttle', '1000000', ...plan], { stdin });
    expect(started).toMatchObject({ exitCode: 0, stderr: 'kts: broker 3 is away: no throttle there\n' });
    expect(started.stdout).toContain('Successfully started partition reassignment for left-0\n');
    const look = () => runTool(['reassign-partitions', '--verify', '--output', 'json', ...plan], { stdin });
    await until(async () => JSON.parse((await look()).stdout).partitions[0].state === 'complete');
    expect(JSON.parse((await look()).stdout)).toMatchObject({ throttles: 'cleared' });
  });
});
