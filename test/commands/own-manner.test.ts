/** The own manner, against the embedded broker: the tour, words for people, exit codes that tell failures apart. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { connect } from '../../src/client.ts';
import { runTool, type ToolOptions } from '../support/run-tool.ts';

let broker: Broker;
let env: Record<string, string>;

beforeAll(async () => {
  broker = await startBroker();
  env = { KTS_BOOTSTRAP_SERVER: broker.bootstrapServers };
});

afterAll(async () => {
  await broker?.stop();
});

const kts = (line: string, options: ToolOptions = {}) => runTool(line.split(' '), { env, ...options });

describe('the tour', () => {
  it('creates, produces, consumes, and shows the group', async () => {
    expect(await kts('topics --create orders --partitions 3')).toMatchObject({
      stdout: 'Created topic orders.\n',
      exitCode: 0,
    });
    expect(await kts('console-producer --topic orders', { stdin: 'a\nb\r\nc' })).toMatchObject({
      stdout: '',
      stderr: '',
      exitCode: 0,
    });
    const read = await kts('console-consumer orders --from-beginning --max-messages 3');
    expect(read.stdout.split('\n').sort()).toEqual(['', 'a', 'b', 'c']);
    expect(read).toMatchObject({ stderr: 'Processed a total of 3 messages\n', exitCode: 0 });
    const grouped = await kts('console-consumer orders --from-beginning --max-messages 2 --group g');
    expect(grouped.stdout.split('\n')).toHaveLength(3);
    const described = await kts('consumer-groups --describe g');
    expect(described.stdout).toMatch(/^\nGROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG/);
    expect((await kts('consumer-groups --list')).stdout).toBe('g\n');
    const rest = await kts('console-consumer orders --group g --max-messages 1');
    expect(grouped.stdout + rest.stdout).toHaveLength(read.stdout.length);
  });

  it('keeps every byte of a value', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a, 0x80, 0x0a]);
    await kts('topics --create bytes');
    await kts('console-producer bytes', { stdin: bytes });
    const read = await kts('console-consumer bytes --from-beginning --max-messages 2');
    expect(read.stdoutBytes.equals(bytes)).toBe(true);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('compresses with %s', async (codec) => {
    await kts(`topics --create z-${codec}`);
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} of many that look alike`).join('\n');
    const sent = await kts(`console-producer z-${codec} --compression-codec ${codec}`, { stdin: `${lines}\n` });
    expect(sent).toMatchObject({ stderr: '', exitCode: 0 });
    const read = await kts(`console-consumer z-${codec} --from-beginning --max-messages 5000`);
    expect(read.stdout).toBe(`${lines}\n`);
  });

  it('prints records once and in order through batches of every size', async () => {
    await kts('topics --create many');
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i}${'x'.repeat(i % 90)}`).join('\n');
    await kts('console-producer many --batch-size 1000 --max-memory-bytes 20000', { stdin: lines });
    const read = await kts('console-consumer many --from-beginning --max-messages 30000');
    expect(read.stdout).toBe(`${lines}\n`);
  });
});

describe('a failure', () => {
  it.each([
    ['topics --describe --topic ordres', 3, "there is no topic 'ordres'", 'did you mean orders?'],
    ['topics --create orders', 4, "Topic 'orders' already exists.", '--if-not-exists'],
    ['topics --frob', 2, 'unknown option --frob', 'kts topics --help'],
    ['topics --lst', 2, 'unknown option --lst', 'did you mean --list?'],
    ['topics', 2, 'topics needs an action', '--create'],
    ['topics --create x --partitions many', 2, "--partitions takes a number, not 'many'", 'kts topics --help'],
    ['console-consumer nope --from-beginning', 3, "there is no topic 'nope'", ''],
    ['console-consumer orders --partition 9 --offset 0', 3, 'orders has no partition 9', '0 to 2'],
    ['consumer-groups --describe --group nope', 3, "there is no group 'nope'", ''],
    ['consumer-groups --delete --group nope', 4, "group 'nope' was not deleted", ''],
    ['topics --list --bootstrap-server localhost', 2, "'localhost' is not an address", 'HOST:PORT'],
    ['topics --list --command-config /absent/file', 3, 'there is no file /absent/file', ''],
  ])('%s', async (line, exitCode, cause, wayOut) => {
    const run = await kts(line);
    expect(run).toMatchObject({ stdout: '', exitCode });
    const [first, second, ...more] = run.stderr.replace('Processed a total of 0 messages\n', '').split('\n');
    expect(first).toContain(cause);
    expect(second).toContain(wayOut);
    expect(more.join('')).toBe('');
  });

  it('names the address where nobody listens', async () => {
    const run = await kts('topics --list --bootstrap-server 127.0.0.1:1');
    expect(run).toMatchObject({ stdout: '', exitCode: 5 });
    expect(run.stderr).toMatch(/no broker answers at 127\.0\.0\.1:1: connection refused/);
  });

  it('says how many records were not delivered', async () => {
    await kts('topics --create small --config max.message.bytes=200');
    const stdin = `short\n${'x'.repeat(500)}\nalso short\n`;
    const run = await kts('console-producer small', { stdin });
    expect(run).toMatchObject({ stdout: '', exitCode: 6 });
    expect(run.stderr).toContain('1 record was not delivered');
    const read = await kts('console-consumer small --from-beginning --max-messages 2');
    expect(read.stdout).toBe('short\nalso short\n');
  });
});

describe('ready', () => {
  it('prints nothing when a broker answers', async () => {
    expect(await kts('ready --timeout 5s')).toEqual({
      stdout: '',
      stdoutBytes: Buffer.alloc(0),
      stderr: '',
      exitCode: 0,
    });
  });

  it('gives up in time', async () => {
    const run = await kts('ready --timeout 300ms --bootstrap-server 127.0.0.1:1');
    expect(run.exitCode).toBe(5);
  });
});

describe('Ctrl-C', () => {
  it('ends a consumer that waits, with its totals', async () => {
    let stop: (why: 'SIGINT') => void = () => undefined;
    const running = kts('console-consumer orders', {
      onStart: (stopIt) => {
        stop = stopIt;
      },
    });
    setTimeout(() => stop('SIGINT'), 300);
    expect(await running).toMatchObject({ stderr: 'Processed a total of 0 messages\n', exitCode: 130 });
  });
});

describe('a group of the library', () => {
  it('shares out the partitions, and shares them again when a member leaves', async () => {
    await kts('topics --create shared --partitions 4');
    await using client = connect({ bootstrapServers: broker.bootstrapServers });
    const settings = { groupId: 'team', offsetReset: 'earliest', heartbeatIntervalMs: 100 } as const;
    const [first, second] = [client.consumer(settings), client.consumer(settings)];
    first.subscribe(['shared']);
    second.subscribe(['shared']);
    const open = new Set([first, second]);
    const until = async (done: () => boolean) => {
      while (!done()) await Promise.all([...open].map((one) => one.poll(50)));
    };
    await until(() => first.assignment.length === 2 && second.assignment.length === 2);
    open.delete(second);
    await second.close();
    await until(() => first.assignment.length === 4);
    await first.close();
  });
});
