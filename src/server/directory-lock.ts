/** The lock of a directory that holds the metadata log and no partitions: those of log.dirs lock themselves. */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { FileLock, Files } from '../runtime/runtime.ts';
import { LOCK_FILE } from '../storage/file-names.ts';

/** Throws Kafka's sentence when another process holds it. */
export function lockDirectory(files: Files, directory: string): FileLock {
  const lock = files.lockSync(join(directory, LOCK_FILE));
  if (lock !== null) return lock;
  throw new KtsError(
    `Failed to acquire lock on file .lock in ${directory}. A Kafka instance in another process or thread is using this directory.`,
    { hint: 'Stop the other node first, or give this one directories of its own in metadata.log.dir and log.dirs.' },
  );
}
