/**
 * Opens the directory of one partition, as Kafka's LogLoader: settles half-done renames, opens the segments, recovers
 * what an unclean stop may have torn, and brings epochs and producer state to the log end offset.
 *
 * After a clean stop nothing is read but what lies behind the last index entry of the active segment.
 */
import { join } from 'node:path';
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import { lastOffsetAt } from '../protocol/batch.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { walkBatches, walkHeaders } from './batch-scan.ts';
import { CorruptCheckpointError, readEpochCheckpoint } from './checkpoint-file.ts';
import { CorruptIndexError } from './entry-file.ts';
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  LEADER_EPOCH_CHECKPOINT,
  LOG_SUFFIX,
  offsetName,
  offsetOfName,
  PARTITION_METADATA,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './file-names.ts';
import { type EpochEntry, LeaderEpochCache } from './leader-epoch-cache.ts';
import type { LogConfig } from './log-config.ts';
import type { LogContext } from './log-context.ts';
import { type RecoveryScope, recoverSegments } from './log-recovery.ts';
import { LogSegment } from './log-segment.ts';
import { encodePartitionMetadata, readPartitionMetadata } from './partition-metadata.ts';
import { deepenProducers } from './producer-history.ts';
import { CorruptSnapshotError, decodeProducerSnapshot } from './producer-snapshot.ts';
import { isExpired, ProducerState } from './producer-state.ts';
import { discardSegment } from './segment-removal.ts';

export interface OpenLogOptions {
  /** The partition's own directory; it is made when absent. */
  readonly path: string;
  /** Id of the log directory that it lies in. */
  readonly directoryId?: Uuid;
  readonly topic: string;
  readonly partition: number;
  /** Null: whatever `partition.metadata` says. */
  readonly topicId: Uuid | null;
  readonly config: LogConfig;
  /** The last stop was clean: indexes and snapshots are believed. */
  readonly clean: boolean;
  /** Offsets below are known to be on the disk. */
  readonly recoveryPoint: number;
  /** From the checkpoint; 0 when there is none. */
  readonly logStartOffset: number;
  readonly highWatermark?: number | undefined;
  /** What comes before its first segment is known elsewhere. */
  readonly startsAnywhere?: boolean;
}

export interface LoadedLog {
  readonly topicId: Uuid;
  /** Ascending, at least one; the last is the active one. */
  readonly segments: LogSegment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /**
   * Where a segment ends before the next one begins, ascending, and where the first one should have begun. Files and names
   * reach the disk in any order, so that a power cut may take a segment or its end and leave the next; else the log was
   * compacted, or retention was ahead of the checkpoints.
   */
  readonly gaps: readonly number[];
  readonly epochs: LeaderEpochCache;
  readonly producers: ProducerState;
  /** Offset of the newest producer snapshot, -1 when there is none. */
  readonly snapshotOffset: number;
  /** Something in the directory is not yet durable. */
  readonly changed: boolean;
  /** The directory itself and its `partition.metadata` were just made, or nobody knows; then they may not be durable. */
  readonly isNew: boolean;
}

export function loadLog(context: LogContext, options: OpenLogOptions): LoadedLog {
  const { files } = context;
  const isNew = files.statSync(options.path) === null;
  if (isNew) files.makeDirectorySync(options.path);
  const topicId = loadTopicId(context, options);
  const names = isNew ? [] : settleRenames(context, options.path, files.listSync(options.path));
  const segments = openSegments(context, options, names);
  const epochs = loadEpochs(context, options.path);
  let changed = isNew;
  let gaps: readonly number[] = [];
  if (!options.clean && segments.length > 0) {
    gaps = recover(context, { options, segments, epochs });
    changed = true;
  }
  let logStartOffset = options.logStartOffset;
  if (segments.length === 0) {
    segments.push(createSegment(context, options.config, options.path, logStartOffset));
    changed = true;
  }
  let logEndOffset: number;
  try {
    logEndOffset = openActive(context, options, segments);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    context.logger.error(`${error.message}, although the last stop was clean; the log is recovered`);
    gaps = recover(context, { options, segments, epochs });
    changed = true;
    logEndOffset = openActive(context, options, segments);
  }
  logStartOffset = Math.max(logStartOffset, (segments[0] as LogSegment).baseOffset);
  if (logEndOffset < logStartOffset) {
    context.logger.warn(
      `Deleting all segments of ${options.path} because logEndOffset (${logEndOffset}) is smaller than logStartOffset (${logStartOffset}). This could happen if segment files were deleted from the file system.`,
    );
    for (const segment of segments.splice(0)) discardSegment(context.files, segment);
    segments.push(createSegment(context, options.config, options.path, logStartOffset));
    logEndOffset = logStartOffset;
    changed = true;
  }
  epochs.truncateFromEnd(logEndOffset);
  epochs.truncateFromStart(logStartOffset);
  const producers = new ProducerState(`${options.topic}-${options.partition}`);
  // Recovery takes snapshots away together with their segments.
  const left = changed && !isNew ? files.listSync(options.path) : names;
  const first = (segments[0] as LogSegment).baseOffset;
  const believed = gaps.find((offset) => offset >= first) ?? logEndOffset;
  const scope = { directory: options.path, segments, logEndOffset, believed, names: left, assumeEmpty: options.clean };
  const snapshotOffset = reloadProducerState(context, scope, producers);
  return {
    topicId,
    segments,
    logStartOffset,
    logEndOffset,
    gaps,
    epochs,
    producers,
    snapshotOffset,
    changed,
    // A kill may have come before the first flush.
    isNew: isNew || !options.clean,
  };
}

function recover(context: LogContext, scope: RecoveryScope & { readonly segments: LogSegment[] }): readonly number[] {
  const { dropped, gaps } = recoverSegments(context, scope);
  scope.segments.splice(scope.segments.length - dropped);
  return gaps;
}

export function createSegment(
  context: LogContext,
  config: LogConfig,
  directory: string,
  baseOffset: number,
): LogSegment {
  const segment = newSegment(context, config, { directory, baseOffset, size: 0, isNew: true });
  // A leftover of the same name would be taken for records of this segment. An empty file is left alone: ext4 writes a
  // file that was ever truncated to nothing out when it is closed, which would stall the loop for a whole segment.
  const file = segment.log.get();
  if (file.sizeSync() > 0) file.truncateSync(0);
  segment.resetIndexes();
  return segment;
}

export interface ProducerScope {
  readonly directory: string;
  readonly segments: readonly LogSegment[];
  readonly logEndOffset: number;
  /** Snapshots of what lies behind know batches that are lost: their producers would not be let send them again. */
  readonly believed?: number;
  /** The directory's names, when they were just read. */
  readonly names?: readonly string[];
  /** Without any snapshot there are no producers: nothing is scanned. */
  readonly assumeEmpty?: boolean;
}

/**
 * Loads the newest snapshot that is whole and not beyond the log end, and takes in the batches behind it. Snapshots
 * beyond the end go, and those that belong to no segment. Returns the offset of the newest snapshot, or -1.
 */
export function reloadProducerState(context: LogContext, scope: ProducerScope, producers: ProducerState): number {
  const { files, clock, logger } = context;
  producers.clear();
  const names = scope.names ?? files.listSync(scope.directory);
  const offsets = names.map((name) => offsetOfName(name, SNAPSHOT_SUFFIX)).filter((offset) => offset >= 0);
  offsets.sort((a, b) => b - a);
  let from = -1;
  for (const [i, offset] of offsets.entries()) {
    const path = join(scope.directory, offsetName(offset) + SNAPSHOT_SUFFIX);
    const isBase = scope.segments.some((s) => s.baseOffset === offset);
    if (offset > (scope.believed ?? scope.logEndOffset) || (from >= 0 && !isBase)) {
      files.removeSync(path);
      continue;
    }
    if (from >= 0) continue;
    try {
      const entries = decodeProducerSnapshot(files.readFileSync(path), path);
      const nowMs = clock.nowMs();
      for (const entry of entries)
        if (!isExpired(entry, nowMs, context.producerIdExpirationMs)) producers.restore(entry);
      from = offset;
    } catch (error) {
      if (!(error instanceof CorruptSnapshotError)) throw error;
      const next = i + 1 < offsets.length ? 'an older one and the log' : 'the log';
      logger.warn(`${error.message}; it is dropped, and producer state is rebuilt from ${next}`);
      files.removeSync(path);
    }
  }
  if (from < 0 && scope.assumeEmpty === true && offsets.length === 0) return -1;
  // Not at a start that reads nothing else; then the segments are those that the log has when a producer comes back.
  if (scope.assumeEmpty === true)
    producers.older = () => deepenProducers(scope.segments, Number.MAX_SAFE_INTEGER, producers);
  else if (from >= 0) deepenProducers(scope.segments, from, producers);
  const nowMs = clock.nowMs();
  if (from < scope.logEndOffset) {
    replayProducers(scope, from, producers);
    producers.expire(nowMs, context.producerIdExpirationMs);
  }
  return from;
}

function replayProducers(scope: ProducerScope, fromOffset: number, producers: ProducerState): void {
  for (const [i, segment] of scope.segments.entries()) {
    const nextBase = scope.segments[i + 1]?.baseOffset ?? scope.logEndOffset;
    if (nextBase <= fromOffset || segment.size === 0) continue;
    const position = fromOffset > segment.baseOffset ? segment.endPositionBefore(fromOffset) : 0;
    walkHeaders(segment.log.get(), position, segment.size, (bytes, at) => {
      producers.apply(bytes, at);
      return undefined;
    });
  }
}

function newSegment(
  context: LogContext,
  config: LogConfig,
  of: { directory: string; baseOffset: number; size: number; isNew: boolean },
): LogSegment {
  const jitter = Math.min(config.segmentJitterMs, config.segmentMs, 0x7fffffff);
  return new LogSegment({
    pool: context.pool,
    ...of,
    createdMs: context.clock.nowMs(),
    rebuild: (segment, cause) => {
      sayCorruptIndex(context, segment, cause);
      rebuildIndexes(segment, config);
    },
    rollJitterMs: jitter > 0 ? context.random.int(jitter) : 0,
  });
}

function loadTopicId(context: LogContext, options: OpenLogOptions): Uuid {
  const path = join(options.path, PARTITION_METADATA);
  const stored = readPartitionMetadata(context.files, path, options.clean);
  if (stored !== null) return stored;
  const topicId = options.topicId;
  if (topicId === null) return ZERO_UUID;
  try {
    // Synced by the log's first flush; until then there is nothing in it to lose.
    context.files.writeFileSync(path, encodePartitionMetadata(topicId));
  } catch (error) {
    // A full disk may have taken a part of it, which the next attempt would find damaged.
    context.files.removeSync(path);
    throw error;
  }
  return topicId;
}

function loadEpochs(context: LogContext, directory: string): LeaderEpochCache {
  const path = join(directory, LEADER_EPOCH_CHECKPOINT);
  let entries: EpochEntry[] = [];
  try {
    entries = readEpochCheckpoint(context.files, path);
  } catch (error) {
    if (!(error instanceof CorruptCheckpointError)) throw error;
    context.logger.error(`${error.message}; leader epochs of ${directory} are taken from its records instead`);
    context.files.removeSync(path);
  }
  return new LeaderEpochCache(entries);
}

/** Finishes or undoes what a crash left of a cleaner's swap and of deletions. Returns the names that remain. */
function settleRenames(context: LogContext, directory: string, names: string[]): string[] {
  const marked = names.filter(
    (n) => n.endsWith(DELETED_SUFFIX) || n.endsWith(CLEANED_SUFFIX) || n.endsWith(SWAP_SUFFIX),
  );
  if (marked.length === 0) return names;
  const { files } = context;
  const baseOf = (name: string) => Number.parseInt(name.slice(0, 20), 10);
  let smallestCleaned = Number.MAX_SAFE_INTEGER;
  for (const name of marked) {
    if (name.endsWith(CLEANED_SUFFIX)) smallestCleaned = Math.min(smallestCleaned, baseOf(name));
  }
  const swaps: string[] = [];
  for (const name of marked) {
    // A swap not older than an unfinished cleaning belongs to it, and the originals are still there.
    if (name.endsWith(SWAP_SUFFIX) && baseOf(name) < smallestCleaned) swaps.push(name);
    else files.removeSync(join(directory, name));
  }
  for (const swap of swaps.filter((n) => n.endsWith(LOG_SUFFIX + SWAP_SUFFIX))) {
    const end = lastOffsetOf(context, directory, swap) + 1;
    for (const name of names) {
      const base = offsetOfName(name, LOG_SUFFIX);
      if (base < baseOf(swap) || base >= end) continue;
      for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]) {
        files.removeSync(join(directory, offsetName(base) + suffix));
      }
    }
  }
  for (const swap of swaps)
    files.renameSync(join(directory, swap), join(directory, swap.slice(0, -SWAP_SUFFIX.length)));
  return files.listSync(directory);
}

function lastOffsetOf(context: LogContext, directory: string, name: string): number {
  const file = context.pool.file(join(directory, name), 'r');
  let last = -1;
  walkBatches(file.get(), 0, file.get().sizeSync(), (bytes, at) => {
    last = lastOffsetAt(bytes, at);
    return true;
  });
  file.close();
  return last;
}

function openSegments(context: LogContext, options: OpenLogOptions, names: readonly string[]): LogSegment[] {
  const { files, logger } = context;
  const present = new Set(names);
  const segments: LogSegment[] = [];
  for (const name of [...names].sort()) {
    for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]) {
      const base = offsetOfName(name, suffix);
      if (base < 0 || present.has(offsetName(base) + LOG_SUFFIX)) continue;
      logger.warn(`Found an orphaned index file ${join(options.path, name)}, with no corresponding log file.`);
      files.removeSync(join(options.path, name));
    }
    const baseOffset = offsetOfName(name, LOG_SUFFIX);
    if (baseOffset < 0) continue;
    const size = files.statSync(join(options.path, name))?.size ?? 0;
    const segment = newSegment(context, options.config, { directory: options.path, baseOffset, size, isNew: false });
    segments.push(segment);
    const hasIndexes =
      present.has(offsetName(baseOffset) + INDEX_SUFFIX) && present.has(offsetName(baseOffset) + TIME_INDEX_SUFFIX);
    if (hasIndexes || size === 0 || !options.clean) continue;
    logger.error(
      `Could not find offset index file corresponding to log file ${segment.log.path}, recovering segment and rebuilding index files...`,
    );
    rebuildIndexes(segment, options.config);
  }
  return segments;
}

/** From the records, without judging them: what is behind damage is left to who reads it. */
export function rebuildIndexes(segment: LogSegment, config: LogConfig): void {
  segment.resetIndexes();
  try {
    walkHeaders(segment.log.get(), 0, segment.size, (bytes, at, position, size) => {
      segment.noteAppended(bytes, position, { interval: config.indexIntervalBytes, at, size });
      return undefined;
    });
  } catch (error) {
    // An index over the part before the damage is a legal one.
    if (!(error instanceof KafkaError)) throw error;
  }
  segment.seal();
}

function sayCorruptIndex(context: LogContext, segment: LogSegment, cause: CorruptIndexError): void {
  context.logger.warn(
    `Found a corrupted index file corresponding to log file ${segment.log.path} due to ${cause.message}, recovering segment and rebuilding index files...`,
  );
}

/** Finds the end of the active segment; an index that contradicts the records is rebuilt from them. */
function openActive(context: LogContext, options: OpenLogOptions, segments: readonly LogSegment[]): number {
  const active = segments.at(-1) as LogSegment;
  const sizeOnDisk = active.size;
  let end: number;
  try {
    active.checkIndexes();
    end = active.loadTail();
  } catch (error) {
    if (!(error instanceof CorruptIndexError)) throw error;
    sayCorruptIndex(context, active, error);
    active.size = sizeOnDisk;
    rebuildIndexes(active, options.config);
    end = active.loadTail();
  }
  if (active.size < sizeOnDisk) {
    context.logger.warn(
      `${active.log.path} has ${sizeOnDisk - active.size} bytes behind its last whole batch, which ends at position ${active.size} and offset ${end}; they are cut off`,
    );
    active.log.get().truncateSync(active.size);
  }
  return end;
}
