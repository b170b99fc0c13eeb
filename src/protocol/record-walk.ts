/**
 * The walk over a batch's records that a broker makes of every produced batch: each record's framing is checked, and
 * what the log must know of them (the range of timestamps, whether a key is missing) is gathered. It allocates nothing:
 * the answer lies in one object per process, which is good until the next walk.
 *
 * Lengths are checked against the record's end before anything behind them is read. Extra strictness over Kafka: the
 * offset deltas of an uncompressed batch must count up from 0 as well (Kafka checks that only behind a codec).
 */
import { readVarint, readVarlong, varintEnd } from '../base/varint.ts';

/** Why a walk stopped. */
export const WALK_OK = 0;
export const WALK_BAD_FRAMING = 1;
export const WALK_BAD_OFFSET_DELTA = 2;
export const WALK_BYTES_LEFT = 3;
export const WALK_BAD_TIMESTAMP = 4;
export const WALK_TOO_FEW_RECORDS = 5;

interface RecordWalk {
  maxTimestampDelta: number;
  minTimestampDelta: number;
  /** Offset delta of the first record with the largest timestamp. */
  deltaOfMaxTimestamp: number;
  recordsWithoutKey: number;
  /** The record that a walk stopped at. */
  stoppedAt: number;
}

/** What the last walk found. */
export const walked: RecordWalk = {
  maxTimestampDelta: 0,
  minTimestampDelta: 0,
  deltaOfMaxTimestamp: 0,
  recordsWithoutKey: 0,
  stoppedAt: 0,
};

/** A record has at least six bytes after its length. */
const SHORTEST_BODY = 6;

/**
 * Walks exactly `count` records, which must fill bytes[start, end). Answers one of the WALK codes. Varints of one and
 * two bytes are read in place: calls, and state outside of local variables, cost a third more here.
 */
export function walkRecords(bytes: Uint8Array, start: number, end: number, count: number): number {
  let at = start;
  let maxDelta = -Infinity;
  let minDelta = Infinity;
  let deltaOfMax = 0;
  let withoutKey = 0;
  for (let i = 0; i < count; i++) {
    if (end - at <= SHORTEST_BODY) return stopped(WALK_TOO_FEW_RECORDS, i);
    let length = bytes[at++]!;
    if (length < 0x80) length = (length >>> 1) ^ -(length & 1);
    else if (bytes[at]! < 0x80) {
      length = (length & 0x7f) | (bytes[at++]! << 7);
      length = (length >>> 1) ^ -(length & 1);
    } else {
      length = readVarint(bytes, at - 1, end);
      at = varintEnd;
      if (at < 0) return stopped(WALK_BAD_FRAMING, i);
    }
    const recordEnd = at + length;
    if (length < SHORTEST_BODY || recordEnd > end) return stopped(WALK_BAD_FRAMING, i);

    // The attributes of a record are unused, and any value is taken.
    let delta = bytes[at + 1]!;
    at += 2;
    if (delta < 0x80) delta = (delta >>> 1) ^ -(delta & 1);
    else {
      const deltaAt = at - 1;
      delta = readVarlong(bytes, deltaAt, recordEnd);
      at = varintEnd;
      if (at < 0) return stopped(isVarlong(bytes, deltaAt, recordEnd) ? WALK_BAD_TIMESTAMP : WALK_BAD_FRAMING, i);
    }
    if (delta > maxDelta) {
      maxDelta = delta;
      deltaOfMax = i;
    }
    if (delta < minDelta) minDelta = delta;

    if (recordEnd - at < 4) return stopped(WALK_BAD_FRAMING, i);
    let offsetDelta = bytes[at++]!;
    if (offsetDelta > 0x7f) {
      const second = bytes[at++]!;
      offsetDelta = (offsetDelta & 0x7f) | (second << 7);
      if (second > 0x7f) {
        offsetDelta = readVarint(bytes, at - 2, recordEnd) * 2;
        at = varintEnd;
        if (at < 0) return stopped(WALK_BAD_FRAMING, i);
      }
    }
    if (offsetDelta !== 2 * i) return stopped(WALK_BAD_OFFSET_DELTA, i);

    // At the key, the zig-zag of a null is odd.
    if (recordEnd - at < 3) return stopped(WALK_BAD_FRAMING, i);
    withoutKey += bytes[at]! & 1;
    at = skipValue(bytes, skipBytes(bytes, at, recordEnd), recordEnd);
    if (at !== recordEnd) return stopped(WALK_BAD_FRAMING, i);
  }
  if (at !== end) return stopped(WALK_BYTES_LEFT, count);
  walked.maxTimestampDelta = maxDelta;
  walked.minTimestampDelta = minDelta;
  walked.deltaOfMaxTimestamp = deltaOfMax;
  walked.recordsWithoutKey = withoutKey;
  return WALK_OK;
}

function stopped(code: number, index: number): number {
  walked.stoppedAt = index;
  return code;
}

/** The position behind a length and as many bytes (none when it is negative, that is null); beyond `end` when damaged. */
function skipBytes(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let length = bytes[at++]!;
  if (length < 0x80) length = (length >>> 1) ^ -(length & 1);
  else if (bytes[at]! < 0x80) {
    length = (length & 0x7f) | (bytes[at++]! << 7);
    length = (length >>> 1) ^ -(length & 1);
  } else {
    length = readVarint(bytes, at - 1, end);
    at = varintEnd;
    if (at < 0) return end + 1;
  }
  return length < 0 ? at : at + length;
}

/** The position behind value and headers; something else than `end` when they are damaged. */
function skipValue(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return -1;
  const at = skipBytes(bytes, start, end);
  if (at >= end) return -1;
  return bytes[at] === 0 ? at + 1 : skipHeaders(bytes, at, end);
}

/** Ten bytes at most, the last one without its top bit: 64 bits, though perhaps no safe integer. */
function isVarlong(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end && i < at + 10; i++) if (bytes[i]! < 0x80) return true;
  return false;
}

/** The position after the headers that begin, with their count, at `at`; -1 when they are malformed. */
export function skipHeaders(bytes: Uint8Array, at: number, end: number): number {
  const count = readVarint(bytes, at, end);
  let i = varintEnd;
  if (i < 0 || count < 0 || count > end - i) return -1;
  for (let n = 0; n < count; n++) {
    const keyLength = readVarint(bytes, i, end);
    i = varintEnd;
    if (i < 0 || keyLength < 0 || keyLength > end - i) return -1;
    i += keyLength;
    const valueLength = readVarint(bytes, i, end);
    i = varintEnd;
    if (i < 0 || valueLength > end - i) return -1;
    if (valueLength > 0) i += valueLength;
  }
  return i;
}
