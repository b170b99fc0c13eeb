import { expect, it } from 'vitest';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import type { Files } from '../../src/runtime/runtime.ts';
import { EpochFile } from '../../src/storage/epoch-file.ts';
import { LeaderEpochCache } from '../../src/storage/leader-epoch-cache.ts';

it('a write waits for one that is under way, and does what that one failed to do', async () => {
  const writes: { readonly content: string; readonly end: PromiseWithResolvers<void> }[] = [];
  const files: Files = Object.assign(Object.create(nodeFiles) as Files, {
    replaceFile: (_path: string, content: string) => {
      const end = Promise.withResolvers<void>();
      writes.push({ content, end });
      return end.promise;
    },
  });
  const epochs = new LeaderEpochCache();
  epochs.assign(3, 7);
  const file = new EpochFile(files, epochs, () => '/nowhere');
  const first = file.write();
  let isWritten = false;
  const second = file.write().then(() => {
    isWritten = true;
  });
  await Promise.resolve();
  expect([writes.length, isWritten]).toEqual([1, false]);

  writes[0]?.end.reject(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  await new Promise((resolve) => setImmediate(resolve));
  expect([writes.length, isWritten]).toEqual([2, false]);
  writes[1]?.end.resolve();
  await second;
  expect(writes[1]?.content).toBe('0\n1\n3 7\n');
  await file.write();
  expect(writes.length).toBe(2);
});
