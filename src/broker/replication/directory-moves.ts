/**
 * Moves replicas between the log directories of this broker (KIP-113): a second log is filled from the first, the
 * controller is told of the directory once the two are level, and when the metadata says it, the second takes the place
 * of the first. Until then the first serves, and whatever happens to the second costs nothing.
 *
 * One loop for all moves, a piece at a time, behind `replica.alter.log.dirs.io.max.bytes.per.second`.
 */
import type { Logger } from '../../base/logger.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Timers } from '../../runtime/runtime.ts';
import type { LogManager } from '../../storage/log-manager.ts';
import type { PartitionLog } from '../../storage/partition-log.ts';
import type { Partition } from '../partition.ts';
import { appendFetched, truncateToDivergence } from '../partition-follower.ts';
import type { FollowerQuota } from './replica-fetcher.ts';

export interface DirectoryMovesOptions {
  readonly logs: LogManager;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly quota: FollowerQuota;
  readonly assignDirectory: (topicId: Uuid, partition: number, directoryId: Uuid) => void;
}

interface Move {
  readonly partition: Partition;
  readonly future: PartitionLog;
  /** The controller was told. */
  isAnnounced: boolean;
}

const CHUNK_BYTES = 1024 * 1024;
/** How often it is looked whether there is something to copy, where all is level or the quota is used up. */
const IDLE_MS = 100;
const ANY_EPOCH = 0x7fff_ffff;

export class DirectoryMoves {
  readonly #options: DirectoryMovesOptions;
  readonly #moves = new Map<Partition, Move>();
  #isRunning = false;
  #stopped = false;

  constructor(options: DirectoryMovesOptions) {
    this.#options = options;
  }

  /** Returns a wire error code. Moving to where the log is calls a move off. */
  begin(partition: Partition, directoryPath: string): number {
    const { logs, logger } = this.#options;
    const directory = logs.directories.find(({ path }) => path === directoryPath);
    if (directory === undefined) return ErrorCode.LOG_DIR_NOT_FOUND;
    if (directory.offline || partition.isClosed) return ErrorCode.KAFKA_STORAGE_ERROR;
    const move = this.#moves.get(partition);
    if (move?.future.directory === directoryPath) return ErrorCode.NONE;
    this.abandon(partition);
    if (partition.log.directory === directoryPath) return ErrorCode.NONE;
    try {
      const future = logs.createFuture(partition.log, directory);
      this.#moves.set(partition, { partition, future, isAnnounced: false });
    } catch (error) {
      logger.error(`The log of ${partition.name} cannot be begun in ${directoryPath}`, error);
      return ErrorCode.KAFKA_STORAGE_ERROR;
    }
    logger.info(`Moving the log of ${partition.name} from ${partition.log.directory} to ${directoryPath}`);
    this.#wake();
    return ErrorCode.NONE;
  }

  /** A move that a stop has cut short goes on. */
  resume(partition: Partition): void {
    const path = this.#options.logs.takeInterruptedMove(partition.topic, partition.id);
    if (path !== null) this.begin(partition, path);
  }

  /** The partition is deleted, moves elsewhere, or its disk has failed. */
  abandon(partition: Partition): void {
    const move = this.#moves.get(partition);
    if (move === undefined) return;
    this.#moves.delete(partition);
    this.#options.logs.dropFuture(move.future);
  }

  /** A log directory has failed, and what was on its way into it with it. */
  directoryFailed(path: string): void {
    for (const { partition, future } of [...this.#moves.values()]) {
      if (future.directory === path || partition.isClosed) this.abandon(partition);
    }
  }

  /** The metadata has the replica in this directory. */
  assigned(partition: Partition, directoryId: Uuid): void {
    const move = this.#moves.get(partition);
    if (move === undefined || move.future.directoryId !== directoryId) {
      this.#correct(partition, directoryId);
      return;
    }
    this.#moves.delete(partition);
    try {
      this.#switch(move);
    } catch (error) {
      this.#options.logger.error(`The log of ${partition.name} stays where it is`, error);
      this.#options.logs.dropFuture(move.future);
      this.#options.assignDirectory(partition.log.topicId, partition.id, partition.log.directoryId);
    }
  }

  /** A move was called off after the controller had been told of it. */
  #correct({ log, id }: Partition, directoryId: Uuid): void {
    const { logs, assignDirectory } = this.#options;
    if (log.directoryId === directoryId || !logs.liveDirectories.some((one) => one.id === directoryId)) return;
    assignDirectory(log.topicId, id, log.directoryId);
  }

  stop(): void {
    this.#stopped = true;
  }

  #wake(): void {
    if (this.#isRunning || this.#stopped) return;
    this.#isRunning = true;
    this.#options.timers.soon(() => this.#turn());
  }

  /** One piece of every move. */
  #turn(): void {
    if (this.#stopped) return;
    let isIdle = true;
    for (const move of [...this.#moves.values()]) {
      if (this.#options.quota.isExceeded) break;
      if (this.#advance(move)) isIdle = false;
    }
    if (this.#moves.size === 0) {
      this.#isRunning = false;
      return;
    }
    const again = () => this.#turn();
    if (isIdle) this.#options.timers.after(IDLE_MS, again, { unref: true });
    else this.#options.timers.soon(again);
  }

  /** True when something was copied. */
  #advance(move: Move): boolean {
    const { partition, future } = move;
    // What a crash took from the log comes from its leader first: the new log would not know that it is missing.
    if (partition.log.gapAt !== null) return false;
    try {
      const bytes = copyChunk(partition.log, future, this.#options.logger);
      if (bytes > 0) this.#options.quota.record(bytes);
      if (bytes === 0 && !move.isAnnounced) this.#announce(move);
      return bytes > 0;
    } catch (error) {
      this.#options.logger.error(`The log of ${partition.name} cannot be moved to ${future.directory}`, error);
      this.abandon(partition);
      return false;
    }
  }

  /** The controller learns of a directory only when everything up to here is safe in it. */
  #announce(move: Move): void {
    move.isAnnounced = true;
    const { partition, future } = move;
    future.flush().then(
      () => {
        if (this.#moves.get(partition) !== move) return;
        this.#options.assignDirectory(future.topicId, partition.id, future.directoryId);
      },
      () => this.abandon(partition),
    );
  }

  /** Nothing may come in between: the last records, the epochs, the marks, the name. */
  #switch({ partition, future }: Move): void {
    const { logs, logger } = this.#options;
    const { log } = partition;
    while (copyChunk(log, future, logger) > 0);
    future.leaderEpochCache.clear();
    for (const { epoch, startOffset } of log.leaderEpochCache.entries)
      future.assignEpochStartOffset(epoch, startOffset);
    future.updateHighWatermark(log.highWatermark);
    future.updateConfig(log.config);
    if (!logs.promoteFuture(log, future)) return;
    partition.replaceLog(future);
    logger.info(`The log of ${partition.name} is in ${future.directory} now`);
    void logs.checkpointOffsets().then(() => logs.checkpointHighWatermarks());
  }
}

/** Brings the future log nearer to the present one, which may have been cut meanwhile. Returns the bytes copied; 0: level. */
function copyChunk(from: PartitionLog, to: PartitionLog, logger: Logger): number {
  const { epoch, endOffset } = { epoch: to.latestEpoch, endOffset: to.logEndOffset };
  const end = from.endOffsetForEpoch(epoch);
  if (end.endOffset >= 0 && (end.leaderEpoch < epoch || end.endOffset < endOffset)) {
    truncateToDivergence(to, { epoch: end.leaderEpoch, endOffset: end.endOffset }, logger);
  }
  if (to.logEndOffset < from.logStartOffset || to.logEndOffset > from.logEndOffset) {
    to.truncateFullyAndStartAt(from.logStartOffset);
  }
  if (to.logEndOffset >= from.logEndOffset) return 0;
  const slice = from.read(to.logEndOffset, CHUNK_BYTES, { maxOffset: from.logEndOffset, minOneBatch: true });
  const { bytes } = appendFetched(to, slice.toBuffer(), ANY_EPOCH);
  if (bytes === 0) throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, `nothing can be read at offset ${to.logEndOffset}`);
  to.updateHighWatermark(from.highWatermark);
  if (from.logStartOffset > to.logStartOffset) to.deleteRecordsBefore(from.logStartOffset, 'leader offset increment');
  return bytes;
}
