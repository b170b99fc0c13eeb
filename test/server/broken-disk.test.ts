import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { startEmbeddedNode } from '../../src/server/embedded-node.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';
import { Home } from './node-harness.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'kts-broken-disk-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

it.each(['write', 'sync'] as const)(
  'a node whose metadata log cannot be written any more (%s) says so, and stops without asking its controller',
  async (operation) => {
    const files = new FaultyFiles();
    const fatal = Promise.withResolvers<unknown>();
    const node = await startEmbeddedNode({
      dataDirectory: join(root, 'data'),
      port: 0,
      controllerPort: 0,
      runtime: { ...nodeRuntime, files },
      logger: SILENT_LOGGER,
      hostname: 'localhost',
      onFatal: fatal.resolve,
    });
    // The controller writes something at least every half second.
    files.failWith({ operation, path: /__cluster_metadata-0.*\.log$/, code: 'EIO' });
    await fatal.promise;
    await node.stop();
    expect(node.listeners).not.toEqual([]);
  },
);

const propertiesOf = (directory: string) => fs.readFileSync(join(directory, 'meta.properties'), 'utf8');

describe('meta.properties that cannot be read', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home({ directories: 2 });
  });
  afterEach(() => home.remove());

  it('stop the start where the metadata log lies: with a new directory.id the node would be another voter', async () => {
    const files = new FaultyFiles();
    const directory = home.directories[0] as string;
    const before = propertiesOf(directory);
    files.failWith({ operation: 'read', path: /d0\/meta\.properties$/, code: 'EIO' });
    await expect(home.start({}, files)).rejects.toThrow(
      `Encountered I/O error in metadata log directory ${directory}. Cannot continue: EIO`,
    );
    expect(propertiesOf(directory)).toBe(before);
  });

  it('leave any other directory offline, and as it is', async () => {
    const files = new FaultyFiles();
    const directory = home.directories[1] as string;
    const before = propertiesOf(directory);
    files.failWith({ operation: 'read', path: /d1\/meta\.properties$/, code: 'EIO' });
    const node = await home.start({}, files);
    await node.createTopic('t');
    expect(await node.produce('t', ['goes to the other directory'])).toBe(0);
    expect(node.lines.join('\n')).toContain(`Failed to open log directory ${directory}`);
    expect(propertiesOf(directory)).toBe(before);
  });
});
