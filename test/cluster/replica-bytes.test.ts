/** The comparison of replicas sees a byte that differs, a batch too many, and replicas that begin later. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { compareReplicas } from './support/replica-bytes.ts';

const ALL = Number.MAX_SAFE_INTEGER;
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-replicas-'));
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** A record a batch, with the offsets from `first` to before `end`. */
function replica(name: string, first: number, end: number, change: (bytes: Buffer) => void = () => {}) {
  const directory = path.join(root, name);
  fs.mkdirSync(directory);
  const batches = Array.from({ length: end - first }, (_, at) => {
    const bytes = Buffer.from(buildBatch([{ value: Buffer.from(`record ${first + at}`), timestamp: 1_000 }]));
    bytes.writeBigInt64BE(BigInt(first + at));
    return bytes;
  });
  const whole = Buffer.concat(batches);
  change(whole);
  // Zeros behind the last batch: space that was taken before it was needed.
  fs.writeFileSync(
    path.join(directory, `${String(first).padStart(20, '0')}.log`),
    Buffer.concat([whole, Buffer.alloc(100)]),
  );
  return { name, path: directory };
}

describe('replicas are compared', () => {
  it('and are the same from where the last of them begins', () => {
    expect(compareReplicas([replica('a', 0, 10), replica('b', 4, 10)], ALL).batches).toBe(6);
  });

  it('up to the end that is given', () => {
    expect(compareReplicas([replica('a', 0, 10), replica('b', 0, 8)], 8).batches).toBe(8);
  });

  it('and one that lacks a batch is seen', () => {
    expect(() => compareReplicas([replica('a', 0, 10), replica('b', 0, 9)], ALL)).toThrow(/b none/);
  });

  it('and one that differs in a byte is seen', () => {
    const changed = replica('b', 0, 10, (bytes) =>
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2),
    );
    expect(() => compareReplicas([replica('a', 0, 10), changed], ALL)).toThrow(/batch 9 .* differs/);
  });
});
