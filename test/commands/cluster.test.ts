/** A cluster of real processes on this machine: made, looked at, killed, started again, removed. */

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KTS = resolve(import.meta.dirname, '../../bin/kts.js');
const run = promisify(execFile);
let home: string;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function cluster(...words: readonly string[]): Promise<Ended> {
  const env = { ...process.env, KTS_SOURCE: '1', XDG_DATA_HOME: home };
  try {
    const { stdout, stderr } = await run(process.execPath, [KTS, 'cluster', ...words], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'kts-cluster-'));
});

afterAll(async () => {
  await cluster('stop', '--kill');
  rmSync(home, { recursive: true, force: true });
});

describe.skipIf(process.platform === 'win32')('kts cluster', () => {
  it('says that there is none', async () => {
    expect(await cluster('status')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there is no cluster in'),
    });
  });

  it.each([
    [['--nodes', '0'], 'at least one node'],
    [['--roles', 'broker,broker'], 'no node is a controller'],
    [['--roles', 'both,boss'], "'boss' is no role"],
    [['--timeout', 'soon'], "'soon' is not a time"],
  ] as const)('refuses %j', async (words, text) => {
    expect(await cluster('start', ...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
    expect(readdirSync(home)).toEqual([]);
  });

  it('makes a cluster, and tells of each node', async () => {
    const started = await cluster('start', '--nodes', '1', '--override', 'num.partitions=4');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const [head, line] = started.stdout.trimEnd().split('\n');
    expect(head?.split(/ +/)).toEqual(['NODE', 'ROLES', 'PID', 'STATE', 'QUORUM', 'LEADS', 'BROKER', 'CONTROLLER']);
    expect(line).toMatch(/^1 +broker,controller +\d+ +ready +leader +0 +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+$/);
    const again = JSON.parse((await cluster('status', '--output', 'json')).stdout);
    expect(again.nodes).toMatchObject([{ id: 1, state: 'ready', quorum: 'leader', roles: ['broker', 'controller'] }]);
  });

  it('refuses another cluster in its place', async () => {
    expect(await cluster('start', '--nodes', '2')).toMatchObject({ code: 4 });
    expect(await cluster('stop', '--node-id', '7')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('node 7'),
    });
  });

  it('kills a node, and starts it again where it was', async () => {
    expect((await cluster('stop', '--node-id', '1', '--kill')).stdout).toBe('node 1 was killed\n');
    const down = await cluster('status');
    expect(down.stdout).toMatch(/^1 +broker,controller +- +stopped +- +- /m);
    expect((await cluster('start')).stdout).toMatch(/^1 .* ready /m);
  });

  it('stops it, and removes it when told', async () => {
    expect((await cluster('stop')).stdout).toBe('node 1 has stopped\n');
    expect(await cluster('stop')).toMatchObject({ code: 0, stdout: '', stderr: 'kts: nothing was running\n' });
    await cluster('stop', '--remove');
    expect(existsSync(join(home, 'kts', 'cluster', 'node-1'))).toBe(false);
  });
});
