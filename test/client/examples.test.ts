/** The examples run as programs, each in a process of its own, against a broker in this one; they print what they say. */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const HOOK = path.join(import.meta.dirname, 'support/resolve-kts.ts');

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
});

afterAll(() => broker?.stop());

function run(
  file: string,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, ['--import', HOOK, file], {
    env: { PATH: process.env['PATH'] ?? '', KTS_BOOTSTRAP_SERVER: broker.bootstrapServers, NO_COLOR: '1' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

describe('the example', () => {
  const files = globSync('examples/*.ts', { cwd: ROOT }).sort();
  it('is one of several', () => expect(files.length).toBeGreaterThan(5));

  it.each(files)('%s prints what it says, and ends by itself', async (file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const expected = /\/\* prints\n([\s\S]*?)\*\/\s*$/.exec(text)?.[1];
    expect(expected, 'it says what it prints').toBeDefined();
    const { code, stdout, stderr } = await run(path.join(ROOT, file));
    expect(stderr).toBe('');
    expect(stdout).toBe(expected);
    expect(code).toBe(0);
  });
});
