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
const SHORTEST_RECORD = 7;

/** Walks exactly `count` records, which must fill bytes[start, end). Answers one of the WALK codes. */
export function walkRecords(bytes: Uint8Array, start: number, end: number, count: number): number {
  let at = start;
  let maxDelta = -Infinity;
  let minDelta = Infinity;
  let deltaOfMax = 0;
  let withoutKey = 0;
  for (let i = 0; i < count; i++) {
    walked.stoppedAt = i;
    if (end - at < SHORTEST_RECORD) return WALK_TOO_FEW_RECORDS;
    let low = bytes[at]!;
    let length: number;
    if (low < 0x80) {
      length = (low >>> 1) ^ -(low & 1);
      at++;
    } else if (bytes[at + 1]! < 0x80) {
      low = (low & 0x7f) | (bytes[at + 1]! << 7);
      length = (low >>> 1) ^ -(low & 1);
      at += 2;
    } else {
      length = readVarint(bytes, at, end);
      at = varintEnd;
      if (at < 0) return WALK_BAD_FRAMING;
    }
    const recordEnd = at + length;
    if (length < SHORTEST_RECORD - 1 || recordEnd > end) return WALK_BAD_FRAMING;
    at++; // The attributes of a record are unused, and any value is taken.

    let delta: number;
    low = bytes[at]!;
    if (low < 0x80) {
      delta = (low >>> 1) ^ -(low & 1);
      at++;
    } else {
      const timestampAt = at;
      delta = readVarlong(bytes, at, recordEnd);
      at = varintEnd;
      if (at < 0) return isVarlong(bytes, timestampAt, recordEnd) ? WALK_BAD_TIMESTAMP : WALK_BAD_FRAMING;
    }
    if (delta > maxDelta) {
      maxDelta = delta;
      deltaOfMax = i;
    }
    if (delta < minDelta) minDelta = delta;
    if (recordEnd - at < 4) return WALK_BAD_FRAMING;

    low = bytes[at]!;
    let number: number;
    if (low < 0x80) {
      number = (low >>> 1) ^ -(low & 1);
      at++;
    } else if (bytes[at + 1]! < 0x80) {
      low = (low & 0x7f) | (bytes[at + 1]! << 7);
      number = (low >>> 1) ^ -(low & 1);
      at += 2;
    } else {
      number = readVarint(bytes, at, recordEnd);
      at = varintEnd;
      if (at < 0) return WALK_BAD_FRAMING;
    }
    if (number !== i) return WALK_BAD_OFFSET_DELTA;

    // Key and value: a negative length is null; three and two bytes must be left before either is read.
    if (recordEnd - at < 3) return WALK_BAD_FRAMING;
    low = bytes[at]!;
    if (low < 0x80) {
      number = (low >>> 1) ^ -(low & 1);
      at++;
    } else {
      number = readVarint(bytes, at, recordEnd);
      at = varintEnd;
      if (at < 0) return WALK_BAD_FRAMING;
    }
    if (number < 0) withoutKey++;
    else if (number > recordEnd - at) return WALK_BAD_FRAMING;
    else at += number;

    if (recordEnd - at < 2) return WALK_BAD_FRAMING;
    low = bytes[at]!;
    if (low < 0x80) {
      number = (low >>> 1) ^ -(low & 1);
      at++;
    } else if (bytes[at + 1]! < 0x80) {
      low = (low & 0x7f) | (bytes[at + 1]! << 7);
      number = (low >>> 1) ^ -(low & 1);
      at += 2;
    } else {
      number = readVarint(bytes, at, recordEnd);
      at = varintEnd;
      if (at < 0) return WALK_BAD_FRAMING;
    }
    if (number >= 0) {
      if (number > recordEnd - at) return WALK_BAD_FRAMING;
      at += number;
    }

    if (at >= recordEnd) return WALK_BAD_FRAMING;
    if (bytes[at] === 0) at++;
    else {
      at = skipHeaders(bytes, at, recordEnd);
      if (at < 0) return WALK_BAD_FRAMING;
    }
    if (at !== recordEnd) return WALK_BAD_FRAMING;
  }
  if (at !== end) return WALK_BYTES_LEFT;
  walked.maxTimestampDelta = maxDelta;
  walked.minTimestampDelta = minDelta;
  walked.deltaOfMaxTimestamp = deltaOfMax;
  walked.recordsWithoutKey = withoutKey;
  return WALK_OK;
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
