/** `reassign-partitions` and `leader-election` in the own manner, against a broker with two directories. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { claimPorts } from '../../src/console/cluster/free-ports.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { runTool, type ToolOptions } from '../support/run-tool.ts';

let broker: Broker;
let scratch: string;
let env: Record<string, string>;
let ensemble: string;

const kts = (line: string, options: ToolOptions = {}) => runTool(line.split(' '), { env, ...options });
const json = async (line: string, options: ToolOptions = {}) =>
  JSON.parse((await kts(`${line} --output json`, options)).stdout);
const plan = (...partitions: readonly object[]) => ({ stdin: JSON.stringify({ version: 1, partitions }) });
const EXECUTE = 'reassign-partitions --execute --reassignment-json-file -';
const VERIFY = 'reassign-partitions --verify --reassignment-json-file -';

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'kts-moving-'));
  const [port = 0, controllerPort = 0] = await claimPorts(nodeRuntime, ['both']);
  const [ensemblePort = 0] = await claimPorts(nodeRuntime, ['both']);
  ensemble = `127.0.0.1:${ensemblePort}`;
  const names = ['PLAINTEXT', 'CONTROLLER', 'ZOOKEEPER'];
  const listeners = names.map((name, i) => `${name}://127.0.0.1:${[port, controllerPort, ensemblePort][i]}`).join();
  broker = await startBroker({
    dataDirectory: join(scratch, 'home'),
    port,
    properties: {
      'log.dirs': `${join(scratch, 'a')},${join(scratch, 'b')}`,
      // As a controller in ZooKeeper's place listens.
      listeners,
      'advertised.listeners': listeners,
      'controller.listener.names': 'CONTROLLER,ZOOKEEPER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,ZOOKEEPER:PLAINTEXT',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    },
  });
  env = { KTS_BOOTSTRAP_SERVER: `127.0.0.1:${port}` };
});

afterAll(async () => {
  await broker?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  await kts('topics --delete --if-exists --topic (?!__).*');
  await kts('topics --create orders --partitions 2');
});

/** The directory of the partition, and the other one. */
async function directories(): Promise<[string, string]> {
  const { current } = await json('reassign-partitions --generate orders');
  const here = current.partitions[0].log_dirs[0] as string;
  return [here, join(scratch, here.endsWith('a') ? 'b' : 'a')];
}

describe('a proposal', () => {
  it('takes topics as words, and all brokers unless some are named', async () => {
    const { current, proposed } = await json('reassign-partitions --generate orders');
    expect(current.partitions).toHaveLength(2);
    expect(proposed.partitions[0]).toEqual({ topic: 'orders', partition: 0, replicas: [1], log_dirs: ['any'] });
    const csv = (await kts('reassign-partitions --generate orders --broker-list 1 --output csv')).stdout;
    expect(csv).toBe('topic,partition,replicas,target\norders,0,1,1\norders,1,1,1\n');
  });

  it('tells of brokers that are not there', async () => {
    const run = await kts('reassign-partitions --generate orders --broker-list 1,7');
    expect(run).toMatchObject({
      exitCode: 0,
      stderr: 'kts: there is no broker 7, and none is proposed; there are 1\n',
    });
    expect(await kts('reassign-partitions --generate orders --broker-list 7')).toMatchObject({
      exitCode: 4,
      stdout: '',
    });
  });
});

describe('a plan', () => {
  it.each([
    ['', 2, 'standard input is not JSON: it is empty'],
    ['{"partitions":\n[,]}', 2, 'standard input is not JSON: line 2, column 2'],
    ['{"partitions":[{"topic":"orders"}]}', 2, '"partition" is missing in {"topic":"orders"}'],
    ['{"partitions":[{"topic":"orders","partition":3000000000,"replicas":[1]}]}', 2, 'a number of 32 bits is expected'],
    ['{"partitions":[]}', 2, 'the plan has no partitions'],
    ['{"partitions":[{"topic":"ordrs","partition":0,"replicas":[1]}]}', 3, 'did you mean orders?'],
    ['{"partitions":[{"topic":"orders","partition":5,"replicas":[1]}]}', 3, 'there is no partition orders-5'],
    ['{"partitions":[{"topic":"orders","partition":0,"replicas":[8]}]}', 3, 'there is no broker 8\n     there are 1'],
    ['{"partitions":[{"topic":"orders","partition":0,"replicas":[1,1]}]}', 2, 'a broker holds a partition once'],
  ])('%s is refused', async (stdin, exitCode, words) => {
    const run = await kts(EXECUTE, { stdin });
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toContain(words);
  });

  it('is rehearsed, carried out, looked at and called off, directories too', async () => {
    const [here, there] = await directories();
    const moved = plan({ topic: 'orders', partition: 0, replicas: [1], log_dirs: [there] });
    const rehearsal = await json(`${EXECUTE} --dry-run`, moved);
    expect(rehearsal).toMatchObject({ dryRun: true, rollback: { partitions: [{ log_dirs: [here] }] } });
    expect((await json(VERIFY, moved)).moves).toMatchObject([{ state: 'cancelled', current: here, directory: there }]);
    const run = await kts(EXECUTE, moved);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('Successfully started partition reassignment for orders-0\n');
    expect(run.stdout).toContain(`started moving log directory to ${there} for replica orders-0 with broker 1 \n`);
    while ((await json(`${VERIFY} --preserve-throttles`, moved)).moves[0].state !== 'complete') await sleep(20);
    expect(await kts(VERIFY, moved)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Clearing broker-level throttles on broker 1\n'),
    });
    const cancelled = await kts('reassign-partitions --cancel --preserve-throttles --reassignment-json-file -', moved);
    expect(cancelled.stdout).toMatch(/^None of .* reassignments are active\.\nNone of .* moves are active\.\n$/);
  });

  it('that was half carried out ends with 6', async () => {
    const nowhere = plan({ topic: 'orders', partition: 0, replicas: [1], log_dirs: ['/nowhere'] });
    expect(await kts(EXECUTE, nowhere)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('orders-0 of broker 1 cannot be moved to /nowhere'),
    });
    const verified = await kts(`${VERIFY} --output table`, nowhere);
    expect(verified.stdout).toMatch(/^orders +0 +complete /m);
    expect(verified.stdout).toMatch(/^orders +0 +1 +cancelled /m);
    expect(verified.exitCode).toBe(6);
  });

  it('that names a partition twice is looked at as it says last', async () => {
    const twice = plan(
      { topic: 'orders', partition: 0, replicas: [7] },
      { topic: 'orders', partition: 0, replicas: [1] },
    );
    const { partitions } = await json(`${VERIFY} --preserve-throttles`, twice);
    expect(partitions).toMatchObject([{ topic: 'orders', partition: 0, state: 'complete', target: [1] }]);
    expect(await kts('reassign-partitions --cancel --reassignment-json-file -', twice)).toMatchObject({
      stdout: expect.stringContaining('None of the specified partition reassignments are active'),
    });
  });

  it('keeps the replication factor where that is asked for', async () => {
    const file = join(scratch, 'plan.json');
    writeFileSync(file, plan({ topic: 'orders', partition: 0, replicas: [1] }).stdin);
    const words = `reassign-partitions --execute --reassignment-json-file ${file} --disallow-replication-factor-change`;
    expect(await kts(words)).toMatchObject({ exitCode: 0 });
  });
});

describe('throttles', () => {
  const here = { topic: 'orders', partition: 0, replicas: [1] };
  const configs = async () => {
    const topics = await kts('configs --describe --entity-type topics --entity-name orders');
    return `${topics.stdout}${(await kts('configs --describe --entity-type brokers --entity-name 1')).stdout}`;
  };
  const throttle = async () => {
    expect(await kts(`${EXECUTE} --throttle 5000`, plan(here))).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await configs()).toMatch(/leader\.replication\.throttled\.rate\W+5000/);
  };

  it('are told of and not set when a plan is rehearsed', async () => {
    const run = await kts(`${EXECUTE} --dry-run --throttle 5000 --replica-alter-log-dirs-throttle 6000`, plan(here));
    expect(run.stdout).toContain('Would set the inter-broker throttle limit to 5000 B/s\n');
    expect(run.stdout).toContain('Would set the replica-alter-dir throttle limit to 6000 B/s\n');
    expect(await configs()).not.toMatch(/throttled/);
  });

  it('are bytes', async () => {
    expect(await kts(`${EXECUTE} --throttle -5`, plan(here))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--throttle takes bytes a second, not -5'),
    });
  });

  it('go although a topic of the plan was deleted', async () => {
    await throttle();
    const gone = plan({ topic: 'gone', partition: 0, replicas: [1] }, here);
    const run = await kts(`${VERIFY} --output json`, gone);
    expect(JSON.parse(run.stdout)).toMatchObject({ throttles: 'cleared', partitions: [{ state: 'differs' }, {}] });
    expect(run).toMatchObject({ exitCode: 6, stderr: '' });
    expect(await configs()).not.toMatch(/throttled/);
  });

  it('go where they can although a broker of the plan is away, and that is told', async () => {
    await throttle();
    const far = plan(here, { topic: 'orders', partition: 1, replicas: [7], log_dirs: ['/data'] });
    const run = await kts(`${VERIFY} --output json`, far);
    expect(JSON.parse(run.stdout)).toMatchObject({ throttles: 'cleared in part', moves: [{ state: 'away' }] });
    expect(run).toMatchObject({ exitCode: 6 });
    expect(run.stderr).toMatch(/^kts: broker 7 is away, and a throttle there stays\n/);
    expect(await configs()).not.toMatch(/throttled/);
    await throttle();
    const cancelled = await kts('reassign-partitions --cancel --reassignment-json-file -', far);
    expect(cancelled).toMatchObject({ exitCode: 6, stderr: run.stderr });
    expect(await configs()).not.toMatch(/throttled/);
  });

  it('go at the end of a watch, which ends then', async () => {
    await throttle();
    const file = join(scratch, 'watched.json');
    writeFileSync(file, plan(here).stdin);
    const run = await kts(`reassign-partitions --verify --watch --output csv --reassignment-json-file ${file}`);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toBe('topic,partition,state,replicas,target\norders,0,complete,1,1\n');
    expect(await configs()).not.toMatch(/throttled/);
  });
});

describe('what does not go together', () => {
  it.each([
    ['reassign-partitions', 'needs an action'],
    ['reassign-partitions --list --verify', '--verify and --list do not go together'],
    ['reassign-partitions --execute', 'which plan?'],
    ['reassign-partitions --generate', 'which topics?'],
    ['reassign-partitions --generate orders --broker-list 9999999999', "'9999999999' is not a broker id"],
    ['reassign-partitions --list --throttle 5', '--throttle does not go with --list'],
    ['reassign-partitions --list orders', "'orders' is one word too many"],
    ['reassign-partitions --verify --reassignment-json-file - --watch', 'cannot read standard input again'],
    ['leader-election', 'which partitions?'],
    ['leader-election --all-topic-partitions orders', 'do not go together'],
    ['leader-election orders --election-type fastest', "there is no election 'fastest'"],
    ['leader-election --partition 1', '--partition needs a topic'],
  ])('%s', async (line, words) => {
    const run = await kts(line);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(words);
  });
});

describe('elections', () => {
  it('are held for a topic, a partition, or what a file names', async () => {
    expect((await json('leader-election orders')).notNeeded).toHaveLength(2);
    expect(await json('leader-election orders --partition 1 --election-type unclean')).toMatchObject({
      type: 'unclean',
      notNeeded: [{ topic: 'orders', partition: 1 }],
    });
    const stdin = JSON.stringify({ partitions: [0, 9].map((partition) => ({ topic: 'orders', partition })) });
    expect(await kts('leader-election --path-to-json-file -', { stdin })).toMatchObject({
      exitCode: 6,
      stdout: 'Valid replica already elected for partitions orders-0\n',
      stderr: expect.stringContaining('orders-9: No such partition'),
    });
    const many = [10, 9, 2].map((partition) => ({ topic: 'orders', partition }));
    const { stderr } = await kts('leader-election --path-to-json-file -', {
      stdin: JSON.stringify({ partitions: many }),
    });
    expect(stderr.match(/kts: orders-\d+/g)).toEqual(['kts: orders-2', 'kts: orders-9', 'kts: orders-10']);
    expect(await kts('leader-election --all-topic-partitions --dry-run')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await kts('leader-election nope')).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await kts('leader-election --topic nope --partition 0 --dry-run')).toMatchObject({ exitCode: 3 });
  });
});

describe('words of the ZooKeeper years', () => {
  const strictly = (words: readonly string[]) => runTool(words, { manner: 'strict' });

  it('ask the controller in its place, and name brokers as brokers', async () => {
    const file = join(scratch, 'move.json');
    writeFileSync(file, '{"topics":[{"topic":"orders"}],"version":1}');
    const words = ['--generate', '--topics-to-move-json-file', file, '--broker-list', '1'];
    const run = await strictly(['reassign-partitions', '--zookeeper', `${ensemble}/kafka`, ...words]);
    expect(run.stderr).toMatch(/^kts: --zookeeper: the controller at .* names the brokers 127.0.0.1:\d+\n$/);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Proposed partition reassignment') });
    const elect = ['--election-type', 'preferred', '--all-topic-partitions', '--zookeeper', ensemble];
    expect(await strictly(['leader-election', ...elect])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('name the command of today where nobody answers', async () => {
    const run = await strictly(['reassign-partitions', '--zookeeper', 'localhost:1', '--list']);
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr.split('\n')).toEqual([
      'Exception in thread "main" joptsimple.UnrecognizedOptionException: zookeeper is not a recognized option',
      'kts: today: kafka-reassign-partitions.sh --list --bootstrap-server localhost:9092',
      '',
    ]);
  });
});
