/** Opens every partition log that lies in one log directory; yields to the loop between logs. */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import type { Files, Timers } from '../runtime/runtime.ts';
import {
  LOG_SUFFIX,
  METADATA_TOPIC_DIRECTORY,
  offsetName,
  parsePartitionDirectory,
  partitionDirectory,
  REMOTE_INDEX_CACHE_DIRECTORY,
} from './file-names.ts';
import type { LogConfig } from './log-config.ts';
import { isDiskError, type LogContext } from './log-context.ts';
import type { LogDirectory } from './log-directory.ts';
import { PartitionLog } from './partition-log.ts';

export interface DirectoryLoad {
  readonly directory: LogDirectory;
  readonly files: Files;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly configOf: (topic: string) => LogConfig;
  /** The log of that name which another directory holds. */
  readonly loaded: (name: string) => PartitionLog | undefined;
  readonly onLog: (log: PartitionLog) => void;
  /** A log that cannot be opened; the others go on. */
  readonly onBroken: (name: string, reason: string) => void;
  readonly onStray: (log: PartitionLog) => void;
  /** A log without records whose twin in another directory has them. */
  readonly onReplaced: (log: PartitionLog) => void;
  /** The directory of a log that never held a record, while another directory has a log of that name. */
  readonly onNeverUsed: (found: FoundDirectory) => void;
  readonly onDeleted: (path: string) => void;
  /** Half of a move between directories that did not end. */
  readonly onFuture: (found: FoundDirectory) => void;
}

export interface FoundDirectory {
  readonly directory: LogDirectory;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
}

const LOGS_PER_TURN = 32;

export async function loadDirectory(load: DirectoryLoad): Promise<void> {
  const { directory, files, logger } = load;
  const clean = directory.cleanShutdown !== null;
  const names = files.listSync(directory.path).filter((name) => isPartitionDirectory(load, name));
  if (clean) {
    logger.info(`Skipping recovery of ${names.length} logs from ${directory.path} since clean shutdown file was found`);
  } else {
    logger.info(
      `Attempting recovery for all ${names.length} logs from ${directory.path} since no clean shutdown file was found`,
    );
  }
  const checkpoints = directory.readCheckpoints();
  let done = 0;
  for (const name of names.sort()) {
    const parsed = parsePartitionDirectory(name);
    if (parsed === null) continue;
    const path = join(directory.path, name);
    if (parsed.kind === 'delete') load.onDeleted(path);
    else if (parsed.kind === 'stray') logger.warn(`Found stray log dir ${path}; it is kept and not served`);
    else if (parsed.kind === 'future') load.onFuture({ directory, path, ...parsed });
    else openLog(load, { path, name, topic: parsed.topic, partition: parsed.partition, clean }, checkpoints);
    if (++done % LOGS_PER_TURN === 0) await new Promise<void>((go) => load.timers.soon(go));
  }
}

/** A log that took another's place, but for its name, when the node was killed. It is recovered from its beginning. */
export function openPromoted(load: DirectoryLoad, { path, topic, partition }: FoundDirectory): void {
  const name = partitionDirectory(topic, partition);
  const live = join(load.directory.path, name);
  load.logger.warn(`${path} is all that there is of ${name}: it becomes ${live}`);
  load.files.renameSync(path, live);
  const none = { recoveryPoints: new Map(), logStartOffsets: new Map(), highWatermarks: new Map() };
  openLog(load, { path: live, name, topic, partition, clean: false }, none);
}

function openLog(
  load: DirectoryLoad,
  at: { path: string; name: string; topic: string; partition: number; clean: boolean },
  checkpoints: ReturnType<LogDirectory['readCheckpoints']>,
): void {
  const { directory, logger } = load;
  if (!settleTwin(load, at)) return;
  let log: PartitionLog;
  try {
    log = PartitionLog.open(directory.context as LogContext, {
      path: at.path,
      directoryId: directory.id,
      topic: at.topic,
      partition: at.partition,
      topicId: null,
      config: load.configOf(at.topic),
      clean: at.clean,
      recoveryPoint: checkpoints.recoveryPoints.get(at.name) ?? 0,
      logStartOffset: checkpoints.logStartOffsets.get(at.name) ?? 0,
      highWatermark: checkpoints.highWatermarks.get(at.name),
    });
  } catch (error) {
    if (isDiskError(error)) throw error;
    const reason = `The log in ${at.path} cannot be opened`;
    logger.error(reason, error);
    load.onBroken(at.name, reason);
    return;
  }
  load.onLog(log);
  // Kafka takes a log that does not say which topic it belongs to for nobody's.
  if (log.topicId === ZERO_UUID) load.onStray(log);
}

/**
 * Whether the log at hand is to be opened although another directory holds one of its name. A creation that a failing disk
 * broke off, and that went on elsewhere, leaves one of them without a record; two with records are for a person to judge.
 */
function settleTwin(
  load: DirectoryLoad,
  at: { readonly path: string; readonly name: string; readonly topic: string; readonly partition: number },
): boolean {
  const twin = load.loaded(at.name);
  if (twin === undefined) return true;
  const say = (empty: string, kept: string): void =>
    load.logger.warn(`${empty} holds no record and ${kept} is the log of ${at.name}: the former is removed`);
  if (wasNeverUsed(load.files, at.path)) {
    say(at.path, twin.path);
    load.onNeverUsed({ directory: load.directory, ...at });
    return false;
  }
  if (twin.logEndOffset === 0) {
    say(twin.path, at.path);
    load.onReplaced(twin);
    return true;
  }
  throw new KtsError(
    `Duplicate log directories for ${at.name} are found in both ${twin.path} and ${at.path}. It is likely because log directory failure happened while broker was replacing current replica with future replica. Recover broker from this failure by manually deleting one of the two directories for this partition. It is recommended to delete the partition in the log directory that is known to have failed recently.`,
  );
}

function wasNeverUsed(files: Files, path: string): boolean {
  const segments = files.listSync(path).filter((name) => name.endsWith(LOG_SUFFIX));
  return segments.every((name) => name === offsetName(0) + LOG_SUFFIX && files.statSync(join(path, name))?.size === 0);
}

function isPartitionDirectory(load: DirectoryLoad, name: string): boolean {
  if (name === METADATA_TOPIC_DIRECTORY || name === REMOTE_INDEX_CACHE_DIRECTORY) return false;
  const path = join(load.directory.path, name);
  const parsed = parsePartitionDirectory(name);
  if (parsed === null && name.includes('.')) return false;
  if (load.files.statSync(path)?.isDirectory !== true) return false;
  if (parsed === null) {
    load.logger.error(
      `Found directory ${path}, '${name}' is not in the form of topic-partition or topic-partition.uniqueId-delete (if marked for deletion). Kafka's log directories (and children) should only contain Kafka topic data. It is left alone.`,
    );
  }
  return parsed !== null;
}
