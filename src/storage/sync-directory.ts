/** Makes files and directories durable that somebody wrote without waiting; through the pool. */
import type { FileHandle, Files } from '../runtime/runtime.ts';

/** New, renamed and removed entries. */
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

/** The content of a file that was written and closed. */
export async function syncFile(files: Files, path: string): Promise<void> {
  const handle = files.openSync(path, 'rw');
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
