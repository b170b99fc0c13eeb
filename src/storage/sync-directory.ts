/** Makes new and renamed entries of a directory durable, through the pool. */
import type { FileHandle, Files } from '../runtime/runtime.ts';

export async function syncDirectory(files: Files, path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = files.openSync(path, 'r');
  } catch (error) {
    // Windows does not open directories, and keeps their entries without being asked.
    const { code } = error as { code?: string };
    if (code === 'EISDIR' || code === 'EPERM') return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
