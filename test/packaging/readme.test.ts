/** The README's tour, typed as it stands, against a broker in this process. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/index.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const TOUR = /^alias kts=.*\n\n([\s\S]*?)```/m.exec(README)?.[1] ?? '';

describe.skipIf(process.platform === 'win32')("the README's tour", () => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker();
  });

  afterAll(async () => {
    await broker?.stop();
  });

  it('does what it says, command by command', { timeout: 60_000 }, async () => {
    const printed: string[] = [];
    for (const line of TOUR.split('\n').filter((one) => one !== '')) printed.push(await type(line));
    expect(printed).toEqual([
      'Created topic quickstart.\n',
      expect.stringMatching(/^Topic: quickstart\t.*PartitionCount: 3\t/),
      '',
      README,
      'readers\n',
      expect.stringMatching(/^readers +quickstart +\d/m),
    ]);
  });

  /** Runs one line in a shell where `kts` is the checkout's, from its sources. */
  function type(line: string): Promise<string> {
    const script = `kts() { "${process.execPath}" bin/kts.js "$@"; }\n${line}`;
    const env = { ...process.env, KTS_SOURCE: '1', KTS_BOOTSTRAP_SERVER: broker.bootstrapServers };
    const child = spawn('sh', ['-c', script], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`${line}\n${stdout}${stderr}`))));
    });
  }
});
