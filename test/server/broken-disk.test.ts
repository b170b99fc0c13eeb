import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { startEmbeddedNode } from '../../src/server/embedded-node.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';

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
