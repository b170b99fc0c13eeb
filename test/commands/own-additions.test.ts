/** What the own manner adds, against the embedded broker: forms of output, ranges, dry runs, questions, watching. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { candidates } from '../../src/console/completion/candidates.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { runTool, type ToolOptions } from '../support/run-tool.ts';

const TERMINAL = { columns: 100, rows: 30 };

let broker: Broker;
let env: Record<string, string>;
let scratch: string;

const kts = (line: string, options: ToolOptions = {}) => runTool(line.split(' '), { env, ...options });
const json = async (line: string) => JSON.parse((await kts(`${line} --output json`)).stdout);

beforeAll(async () => {
  broker = await startBroker();
  env = { KTS_BOOTSTRAP_SERVER: broker.bootstrapServers };
  scratch = mkdtempSync(join(tmpdir(), 'kts-own-'));
  await kts('topics --create orders --partitions 2 --config retention.ms=60000');
  await kts('topics --create 1st');
  const stdin = Buffer.concat([Buffer.from('k1:值1\nk2:\nk3:NULL\nk4:'), Buffer.from([0xff, 0xfe]), Buffer.from('\n')]);
  const keyed = '--reader-property parse.key=true --reader-property key.separator=:';
  await kts(`console-producer 1st ${keyed} --reader-property null.marker=NULL`, { stdin });
});

afterAll(async () => {
  await broker?.stop();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

describe('--output', () => {
  it('of lists and descriptions is data', async () => {
    const topics = await json('topics --list');
    expect(topics).toContainEqual(expect.objectContaining({ name: 'orders', internal: false, partitions: 2 }));
    const [described] = await json('topics --describe orders');
    expect(described).toMatchObject({ name: 'orders', configs: { 'retention.ms': '60000' } });
    expect(described.partitions[1]).toMatchObject({ partition: 1, leader: 1, replicas: [1], isr: [1] });
    expect((await kts('topics --list --output csv')).stdout).toMatch(
      /^topic,topic_id,partitions,replication_factor,internal\n1st,/,
    );
    expect((await kts('topics --describe orders --output yaml')).stdout).toMatch(/^- name: orders\n {2}id: /);
  });

  it('is a table on a terminal, and Kafka’s text with --output text and everywhere else', async () => {
    const text = (await kts('topics --list')).stdout;
    expect((await kts('topics --list --output text', { terminal: TERMINAL })).stdout).toBe(text);
    const table = (await kts('topics --list', { terminal: TERMINAL })).stdout;
    expect(table).toMatch(/^TOPIC +PARTITIONS +REPLICAS +INTERNAL\n/);
    expect(table).not.toContain('\u001b');
    const coloured = (await kts('topics --list', { terminal: { ...TERMINAL, colour: true } })).stdout;
    expect(coloured).toContain('\u001b[36morders');
    expect((await kts('topics --list --output table')).stdout).toBe(table);
  });

  it('knows what there is', async () => {
    expect(await kts('topics --list --output xml')).toMatchObject({ exitCode: 2, stdout: '' });
    const strict = await kts(`topics --list --output json --bootstrap-server ${broker.bootstrapServers}`, {
      manner: 'strict',
    });
    expect(strict).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('output is not a recognized option') });
  });

  it('of records keeps null, empty and bytes apart', async () => {
    const { stdout } = await kts('console-consumer 1st --to now --output json');
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map((record) => record.value)).toEqual(['值1', '', null, { base64: '//4=' }]);
    expect(records[0]).toMatchObject({ topic: '1st', partition: 0, offset: 0, key: 'k1', headers: [] });
    const csv = (await kts('console-consumer 1st --to now --output csv')).stdout.split('\n');
    expect(csv.slice(1, 5).map((line) => line.replace(/,[^,]*T[^,]*Z/, ''))).toEqual([
      '1st,0,0,k1,值1,',
      '1st,0,1,k2,"",',
      '1st,0,2,k3,,',
      '1st,0,3,k4,base64://4=,',
    ]);
    const yaml = (await kts('console-consumer 1st --to now --output yaml')).stdout;
    expect(yaml.match(/^---$/gm)).toHaveLength(4);
    const table = (await kts('console-consumer 1st --to now --output table')).stdout;
    expect(table).toMatch(/^PARTITION +OFFSET +TIME +KEY +VALUE\n/);
    const mixed = await kts('console-consumer 1st --to now --output json --formatter-property print.key=true');
    expect(mixed.exitCode).toBe(2);
  });
});

describe('a range', () => {
  it.each([
    ['--from 1 --to 3', '\nnull\n'],
    ['--from -1 --to latest', '\ufffd\ufffd\n'],
    ['--to 1', '值1\n'],
    ['--from earliest --to 1h', ''],
    ['--from 1h --to now --grep 值', '值1\n'],
    ['--from 1h --to now --grep /K2/i', '\n'],
    ['--from 99 --to now', ''],
  ])('%s', async (words, expected) => {
    const run = await kts(`console-consumer 1st ${words}`);
    expect(run).toMatchObject({ stdout: expected, exitCode: 0 });
  });

  it('of several partitions ends when all are at their end', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`).join('\n');
    await kts('topics --create many --partitions 4');
    await kts('console-producer many --batch-size 100', { stdin: lines });
    const run = await kts('console-consumer many --to now');
    expect(run.stdout.split('\n').sort()).toEqual(['', ...lines.split('\n')].sort());
    expect(run.stderr).toBe('Processed a total of 500 messages\n');
    expect((await kts('console-consumer --include man. --to now --grep 99$')).stdout.split('\n')).toHaveLength(6);
  });

  it.each([
    ['--from 1h --group g', '--from and --group'],
    ['--from 1 --from-beginning', '--from and --from-beginning'],
    ['--from 1 --offset 2 --partition 0', '--from and --offset'],
    ['--grep (', 'not a regular expression'],
  ])('refuses %s', async (words, cause) => {
    const run = await kts(`console-consumer 1st ${words}`);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(cause);
  });
});

describe('a dry run', () => {
  it('of producing reads all lines, and sends none', async () => {
    await kts('topics --create rehearsed --partitions 3');
    const keyed =
      'console-producer rehearsed --dry-run --reader-property parse.key=true --reader-property key.separator=:';
    const run = await kts(keyed, { stdin: 'a:1\nb:22\n' });
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: 'Would send 2 records (5 bytes, 2 of them with a key) to topic rehearsed of 3 partitions.\n',
    });
    expect((await kts(keyed, { stdin: 'no key\n' })).exitCode).not.toBe(0);
    const nowhere = await kts('console-producer nowhere-yet --dry-run', { stdin: 'x\n' });
    expect(nowhere.stdout).toBe('Would send 1 record (1 bytes) to topic nowhere-yet, which is not there yet.\n');
    const large = await kts('console-producer rehearsed --dry-run --command-property max.request.size=1000', {
      stdin: 'x'.repeat(2_000),
    });
    expect(large.stderr).toContain('1 record would be refused: larger than max.request.size');
    expect((await kts('console-consumer rehearsed --to now')).stdout).toBe('');
    expect((await kts('topics --list')).stdout).not.toContain('nowhere-yet');
    await kts('topics --delete rehearsed');
  });

  it('changes nothing, and finds the same faults', async () => {
    expect((await kts('topics --create new --dry-run')).stdout).toBe('Would create topic new.\n');
    expect(await kts('topics --create orders --dry-run')).toMatchObject({ exitCode: 4, stdout: '' });
    expect((await kts('topics --alter orders --partitions 5 --dry-run')).stdout).toBe('Would alter topic orders.\n');
    expect(await kts('topics --alter orders --partitions 1 --dry-run')).toMatchObject({ exitCode: 4 });
    expect((await kts('topics --delete --topic .* --dry-run')).stdout).toContain('Would delete topic orders.\n');
    expect(await json('topics --delete orders --dry-run')).toEqual({
      action: 'delete',
      names: ['orders'],
      dryRun: true,
    });
    expect(await json('topics --describe orders')).toMatchObject([{ partitions: [{}, {}] }]);
    expect((await kts('topics --list')).stdout).not.toContain('new');
  });

  it('of groups tells what would be deleted', async () => {
    await kts('console-consumer 1st --group g --from-beginning --max-messages 4');
    expect((await kts('consumer-groups --delete g --dry-run')).stdout).toBe('Would delete group g.\n');
    expect((await kts('consumer-groups --delete-offsets --group g --topic 1st --dry-run')).stdout).toBe(
      'Would delete the offset of 1st-0.\n',
    );
    expect(await kts('consumer-groups --delete nope --dry-run')).toMatchObject({ exitCode: 4, stdout: '' });
    expect(await json('consumer-groups --describe')).toMatchObject([
      { group: 'g', state: 'Empty', offsets: [{ topic: '1st', currentOffset: 4, logEndOffset: 4, lag: 0 }] },
    ]);
    expect((await kts('consumer-groups --describe', { terminal: TERMINAL })).stdout).toMatch(
      /^g\nEmpty, lag: 0\nTOPIC +PARTITION +OFFSET +END +LAG\n1st +0 +4 +4 +0\n$/,
    );
  });

  it('of formatting leaves the directory as it is', async () => {
    const config = join(scratch, 'server.properties');
    const logDir = join(scratch, 'logs');
    writeFileSync(
      config,
      `process.roles=broker,controller\nnode.id=1\nlog.dirs=${logDir}\nlisteners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n` +
        'controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=127.0.0.1:2\n',
    );
    const format = `storage format --standalone -t abcdefghijklmnopqrstuv -c ${config}`;
    const dry = await kts(`${format} --dry-run`);
    expect(dry.stdout).toContain(`Would format dynamic metadata voter directory ${logDir}`);
    expect(await kts(`storage info -c ${config}`)).toMatchObject({ exitCode: 1 });
    expect(await kts(format)).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await kts(`storage info -c ${config} --output json`)).stdout)).toMatchObject({
      directories: [logDir],
      metadata: { clusterId: 'abcdefghijklmnopqrstuv', nodeId: 1 },
    });
  });
});

describe('a missing topic', () => {
  it('comes from the environment', async () => {
    const more = { env: { ...env, KTS_TOPIC: 'from-env' } };
    expect((await kts('topics --create --partitions 3', more)).stdout).toBe('Created topic from-env.\n');
    expect((await kts('console-producer', { ...more, stdin: 'x\n' })).exitCode).toBe(0);
    expect((await kts('console-consumer --to now', more)).stdout).toBe('x\n');
    expect((await kts('topics --list', more)).stdout).toContain('orders');
    await kts('topics --delete from-env');
  });

  it.each([
    'console-consumer --from-beginning',
    'console-producer',
    'topics --delete',
    'topics --alter --partitions 3',
  ])('is an error that lists the topics in a pipe: %s', async (line) => {
    const run = await kts(line);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/which topic .*\?\n.*there are: 1st, many, orders\n$/);
  });

  it.each([
    'topics --delete orders many',
    'topics --describe --topic orders many',
    'console-producer orders many',
    'console-consumer --from-beginning orders many',
    'console-consumer --topic orders many',
  ])('is not one of two, of which the other would be overlooked: %s', async (line) => {
    const run = await kts(line);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^kts: 'many' is one word too many\n/);
  });

  it('is asked for on a terminal, by name, number or beginning', async () => {
    const ask = (stdin: string) => kts('console-consumer --to now --output text', { terminal: TERMINAL, stdin });
    const byNumber = await ask('1\n');
    expect(byNumber.stderr).toMatch(/^ +1 {2}1st\n +2 {2}many\n +3 {2}orders\nwhich topic shall be read\? /);
    expect(byNumber.stdout).toContain('值1');
    expect((await ask('ordrs\n1s\n')).stderr).toContain('there is none; did you mean orders?');
    expect(await ask('')).toMatchObject({ exitCode: 2 });
    const created = await kts('topics --create', { terminal: TERMINAL, stdin: 'asked\n' });
    expect(created.stdout).toBe('Created topic asked.\n');
    await kts('topics --delete asked');
  });

  it('is no question when there is only one', async () => {
    await using other = await startBroker();
    const alone = { env: { KTS_BOOTSTRAP_SERVER: other.bootstrapServers } };
    expect((await kts('console-consumer --to now', alone)).stderr).toContain('there is no topic yet');
    await kts('topics --create only', alone);
    await kts('console-producer only', { ...alone, stdin: 'x\n' });
    const run = await kts('console-consumer --to now', alone);
    expect(run).toMatchObject({ stdout: 'x\n', exitCode: 0 });
    expect(run.stderr).toContain('kts: reading only, the only topic there is\n');
  });
});

describe('--watch', () => {
  it('asks again until it is stopped, and draws over what it drew', async () => {
    let stop: (why: 'SIGINT') => void = () => undefined;
    let pictures = 0;
    const watching = kts('topics --list --watch 0.1', {
      terminal: TERMINAL,
      onStart: (stopIt) => {
        stop = stopIt;
      },
      onOutput: (text) => {
        if (text.includes('Ctrl-C ends it') && ++pictures === 3) stop('SIGINT');
      },
    });
    const run = await watching;
    expect(run.exitCode).toBe(130);
    expect(run.stdout.startsWith('\u001b[2J\u001b[H')).toBe(true);
    expect(run.stdout.split('\u001b[J')).toHaveLength(4);
  });

  it('goes with lists and descriptions, and takes seconds', async () => {
    expect((await kts('topics --delete orders --watch')).exitCode).toBe(2);
    expect((await kts('topics --list --watch soon')).stderr).toContain('--watch takes seconds');
  });
});

describe('an unknown topic', () => {
  it('is named with the nearest one', async () => {
    await using strict = await startBroker({ properties: { 'auto.create.topics.enable': 'false' } });
    const there = { env: { KTS_BOOTSTRAP_SERVER: strict.bootstrapServers } };
    await kts('topics --create orders', there);
    for (const line of [
      'console-producer ordrs',
      'console-consumer ordrs',
      'topics --describe ordrs',
      'consumer-groups --reset-offsets --group g --topic ordrs --to-earliest --dry-run',
    ]) {
      const run = await kts(line, { ...there, stdin: 'x\n' });
      expect(run, line).toMatchObject({ stdout: '', exitCode: 3 });
      expect(run.stderr).toContain("there is no topic 'ordrs'\n     did you mean orders?\n");
    }
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) => {
    const found = await candidates(
      {
        manner: 'own',
        env,
        output: undefined as never,
        runtime: nodeRuntime,
        input: undefined as never,
        onStop: () => () => undefined,
      },
      words,
    );
    return found.map(({ word }) => word);
  };

  it.each([
    [['top'], ['topics']],
    [
      ['topics', '--under'],
      ['--under-replicated-partitions', '--under-min-isr-partitions'],
    ],
    [['topics', '--describe', '--topic', 'o'], ['orders']],
    [
      ['topics', '--describe', ''],
      ['1st', 'many', 'orders'],
    ],
    [['topics', '--create', '--topic', ''], []],
    [['console-consumer', '--topic=o'], ['--topic=orders']],
    [['console-consumer', '--from-beginning', '1'], ['1st']],
    [['consumer-groups', '--describe', '--group', ''], ['g']],
    [['consumer-groups', '--list', '--state', 'Em'], ['Empty']],
    [
      ['storage', 'f'],
      ['format', 'feature-dependencies'],
    ],
    [['storage', 'format', '--cl'], ['--cluster-id']],
    [['storage', 'format', '-c', ''], [':file']],
    [['topics', '--list', '--output', 'j'], ['json']],
    [['topics', '--list', '--bootstrap-server', '127.0.0.1:1', '--topic', ''], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nope', ''], []],
  ])('%j', async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });

  it('prints a script for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect((await kts(`completion ${shell}`)).stdout).toContain('kts completion --candidates --');
    }
    expect(await kts('completion tcsh')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
