/** The set-up of a clone, with a stand-in for npm and for the build that count how often they ran. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPTS = path.resolve(import.meta.dirname, '../../scripts');
const FAKE_NPM = `
import fs from 'node:fs';
import process from 'node:process';
fs.appendFileSync('npm.log', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) process.exit(1);
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/node/bin', { recursive: true });
fs.mkdirSync('node_modules/.bin', { recursive: true });
if (fs.existsSync('no-pinned')) fs.writeFileSync('node_modules/node/bin/node', 'not for this machine', { mode: 0o755 });
else fs.symlinkSync(process.execPath, 'node_modules/node/bin/node');
fs.symlinkSync('../node/bin/node', 'node_modules/.bin/node');
`;
const FAKE_BUILD = `
import fs from 'node:fs';
fs.appendFileSync('build.log', 'built\\n');
fs.mkdirSync('dist', { recursive: true });
`;

let root: string;
const at = (name: string) => path.join(root, name);
const linesOf = (name: string) => (fs.existsSync(at(name)) ? fs.readFileSync(at(name), 'utf8').trim().split('\n') : []);

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-setup-')));
  for (const name of ['scripts', 'src', 'bin', 'npm']) fs.mkdirSync(at(name));
  for (const name of ['setup.mjs', 'setup-lock.mjs']) fs.copyFileSync(path.join(SCRIPTS, name), at(`scripts/${name}`));
  fs.writeFileSync(at('scripts/build.mjs'), FAKE_BUILD);
  fs.writeFileSync(at('npm/npm-cli.mjs'), FAKE_NPM);
  fs.writeFileSync(at('npm/npm-cli.js'), "import './npm-cli.mjs';\n");
  fs.writeFileSync(at('package.json'), '{"type":"module"}');
  fs.writeFileSync(at('package-lock.json'), '1');
  fs.writeFileSync(at('src/a.ts'), 'one');
  fs.writeFileSync(at('bin/kts.js'), "console.log('kts ' + process.argv.slice(2).join(' '));\nprocess.exitCode = 4;\n");
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function setUp(words: readonly string[] = [], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [at('scripts/setup.mjs'), ...words], {
    cwd: root,
    env: { PATH: process.env['PATH'], npm_execpath: at('npm/npm-cli.js'), npm_node_execpath: process.execPath, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
}

describe.skipIf(process.platform === 'win32')('the set-up', () => {
  it('installs with the development packages and builds, once for two that start together', async () => {
    const results = await Promise.all([setUp([], { NODE_ENV: 'production' }), setUp()]);
    expect(results.map((result) => result.code)).toEqual([0, 0]);
    expect(linesOf('npm.log')).toHaveLength(1);
    expect(linesOf('npm.log')[0]).toContain('ci --include=dev');
    expect(linesOf('build.log')).toEqual(['built']);
    expect(fs.readdirSync(root).filter((name) => name.startsWith('.setup-lock'))).toEqual([]);
  });

  it('does nothing when nothing has changed, and only what a change needs', async () => {
    await setUp();
    expect((await setUp()).stderr).toBe('');
    fs.writeFileSync(at('src/b.ts'), 'two');
    await setUp();
    expect([linesOf('npm.log').length, linesOf('build.log').length]).toEqual([1, 2]);
    fs.writeFileSync(at('package-lock.json'), '2');
    await setUp();
    expect([linesOf('npm.log').length, linesOf('build.log').length]).toEqual([2, 2]);
  });

  it('takes over the lock of a set-up that was killed', async () => {
    fs.mkdirSync(at('.setup-lock'));
    fs.writeFileSync(at('.setup-lock/owner'), `${os.hostname()} 999999999 1`);
    expect((await setUp()).code).toBe(0);
    expect(linesOf('build.log')).toEqual(['built']);
  });

  it('goes on with the Node of the machine where the pinned one does not run', async () => {
    fs.writeFileSync(at('no-pinned'), '');
    expect((await setUp()).code).toBe(0);
    expect(fs.existsSync(at('node_modules/.bin/node'))).toBe(false);
  });

  it('says in one line that the installation failed', async () => {
    fs.writeFileSync(at('npm-fails'), '');
    const result = await setUp();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('kts: npm ci failed');
  });

  it('starts the node with its words and keeps its exit code', async () => {
    expect(await setUp(['start', '--override', 'a=b'])).toMatchObject({
      code: 4,
      stdout: 'kts server-start --override a=b\n',
    });
  });
});
