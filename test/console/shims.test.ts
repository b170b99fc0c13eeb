/**
 * What people have written around Kafka's scripts, run on ours: a cluster of three on one host, over an ssh that brings
 * no environment. `kafka-server-stop.sh` stops every node of its user, so the drill has a user or a process table of its
 * own; where neither can be had it is left out.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const KTS = path.resolve(import.meta.dirname, '../../bin/kts.js');
const SCRIPTS = path.resolve(import.meta.dirname, '../fixtures/cluster-scripts');
const DRILL_MS = 100_000;
const BROKERS = ['kafka1', 'kafka2', 'kafka3'];

interface Isolation {
  readonly user?: number;
  readonly wrapper: readonly string[];
}

function isolation(): Isolation | undefined {
  if (process.platform === 'win32') return undefined;
  const user = 60_000 + (process.pid % 5_000);
  const isRoot = process.getuid?.() === 0;
  if (isRoot && spawnSync(process.execPath, [KTS, '--version'], { uid: user, gid: user }).status === 0) {
    return { user, wrapper: [] };
  }
  const wrapper = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return spawnSync(wrapper[0] as string, [...wrapper.slice(1), 'true']).status === 0 ? { wrapper } : undefined;
}

const isolated = isolation();
let root: string;

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kts-shims-')));
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function writeShims(...words: readonly string[]) {
  const env = { ...process.env, KTS_SOURCE: '1' };
  return spawnSync(process.execPath, [KTS, 'shims', ...words], { env, encoding: 'utf8' });
}

describe.skipIf(process.platform === 'win32')('kts shims', () => {
  it('says what it wrote, and the second time changes nothing', () => {
    const directory = path.join(root, "a user's", 'bin');
    const first = writeShims(directory);
    const written = first.stdout.trim().split('\n');
    expect(written.map((file) => path.relative(directory, file))).toEqual(
      expect.arrayContaining(['kafka-topics.sh', 'kafka-topics', 'kafka-server-stop.sh', 'kafka-run-class.sh', 'jps']),
    );
    const before = written.map((file) => fs.statSync(file).mtimeMs);
    expect(writeShims(directory).stdout).toBe(first.stdout);
    expect(written.map((file) => fs.statSync(file).mtimeMs)).toEqual(before);
    const version = spawnSync('/bin/sh', ['-c', '"$0" --version', path.join(directory, 'kafka-topics.sh')], {
      env: {},
    });
    expect(version.stdout.toString()).toBe('4.3.1\n');
    const unknown = spawnSync(path.join(directory, 'kafka-run-class.sh'), ['kafka.tools.None'], { env: {} });
    expect(unknown.stderr.toString()).toContain('Could not find or load main class kafka.tools.None');
    expect(unknown.status).toBe(1);
  });

  it("leaves somebody else's scripts alone unless it is told", () => {
    const file = path.join(root, 'kafka-topics.sh');
    fs.writeFileSync(file, '#!/bin/sh\n');
    const refused = writeShims(root);
    expect(refused).toMatchObject({ status: 4, stdout: '' });
    expect(refused.stderr).toContain(`${file} is there already`);
    expect(fs.readdirSync(root)).toEqual(['kafka-topics.sh']);
    expect(writeShims('--force', root).status).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toContain('KTS_STRICT');
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Three installations beside each other, with files from ZooKeeper's time, and the scripts that go with them. */
function install(ports: readonly number[]): void {
  const [first] = BROKERS.map((name) => path.join(root, name, 'bin'));
  writeShims(first as string);
  for (const [at, name] of BROKERS.entries()) {
    const home = path.join(root, name);
    fs.mkdirSync(path.join(home, 'config'), { recursive: true });
    if (at > 0) fs.cpSync(first as string, path.join(home, 'bin'), { recursive: true, verbatimSymlinks: true });
    const lines = [
      `broker.id=${at}`,
      `listeners=PLAINTEXT://127.0.0.1:${ports[at]}`,
      `log.dirs=${home}/data`,
      'zookeeper.connect=localhost:2181,localhost:2182,localhost:2183',
      'zookeeper.connection.timeout.ms=18000',
      'group.initial.rebalance.delay.ms=0',
    ];
    fs.writeFileSync(path.join(home, 'config', 'server.properties'), `${lines.join('\n')}\n`);
  }
  fs.mkdirSync(path.join(root, 'scripts'));
  for (const name of fs.readdirSync(SCRIPTS)) {
    const text = fs.readFileSync(path.join(SCRIPTS, name), 'utf8').replaceAll('@ROOT@', root);
    fs.writeFileSync(path.join(root, 'scripts', name), text, { mode: 0o755 });
  }
}

function giveTo(user: number): void {
  for (const name of ['.', ...(fs.readdirSync(root, { recursive: true }) as string[])]) {
    fs.lchownSync(path.join(root, name), user, user);
  }
}

/** A drill that hangs shows how far it came; its user has nothing but the drill. */
function endAll(child: ChildProcess, user: number | undefined): void {
  const pids = user === undefined ? [] : fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => fs.statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === user);
  for (const pid of own) process.kill(Number(pid), 'SIGKILL');
  child.kill('SIGKILL');
}

/** The drill's output by the headings of its steps. */
async function runDrill(ports: readonly number[]): Promise<Map<string, string[]>> {
  const { user, wrapper } = isolated as Isolation;
  if (user !== undefined) giveTo(user);
  const scripts = path.join(root, 'scripts');
  const words = [...wrapper, path.join(scripts, 'drill.sh'), ...ports.map(String), process.execPath, KTS];
  const env = { PATH: `${scripts}:/bin`, HOME: root, KTS_SOURCE: '1' };
  const identity = user === undefined ? {} : { uid: user, gid: user };
  const child = spawn('bash', ['-c', '"$@"', 'drill', ...words], {
    ...identity,
    env,
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  }
  const cut = setTimeout(() => endAll(child, user), DRILL_MS);
  await new Promise((done) => child.on('close', done));
  clearTimeout(cut);
  const steps = text.split(/^## /m).slice(1);
  return new Map(steps.map((step) => [step.slice(0, step.indexOf('\n')), step.trim().split('\n').slice(1)]));
}

describe.skipIf(isolated === undefined)('cluster.sh, xcall and kf.sh', () => {
  it('start, use and stop three brokers on one host', { timeout: 120_000 }, async () => {
    const ports = await freePorts(BROKERS.length);
    install(ports);
    const steps = await runDrill(ports);
    const host = '--------- localhost ----------';
    const file = (name: string) => `${root}/${name}/config/server.properties`;
    const drilled = Object.fromEntries(steps);
    expect(drilled['none']).toEqual([host, 'No kafka server to stop', 'exit 1']);
    expect(drilled['start']).toEqual([
      '================== start the cluster ==================',
      ...BROKERS.map((name) => ` -------- start ${name} --------`),
    ]);
    expect(drilled['status']).toEqual(BROKERS.map((name) => `${name} is running`));
    expect(drilled['jps']).toEqual([host, 'Kafka', 'Kafka', 'Kafka']);
    expect(drilled['jps-m']).toEqual(BROKERS.map((name) => `kafka.Kafka ${file(name)}`));
    for (const [at, port] of ports.entries()) {
      expect(drilled[`use ${at + 1}`]).toEqual(['Created topic first.', `value ${port}`]);
    }
    expect(drilled['log']).toEqual([
      expect.stringMatching(/^WARN zookeeper\.connect without process\.roles: .* node\.id=1 from broker\.id/),
    ]);
    expect(drilled['ids']).toEqual(['node.id=0', 'node.id=1', 'node.id=2']);
    expect(drilled['absent']).toEqual(['exit 0', expect.stringMatching(/^ERROR Exiting Kafka .*absent\.properties/)]);
    expect(drilled['stop']?.slice(-4)).toEqual([
      'no Kafka any more',
      ...BROKERS.map((name) => `${name} is not running`),
    ]);
    const foreground = drilled['foreground'];
    expect(foreground?.[0]).toBe('kafka1 is running');
    expect(foreground).toContain('first');
    expect(foreground?.at(-1)).toBe('exit 143');
    expect(drilled['left']).toEqual([]);
  });
});
