import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { prepareZookeeperEra } from '../../src/server/zookeeper-era.ts';

let root: string;
let lines: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kts-zookeeper-era-'));
  lines = [];
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function prepare(more: Record<string, string> = {}) {
  const logger = createLogger({ name: 'node', nowMs: () => 0, write: (line) => lines.push(line) });
  const properties = new Map(
    Object.entries({ 'zookeeper.connect': 'zk:2181', 'log.dirs': join(root, 'data'), ...more }),
  );
  return prepareZookeeperEra(properties, nodeRuntime, logger);
}

const meta = () => readFileSync(join(root, 'data', 'meta.properties'), 'utf8');

describe("a broker's directory from a file of ZooKeeper's time", () => {
  it('is formatted when it is empty or absent, and kept from then on', () => {
    mkdirSync(join(root, 'data', 'lost+found'), { recursive: true });
    expect(prepare({ 'broker.id': '5' }).nodeId).toBe(5);
    expect(lines.map((line) => /\] (\w+) /.exec(line)?.[1])).toEqual(['WARN', 'INFO']);
    const first = meta();
    expect(first).toContain('node.id=5');
    expect(prepare().nodeId).toBe(5);
    expect(meta()).toBe(first);
  });

  it("is not touched when it holds somebody's files", () => {
    mkdirSync(join(root, 'data', 'orders-0'), { recursive: true });
    expect(() => prepare()).toThrow('holds something else already');
    expect(readdirSync(join(root, 'data'))).toEqual(['orders-0']);
  });

  it("is not touched when it is a ZooKeeper broker's own", () => {
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'data', 'meta.properties'), 'version=0\nbroker.id=0\ncluster.id=x\n');
    expect(() => prepare()).toThrow('that of a ZooKeeper cluster');
  });
});
