import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import type { BrokerConfig } from '../../src/config/broker-config.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { type RunningNode, startNode } from '../../src/server/node.ts';
import { prepareEnsembleMember, prepareZookeeperBroker } from '../../src/server/zookeeper-era.ts';
import { freePort } from '../support/free-port.ts';
import { runTool } from '../support/run-tool.ts';

let root: string;
let lines: string[];
let nodes: RunningNode[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kts-zookeeper-era-'));
  lines = [];
  nodes = [];
});

afterEach(async () => {
  for (const node of nodes.reverse()) await node.stop();
  rmSync(root, { recursive: true, force: true });
});

const logger = createLogger({ name: 'node', nowMs: () => 0, write: (line) => lines.push(line) });
const data = () => join(root, 'data');

function prepare(more: Record<string, string>) {
  const properties = new Map(Object.entries({ 'log.dirs': data(), listeners: 'PLAINTEXT://127.0.0.1:0', ...more }));
  return prepareZookeeperBroker(properties, nodeRuntime, logger);
}

async function run(config: BrokerConfig): Promise<void> {
  const onFatal = (cause: unknown) => expect.unreachable(String(cause));
  nodes.push(await startNode({ config, runtime: nodeRuntime, logger, hostname: 'localhost', onFatal }));
}

/** A ZooKeeper of one. */
async function startEnsemble(): Promise<number> {
  const port = await freePort();
  const path = join(root, 'zoo.cfg');
  writeFileSync(path, `dataDir=${join(root, 'zk')}\nclientPort=${port}\nclientPortAddress=127.0.0.1\n`);
  await run(prepareEnsembleMember({ path, overrides: new Map(), hostname: 'localhost' }, nodeRuntime, logger));
  return port;
}

const clusterOf = (directory: string) =>
  /cluster\.id=(.*)/.exec(readFileSync(join(directory, 'meta.properties'), 'utf8'))?.[1];

describe("a broker's file of ZooKeeper's time", () => {
  it('makes its own controller where it is alone, and again from then on', async () => {
    const connect = `127.0.0.1:${await freePort()}`;
    const config = await prepare({ 'broker.id': '5', 'zookeeper.connect': connect });
    expect([...config.processRoles]).toEqual(['broker', 'controller']);
    expect(lines.map((line) => /\] (\w+) /.exec(line)?.[1])).toEqual(['WARN', 'INFO']);
    await run(config);
    const cluster = clusterOf(data());
    await nodes.pop()?.stop();
    const again = await prepare({ 'zookeeper.connect': connect });
    expect([again.nodeId, again.isController, clusterOf(data())]).toEqual([5, true, cluster]);
  });

  it('gives no id that the node has which is its controller', async () => {
    const connect = `127.0.0.1:${await freePort()}`;
    const alone = await prepare({ 'zookeeper.connect': connect });
    await run(alone);
    const beside = await prepare({ 'zookeeper.connect': connect, 'log.dirs': join(root, 'beside') });
    expect([alone.nodeId, beside.nodeId, beside.isController]).toEqual([1001, 1002, false]);
  });

  it('makes a broker of the controllers that answer there, in their cluster', async () => {
    const port = await startEnsemble();
    const config = await prepare({ 'broker.id': '0', 'zookeeper.connect': `127.0.0.1:${port}/kafka` });
    expect([...config.processRoles]).toEqual(['broker']);
    expect(clusterOf(data())).toBe(clusterOf(join(root, 'zk', 'kraft')));
    expect(lines.join('\n')).toContain('The path /kafka of zookeeper.connect is ignored');
  });

  it('finds an id itself where the file has none', async () => {
    const port = await startEnsemble();
    const connect = `127.0.0.1:${port}`;
    const first = await prepare({ 'broker.id': '-1', 'zookeeper.connect': connect });
    expect(first.nodeId).toBe(1001);
    await run(first);
    await nodes.pop()?.stop();
    // One that is away keeps its id.
    const second = await prepare({ 'zookeeper.connect': connect, 'log.dirs': join(root, 'second') });
    expect(second.nodeId).toBe(1002);
    const again = await prepare({ 'zookeeper.connect': connect });
    expect(again.nodeId).toBe(1001);
  });

  it('waits only so long for controllers elsewhere', async () => {
    const connect = `127.0.0.1:${await freePort()},127.0.0.1:${await freePort()}`;
    const start = prepare({ 'broker.id': '0', 'zookeeper.connect': connect, 'zookeeper.connection.timeout.ms': '1' });
    await expect(start).rejects.toThrow(`Timed out waiting for connection to the controllers at ${connect}`);
    expect(() => readdirSync(data())).toThrow('ENOENT');
  });

  it('tells a program that is no controller from nobody', async () => {
    const close = (connection: { destroy(): void }) => connection.destroy();
    const zookeeper = await nodeRuntime.sockets.listen({ host: '127.0.0.1', port: 0 }, close);
    const connect = `127.0.0.1:${zookeeper.port}`;
    const start = prepare({ 'broker.id': '0', 'zookeeper.connect': connect, 'zookeeper.connection.timeout.ms': '1' });
    await expect(start).rejects.toMatchObject({
      hint: expect.stringContaining(`listens on ${connect} is no controller`),
    });
    await zookeeper.close();
  });

  it('is never stopped by a value that is none', async () => {
    const port = await startEnsemble();
    const config = await prepare({
      'broker.id': 'none',
      'zookeeper.connect': `127.0.0.1:${port}`,
      'num.io.threads': 'many',
    });
    expect(config.number('num.io.threads')).toBe(8);
    expect(config.nodeId).toBe(1001);
    expect(lines.filter((line) => line.includes('broker.id=none is no id; node.id=1001 is given'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('num.io.threads'))).toHaveLength(1);
  });

  it("does not touch a directory that holds somebody's files", async () => {
    const port = await startEnsemble();
    mkdirSync(join(data(), 'orders-0'), { recursive: true });
    const start = prepare({ 'broker.id': '0', 'zookeeper.connect': `127.0.0.1:${port}` });
    await expect(start).rejects.toThrow('holds something else already');
    expect(readdirSync(data())).toEqual(['orders-0']);
  });

  it("does not touch a directory that is a ZooKeeper broker's own", async () => {
    mkdirSync(data());
    writeFileSync(join(data(), 'meta.properties'), 'version=0\nbroker.id=0\ncluster.id=x\n');
    await expect(prepare({ 'zookeeper.connect': 'zk:2181' })).rejects.toThrow('that of a ZooKeeper cluster');
  });
});

describe('a zoo.cfg', () => {
  it("of one answers ZooKeeper's shell before there is a broker", async () => {
    const stdin = 'ls /brokers/ids\nls /brokers/topics\nget /own\ncreate /own x\nls /zookeeper\n';
    const words = ['zk-cli', '--', '-server', `127.0.0.1:${await startEnsemble()}`];
    const { stdout, stderr } = await runTool(words, { manner: 'strict', stdin });
    expect(stdout).toBe('[]\n[config, quota]\n');
    expect(stderr.match(/no broker runs that could tell/g)).toHaveLength(3);
  });

  it('formats the members of one ensemble for one cluster', () => {
    const members = [1, 2].map((myid) => {
      const directory = join(root, `zk${myid}`);
      mkdirSync(directory);
      writeFileSync(join(directory, 'myid'), `${myid}\n`);
      const path = join(directory, 'zoo.cfg');
      writeFileSync(
        path,
        `dataDir=${directory}\nclientPort=${2180 + myid}\nserver.1=localhost:2887:3887\nserver.2=localhost:2888:3888\n`,
      );
      prepareEnsembleMember({ path, overrides: new Map(), hostname: 'localhost' }, nodeRuntime, logger);
      return clusterOf(join(directory, 'kraft'));
    });
    expect(members[0]).toMatch(/^[\w-]{22}$/);
    expect(members[1]).toBe(members[0]);
  });
});
