/** In which of several log directories a replica begins. */
import { join } from 'node:path';
import { UNASSIGNED_DIR, type Uuid, ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Files } from '../runtime/runtime.ts';
import type { LogDirectory } from './log-directory.ts';

/**
 * The online directory for a new log of this name: the one that the controller knows it by, else the one with the fewest.
 * A former attempt that a disk refused may have left its directory: a second one elsewhere would keep the node from
 * starting, so that it is taken up again.
 */
export function chooseDirectory(
  directories: readonly LogDirectory[],
  name: string,
  id: Uuid | undefined,
  files: Files,
): LogDirectory {
  const live = directories.filter((directory) => !directory.offline);
  checkMayLieOffline(directories, live, name, id);
  if (live.length > 1) {
    const begun = live.find((directory) => files.statSync(join(directory.path, name)) !== null);
    if (begun !== undefined) return begun;
  }
  const wanted = live.find((directory) => directory.id === id && id !== ZERO_UUID);
  if (wanted !== undefined) return wanted;
  const emptiest = live.toSorted((a, b) => a.logs.size - b.logs.size)[0];
  if (emptiest === undefined) throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'No log directory is online');
  return emptiest;
}

/** A replica that was placed in a directory which is not here now may have its records there: it is not begun anew. */
function checkMayLieOffline(
  directories: readonly LogDirectory[],
  live: readonly LogDirectory[],
  name: string,
  id: Uuid | undefined,
): void {
  if (id === undefined || id === UNASSIGNED_DIR || live.length === directories.length) return;
  if (live.some((directory) => directory.id === id)) return;
  throw new KafkaError(
    ErrorCode.KAFKA_STORAGE_ERROR,
    `No log is created for ${name}: there are offline log directories, and its log may exist there (directory id ${id})`,
  );
}
