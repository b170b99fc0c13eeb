/** The ends of the process, on a copy of bin/kts.js beside a start that does what each case needs. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import vm from 'node:vm';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = path.resolve(import.meta.dirname, '../../bin/kts.js');
const START = `
const wait = () => new Promise(() => setInterval(() => {}, 1000));
export async function start(argv, io) {
  const [word] = argv;
  if (word === 'code') return Number(argv[1]);
  if (word === 'big') { io.stdout.write('x'.repeat(3_000_000)); return 7; }
  if (word === 'endless') for (;;) { io.stdout.write('y\\n'.repeat(1000)); await new Promise((r) => setImmediate(r)); }
  if (word === 'known') throw Object.assign(new Error('no such\\n  topic'), { hint: 'create it', exitCode: 3 });
  if (word === 'later') { setImmediate(() => { throw new Error('from a callback'); }); return wait(); }
  if (word === 'rejected') { Promise.reject(new Error('nobody waited')); return wait(); }
  if (word === 'warn') { process.emitWarning('a note', 'ExperimentalWarning'); return 0; }
  if (word === 'node') { io.stdout.write(process.env.KTS_HANDED_OVER + ' ' + argv[1]); return 5; }
  if (word === 'hang') { io.stdout.write('ready\\n'); return wait(); }
  if (word === 'deaf') { io.onStop(() => io.stdout.write('asked\\n')); io.stdout.write('ready\\n'); return wait(); }
  if (word === 'serve') {
    const stopped = new Promise((done) => io.onStop((why) => { io.stdout.write('stopping ' + why + '\\n'); setTimeout(() => done(0), 50); }));
    const alive = setInterval(() => {}, 1000);
    io.stdout.write('ready\\n');
    return stopped.finally(() => clearInterval(alive));
  }
  return 0;
}`;
/** Makes the running Node look like an old one, until it has handed over. */
const PRETEND_OLD = `
if (!process.env.KTS_HANDED_OVER || process.env.ALWAYS_OLD)
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });
`;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
let bin: string;

beforeAll(() => {
  directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-bin-')));
  bin = path.join(directory, 'bin', 'kts.js');
  fs.mkdirSync(path.join(directory, 'bin'));
  fs.mkdirSync(path.join(directory, 'dist'));
  fs.copyFileSync(BIN, bin);
  fs.writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  fs.writeFileSync(path.join(directory, 'dist', 'start.js'), START);
  fs.writeFileSync(path.join(directory, 'old.cjs'), PRETEND_OLD);
});

afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

function launch(args: readonly string[], env: Record<string, string> = {}, script = bin): ChildProcess {
  const environment = { PATH: process.env['PATH'], XDG_CACHE_HOME: path.join(directory, 'cache'), ...env };
  return spawn(process.execPath, [script, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

function readyOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.toString().includes('ready')) resolve();
    }),
  );
}

const run = (args: readonly string[], env?: Record<string, string>) => ended(launch(args, env));

describe('exit codes and errors', () => {
  it('keeps the code that start resolves with, and waits for the output', async () => {
    expect((await run(['code', '6'])).code).toBe(6);
    const big = await run(['big']);
    expect([big.code, big.stdout.length]).toEqual([7, 3_000_000]);
  });

  it('prints an error for people as one line and its way out', async () => {
    expect(await run(['known'])).toMatchObject({ code: 3, stdout: '', stderr: 'kts: no such topic\n     create it\n' });
  });

  it('prints what nobody caught as one line, the stack on demand', async () => {
    expect(await run(['later'])).toMatchObject({ code: 1, stderr: 'kts: from a callback\n' });
    expect(await run(['rejected'])).toMatchObject({ code: 1, stderr: 'kts: nobody waited\n' });
    expect((await run(['later'], { KTS_STACK: '1' })).stderr).toMatch(/^Error: from a callback\n\s+at /);
  });

  it("keeps Node's own notes to itself", async () => {
    expect(await run(['warn'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('says how to build a copy that was not', async () => {
    const bare = path.join(directory, 'bare', 'bin');
    fs.mkdirSync(bare, { recursive: true });
    fs.copyFileSync(BIN, path.join(bare, 'kts.js'));
    fs.copyFileSync(path.join(directory, 'package.json'), path.join(directory, 'bare', 'package.json'));
    const result = await ended(launch([], {}, path.join(bare, 'kts.js')));
    expect(result).toMatchObject({ code: 1, stderr: 'kts: this copy was not built; run: npm run build\n' });
  });

  it('starts without a place for compiled code', async () => {
    expect((await run(['code', '0'], { XDG_CACHE_HOME: '/dev/null/none' })).code).toBe(0);
  });
});

describe.skipIf(process.platform === 'win32')('the closed pipe and signals', () => {
  it('ends quietly when the reader goes away', async () => {
    const child = launch(['endless']);
    const result = ended(child);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await result).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it('a command that does not listen ends with 128 and the number', async () => {
    for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
      const child = launch(['hang']);
      const result = ended(child);
      await readyOf(child);
      child.kill(signal);
      expect((await result).code).toBe(code);
    }
  });

  it('a signal that arrives twice is answered once', async () => {
    const child = launch(['serve']);
    const result = ended(child);
    await readyOf(child);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    // The kernel may deliver the two in either order.
    const { code, stdout, stderr } = await result;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ready\nstopping SIG(?:INT|TERM)\n$/);
  });

  it('a later signal ends what does not come to its end', async () => {
    const child = launch(['deaf']);
    const result = ended(child);
    await readyOf(child);
    const again = setInterval(() => child.kill('SIGINT'), 100);
    expect(await result).toMatchObject({ code: 130, stdout: 'ready\nasked\n' });
    clearInterval(again);
  });
});

describe.skipIf(process.platform === 'win32')('a Node that is too old', () => {
  const old = () => ({ NODE_OPTIONS: `--require ${path.join(directory, 'old.cjs')}` });
  const pinned = () => path.join(directory, 'node_modules', 'node', 'bin');

  it('names the version that is needed when there is no pinned one', async () => {
    const result = await run(['code', '0'], old());
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^kts: needs Node\.js 24 or newer; this is v.*\n$/);
  });

  it('hands over to the pinned one: words, streams, exit code, signal', async () => {
    fs.mkdirSync(pinned(), { recursive: true });
    fs.symlinkSync(process.execPath, path.join(pinned(), 'node'));
    expect(await run(['node', 'a b'], old())).toMatchObject({ code: 5, stdout: '1 a b' });

    const child = launch(['serve'], old());
    const result = ended(child);
    await readyOf(child);
    child.kill('SIGTERM');
    expect(await result).toMatchObject({ code: 0, stdout: 'ready\nstopping SIGTERM\n' });
  });

  it('does not hand over for ever', async () => {
    const result = await run(['code', '0'], { ...old(), ALWAYS_OLD: '1' });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^kts: needs Node\.js 24/);
  });

  it('can parse the file', async () => {
    const source = fs.readFileSync(BIN, 'utf8').replace(/^#!.*/, '');
    expect(() => new vm.Script(source)).not.toThrow();
    const as = async (target: string) => (await transform(source, { target })).code;
    expect(await as('es2017')).toBe(await as('esnext'));
  });
});
