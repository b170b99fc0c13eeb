/** `kts configs` against the embedded broker: the own manner, what Kafka says of a whole broker, secrets, controllers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { claimPorts } from '../../src/console/cluster/free-ports.ts';
import { candidates } from '../../src/console/completion/candidates.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { runTool, type ToolOptions } from '../support/run-tool.ts';
import { readTranscript } from '../support/transcripts.ts';

const TERMINAL = { columns: 120, rows: 40 };

let broker: Broker;
let controller: string;
let scratch: string;
let env: Record<string, string>;

const kts = (line: string, options: ToolOptions = {}) => runTool(line.split(' '), { env, ...options });
const strict = (line: string) => runTool(line.split(' '), { manner: 'strict' });
const json = async (line: string) => JSON.parse((await kts(`${line} --output json`)).stdout);

beforeAll(async () => {
  const [port = 0, controllerPort = 0] = await claimPorts(nodeRuntime, ['both']);
  controller = `localhost:${controllerPort}`;
  broker = await startBroker({
    port,
    properties: {
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controllerPort}`,
      'controller.quorum.voters': `1@localhost:${controllerPort}`,
    },
  });
  env = { KTS_BOOTSTRAP_SERVER: broker.bootstrapServers };
  scratch = mkdtempSync(join(tmpdir(), 'kts-configs-'));
  await kts('topics --create orders');
});

afterAll(async () => {
  await broker?.stop();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

describe('the words', () => {
  it('name a topic, from --alter to --describe', async () => {
    const altered = await kts('configs --alter orders --add-config retention.ms=60000,cleanup.policy=[compact,delete]');
    expect(altered).toMatchObject({ stdout: 'Completed updating config for topic orders.\n', stderr: '', exitCode: 0 });
    const [described] = await json('configs --describe orders');
    expect(described).toMatchObject({ type: 'topic', name: 'orders' });
    const values = described.configs.map(({ name, value }: { name: string; value: string }) => `${name}=${value}`);
    expect(values).toEqual(['cleanup.policy=compact,delete', 'retention.ms=60000']);
    await kts('configs --alter orders --delete-config retention.ms,cleanup.policy');
    expect((await kts('configs --describe orders')).stdout).toBe('Dynamic configs for topic orders are:\n');
  });

  it('name what --entity-type says, and all topics when nothing is said', async () => {
    expect((await kts('configs --describe --entity-type brokers 1')).stdout).toBe(
      'Dynamic configs for broker 1 are:\n',
    );
    expect((await kts('configs --describe')).stdout).toBe('Dynamic configs for topic orders are:\n');
    const topic = { ...env, KTS_TOPIC: 'orders' };
    expect((await kts('configs --alter --delete-config flush.ms', { env: topic })).exitCode).toBe(0);
  });

  it('take a properties file', async () => {
    const file = join(scratch, 'add.properties');
    writeFileSync(file, 'flush.ms=7\n# a remark\nflush.messages=8\n');
    await kts(`configs --alter orders --add-config-file ${file}`);
    const text = (await kts('configs --describe orders')).stdout;
    expect(text).toMatch(/flush\.messages=8 .*\n {2}flush\.ms=7 /);
    await kts('configs --alter orders --delete-config flush.ms --delete-config flush.messages');
  });

  it.each([
    ['configs', 2, 'one of --describe, --alter'],
    ['configs --alter orders', 2, '--add-config KEY=VALUE or --delete-config KEY'],
    ['configs --alter --add-config a=b', 2, 'for example --topic NAME'],
    ['configs --describe --entity-type topcis', 2, 'did you mean topics?'],
    ['configs --describe ordres', 3, 'did you mean orders?'],
    ['configs --describe ordres --all', 3, 'kts topics --list'],
    ['configs --describe --broker 7 --all', 3, 'there are: 1'],
    ['configs --alter --broker 7 --add-config log.cleaner.threads=2', 3, 'there are: 1'],
    ['configs --alter orders --add-config retention.m=5', 4, 'did you mean retention.ms?'],
    ['configs --alter orders --add-config retention.ms=abc', 4, 'Not a number'],
    ['configs --alter orders --add-config retention.ms', 2, 'retention.ms=60000'],
    ['configs --alter --user alice --add-config SCRAM-SHA-256=[iterations=1,password=x]', 2, '4096'],
    ['configs --alter --user alice --add-config rate=1', 2, 'producer_byte_rate'],
    ['configs --alter --user alice --add-config SCRAM-SHA-256=[iterations=20000,password=x]', 4, 'Too many'],
    ['configs --alter --user alice --add-config SCRAM-SHA-256=[iterations=99999999999,password=x]', 2, '16384'],
    ['configs --alter --broker 1 --add-config node.id=2', 4, "change it in the node's file"],
    ['configs --alter orders --add-config flush.ms=1, flush.messages=2', 2, "'flush.messages=2' is one word too many"],
    ['configs --alter --topic orders --add-config flush.ms=1, flush.messages=2', 2, 'no blanks behind commas'],
    ['configs --alter --broker 1 orders --delete-config flush.ms', 2, "'orders' is one word too many"],
    ['configs --alter --broker 01 --add-config log.cleaner.threads=2', 2, 'write it as the node does'],
    ['configs --alter orders --delete-config ,', 2, 'no config is named'],
    ['configs --describe --entity-type brokers --entity-name 1 --entity-name 2', 2, 'call it once for each'],
    ['configs --describe --user alice', 4, 'DESCRIBE_CLIENT_QUOTAS'],
    ['configs --alter --broker-logger 1 --add-config no.such=DEBUG', 3, 'kts configs --describe --broker-logger 1'],
  ])('%s ends with %i and a way out', async (line, exitCode, hint) => {
    const run = await kts(line);
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toContain(hint);
  });

  it.each([
    ['--entity-type', 'brokers', '--entity-name', ''],
    ['--broker', ''],
    ['--entity-type', 'brokers', ''],
  ])('with an empty name do not mean all: %s %s %s %s', async (...words) => {
    const alter = ['configs', '--alter', ...words, '--add-config', 'log.cleaner.threads=2'];
    const run = await runTool(alter, { env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain('the name is empty');
    expect((await kts('configs --describe --broker-defaults')).stdout).not.toContain('log.cleaner.threads');
  });

  it('that brokers take without knowing them are told', async () => {
    const run = await kts('configs --alter --broker 1 --add-config log.cleaner.treads=2');
    expect(run.stdout).toBe('Completed updating config for broker 1.\n');
    expect(run.stderr).toContain('did you mean log.cleaner.threads?');
    const listener = await kts('configs --alter --broker 1 --add-config listener.name.plaintext.ssl.key.password=x');
    expect(listener.stderr).not.toContain('no broker has');
    await kts('configs --alter --broker 1 --delete-config log.cleaner.treads,listener.name.plaintext.ssl.key.password');
  });
});

describe('the strict manner', () => {
  it.each(['--describe --entity-type brokers', '--alter --add-config a=b --entity-type ips'])(
    'takes one name for %s',
    async (words) => {
      const names = '--entity-name 1 --entity-name 2';
      const run = await strict(`configs --bootstrap-server ${broker.bootstrapServers} ${words} ${names}`);
      const stderr = 'Found multiple arguments for option entity-name, but you asked for only one\n';
      expect(run).toEqual(expect.objectContaining({ exitCode: 1, stdout: '', stderr }));
    },
  );
});

describe('--dry-run', () => {
  it('changes nothing, and is checked by the broker', async () => {
    const run = await kts('configs --alter orders --add-config flush.ms=5 --delete-config retention.ms --dry-run');
    expect(run.stdout).toBe('Would set flush.ms=5 for topic orders.\nWould remove retention.ms from topic orders.\n');
    expect((await kts('configs --describe orders')).stdout).toBe('Dynamic configs for topic orders are:\n');
    expect((await kts('configs --alter orders --add-config flush.ms=x --dry-run')).exitCode).toBe(4);
    expect((await kts('configs --describe orders --dry-run')).exitCode).toBe(2);
  });
});

describe('forms', () => {
  it('are tables on a terminal, with what it would be otherwise', async () => {
    await kts('configs --alter --broker-defaults --add-config message.max.bytes=2000000');
    const { stdout } = await kts('configs --describe --broker-defaults', { terminal: TERMINAL });
    expect(stdout).toMatch(/^all brokers\nCONFIG +VALUE +FROM +OTHERWISE\nmessage\.max\.bytes +2000000 +all brokers/);
    const csv = (await kts('configs --describe --broker-defaults --output csv')).stdout;
    expect(csv).toMatch(
      /^type,name,config,value,source,sensitive\nbroker,,message\.max\.bytes,2000000,DYNAMIC_DEFAULT/,
    );
    await kts('configs --alter --broker-defaults --delete-config message.max.bytes');
  });
});

describe('secrets', () => {
  it('are not said again', async () => {
    const words = '--alter --user alice --add-config a=1,SCRAM-SHA-256=[iterations=8192,password=hush]';
    const failed = await strict(`configs --bootstrap-server ${broker.bootstrapServers} ${words.replace('a=1,', '')}`);
    expect(failed.stderr).toContain('--add-config SCRAM-SHA-256=[hidden]');
    const attached = words.replace('--add-config ', '--add-config=').replace('a=1,', '');
    const runs = [
      failed,
      await strict(`configs --bootstrap-server ${broker.bootstrapServers} ${attached}`),
      await strict(`configs --bootstrap-server ${broker.bootstrapServers} ${words.replace('password=hush', 'hush')}`),
      await kts(`configs ${words.replace('a=1,', '')} --dry-run`),
      await kts('configs --alter --broker 1 --dry-run --add-config ssl.key.password=hush'),
      // What stands behind a comma is still the secret, and a mistyped or misplaced one is no less one.
      await kts('configs --alter --broker 1 --add-config listener.name.plaintext.ssl.key.password=a,hush'),
      await strict(`configs --bootstrap-server nonsense --alter --broker 1 --add-config ssl.key.password=a,hush=1`),
      await strict(`configs --bootstrap-server nonsense --alter --broker 1 --add-config SHA=[password=hush]`),
      await strict(`configs --bootstrap-server nonsense --describe --broker 1 SCRAM-SHA-256=[password=hush]`),
    ];
    for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain('hush');
  });
});

describe('controllers', () => {
  it('answer for configs, and for nothing else', async () => {
    const alter = `configs --bootstrap-controller ${controller} --alter --topic orders --add-config flush.ms=9`;
    expect((await strict(alter)).stdout).toBe('Completed updating config for topic orders.\n');
    const all = await strict(`configs --bootstrap-controller ${controller} --describe --topic orders --all`);
    expect(all.stdout).toContain('  flush.ms=9 ');
    const brokers = await strict(`configs --bootstrap-controller ${controller} --describe --entity-type brokers`);
    expect(brokers.stdout).toMatch(
      /^Dynamic configs for broker 1 are:\nDefault configs for brokers in the cluster are:/,
    );
    for (const type of ['topics', 'groups', 'users', 'client-metrics']) {
      const run = await strict(`configs --bootstrap-controller ${controller} --describe --entity-type ${type}`);
      expect(run.stderr).toContain('UnsupportedEndpointTypeException');
    }
    const wrong = await strict(`configs --bootstrap-controller ${broker.bootstrapServers} --describe --broker 1`);
    expect(wrong.stderr).toContain('MismatchedEndpointTypeException');
  });
});

describe('the recorded configs of a whole broker', () => {
  /** Its file's values are each broker's own. */
  const comparable = (lines: readonly string[]) =>
    lines.filter(
      (line) => line.startsWith('  ') && !/STATIC_BROKER_CONFIG|DYNAMIC_|delegation\.token\.secret/.test(line),
    );
  const name = (line: string) => line.slice(0, line.indexOf('='));

  it('are those that we show', async () => {
    const whole = readTranscript('configs').find(({ id }) => id === 'describe-broker-all')?.stdout ?? [];
    // The recorded broker had an authorizer, and this is a key of that.
    const recorded = whole.filter((line) => !line.startsWith('  super.users='));
    const { stdout } = await strict(
      `configs --bootstrap-server ${broker.bootstrapServers} --describe --broker 1 --all`,
    );
    const ours = stdout.split('\n');
    expect(ours.filter((line) => line.startsWith('  ')).map(name)).toEqual(
      recorded.filter((line) => line.startsWith('  ')).map(name),
    );
    const theirs = new Set(comparable(recorded));
    const others = comparable(ours).filter((line) => !theirs.has(line));
    // What the recorded broker's file says and ours does not.
    expect(others.filter((line) => comparable(recorded).some((other) => name(other) === name(line)))).toEqual([]);
  });
});

describe('the Tab key', () => {
  const complete = async (line: string) => {
    const context = { env, manner: 'own', runtime: nodeRuntime } as unknown as Parameters<typeof candidates>[0];
    return (await candidates(context, line.split(' '))).map(({ word }) => word);
  };

  it('knows types, names and keys', async () => {
    expect(await complete('configs --describe --entity-type b')).toEqual(['brokers', 'broker-loggers']);
    expect(await complete('configs --describe --topic o')).toEqual(['orders']);
    expect(await complete('configs --describe o')).toEqual(['orders']);
    expect(await complete('configs --alter orders --add-config retention.m')).toEqual(['retention.ms=']);
    expect(await complete('configs --alter --broker 1 --delete-config log.cleaner.th')).toEqual([
      'log.cleaner.threads',
    ]);
    expect(await complete('acls --add --operation Des')).toEqual(['Describe', 'DescribeConfigs', 'DescribeTokens']);
  });
});
