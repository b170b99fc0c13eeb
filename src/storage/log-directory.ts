/**
 * One of `log.dirs`: its lock, its identity, its checkpoints, and the logs in it. A directory is online or offline, and
 * never comes back without a restart.
 */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { MIGRATING_DIR, type Uuid } from '../base/uuid.ts';
import type { FileLock, Files } from '../runtime/runtime.ts';
import {
  CorruptCheckpointError,
  encodeOffsetCheckpoint,
  type OffsetCheckpoint,
  readOffsetCheckpoint,
} from './checkpoint-file.ts';
import { type CleanShutdown, readCleanShutdownFile } from './clean-shutdown-file.ts';
import {
  HIGH_WATERMARK_CHECKPOINT,
  LOCK_FILE,
  LOG_START_OFFSET_CHECKPOINT,
  RECOVERY_POINT_CHECKPOINT,
} from './file-names.ts';
import { GroupCommit } from './group-commit.ts';
import type { LogContext } from './log-context.ts';
import { readMetaProperties } from './meta-properties.ts';
import type { PartitionLog } from './partition-log.ts';

/** What the checkpoint files said when the directory was opened. */
export interface LoadedCheckpoints {
  readonly recoveryPoints: OffsetCheckpoint;
  readonly logStartOffsets: OffsetCheckpoint;
  readonly highWatermarks: OffsetCheckpoint;
}

export class LogDirectory {
  readonly path: string;
  readonly logs = new Set<PartitionLog>();
  /** Set once by the manager, right after construction. */
  context: LogContext | null = null;
  id: Uuid = MIGRATING_DIR;
  /** Why it is offline, if it is. */
  failure: string | null = null;
  cleanShutdown: CleanShutdown | null = null;
  readonly #files: Files;
  readonly #logger: Logger;
  #lock: FileLock | null = null;
  /** What each checkpoint file holds, so that an unchanged one is not written again. */
  readonly #written = new Map<string, string>();
  // One writer at a time for each file: two would share the temporary one.
  readonly #recoveryPointWrites = this.#commit(RECOVERY_POINT_CHECKPOINT, () => this.#recoveryPoints());
  readonly #logStartOffsetWrites = this.#commit(LOG_START_OFFSET_CHECKPOINT, () => this.#logStartOffsets());
  readonly #highWatermarkWrites = this.#commit(HIGH_WATERMARK_CHECKPOINT, () => this.#highWatermarks());

  constructor(path: string, files: Files, logger: Logger) {
    this.path = path;
    this.#files = files;
    this.#logger = logger;
  }

  get offline(): boolean {
    return this.failure !== null;
  }

  /** Takes the lock and reads who the directory is. Throws a KtsError when another process has it. */
  open(): void {
    if (this.#files.statSync(this.path) === null) {
      this.#logger.info(`Log directory ${this.path} not found, creating it.`);
      this.#files.makeDirectorySync(this.path);
    }
    this.#lock = this.#files.lockSync(join(this.path, LOCK_FILE));
    if (this.#lock === null) {
      throw new KtsError(
        `Failed to acquire lock on file .lock in ${this.path}. A Kafka instance in another process or thread is using this directory.`,
      );
    }
    this.id = readMetaProperties(this.#files, this.path)?.directoryId ?? MIGRATING_DIR;
    this.cleanShutdown = readCleanShutdownFile(this.#files, this.path);
  }

  readCheckpoints(): LoadedCheckpoints {
    return {
      recoveryPoints: this.#readCheckpoint(RECOVERY_POINT_CHECKPOINT, 'resetting the recovery checkpoint to 0'),
      logStartOffsets: this.#readCheckpoint(
        LOG_START_OFFSET_CHECKPOINT,
        'log start offsets are taken from the first segments',
      ),
      highWatermarks: this.#readCheckpoint(HIGH_WATERMARK_CHECKPOINT, 'high watermarks start at the log start offsets'),
    };
  }

  /** Recovery points and log start offsets. */
  async writeOffsetCheckpoints(): Promise<void> {
    await this.#recoveryPointWrites.run();
    await this.#logStartOffsetWrites.run();
  }

  writeHighWatermarks(): Promise<void> {
    return this.#highWatermarkWrites.run();
  }

  unlock(): void {
    this.#lock?.release();
    this.#lock = null;
  }

  #recoveryPoints(): string {
    return encodeOffsetCheckpoint(this.#entries((log) => log.recoveryPoint));
  }

  #highWatermarks(): string {
    return encodeOffsetCheckpoint(this.#entries((log) => log.highWatermark));
  }

  /** Only what the names of the segments do not tell. */
  #logStartOffsets(): string {
    const moved = [...this.logs].filter((log) => log.logStartOffset > (log.segments[0]?.baseOffset ?? 0));
    return encodeOffsetCheckpoint(
      moved.map(({ topic, partition, logStartOffset }) => ({ topic, partition, offset: logStartOffset })),
    );
  }

  *#entries(offsetOf: (log: PartitionLog) => number) {
    for (const log of this.logs) yield { topic: log.topic, partition: log.partition, offset: offsetOf(log) };
  }

  #commit(name: string, content: () => string): GroupCommit {
    return new GroupCommit(async () => {
      const text = content();
      if (this.offline || this.#written.get(name) === text) return;
      await this.#files.replaceFile(join(this.path, name), text);
      this.#written.set(name, text);
    });
  }

  #readCheckpoint(name: string, consequence: string): OffsetCheckpoint {
    try {
      return readOffsetCheckpoint(this.#files, join(this.path, name));
    } catch (error) {
      if (!(error instanceof CorruptCheckpointError)) throw error;
      this.#logger.error(`${error.message}; ${consequence}`);
      return new Map();
    }
  }
}
