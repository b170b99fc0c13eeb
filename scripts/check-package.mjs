// The package as its users get it: what the tarball holds, and that it works in an empty folder and globally, without
// development packages and without install scripts. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-package-')));
// What npm handed to this script (its prefix, its settings for this folder) must not reach the npm that plays the user.
const inherited = Object.entries(process.env).filter(
  ([name]) => !/^npm_(?!config_(?:registry|userconfig|cache)$)/i.test(name),
);
const env = {
  ...Object.fromEntries(inherited),
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
};
let passed = 0;
let failed = 0;

function run(command, args, cwd = work) {
  const result = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 300_000,
  });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: exit ${result.status}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function check(name, body) {
  try {
    body();
    passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${error.message}`);
  }
}

function expectMatch(text, pattern) {
  if (!pattern.test(text)) throw new Error(`expected ${pattern}, got:\n${text}`);
}

const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;
const tarball = path.join(work, `kts-${version}.tgz`);
const app = path.join(work, 'app');
const home = path.join(work, 'global');
const install = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

check('the tarball holds bin, dist with its types, LICENSE, README and nothing else', () => {
  const [packed] = [
    JSON.parse(run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', work], root)),
  ].flatMap((answer) => (Array.isArray(answer) ? answer : Object.values(answer)));
  const names = packed.files.map((file) => file.path);
  const stray = names.filter(
    (name) => !/^(?:bin\/kts\.js|dist\/.+\.(?:js|d\.ts)|LICENSE|README\.md|package\.json)$/.test(name),
  );
  if (stray.length > 0) throw new Error(`stray files: ${stray.join(', ')}`);
  for (const name of ['bin/kts.js', 'dist/start.js', 'dist/index.js', 'dist/client.js', 'dist/broker.js']) {
    if (!names.includes(name)) throw new Error(`${name} is missing`);
  }
  for (const name of ['index', 'client', 'broker']) {
    if (!names.includes(`dist/types/${name}.d.ts`)) throw new Error(`the types of ${name} are missing`);
  }
});

check('it installs in an empty folder, and its command runs', () => {
  fs.mkdirSync(app);
  fs.writeFileSync(path.join(app, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', ...install, tarball], app);
  expectMatch(run('npx', ['--no-install', 'kts', '--version'], app), /\d+\.\d+/);
  expectMatch(run('npx', ['--no-install', 'kts', 'topics', '--help'], app), /--bootstrap-server/);
});

check('it installs globally', () => {
  run('npm', ['install', '--global', '--prefix', home, ...install, tarball]);
  const bin = process.platform === 'win32' ? path.join(home, 'kts.cmd') : path.join(home, 'bin', 'kts');
  expectMatch(run(bin, ['--version']), /\d+\.\d+/);
});

const examples = path.join(root, 'test', 'packaging', 'examples');
const example = (name, as = name) => fs.copyFileSync(path.join(examples, name), path.join(app, as));
/** Lends a package of the checkout to the folder, as if it had been installed there. */
function lend(name) {
  const target = path.join(app, 'node_modules', name);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.cpSync(path.join(root, 'node_modules', name), target, { recursive: true });
}

check('a program with a broker inside, written to and read by the command', () => {
  example('embedded.mjs');
  expectMatch(run(process.execPath, ['embedded.mjs'], app), /^read: hello$/m);
});

check('the types hold under nodenext, skipLibCheck off', () => {
  example('embedded.ts.txt', 'embedded.ts');
  for (const name of ['@types/node', 'undici-types']) lend(name);
  const options = {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  };
  const lib = ['es2024', 'esnext.disposable'];
  fs.writeFileSync(
    path.join(app, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, lib }, files: ['embedded.ts'] }),
  );
  run(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], app);
});

check('the embedded broker in node:test', () => {
  lend('kafkajs');
  example('round-trip.mjs');
  example('node-test.mjs');
  run(process.execPath, ['--test', 'node-test.mjs'], app);
});

check('the embedded broker in vitest', () => {
  example('vitest-example.mjs', 'example.test.mjs');
  const modules = path.join(root, 'node_modules');
  fs.symlinkSync(path.join(modules, 'vitest'), path.join(app, 'node_modules', 'vitest'), 'junction');
  run(process.execPath, [path.join(modules, 'vitest', 'vitest.mjs'), 'run', 'example.test.mjs'], app);
  fs.rmSync(path.join(app, 'example.test.mjs'));
});

check('the embedded broker in jest', () => {
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', 'jest@30'], app);
  lend('kafkajs');
  example('jest-example.mjs', 'jest-example.test.mjs');
  const settings = JSON.stringify({ transform: {}, testMatch: ['**/jest-example.test.mjs'], testTimeout: 30_000 });
  const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
  run(process.execPath, ['--experimental-vm-modules', jest, '--config', settings], app);
});

fs.rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
