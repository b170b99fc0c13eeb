/** Damage and crashes as somebody at a terminal meets them; Kafka's own tools judge what a recovered directory is worth. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Home, kts, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { KAFKA_JARS, kafkaOk } from './support/tools.ts';

const homes: Home[] = [];
const nodes: RunningNode[] = [];

afterEach(() => {
  for (const node of nodes.splice(0)) node.child.kill('SIGKILL');
  for (const home of homes.splice(0)) home.remove();
});

async function home(): Promise<Home> {
  const made = await makeHome();
  homes.push(made);
  return made;
}

async function start(at: Home): Promise<RunningNode> {
  const node = await startNode(at);
  nodes.push(node);
  return node;
}

/** Long enough that the index has entries. */
const record = (n: number) => `record ${n} ${'x'.repeat(300)}`;
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe.skipIf(TARGET === 'kafka')('a start on files that cannot be', () => {
  it.each([
    'meta.properties',
    '__cluster_metadata-0/quorum-state',
    '__cluster_metadata-0/partition.metadata',
    'bootstrap.checkpoint',
  ])('(%s) is one line that names the file, and exit code 1', async (name) => {
    const broken = await home();
    await (await start(broken)).stop();
    const file = path.join(broken.logDirectory, name);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, 'garbage');
    const { code, stdout, stderr } = await kts(['server-start', broken.properties]);
    expect(code).toBe(1);
    expect(lines(stdout).filter((line) => !/ INFO |without effect/.test(line))).toEqual([]);
    const said = lines(stderr).filter((line) => !line.startsWith('  '));
    expect(said).toEqual([expect.stringMatching(/^kts: /)]);
    expect(said[0]).toContain(file);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('a torn end of a log after a kill', () => {
  async function torn(): Promise<{ readonly at: Home; readonly log: string }> {
    const at = await home();
    const node = await start(at);
    const topic = ['--bootstrap-server', at.bootstrap, '--topic', 't'];
    await kts(['topics', ...topic, '--create', '--partitions', '1']);
    for (const from of [0, 100, 200, 300, 400]) {
      const text = Array.from({ length: 100 }, (_, n) => `${record(from + n)}\n`).join('');
      await kts(['console-producer', ...topic], text);
    }
    const gone = new Promise((resolve) => node.child.once('close', resolve));
    node.child.kill('SIGKILL');
    await gone;
    const log = path.join(at.logDirectory, 't-0', '00000000000000000000.log');
    const bytes = fs.readFileSync(log);
    // The beginning of one more batch, and an index of which the end is missing.
    fs.appendFileSync(log, bytes.subarray(0, 40));
    fs.writeFileSync(log.replace('.log', '.index'), 'torn');
    return { at, log };
  }

  it('is cut off, said, and nothing else is lost', async () => {
    const { at, log } = await torn();
    const node = await start(at);
    const topic = ['--bootstrap-server', at.bootstrap, '--topic', 't'];
    await kts(['console-producer', ...topic], `${record(500)}\n`);
    const read = await kts([
      'console-consumer',
      ...topic,
      '--from-beginning',
      '--max-messages',
      '501',
      '--timeout-ms',
      '15000',
    ]);
    expect(lines(read.stdout)).toEqual(Array.from({ length: 501 }, (_, n) => record(n)));
    expect(await node.stop()).toBe(143);
    const said = lines(node.output()).filter((line) => line.includes(log) && / (WARN|ERROR) /.test(line));
    expect(said.length).toBeGreaterThan(0);
  });

  it.skipIf(KAFKA_JARS === undefined)(
    'leaves files that Kafka\u2019s dump-log accepts',
    { timeout: 180_000 },
    async () => {
      const { at, log } = await torn();
      await (await start(at)).stop();
      const dumped = await kafkaOk('dump-log', ['--deep-iteration', '--files', log]);
      expect(dumped).toContain('baseOffset: 0 ');
      expect(dumped).not.toMatch(/isvalid: false|corrupt|invalid/i);
      const index = await kafkaOk('dump-log', ['--index-sanity-check', '--files', log.replace('.log', '.index')]);
      expect(index).toContain('passed sanity check');
    },
  );
});
