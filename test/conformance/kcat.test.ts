/** librdkafka, through kcat: metadata, every compression, keys and headers, offsets by time, a balanced group. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, makeHome, type RunningNode, startNode } from './support/node.ts';
import { HAS_KCAT, kcatOk } from './support/tools.ts';

describe.skipIf(!HAS_KCAT)('kcat', () => {
  let home: Home;
  let node: RunningNode;
  const at = (...args: string[]) => ['-b', home.bootstrap, ...args];

  beforeAll(async () => {
    home = await makeHome({ 'num.partitions': '3' });
    node = await startNode(home);
  });

  afterAll(async () => {
    await node?.stop();
    home?.remove();
  });

  it('lists the broker and a topic that it creates by asking for it', async () => {
    await kcatOk(at('-P', '-t', 'seen', '-p', '0'), 'one\n');
    const text = await kcatOk(at('-L', '-t', 'seen'));
    expect(text).toContain(`broker 1 at ${home.bootstrap}`);
    expect(text).toContain('topic "seen" with 3 partitions');
    expect(text).toContain('partition 0, leader 1, replicas: 1, isrs: 1');
  });

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    it(`brings back what it sent, compressed with ${codec}`, async () => {
      const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'abc'.repeat(i % 40)}`);
      const text = `${lines.join('\n')}\n`;
      const codecs = codec === 'none' ? [] : ['-z', codec];
      await kcatOk(at('-P', '-t', `codec-${codec}`, '-p', '1', ...codecs), text);
      expect(await kcatOk(at('-C', '-t', `codec-${codec}`, '-p', '1', '-e', '-q'))).toBe(text);
    });
  }

  it('keeps keys, headers, empty and missing values, and a large record', async () => {
    const large = randomBytes(400_000).toString('hex');
    await kcatOk(at('-P', '-t', 'shapes', '-p', '0', '-K', ':', '-Z', '-H', 'a=1', '-H', 'b=2'), 'k1:v1\nk2:\n');
    await kcatOk(at('-P', '-t', 'shapes', '-p', '0'), large);
    const text = await kcatOk(at('-C', '-t', 'shapes', '-p', '0', '-e', '-q', '-f', '%o|%k|%S|%h\\n'));
    expect(text).toBe('0|k1|2|a=1,b=2\n1|k2|-1|a=1,b=2\n2||800000|\n');
    const whole = await kcatOk(at('-C', '-t', 'shapes', '-p', '0', '-o', '2', '-e', '-q'));
    const sum = (content: string) => createHash('sha256').update(content).digest('hex');
    expect(sum(whole.trimEnd())).toBe(sum(large));
  });

  it('finds offsets by time', async () => {
    await kcatOk(at('-P', '-t', 'timed', '-p', '0'), 'one\ntwo\n');
    expect(await kcatOk(at('-Q', '-t', 'timed:0:-1'))).toContain('timed [0] offset 2');
    expect(await kcatOk(at('-Q', '-t', 'timed:0:-2'))).toContain('timed [0] offset 0');
    expect(await kcatOk(at('-Q', '-t', 'timed:0:1'))).toContain('timed [0] offset 0');
  });

  it('reads as a group, and goes on where the group was', async () => {
    const group = ['-G', 'kcat-group', 'grouped'];
    const settings = ['-X', 'auto.offset.reset=earliest', '-e', '-q'];
    await kcatOk(at('-P', '-t', 'grouped', '-p', '0'), 'one\ntwo\n');
    expect(await kcatOk(at(...settings, ...group))).toBe('one\ntwo\n');
    await kcatOk(at('-P', '-t', 'grouped', '-p', '0'), 'three\n');
    expect(await kcatOk(at(...settings, ...group))).toBe('three\n');
  });
});
