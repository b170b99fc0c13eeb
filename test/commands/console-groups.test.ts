/** The groups of console-consumer: the one it is given, and the one it makes up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import type { StopReason } from '../../src/console/command.ts';
import { runTool } from '../support/run-tool.ts';

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
  await run('topics --create --topic t --partitions 2');
  await run('console-producer --topic t', { stdin: 'a\nb\nc\n' });
});

afterAll(async () => {
  await broker?.stop();
});

function run(line: string, options: Parameters<typeof runTool>[1] = {}) {
  return runTool([...line.split(' '), '--bootstrap-server', broker.bootstrapServers], options);
}

/** A consumer that runs until `during` is through. */
async function whileReading(line: string, during: () => Promise<void>, manner: 'strict' | 'own' = 'own') {
  let stop: (why: StopReason) => void = () => undefined;
  const reading = Promise.withResolvers<void>();
  const ended = run(line, {
    manner,
    onStart: (given) => {
      stop = given;
    },
    onOutput: () => reading.resolve(),
  });
  await during().finally(() => stop('SIGINT'));
  return ended;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
  }
}

const describeAll = async () => (await run('consumer-groups --describe --all-groups --output json')).stdout;
const generated = (text: string) => /console-consumer-\d+(?!-)/.exec(text)?.[0];

describe.each(['own', 'strict'] as const)('without --group, %s', (manner) => {
  it('a group of its own is joined, seen by others, and never committed to', async () => {
    const words = 'console-consumer --topic t --from-beginning';
    let group = '';
    const ended = await whileReading(
      words,
      async () => {
        group = await until(async () => {
          const text = await describeAll();
          return text.includes('/127.0.0.1') ? generated(text) : undefined;
        });
      },
      manner,
    );
    expect(ended).toMatchObject({ exitCode: 130, stderr: 'Processed a total of 3 messages\n' });
    expect(ended.stdout.trim().split('\n').sort()).toEqual(['a', 'b', 'c']);
    const { stdout, stderr } = await run(`consumer-groups --describe --group ${group}`, { manner: 'strict' });
    expect(stdout.trim()).toBe('');
    expect(stderr).toBe(`\nConsumer group '${group}' has no active members.\n`);
    await run(`consumer-groups --delete --group ${group}`);
  });
});

describe('a group of the console consumer', () => {
  it('is committed to when that is asked for', async () => {
    const property = '--command-property enable.auto.commit=true';
    await run(`console-consumer --topic t --from-beginning --max-messages 3 ${property}`);
    expect(generated((await run('consumer-groups --list')).stdout)).toBeDefined();
    expect(JSON.parse(await describeAll())).toMatchObject([{ offsets: [{ lag: 0 }, { lag: 0 }] }]);
    await run(`console-consumer --topic t --group g --from-beginning --max-messages 2 ${property}`);
    const again = await run('console-consumer --topic t --group g --max-messages 1');
    expect(again.stderr).toBe('Processed a total of 1 messages\n');
  });

  it('and a partition do not go together, wherever the group is named', async () => {
    for (const group of ['--group g', '--command-property group.id=g']) {
      const { exitCode, stderr } = await run(`console-consumer --topic t --partition 0 ${group}`, { manner: 'strict' });
      expect([exitCode, stderr]).toEqual([1, 'Options group and partition cannot be specified together.\n']);
    }
  });
});
