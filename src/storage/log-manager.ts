/**
 * All partition logs of a node, in one or several log directories: opening at start, background work (retention,
 * flushing, checkpoints, expiry of producers), deletion, and the clean end. The metadata log is not among them.
 *
 * A directory whose disk fails goes offline with its logs; the owner is told, and stops the node when it was the last.
 */
import { basename, join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import type { Logger } from '../base/logger.ts';
import { randomUuid, type Uuid, uuidToBytes, ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Clock, Files, Random, TimerHandle, Timers } from '../runtime/runtime.ts';
import { removeCleanShutdownFile, UNKNOWN_BROKER_EPOCH, writeCleanShutdownFile } from './clean-shutdown-file.ts';
import { markedPartitionDirectory, partitionDirectory } from './file-names.ts';
import { FilePool } from './file-pool.ts';
import type { LogConfig } from './log-config.ts';
import { isOutOfSpace, type LogContext } from './log-context.ts';
import { LogDirectory } from './log-directory.ts';
import { type DirectoryLoad, type FoundDirectory, loadDirectory, openPromoted } from './log-directory-loader.ts';
import { chooseDirectory } from './log-placement.ts';
import { PartitionLog } from './partition-log.ts';
import { SpaceGuard } from './space-guard.ts';

export interface LogManagerIntervals {
  /** log.initial.task.delay.ms */
  readonly initialTaskDelayMs: number;
  /** log.retention.check.interval.ms */
  readonly retentionCheckMs: number;
  /** log.flush.scheduler.interval.ms */
  readonly flushSchedulerMs: number;
  /** log.flush.offset.checkpoint.interval.ms (the log start offsets go with it) */
  readonly offsetCheckpointMs: number;
  /** replica.high.watermark.checkpoint.interval.ms */
  readonly highWatermarkCheckpointMs: number;
  /** producer.id.expiration.check.interval.ms */
  readonly producerExpiryCheckMs: number;
}

export const DEFAULT_LOG_MANAGER_INTERVALS: LogManagerIntervals = {
  initialTaskDelayMs: 30_000,
  retentionCheckMs: 300_000,
  flushSchedulerMs: Number.MAX_SAFE_INTEGER,
  offsetCheckpointMs: 60_000,
  highWatermarkCheckpointMs: 5_000,
  producerExpiryCheckMs: 600_000,
};

export interface DirectoryFailure {
  readonly path: string;
  readonly id: Uuid;
  readonly reason: string;
  /** No log directory is left: the node has to stop. */
  readonly last: boolean;
}

export interface LogManagerOptions {
  /** `log.dirs` */
  readonly directories: readonly string[];
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** The settings of a topic whose log is found on disk. */
  readonly configOf: (topic: string) => LogConfig;
  readonly onDirectoryFailure: (failure: DirectoryFailure) => void;
  readonly intervals?: Partial<LogManagerIntervals>;
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMs?: number;
  readonly maxOpenFiles?: number;
}

export interface LogRequest {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: Uuid;
  readonly config: LogConfig;
  /** Where the controller wants it; anything but the id of a live directory leaves the choice here. */
  readonly directoryId?: Uuid;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Background work over all logs yields to the loop after this time. */
const MAX_TURN_MS = 5;
const CLOSING_AT_ONCE = 16;

export class LogManager {
  readonly directories: readonly LogDirectory[];
  /** Broker epoch of the last clean stop, -1 when there was none or the directories disagree. */
  readonly previousBrokerEpoch: number;
  readonly #options: LogManagerOptions;
  readonly #intervals: LogManagerIntervals;
  readonly #pool: FilePool;
  readonly #logger: Logger;
  readonly #logs = new Map<string, PartitionLog>();
  /** Partitions whose directory is offline or whose log could not be opened, with the reason. */
  readonly #unusable = new Map<string, string>();
  /** Logs that are to take the place of another in a different directory (KIP-113), by partition. */
  readonly #futures = new Map<string, PartitionLog>();
  /** Moves between directories that a stop has cut short: where to. */
  readonly #interruptedMoves = new Map<string, string>();
  readonly #timers = new Set<TimerHandle>();
  #stopped = false;
  /** The marker of a clean stop is on its way: a log that is made now would not be what it says. */
  #closing = false;
  #saidCompaction = false;

  /** Locks the directories, loads every log and removes the clean-shutdown markers. */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const manager = new LogManager(options);
    try {
      await manager.#loadAll();
    } catch (error) {
      manager.#abandon();
      throw error;
    }
    return manager;
  }

  private constructor(options: LogManagerOptions) {
    this.#options = options;
    this.#intervals = { ...DEFAULT_LOG_MANAGER_INTERVALS, ...options.intervals };
    this.#pool = new FilePool(options.files, options.maxOpenFiles);
    this.#logger = options.logger.named('kafka.log.LogManager');
    this.directories = options.directories.map((path) => new LogDirectory(path, options.files, this.#logger));
    try {
      for (const directory of this.directories) this.#openDirectory(directory);
    } catch (error) {
      this.#abandon();
      throw error;
    }
    const epochs = new Set(this.directories.map((d) => d.cleanShutdown?.brokerEpoch ?? UNKNOWN_BROKER_EPOCH));
    this.previousBrokerEpoch = epochs.size === 1 ? ([...epochs][0] as number) : UNKNOWN_BROKER_EPOCH;
  }

  get liveDirectories(): readonly LogDirectory[] {
    return this.directories.filter((directory) => !directory.offline);
  }

  logs(): IterableIterator<PartitionLog> {
    return this.#logs.values();
  }

  get logCount(): number {
    return this.#logs.size;
  }

  getLog(topic: string, partition: number): PartitionLog | null {
    return this.#logs.get(partitionDirectory(topic, partition)) ?? null;
  }

  /** The partition's log, made when there is none. A log of the same name with another topic id becomes stray. */
  getOrCreateLog(request: LogRequest): PartitionLog {
    const name = partitionDirectory(request.topic, request.partition);
    const existing = this.#logs.get(name);
    if (existing !== undefined) {
      if (existing.topicId === request.topicId || existing.topicId === ZERO_UUID) {
        // Until now it had what holds for any topic: its own configuration stands in the metadata.
        existing.updateConfig(request.config);
        this.#sayCompaction(existing);
        return existing;
      }
      this.renameToStray(existing);
    }
    const unusable = this.#unusable.get(name);
    if (unusable !== undefined) {
      throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, `The log for partition ${name} is offline: ${unusable}`);
    }
    if (this.#closing) {
      throw new KafkaError(
        ErrorCode.KAFKA_STORAGE_ERROR,
        `The log for partition ${name} comes too late: logs are closed`,
      );
    }
    const directory = chooseDirectory(this.directories, name, request.directoryId, this.#options.files);
    try {
      const log = PartitionLog.open(directory.context as LogContext, {
        ...request,
        path: join(directory.path, name),
        directoryId: directory.id,
        clean: true,
        recoveryPoint: 0,
        logStartOffset: 0,
      });
      this.#add(directory, log);
      this.#logger.info(`Created log for partition ${name} in ${log.path} with properties {}`);
      return log;
    } catch (error) {
      const text = `Error while creating log for ${name} in dir ${directory.path}`;
      this.#logger.error(text, error);
      throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, text, { cause: error });
    }
  }

  futureLog(topic: string, partition: number): PartitionLog | null {
    return this.#futures.get(partitionDirectory(topic, partition)) ?? null;
  }

  /** Where the partition was being moved when the node stopped; asked once. */
  takeInterruptedMove(topic: string, partition: number): string | null {
    const name = partitionDirectory(topic, partition);
    const path = this.#interruptedMoves.get(name) ?? null;
    this.#interruptedMoves.delete(name);
    return path;
  }

  /** An empty log in another directory, which is to hold what `log` holds and then take its place. */
  createFuture(log: PartitionLog, directory: LogDirectory): PartitionLog {
    const { topic, partition, topicId, config } = log;
    const path = join(directory.path, markedPartitionDirectory(topic, partition, 'future', this.#uniqueHex()));
    const at = { topic, partition, topicId, config, path, directoryId: directory.id };
    const future = PartitionLog.open(directory.context as LogContext, {
      ...at,
      clean: true,
      recoveryPoint: 0,
      logStartOffset: 0,
    });
    this.#futures.set(log.name, future);
    directory.logs.add(future);
    return future;
  }

  /** The move is called off. */
  dropFuture(future: PartitionLog): void {
    const directory = this.directories.find((d) => d.logs.has(future));
    if (directory === undefined || this.#futures.get(future.name) !== future) return;
    this.#futures.delete(future.name);
    directory.logs.delete(future);
    future.abandon();
    this.#discard({ directory, path: future.path, topic: future.topic, partition: future.partition });
  }

  /** The future log has everything that `log` has, and takes its place. False when a disk refuses. */
  promoteFuture(log: PartitionLog, future: PartitionLog): boolean {
    const directory = this.directories.find((d) => d.logs.has(future));
    if (directory === undefined || this.#futures.get(log.name) !== future) return false;
    // In this order: two logs of one partition would keep the node from starting, and of one the start makes the log.
    this.deleteLog(log);
    this.#futures.delete(log.name);
    try {
      future.rename(join(directory.path, future.name));
    } catch (error) {
      this.failDirectory(directory.path, `Error while renaming ${future.path}`, error);
      return false;
    }
    this.#logs.set(future.name, future);
    this.#unusable.delete(future.name);
    return true;
  }

  /** The topic is gone: the directory is renamed at once and removed after `file.delete.delay.ms`. */
  deleteLog(log: PartitionLog): void {
    const path = this.#moveOut(log, 'delete');
    if (path === null) return;
    this.#logger.info(`Log for partition ${log.name} is renamed to ${path} and is scheduled for deletion`);
    this.#removeLater(path, log.config.fileDeleteDelayMs);
  }

  /** A log that nothing in the cluster knows: it is kept under another name for somebody to look at. */
  renameToStray(log: PartitionLog): void {
    const path = this.#moveOut(log, 'stray');
    if (path !== null) this.#logger.warn(`Log for partition ${log.name} is stray and is renamed to ${path}`);
  }

  /** Called once the metadata is known: logs that `isAssigned` does not know become stray. Returns how many. */
  renameStrays(isAssigned: (log: PartitionLog) => boolean): number {
    const strays = [...this.#logs.values()].filter((log) => !isAssigned(log));
    for (const log of strays) this.renameToStray(log);
    return strays.length;
  }

  /** Begins the background work. */
  start(): void {
    const { intervals, every } = { intervals: this.#intervals, every: this.#every.bind(this) };
    this.#logger.info(`Starting log cleanup with a period of ${intervals.retentionCheckMs} ms.`);
    every(intervals.retentionCheckMs, () => this.#eachLog((log) => void log.deleteOldSegments()));
    // The period that means never is larger than a number holds exactly.
    const period = intervals.flushSchedulerMs < 2 ** 63 ? intervals.flushSchedulerMs : '9223372036854775807';
    this.#logger.info(`Starting log flusher with a default period of ${period} ms.`);
    every(intervals.flushSchedulerMs, () => this.flushDirtyLogs());
    every(intervals.offsetCheckpointMs, () => this.checkpointOffsets());
    every(intervals.highWatermarkCheckpointMs, () => this.checkpointHighWatermarks(), 0);
    every(intervals.producerExpiryCheckMs, () => this.#eachLog((log) => void log.expireProducers()));
  }

  async deleteOldSegments(): Promise<void> {
    await this.#eachLog((log) => void log.deleteOldSegments());
  }

  /** Syncs the logs whose `flush.ms` is over. */
  async flushDirtyLogs(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    await this.#eachLog(async (log) => {
      if (log.unflushedMessages === 0 || nowMs - log.lastFlushedMs < log.config.flushMs) return;
      await log.flush().catch(() => {});
    });
  }

  /** Recovery points, log start offsets and changed leader epochs. Resolves with the directories that were too full for it. */
  checkpointOffsets(): Promise<ReadonlySet<string>> {
    return this.#eachDirectory(async (directory) => {
      for (const log of [...directory.logs]) if (log.failure === null) await log.writeEpochs();
      await directory.writeOffsetCheckpoints();
    });
  }

  async checkpointHighWatermarks(): Promise<void> {
    await this.#eachDirectory((directory) => directory.writeHighWatermarks());
  }

  /** The disk under a log directory fails (also for those who keep other files there). */
  failDirectory(path: string, message: string, cause: unknown): void {
    const directory = this.directories.find((d) => d.path === path);
    if (directory === undefined || directory.offline || this.#stopped) return;
    directory.failure = message;
    this.#logger.error(message, cause);
    this.#logger.error(`Stopping serving logs in dir ${path}`);
    for (const log of directory.logs) {
      log.markFailed(message);
      if (this.#futures.get(log.name) === log) this.#futures.delete(log.name);
      if (this.#logs.get(log.name) !== log) continue;
      this.#logs.delete(log.name);
      this.#unusable.set(log.name, message);
    }
    const last = this.liveDirectories.length === 0;
    if (last) this.#logger.error(`Shutdown broker because all log dirs in ${this.#paths()} have failed`);
    this.#options.onDirectoryFailure({ path, id: directory.id, reason: message, last });
  }

  /** Ends cleanly. Whoever appends has stopped before. Directories whose logs all closed well get their marker. */
  async shutdown(brokerEpoch: number = UNKNOWN_BROKER_EPOCH): Promise<void> {
    if (this.#stopped) return;
    this.#closing = true;
    this.#logger.info('Shutting down.');
    this.#cancelTimers();
    await this.#eachDirectory(async (directory) => {
      await closeAll([...directory.logs]);
      await directory.writeOffsetCheckpoints();
      await directory.writeHighWatermarks();
      if (directory.offline) return;
      const torn = [...directory.logs].find((log) => log.gapAt !== null);
      if (torn !== undefined) {
        this.#logger.warn(`${torn.path} may lack records: the next start recovers ${directory.path} again`);
        return;
      }
      this.#logger.debug(`Writing clean shutdown marker for ${directory.path}`);
      writeCleanShutdownFile(this.#options.files, directory.path, brokerEpoch);
    });
    this.#abandon();
    this.#logger.info('Shutdown complete.');
  }

  /** Lets go of everything as it is, like a process that was killed. */
  abandon(): void {
    this.#abandon();
  }

  #openDirectory(directory: LogDirectory): void {
    directory.context = this.#contextOf(directory);
    try {
      directory.open();
    } catch (error) {
      if (error instanceof KtsError) throw error;
      this.failDirectory(directory.path, `Failed to open log directory ${directory.path}`, error);
    }
  }

  #contextOf(directory: LogDirectory): LogContext {
    const { files, clock, timers, random, logger } = this.#options;
    return {
      files,
      clock,
      timers,
      random,
      pool: this.#pool,
      space: new SpaceGuard(files, directory.path, this.#logger),
      logger: logger.named('kafka.log.UnifiedLog'),
      producerIdExpirationMs: this.#options.producerIdExpirationMs ?? DAY_MS,
      recoveredDirectory: `${directory.path}.recovered`,
      onStorageFailure: (message, cause) => this.failDirectory(directory.path, message, cause),
    };
  }

  async #loadAll(): Promise<void> {
    const started = this.#options.clock.monotonicMs();
    this.#logger.info(`Loading logs from log dirs ArraySeq(${this.#options.directories.join(', ')})`);
    const futures: FoundDirectory[] = [];
    for (const directory of this.liveDirectories) {
      try {
        await this.#load(directory, futures);
      } catch (error) {
        if (error instanceof KtsError) throw error;
        this.failDirectory(directory.path, `Error encountered while loading logs from ${directory.path}`, error);
      }
    }
    if (this.liveDirectories.length === 0) {
      throw new KtsError(
        `Shutdown broker because none of the specified log dirs from ${this.#paths()} can be created or validated`,
      );
    }
    this.#settleFutures(futures);
    const took = Math.round(this.#options.clock.monotonicMs() - started);
    this.#logger.info(`Loaded ${this.#logs.size} logs in ${took}ms`);
  }

  async #load(directory: LogDirectory, futures: FoundDirectory[]): Promise<void> {
    await loadDirectory(this.#loadOf(directory, futures));
    // From here on there will be appends: the marker must be gone for good before the first.
    removeCleanShutdownFile(this.#options.files, directory.path);
  }

  #loadOf(directory: LogDirectory, futures: FoundDirectory[]): DirectoryLoad {
    return {
      directory,
      files: this.#options.files,
      timers: this.#options.timers,
      logger: this.#logger,
      configOf: this.#options.configOf,
      loaded: (name) => this.#logs.get(name),
      onNeverUsed: (found) => this.#discard(found),
      onLog: (log) => this.#add(directory, log),
      onBroken: (name, reason) => this.#unusable.set(name, reason),
      onStray: (log) => this.renameToStray(log),
      onReplaced: (log) => this.deleteLog(log),
      onDeleted: (path) => this.#removeLater(path, 60_000),
      onFuture: (future) => futures.push(future),
    };
  }

  /** A move begins anew, unless the node was killed in its very last step, when only the new log is left. */
  #settleFutures(futures: readonly FoundDirectory[]): void {
    for (const future of futures) {
      const name = partitionDirectory(future.topic, future.partition);
      if (this.#logs.has(name)) {
        this.#interruptedMoves.set(name, future.directory.path);
        this.#discard(future);
      } else if (this.#unusable.has(name) || this.liveDirectories.length < this.directories.length) {
        this.#logger.warn(`Found future log dir ${future.path}, of which the present one is offline; it is kept`);
      } else {
        openPromoted(this.#loadOf(future.directory, []), future);
      }
    }
  }

  #add(directory: LogDirectory, log: PartitionLog): void {
    this.#sayCompaction(log);
    this.#logs.set(log.name, log);
    directory.logs.add(log);
  }

  #sayCompaction(log: PartitionLog): void {
    if (this.#saidCompaction || !log.config.cleanupPolicy.compact) return;
    this.#saidCompaction = true;
    this.#logger.info(
      `Topics with cleanup.policy=compact (${log.topic} and others) are kept whole: there is no log cleaner yet`,
    );
  }

  /** Gives a live log's directory a marked name and forgets the log. Null when the disk refuses. */
  #moveOut(log: PartitionLog, kind: 'delete' | 'stray'): string | null {
    const directory = this.directories.find((d) => d.logs.has(log));
    if (directory === undefined || this.#logs.get(log.name) !== log) return null;
    const path = join(directory.path, markedPartitionDirectory(log.topic, log.partition, kind, this.#uniqueHex()));
    this.#logs.delete(log.name);
    directory.logs.delete(log);
    try {
      log.retire(path);
      return path;
    } catch (error) {
      const text = `Error while renaming dir for ${basename(log.path)} in log dir ${directory.path}`;
      this.failDirectory(directory.path, text, error);
      return null;
    }
  }

  /** Half of a move, of which nobody needs to hear. Another one may come to the same directory at once. */
  #discard({ directory, path, topic, partition }: FoundDirectory): void {
    const doomed = join(directory.path, markedPartitionDirectory(topic, partition, 'delete', this.#uniqueHex()));
    try {
      this.#options.files.renameSync(path, doomed);
      this.#removeLater(doomed, 0);
    } catch (error) {
      this.failDirectory(directory.path, `Error while renaming ${path}`, error);
    }
  }

  #uniqueHex(): string {
    const bytes = Buffer.alloc(16);
    uuidToBytes(
      randomUuid((size) => this.#options.random.bytes(size)),
      bytes,
    );
    return bytes.toString('hex');
  }

  #removeLater(path: string, delayMs: number): void {
    this.#after(delayMs, () => {
      this.#options.files.removeTree(path).then(
        () => this.#logger.info(`Deleted log for partition directory ${path}.`),
        (error: unknown) => this.#logger.error(`${path} could not be removed`, error),
      );
    });
  }

  #every(periodMs: number, work: () => unknown, firstMs = this.#intervals.initialTaskDelayMs): void {
    if (periodMs >= 0x7fffffff) return;
    const again = async () => {
      await work();
      if (!this.#stopped) this.#after(periodMs, again);
    };
    this.#after(Math.max(firstMs, 1), again);
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#options.timers.after(
      delayMs,
      () => {
        this.#timers.delete(timer);
        if (!this.#stopped) run();
      },
      { unref: true },
    );
    this.#timers.add(timer);
  }

  async #eachLog(work: (log: PartitionLog) => Promise<void> | void): Promise<void> {
    const { clock, timers } = this.#options;
    let turnStarted = clock.monotonicMs();
    for (const log of [...this.#logs.values()]) {
      if (this.#stopped) return;
      try {
        await work(log);
      } catch (error) {
        this.#logger.error(`Background work on ${log.name} failed`, error);
      }
      if (clock.monotonicMs() - turnStarted < MAX_TURN_MS) continue;
      await new Promise<void>((go) => timers.soon(go));
      turnStarted = clock.monotonicMs();
    }
  }

  /** Resolves with the paths of those that had no space for it. */
  async #eachDirectory(work: (directory: LogDirectory) => Promise<void>): Promise<ReadonlySet<string>> {
    const full = new Set<string>();
    await Promise.all(
      this.liveDirectories.map(async (directory) => {
        try {
          await work(directory);
        } catch (error) {
          const text = `Disk error while writing to files of log directory ${directory.path}`;
          // A full disk passes; what was not written now is written the next time.
          if (isOutOfSpace(error)) {
            this.#logger.error(text, error);
            full.add(directory.path);
          } else this.failDirectory(directory.path, text, error);
        }
      }),
    );
    return full;
  }

  #paths(): string {
    return this.#options.directories.join(', ');
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #abandon(): void {
    this.#stopped = true;
    this.#cancelTimers();
    for (const log of this.#logs.values()) log.abandon();
    for (const log of this.#futures.values()) log.abandon();
    for (const directory of this.directories ?? []) directory.unlock();
  }
}

/** Closes all, and then throws what the first that failed threw. */
async function closeAll(logs: PartitionLog[]): Promise<void> {
  const errors: unknown[] = [];
  const closer = async () => {
    for (let log = logs.pop(); log !== undefined; log = logs.pop()) {
      await log.close().catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: CLOSING_AT_ONCE }, closer));
  if (errors.length > 0) throw errors[0];
}
