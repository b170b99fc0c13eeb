/**
 * Walking the batches of a log file. Lookups read headers only, through one small window shared by all logs, since
 * everything here is synchronous; recovery and timestamp searches read whole batches into a buffer of their own.
 */
import {
  BATCH_CORRUPT,
  BATCH_HEADER_BYTES,
  BATCH_INCOMPLETE,
  baseOffsetAt,
  batchSizeAt,
  lastOffsetAt,
  MAGIC_AT,
  MAGIC_V2,
} from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { FileHandle } from '../runtime/runtime.ts';

const WINDOW_BYTES = 8192;
const window = Buffer.allocUnsafeSlow(WINDOW_BYTES);

/**
 * Visits the headers of the batches in [from, end) of the file: `visit(window, at, position, size)`, where the header's
 * 61 bytes are at `at`. Stops when it returns false. Returns the position after the last batch visited; a batch that is
 * not whole within `end` is not visited. Damage is a CORRUPT_MESSAGE that names the file.
 */
export function walkHeaders(
  file: FileHandle,
  from: number,
  end: number,
  visit: (bytes: Buffer, at: number, position: number, size: number) => boolean | undefined,
): number {
  let windowFrom = 0;
  let windowEnd = 0;
  let position = from;
  while (end - position >= BATCH_HEADER_BYTES) {
    if (position + BATCH_HEADER_BYTES > windowEnd || position < windowFrom) {
      const got = file.readSync(window, 0, Math.min(WINDOW_BYTES, end - position), position);
      windowFrom = position;
      windowEnd = position + got;
      if (got < BATCH_HEADER_BYTES) return position;
    }
    const at = position - windowFrom;
    const size = batchSizeAt(window, at);
    if (size < BATCH_HEADER_BYTES || window[at + MAGIC_AT] !== MAGIC_V2) throw damaged(file.path, position);
    if (position + size > end) return position;
    const more = visit(window, at, position, size);
    if (more === false) return position + size;
    position += size;
  }
  return position;
}

export function damaged(path: string, position: number): KafkaError {
  return new KafkaError(
    ErrorCode.CORRUPT_MESSAGE,
    `Record batch at position ${position} of file ${path} is corrupt (its size or magic byte cannot be)`,
  );
}

/** What `findBatch` found last. */
export const found = { position: 0, size: 0, baseOffset: 0, lastOffset: 0 };

function matchTarget(bytes: Buffer, at: number, position: number, size: number): boolean {
  const last = lastOffsetAt(bytes, at);
  if (last < target) return true;
  found.position = position;
  found.size = size;
  found.baseOffset = baseOffsetAt(bytes, at);
  found.lastOffset = last;
  hit = true;
  return false;
}
let target = 0;
let hit = false;

/** The first batch in [from, end) whose last offset is at least `offset`; it stands in `found` when the answer is true. */
export function findBatch(file: FileHandle, from: number, end: number, offset: number): boolean {
  target = offset;
  hit = false;
  walkHeaders(file, from, end, matchTarget);
  return hit;
}

const FIRST_CHUNK_BYTES = 256 * 1024;

/** Why a walk over whole batches ended. */
export type WalkEnd = 'end' | 'stopped' | 'incomplete' | 'corrupt';

export interface WalkResult {
  /** After the last batch that was visited and accepted. */
  readonly position: number;
  readonly why: WalkEnd;
}

/**
 * Visits whole batches in [from, end): `visit(buffer, at, position, size)`; the buffer is reused. `visit` answers true
 * to go on, false to stop behind this batch, null to refuse it as corrupt. Whatever cannot be a batch ends the walk.
 */
export function walkBatches(
  file: FileHandle,
  from: number,
  end: number,
  visit: (bytes: Buffer, at: number, position: number, size: number) => boolean | null,
): WalkResult {
  let buffer = Buffer.allocUnsafeSlow(Math.max(BATCH_HEADER_BYTES, Math.min(FIRST_CHUNK_BYTES, end - from)));
  let bufferFrom = from;
  let filled = 0;
  let position = from;
  while (position < end) {
    const at = position - bufferFrom;
    const size = sizeWithin(buffer, at, filled, end - position);
    if (size === BATCH_CORRUPT) return { position, why: 'corrupt' };
    if (size === BATCH_INCOMPLETE && end - position < BATCH_HEADER_BYTES) return { position, why: 'incomplete' };
    if (size > end - position) return { position, why: 'incomplete' };
    if (size === BATCH_INCOMPLETE || at + size > filled) {
      const need = Math.max(size, BATCH_HEADER_BYTES);
      if (need > buffer.length) buffer = Buffer.allocUnsafeSlow(need);
      filled = file.readSync(buffer, 0, Math.min(buffer.length, end - position), position);
      bufferFrom = position;
      if (filled < need) return { position, why: 'incomplete' };
      continue;
    }
    const more = visit(buffer, at, position, size);
    if (more === null) return { position, why: 'corrupt' };
    position += size;
    if (more === false) return { position, why: 'stopped' };
  }
  return { position, why: 'end' };
}

/** The size that the header at `at` claims, BATCH_INCOMPLETE while its header is not read, BATCH_CORRUPT for nonsense. */
function sizeWithin(buffer: Buffer, at: number, filled: number, left: number): number {
  if (at + BATCH_HEADER_BYTES > filled) return BATCH_INCOMPLETE;
  const size = batchSizeAt(buffer, at);
  if (size < BATCH_HEADER_BYTES || buffer[at + MAGIC_AT] !== MAGIC_V2) return BATCH_CORRUPT;
  return left < BATCH_HEADER_BYTES ? BATCH_INCOMPLETE : size;
}
