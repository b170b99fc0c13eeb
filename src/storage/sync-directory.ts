/** Makes new and renamed entries of a directory durable, through the pool. */
import type { Files } from '../runtime/runtime.ts';

export async function syncDirectory(files: Files, path: string): Promise<void> {
  const handle = files.openSync(path, 'r');
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
