/** A reader that has seen enough: the commands end quietly, with 0 in the own manner and 141 in the strict one. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { runTool } from '../support/run-tool.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/kts.js');

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
  const env = { KTS_BOOTSTRAP_SERVER: broker.bootstrapServers };
  await runTool(['topics', '--create', 'orders'], { env });
  const stdin = 'x'.repeat(99).concat('\n').repeat(20_000);
  await runTool(['console-producer', 'orders'], { env, stdin });
});

afterAll(async () => {
  await broker?.stop();
});

/** `kts WORDS | reader`, as a shell runs it. */
function piped(words: readonly string[], reader: string, env: Record<string, string> = {}) {
  const environment = {
    PATH: process.env['PATH'],
    KTS_SOURCE: '1',
    KTS_BOOTSTRAP_SERVER: broker.bootstrapServers,
    ...env,
  };
  const line = `{ "$0" "$@"; echo "exit $?" >&2; } | ${reader}`;
  const child = spawn('sh', ['-c', line, process.execPath, BIN, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stdout.resume();
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise<string>((resolve) => child.on('close', () => resolve(stderr)));
}

describe.skipIf(process.platform === 'win32')('a closed pipe', () => {
  it.each([
    ['console-consumer orders --from-beginning', 'head -n 1'],
    ['console-consumer orders --from-beginning --output json', 'head -n 1'],
    ['topics --list', 'true'],
    ['configs --describe --broker 1 --all', 'head -n 1'],
    ['topics --list --watch 0.1', 'head -n 1'],
    ['--help', 'true'],
  ])('kts %s | %s', async (line, reader) => {
    expect(await piped(line.split(' '), reader)).toBe('exit 0\n');
  });

  it('is a signal to scripts', async () => {
    const words = ['console-consumer', '--bootstrap-server', broker.bootstrapServers, '--topic', 'orders'];
    expect(await piped([...words, '--from-beginning'], 'head -n 1', { KTS_STRICT: '1' })).toBe('exit 141\n');
  });
});
