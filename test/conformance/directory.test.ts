/** One directory, two engines: each continues what the other wrote, and refuses it while the other runs. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, type Home, kts, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { KAFKA_JARS, kafka, kafkaOk } from './support/tools.ts';

describe.skipIf(KAFKA_JARS === undefined)('the directory', () => {
  let home: Home;
  let node: RunningNode | null = null;
  const run = (tool: string, args: readonly string[], input?: string) =>
    kafkaOk(tool, ['--bootstrap-server', home.bootstrap, ...args], input);
  const produce = (text: string) => run('console-producer', ['--topic', 'shared'], text);
  const consume = (count: number) =>
    run('console-consumer', [
      ...['--topic', 'shared', '--partition', '0', '--offset', 'earliest'],
      ...['--max-messages', String(count), '--timeout-ms', '30000'],
    ]);

  beforeAll(async () => {
    home = await makeHome();
  });

  afterAll(async () => {
    await node?.stop();
    home?.remove();
  });

  async function on(engine: Engine, body: () => Promise<void>) {
    node = await startNode(home, engine);
    await body();
    await node.stop();
    node = null;
  }

  it('kts writes it first, and Kafka is refused meanwhile', async () => {
    await on(TARGET, async () => {
      await run('topics', ['--create', '--topic', 'shared', '--config', 'retention.ms=86400000']);
      await produce('one\ntwo\n');
      await run('console-consumer', [
        '--topic',
        'shared',
        '--group',
        'g',
        '--from-beginning',
        '--max-messages',
        '2',
        '--timeout-ms',
        '30000',
      ]);
      const other = await kafka('server-start', [home.properties]);
      expect(other.code).not.toBe(0);
    });
  });

  it('Kafka accepts every file', async () => {
    const files = fs
      .readdirSync(home.logDirectory, { recursive: true, encoding: 'utf8' })
      .filter(
        (name) => /\.(?:log|index|timeindex)$/.test(name) && fs.statSync(path.join(home.logDirectory, name)).size > 0,
      )
      .map((name) => path.join(home.logDirectory, name));
    expect(files.length).toBeGreaterThan(2);
    const dumped = await kafkaOk('dump-log', ['--deep-iteration', '--files', files.join(',')]);
    expect(dumped).not.toMatch(/Found timestamp mismatch|Mismatches in|Non-secutive|isvalid: false|corrupt/i);
  });

  it('Kafka serves every record, config and offset, writes more, and kts is refused meanwhile', async () => {
    await on('kafka', async () => {
      expect(await consume(2)).toBe('one\ntwo\n');
      expect(await run('topics', ['--describe', '--topic', 'shared'])).toContain('retention.ms=86400000');
      expect(await run('consumer-groups', ['--describe', '--group', 'g'])).toMatch(/^g +shared +0 +2 +2 +0/m);
      await produce('three\n');
      const other = await kts(['server-start', home.properties]);
      expect(other.code).not.toBe(0);
    });
  });

  it('kts goes on from there', async () => {
    await on(TARGET, async () => {
      expect(await consume(3)).toBe('one\ntwo\nthree\n');
      expect(await run('consumer-groups', ['--describe', '--group', 'g'])).toMatch(/^g +shared +0 +2 +3 +1/m);
      await produce('four\n');
      expect(await consume(4)).toBe('one\ntwo\nthree\nfour\n');
    });
  });
});
