/**
 * After an unclean stop: every segment from the recovery point on is read batch by batch, its checksums are checked, its
 * indexes and epochs rebuilt. The first bad batch ends the log, as in Kafka; whole batches behind it are moved aside
 * and named in one line. Below the recovery point records were on the disk already, so what is bad there is damage, not
 * the trace of a crash: a wrong checksum is reported and the batch kept, and only broken framing, where nothing behind
 * can be told apart any more, ends the log there, loudly.
 */
import { basename, join } from 'node:path';
import {
  BATCH_HEADER_BYTES,
  baseOffsetAt,
  batchIntegrity,
  lastOffsetAt,
  MAGIC_AT,
  MAGIC_V2,
  partitionLeaderEpochAt,
} from '../protocol/batch.ts';
import type { FileHandle } from '../runtime/runtime.ts';
import { walkBatches } from './batch-scan.ts';
import { LOG_SUFFIX, offsetName } from './file-names.ts';
import type { LeaderEpochCache } from './leader-epoch-cache.ts';
import type { LogContext } from './log-context.ts';
import type { OpenLogOptions } from './log-loader.ts';
import type { LogSegment } from './log-segment.ts';
import { discardTail } from './segment-removal.ts';

export interface RecoveryScope {
  readonly options: OpenLogOptions;
  readonly segments: readonly LogSegment[];
  readonly epochs: LeaderEpochCache;
}

export interface RecoveryReport {
  /** Segments at the end that are no longer part of the log; their files are gone. */
  readonly dropped: number;
  /** See LoadedLog. */
  readonly gaps: readonly number[];
}

export function recoverSegments(context: LogContext, scope: RecoveryScope): RecoveryReport {
  const { segments, options } = scope;
  let first = segments.length - 1;
  while (first > 0 && (segments[first] as LogSegment).baseOffset > options.recoveryPoint) first--;
  // The file of epochs may be ahead of the records: a power cut can bring back what a new leader's records had replaced,
  // and then a follower would take the old ones for the new leader's.
  scope.epochs.truncateFromEnd(segments[first]?.baseOffset ?? 0);
  const gaps: number[] = [];
  const begin = Math.max(options.recoveryPoint, options.logStartOffset);
  const opening = segments[0] as LogSegment;
  if (options.startsAnywhere !== true && opening.baseOffset > begin) noteGap(context, gaps, begin, opening);
  for (let i = first; i < segments.length; i++) {
    const segment = segments[i] as LogSegment;
    context.logger.info(
      `Recovering unflushed segment ${segment.baseOffset}. ${i - first + 1}/${segments.length - first} recovered for ${options.topic}-${options.partition}.`,
    );
    const later = segments.slice(i + 1);
    const { end, isWhole } = recoverSegment(context, scope, segment, (batches) => {
      moveAside(context, scope, { segment, batches }, later);
      discardTail(context.files, options.path, later);
    });
    if (!isWhole) return { dropped: later.length, gaps };
    const [next] = later;
    if (next !== undefined && end < next.baseOffset) noteGap(context, gaps, end, next);
  }
  return { dropped: 0, gaps };
}

function noteGap(context: LogContext, gaps: number[], offset: number, behind: LogSegment): void {
  gaps.push(offset);
  context.logger.warn(
    `There is nothing between offset ${offset} and the first of ${behind.log.path}: it was deleted, or was not on the disk yet when the power went`,
  );
}

interface LostTail {
  readonly segment: LogSegment;
  /** Behind the last good one. */
  readonly batches: Buffer[];
}

/** Where it ends. What is not whole is cut, after `beforeCut`: a crash between must not leave a gap. */
function recoverSegment(
  context: LogContext,
  scope: RecoveryScope,
  segment: LogSegment,
  beforeCut: (lost: Buffer[]) => void,
): { readonly end: number; readonly isWhole: boolean } {
  const { options, epochs } = scope;
  const path = segment.log.path;
  const sizeOnDisk = segment.size;
  let next = segment.baseOffset;
  segment.resetIndexes();
  const result = walkBatches(segment.log.get(), 0, sizeOnDisk, (bytes, at, position, size) => {
    const base = baseOffsetAt(bytes, at);
    const last = lastOffsetAt(bytes, at);
    if (base < next || last < base || last - segment.baseOffset > 0x7fffffff) return null;
    const isSound = batchIntegrity(bytes, at, at + size) > 0;
    if (!isSound) {
      if (last >= options.recoveryPoint) return null;
      context.logger.error(
        `Damage in ${path}: the batch at position ${position} (offsets ${base} to ${last}) fails its checksum although it lies below the recovery point ${options.recoveryPoint}; it is kept, and its readers are told`,
      );
    }
    segment.noteAppended(bytes, position, { interval: options.config.indexIntervalBytes, at, size });
    if (isSound) learnEpoch(epochs, partitionLeaderEpochAt(bytes, at), base);
    next = last + 1;
    return true;
  });
  if (result.position === sizeOnDisk) {
    segment.seal();
    return { end: next, isWhole: true };
  }
  const batches = wholeBatches(segment.log.get(), result.position, sizeOnDisk, next);
  const what = result.why === 'incomplete' ? 'an incomplete batch' : 'a corrupt batch';
  const text = `Found ${what} at position ${result.position} of ${path}; discarding ${sizeOnDisk - result.position} bytes, the log ends at offset ${next}`;
  if (next < options.recoveryPoint) {
    context.logger.error(
      `${text}, which is below the recovery point ${options.recoveryPoint}: records that were on the disk are damaged`,
    );
  } else {
    context.logger.warn(text);
  }
  beforeCut(batches);
  segment.size = result.position;
  segment.log.get().truncateSync(result.position);
  segment.seal();
  return { end: next, isWhole: false };
}

/**
 * The file of epochs may be older than a truncation, behind which a later leader's records of an earlier epoch came: what
 * the records say holds, also where the file names a later epoch for them.
 */
function learnEpoch(epochs: LeaderEpochCache, epoch: number, offset: number): void {
  if (epoch >= 0 && epochs.epochFor(offset) !== epoch) epochs.assign(epoch, offset);
}

/** Batches with a right checksum in [from, end), wherever they begin: behind a torn one the framing is lost. */
function wholeBatches(file: FileHandle, from: number, end: number, minOffset: number): Buffer[] {
  const found: Buffer[] = [];
  const chunk = Buffer.allocUnsafeSlow(Math.min(end - from, 1 << 20));
  for (let position = from; end - position >= BATCH_HEADER_BYTES; ) {
    const got = file.readSync(chunk, 0, Math.min(chunk.length, end - position), position);
    let at = 0;
    let jumped = false;
    for (; got - at >= BATCH_HEADER_BYTES; at++) {
      if (!couldBegin(chunk, at, minOffset)) continue;
      const size = batchSize(chunk, at);
      if (size > end - position - at) continue;
      const batch = Buffer.allocUnsafeSlow(size);
      file.readSync(batch, 0, size, position + at);
      if (batchIntegrity(batch, 0, size) !== size) continue;
      found.push(batch);
      position += at + size;
      jumped = true;
      break;
    }
    if (!jumped) position += Math.max(at, 1);
  }
  return found;
}

function couldBegin(chunk: Buffer, at: number, minOffset: number): boolean {
  if (chunk[at + MAGIC_AT] !== MAGIC_V2 || batchSize(chunk, at) < BATCH_HEADER_BYTES) return false;
  const base = baseOffsetAt(chunk, at);
  return base >= minOffset && lastOffsetAt(chunk, at) >= base && Number.isSafeInteger(base);
}

function batchSize(chunk: Buffer, at: number): number {
  return chunk.readInt32BE(at + 8) + 12;
}

/** Writes what would be lost into files of its own, outside of the log directories, and says so in one line. */
function moveAside(context: LogContext, scope: RecoveryScope, lost: LostTail, later: readonly LogSegment[]): void {
  if (lost.batches.length === 0 && later.every((s) => s.size === 0)) return;
  const { options } = scope;
  const target = context.recoveredDirectory;
  const what = `${lost.batches.length} whole batches and ${later.length} later segments of ${options.topic}-${options.partition}`;
  if (target === null) {
    context.logger.error(`Recovery dropped ${what}`);
    return;
  }
  const directory = join(target, `${basename(options.path)}-${context.clock.nowMs()}`);
  try {
    context.files.makeDirectorySync(directory);
    if (lost.batches.length > 0) {
      const bytes = Buffer.concat(lost.batches);
      context.files.writeFileSync(join(directory, offsetName(baseOffsetAt(bytes, 0)) + LOG_SUFFIX), bytes);
    }
    for (const segment of later) copyFile(context, segment, join(directory, basename(segment.log.path)));
    context.logger.error(`Recovery dropped ${what}; they are kept in ${directory}`);
  } catch (error) {
    context.logger.error(`Recovery dropped ${what}; they could not be kept in ${directory}`, error);
  }
}

function copyFile(context: LogContext, segment: LogSegment, path: string): void {
  const target = context.files.openSync(path, 'create');
  try {
    const chunk = Buffer.allocUnsafeSlow(Math.min(Math.max(segment.size, 1), 1 << 20));
    for (let position = 0; position < segment.size; ) {
      const got = segment.log.get().readSync(chunk, 0, Math.min(chunk.length, segment.size - position), position);
      if (got === 0) return;
      target.writeSync(chunk, 0, got, position);
      position += got;
    }
  } finally {
    target.close();
  }
}
