/**
 * `NNN.snapshot`: the producer state up to offset NNN (exclusive), as Kafka 4.3.1 writes it: int16 version 1, CRC-32C of
 * everything behind it, then 46 bytes for each producer with its last batch. Straight byte code, because a node with
 * thousands of partitions writes one of them for each at a stop.
 */
import { int16At, int32At, int64At, setInt16At, setInt32At, setInt64At } from '../protocol/batch.ts';
import { crc32c } from '../protocol/crc32c.ts';
import type { ProducerEntry } from './producer-state.ts';

const VERSION = 1;
const CRC_AT = 2;
const ENTRIES_AT = 6;
const HEADER_BYTES = 10;
const ENTRY_BYTES = 46;

export class CorruptSnapshotError extends Error {
  override readonly name = 'CorruptSnapshotError';
}

export function encodeProducerSnapshot(entries: Iterable<ProducerEntry>, count: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + count * ENTRY_BYTES);
  setInt16At(bytes, 0, VERSION);
  setInt32At(bytes, ENTRIES_AT, count);
  let at = HEADER_BYTES;
  for (const entry of entries) {
    const last = entry.batches.at(-1);
    setInt64At(bytes, at, entry.producerId);
    setInt16At(bytes, at + 8, entry.epoch);
    setInt32At(bytes, at + 10, last?.lastSequence ?? -1);
    setInt64At(bytes, at + 14, last?.lastOffset ?? -1);
    setInt32At(bytes, at + 22, last?.offsetDelta ?? 0);
    setInt64At(bytes, at + 26, entry.lastTimestamp);
    setInt32At(bytes, at + 34, entry.coordinatorEpoch);
    setInt64At(bytes, at + 38, entry.currentTxnFirstOffset);
    at += ENTRY_BYTES;
  }
  setInt32At(bytes, CRC_AT, crc32c(bytes, ENTRIES_AT));
  return bytes;
}

export function decodeProducerSnapshot(bytes: Buffer, path: string): ProducerEntry[] {
  const broken = (why: string) => new CorruptSnapshotError(`Producer snapshot ${path} is corrupt: ${why}`);
  if (bytes.length < HEADER_BYTES) throw broken(`it has only ${bytes.length} bytes`);
  const version = int16At(bytes, 0);
  if (version !== VERSION) throw broken(`its version is ${version}, not ${VERSION}`);
  if (crc32c(bytes, ENTRIES_AT) !== int32At(bytes, CRC_AT) >>> 0) throw broken('its checksum is wrong');
  const count = int32At(bytes, ENTRIES_AT);
  if (bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) throw broken(`its size does not hold ${count} producers`);
  const entries: ProducerEntry[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; at += ENTRY_BYTES) entries.push(entryAt(bytes, at));
  return entries;
}

function entryAt(bytes: Buffer, at: number): ProducerEntry {
  const lastOffset = int64At(bytes, at + 14);
  const timestamp = int64At(bytes, at + 26);
  const batch = {
    lastSequence: int32At(bytes, at + 10),
    lastOffset,
    offsetDelta: int32At(bytes, at + 22),
    timestamp,
  };
  return {
    producerId: int64At(bytes, at),
    epoch: int16At(bytes, at + 8),
    batches: lastOffset >= 0 ? [batch] : [],
    lastTimestamp: timestamp,
    coordinatorEpoch: int32At(bytes, at + 34),
    currentTxnFirstOffset: int64At(bytes, at + 38),
  };
}
