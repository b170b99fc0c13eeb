// Makes a clone ready: packages, then the build; each only when its inputs changed. Plain JavaScript for Node 18 and newer,
// because it runs before the pinned Node is there.
//   node scripts/setup.mjs          set up, nothing else (npm test)
//   node scripts/setup.mjs start    set up, then run the node in the foreground (npm start)
// Two of them may start at once: the first takes the lock, the second waits and then finds everything done. When nothing
// has changed nothing is written, so that a read-only clone works.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { withLock } from './setup-lock.mjs';

const NEEDED = 24;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const packagesStamp = path.join(modules, '.kts-packages');
const buildStamp = path.join(root, 'dist', '.built-from');
const windows = process.platform === 'win32';
const pinnedNode = path.join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');

function say(line) {
  process.stderr.write(`${line}\n`);
}

function give(line) {
  say(`kts: ${line}`);
  process.exit(1);
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** What the installed packages depend on. */
function packagesKey() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of ['package-lock.json', '.npmrc']) hash.update(read(path.join(root, name)) ?? '');
  return hash.digest('hex');
}

/** What dist/ was built from: names, sizes and times of the sources, which is enough to notice an edit and cheap. */
function sourcesKey() {
  const hash = createHash('sha256').update(read(path.join(root, 'scripts', 'build.mjs')) ?? '');
  hash.update(read(path.join(root, 'package.json')) ?? '');
  const walk = (directory) => {
    const entries = fs.existsSync(directory) ? fs.readdirSync(directory, { withFileTypes: true }) : [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) walk(file);
      else {
        const stat = fs.statSync(file);
        hash.update(`${path.relative(root, file)} ${stat.size} ${stat.mtimeMs}\n`);
      }
    }
  };
  walk(path.join(root, 'src'));
  return hash.digest('hex');
}

/** The major version of a Node, or 0 when it does not run here (Alpine cannot run the pinned one). */
function majorOf(node) {
  if (!fs.existsSync(node)) return 0;
  const result = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', timeout: 30_000 });
  return result.status === 0 ? Number.parseInt(result.stdout, 10) : 0;
}

/** The Node that npm itself runs on: the one under node_modules goes away while npm works. */
function machineNode() {
  const named = process.env.npm_node_execpath;
  return named && !named.startsWith(modules) && fs.existsSync(named) ? named : process.execPath;
}

function runNpm(args) {
  const script = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  if (script && /npm-cli\.c?js$/.test(script)) return spawnSync(machineNode(), [script, ...args], options).status;
  return spawnSync('npm', args, { ...options, shell: windows }).status;
}

function installPackages() {
  say('Installing packages (first run, or package-lock.json has changed) ...');
  const install = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (runNpm(install) === 0) {
    // A machine that forbids install scripts leaves the pinned Node out; this one script is needed.
    if (!fs.existsSync(pinnedNode)) runNpm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  } else {
    // Where the pinned Node does not exist for the platform, its install script is what failed.
    if (process.versions.node.split('.')[0] < NEEDED || runNpm([...install, '--ignore-scripts']) !== 0) {
      give('npm ci failed, its output is above; with a working network and registry run the same command again');
    }
  }
  fs.writeFileSync(packagesStamp, packagesKey());
}

/** The Node that runs everything from here on. */
function chooseNode() {
  if (majorOf(pinnedNode) >= NEEDED) return pinnedNode;
  const own = machineNode();
  if (majorOf(own) >= NEEDED) {
    // npm puts node_modules/.bin first in PATH; a Node that does not run must not stand there.
    for (const name of ['node', 'node.cmd', 'node.ps1']) fs.rmSync(path.join(modules, '.bin', name), { force: true });
    return own;
  }
  return give(
    `the pinned Node (${path.relative(root, pinnedNode)}) does not run here and this is ${process.version}; install Node ${NEEDED} or newer`,
  );
}

function buildSources(node) {
  say('Building ...');
  const key = sourcesKey();
  const result = spawnSync(node, [path.join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) give('the build failed, its output is above');
  fs.writeFileSync(buildStamp, key);
}

const packagesReady = () => read(packagesStamp) === packagesKey();
const buildReady = () => read(buildStamp) === sourcesKey();

async function setUp() {
  if (packagesReady() && buildReady()) return chooseNode();
  return withLock(path.join(root, '.setup-lock'), say, () => {
    if (!packagesReady()) installPackages();
    const node = chooseNode();
    if (!buildReady()) buildSources(node);
    return node;
  });
}

/** Runs the node in the foreground. The terminal and npm both deliver Ctrl-C; bin/kts.js takes the two as one. */
function runNode(node) {
  const bin = path.join(root, 'bin', 'kts.js');
  // What to type in another terminal of this folder.
  const env = { ...process.env, KTS_COMMAND: windows ? 'node bin/kts.js' : 'bin/kts.js' };
  const child = spawn(node, [bin, 'server-start', ...process.argv.slice(3)], { stdio: 'inherit', env });
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!asked) child.kill(signal);
      asked = true;
    });
  }
  child.on('error', (error) => give(error.message));
  // A node that was asked to stop and did has done what was wanted: npm would call 130 an error.
  child.on('exit', (code, signal) => {
    const stopped = asked && (code === 130 || code === 143 || signal !== null);
    process.exitCode = stopped ? 0 : (code ?? 1);
  });
}

if (Number.parseInt(process.versions.node, 10) < 18)
  give(`the set-up needs Node 18 or newer; this is ${process.version}`);
const node = await setUp();
if (process.argv[2] === 'start') runNode(node);
