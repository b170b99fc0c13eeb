/** What a node of one role loads and opens: run as a process, because a test's own process has loaded everything. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { TestCluster } from './cluster-harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const clusters: TestCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.remove();
});

/** The modules of src that the node has loaded when it says `line`. */
async function loadedBy(cluster: TestCluster, id: number, line: string): Promise<{ modules: string[]; log: string }> {
  const file = path.join(cluster.root, `${id}.properties`);
  const list = path.join(cluster.root, `${id}.modules`);
  const given = [...cluster.member(id).config().values.given].map(([key, value]) => `${key}=${value}`);
  fs.writeFileSync(file, given.join('\n'));
  const hook = path.join(ROOT, 'test/support/loaded-modules.mjs');
  const child = spawn(process.execPath, ['--import', hook, path.join(ROOT, 'bin/kts.js'), 'server-start', file], {
    env: { ...process.env, KTS_SOURCE: '1', LOADED_MODULES: list },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let log = '';
  try {
    for await (const bytes of child.stdout) {
      log += String(bytes);
      if (log.includes(line)) break;
    }
  } finally {
    child.kill('SIGKILL');
  }
  const source = `${ROOT}src/`;
  const paths = fs
    .readFileSync(list, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url));
  return { modules: paths.filter((one) => one.startsWith(source)).map((one) => one.slice(source.length)), log };
}

const BROKER_CODE =
  /^(?:broker|coordinator)\/|^server\/(?:broker-(?!liveness)|directory-assignments|partition-alterations)/;
const CONTROLLER_CODE = /^controller\/|^server\/(?:controller-node|broker-liveness|raft-rows)/;

it('a controller loads no code of brokers and opens no listener of theirs', async () => {
  const cluster = await TestCluster.of({ 1: ['broker'], 100: ['controller'] });
  clusters.push(cluster);
  const { modules, log } = await loadedBy(cluster, 100, 'Kafka Server started');
  expect(modules).toContain('controller/controller.ts');
  expect(modules.filter((name) => BROKER_CODE.test(name))).toEqual([]);
  expect(log.match(/Awaiting socket connections on (.*)\. /)?.[1]).toBe(cluster.member(100).controllerAddress);
  expect(log.match(/Awaiting socket connections/g)).toHaveLength(1);
  expect(fs.existsSync(path.join(cluster.root, 'n100', 'replication-offset-checkpoint'))).toBe(false);
});

it('a broker loads no code of controllers', async () => {
  const cluster = await TestCluster.of({ 1: ['broker'], 100: ['controller'] });
  clusters.push(cluster);
  await cluster.member(100).start();
  const { modules } = await loadedBy(cluster, 1, 'Kafka Server started');
  expect(modules).toContain('broker/replica-manager.ts');
  expect(modules.filter((name) => CONTROLLER_CODE.test(name))).toEqual([]);
});
