/** The batches of replicas as they lie on disk, held against each other byte by byte. */
import fs from 'node:fs';
import path from 'node:path';

interface DiskBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
}

const HEADER_BYTES = 61;

/** Whole batches in the order of their segments; a tail that is none (preallocated, torn) ends a segment. */
function* batchesOf(directory: string): Generator<DiskBatch> {
  const segments = fs.readdirSync(directory).filter((name) => /^\d{20}\.log$/.test(name));
  for (const name of segments.sort()) {
    const bytes = fs.readFileSync(path.join(directory, name));
    for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
      const size = 12 + bytes.readInt32BE(at + 8);
      if (size < HEADER_BYTES || at + size > bytes.length) break;
      const baseOffset = Number(bytes.readBigInt64BE(at));
      const lastOffset = baseOffset + bytes.readInt32BE(at + 23);
      yield { baseOffset, lastOffset, bytes: bytes.subarray(at, at + size) };
      at += size;
    }
  }
}

export interface ReplicaDirectory {
  /** For words: which node. */
  readonly name: string;
  readonly path: string;
}

export interface Compared {
  readonly batches: number;
  readonly bytes: number;
}

/** Where a replica of a partition lies among log directories; undefined where it does not. */
export function replicaDirectory(logDirs: readonly string[], partition: string): string | undefined {
  return logDirs.map((directory) => path.join(directory, partition)).find((directory) => fs.existsSync(directory));
}

/**
 * All batches from the highest first offset to below `end` are the same in every replica. A replica may begin later, and
 * holds all of them from there on.
 */
export function compareReplicas(replicas: readonly ReplicaDirectory[], end: number): Compared {
  const all = replicas.map(({ name, path }) => ({
    name,
    batches: [...batchesOf(path)].filter(({ lastOffset }) => lastOffset < end),
  }));
  const start = Math.max(...all.map(({ batches }) => batches[0]?.baseOffset ?? 0));
  const [first, ...others] = all.map(({ name, batches }) => ({
    name,
    batches: batches.filter(({ baseOffset }) => baseOffset >= start),
  }));
  if (first === undefined) return { batches: 0, bytes: 0 };
  for (const other of others) {
    const count = Math.max(first.batches.length, other.batches.length);
    for (let at = 0; at < count; at++) {
      const mine = first.batches[at];
      const theirs = other.batches[at];
      if (mine !== undefined && theirs !== undefined && mine.bytes.equals(theirs.bytes)) continue;
      throw new Error(
        `batch ${at} behind offset ${start} (below ${end}) differs: ${first.name} has ${text(mine)}, ${other.name} ${text(theirs)}`,
      );
    }
  }
  return {
    batches: first.batches.length,
    bytes: first.batches.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
}

function text(batch: DiskBatch | undefined): string {
  if (batch === undefined) return 'none';
  const { baseOffset, lastOffset, bytes } = batch;
  return `${baseOffset} to ${lastOffset}, epoch ${bytes.readInt32BE(12)}, ${bytes.length} bytes, crc ${bytes.readUInt32BE(17)}`;
}
