/** The replicas of a partition as they lie on the disks of their hosts, batch by batch. */
import { baseOffsetAt, batchSizeAt, LOG_OVERHEAD_BYTES, lastOffsetAt } from '../../src/protocol/batch.ts';
import { DiskDirectory } from '../support/sim/disk.ts';
import { DiskFile } from '../support/sim/disk-file.ts';
import type { SimNode } from '../support/sim/sim-node.ts';

export interface Replica {
  readonly node: string;
  /** By base offset. */
  readonly batches: ReadonlyMap<number, Buffer>;
  /** One past the last record. */
  readonly end: number;
}

/** Null where the node has no such partition. */
export function readReplica(node: SimNode, topic: string, partition: number): Replica | null {
  const directory = node.config.logDirs
    .map((path) => node.host.disk.root.entries.get(path.slice(1)))
    .map((data) => (data instanceof DiskDirectory ? data.entries.get(`${topic}-${partition}`) : undefined))
    .find((found) => found instanceof DiskDirectory);
  if (directory === undefined) return null;
  const batches = new Map<number, Buffer>();
  let end = 0;
  for (const name of [...directory.entries.keys()].sort()) {
    const file = directory.entries.get(name);
    if (!name.endsWith('.log') || !(file instanceof DiskFile)) continue;
    const bytes = file.data.subarray(0, file.size);
    for (let at = 0; at + LOG_OVERHEAD_BYTES <= bytes.length; ) {
      const size = batchSizeAt(bytes, at);
      if (size <= LOG_OVERHEAD_BYTES || at + size > bytes.length) break;
      batches.set(baseOffsetAt(bytes, at), bytes.subarray(at, at + size));
      end = lastOffsetAt(bytes, at) + 1;
      at += size;
    }
  }
  return { node: node.name, batches, end };
}

/** Null when all have the same bytes up to `limit`. */
export function differenceOf(replicas: readonly Replica[], limit: number): string | null {
  const [first, ...others] = replicas;
  if (first === undefined) return 'there is no replica';
  for (const other of others) {
    for (const [offset, bytes] of first.batches) {
      if (offset >= limit) continue;
      const theirs = other.batches.get(offset);
      if (theirs === undefined) return `${other.node} lacks the batch at ${offset} of ${first.node}`;
      if (!bytes.equals(theirs)) return `the batch at ${offset} differs between ${first.node} and ${other.node}`;
    }
    for (const offset of other.batches.keys()) {
      if (offset < limit && !first.batches.has(offset))
        return `${first.node} lacks the batch at ${offset} of ${other.node}`;
    }
  }
  return null;
}
