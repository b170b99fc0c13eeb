/**
 * Snapshots as files `<end offset>-<epoch>.checkpoint` of the metadata directory: a control batch with the header (and
 * version and voters of a dynamic quorum), data batches, a control batch with the footer; offsets count from 0.
 *
 * A snapshot comes into being by renaming a synced `.part` file, so that every `.checkpoint` is whole. It goes by being
 * renamed to `.deleted` first: another process may still read it.
 */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import {
  batchIntegrity,
  batchSizeAt,
  isControlAt,
  maxTimestampAt,
  partitionLeaderEpochAt,
  recordCountAt,
} from '../protocol/batch.ts';
import { BatchBuilder } from '../protocol/batch-builder.ts';
import { forEachRecord } from '../protocol/record.ts';
import type { FileHandle, Files, Timers } from '../runtime/runtime.ts';
import {
  type ControlContent,
  controlBatch,
  kraftVersionRecord,
  kraftVotersRecord,
  readControlBatch,
  snapshotFooter,
  snapshotHeader,
} from './control-records.ts';
import type { SnapshotId, SnapshotReader } from './raft-client.ts';
import type { Voter } from './voters.ts';

const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;
const REMNANT = /^\d{20}-\d{10}\.checkpoint(\.part|\.deleted)$/;
const FILE_MODE = 0o400;
const DELETE_DELAY_MS = 60_000;
const RECORDS_PER_BATCH = 1024;
const BATCH_BYTES = 1 << 20;

export function snapshotFileName(id: SnapshotId): string {
  return `${String(id.endOffset).padStart(20, '0')}-${String(id.epoch).padStart(10, '0')}.checkpoint`;
}

export function parseSnapshotFileName(name: string): SnapshotId | null {
  const match = NAME.exec(name);
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) };
}

export function compareSnapshotIds(a: SnapshotId, b: SnapshotId): number {
  return a.endOffset - b.endOffset || a.epoch - b.epoch;
}

/** The snapshot that `format` writes: it holds voters and no data, and is never served to others. */
export const BOOTSTRAP_SNAPSHOT: SnapshotId = { endOffset: 0, epoch: 0 };

export interface SnapshotHead {
  readonly lastContainedLogTimestampMs: number;
  /** 0 writes neither version nor voters. */
  readonly kraftVersion: number;
  readonly voters: readonly Voter[];
  readonly nowMs: number;
  /** The epoch that the batches carry. */
  readonly epoch: number;
}

/** All batches of a snapshot, one after the other. Each is good until the next one is asked for. */
export function* snapshotBatches(head: SnapshotHead, values: Iterable<Uint8Array>): IterableIterator<Buffer> {
  const { nowMs, epoch } = head;
  const dynamic = head.kraftVersion >= 1 ? [kraftVersionRecord(head.kraftVersion), kraftVotersRecord(head.voters)] : [];
  const opening = [snapshotHeader(head.lastContainedLogTimestampMs), ...dynamic];
  yield controlBatch(opening, { baseOffset: 0, epoch, nowMs });
  let baseOffset = opening.length;
  const builder = new BatchBuilder({ baseOffset, partitionLeaderEpoch: epoch });
  const sealed = (): Buffer => {
    baseOffset += builder.recordCount;
    return builder.seal();
  };
  for (const value of values) {
    builder.appendValue(value, 0, value.length, nowMs);
    if (builder.recordCount < RECORDS_PER_BATCH && builder.sizeInBytes < BATCH_BYTES) continue;
    yield sealed();
    builder.reset({ baseOffset, partitionLeaderEpoch: epoch });
  }
  if (builder.recordCount > 0) yield sealed();
  yield controlBatch([snapshotFooter()], { baseOffset, epoch, nowMs });
}

export function snapshotBytes(head: SnapshotHead, values: Iterable<Uint8Array>): Buffer {
  return Buffer.concat([...snapshotBatches(head, values)].map((batch) => Buffer.from(batch)));
}

function brokenSnapshot(path: string, why: string): KtsError {
  return new KtsError(`The snapshot ${path} is damaged: ${why}.`, {
    hint: 'Restore the directory from a copy, or from another controller of the cluster.',
  });
}

/** A snapshot in memory, checked batch by batch. */
export class SnapshotContent implements SnapshotReader {
  readonly id: SnapshotId;
  readonly control: ControlContent;
  readonly #bytes: Buffer;

  constructor(id: SnapshotId, bytes: Buffer, path: string) {
    this.id = id;
    this.#bytes = bytes;
    const control: ControlContent = {};
    let at = 0;
    while (at < bytes.length) {
      const size = batchIntegrity(bytes, at, bytes.length);
      if (size <= 0) throw brokenSnapshot(path, `there is no whole batch at byte ${at}`);
      if (isControlAt(bytes, at)) Object.assign(control, readControlBatch(bytes, at));
      at += size;
    }
    if (control.headerTimestampMs === undefined) throw brokenSnapshot(path, 'it has no header');
    if (control.isFooter !== true) throw brokenSnapshot(path, 'it has no footer');
    this.control = control;
  }

  get lastContainedLogTimestampMs(): number {
    return this.control.headerTimestampMs ?? -1;
  }

  *batches(): IterableIterator<readonly Uint8Array[]> {
    for (let at = 0; at < this.#bytes.length; at += batchSizeAt(this.#bytes, at)) {
      if (!isControlAt(this.#bytes, at)) yield batchValues(this.#bytes, at);
    }
  }
}

/** The values of a data batch, as views. */
export function batchValues(bytes: Uint8Array, at: number): Uint8Array[] {
  const values: Uint8Array[] = new Array(recordCountAt(bytes, at));
  let index = 0;
  forEachRecord(bytes, at, (record) => {
    const { value } = record;
    if (value === null) throw new KtsError('The metadata log holds a record without a value.');
    values[index++] = value;
  });
  return values;
}

export class SnapshotPart {
  readonly #files: Files;
  readonly #place: { readonly id: SnapshotId; readonly path: string; readonly directory: string };
  readonly #finished: () => void;
  readonly #file: FileHandle;
  #size = 0;
  #isOpen = true;

  constructor(files: Files, place: { id: SnapshotId; path: string; directory: string }, finished: () => void) {
    this.#files = files;
    this.#place = place;
    this.#finished = finished;
    files.removeSync(this.#part);
    this.#file = files.openSync(this.#part, 'new');
  }

  get #part(): string {
    return `${this.#place.path}.part`;
  }

  get size(): number {
    return this.#size;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, 0, bytes.length, this.#size);
    this.#size += bytes.length;
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** After `sync`: durable under its name when it returns. What came from elsewhere is checked first, batch by batch. */
  finish(check = true): void {
    this.#close();
    const { id, path, directory } = this.#place;
    if (check) new SnapshotContent(id, this.#files.readFileSync(this.#part), this.#part);
    this.#files.chmodSync(this.#part, FILE_MODE);
    this.#files.renameSync(this.#part, path);
    this.#files.syncDirectorySync(directory);
    this.#finished();
  }

  /** After a failure the file stays behind for the next start to remove; after `finish` nothing is left to do. */
  abandon(): void {
    this.#close();
  }

  #close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

export class SnapshotFiles {
  readonly #files: Files;
  readonly #timers: Timers;
  readonly directory: string;
  /** Ascending. */
  readonly #timestamps = new Map<string, number>();
  #ids: SnapshotId[] = [];

  constructor(files: Files, timers: Timers, directory: string) {
    this.#files = files;
    this.#timers = timers;
    this.directory = directory;
  }

  /** Finds the snapshots and removes what an interrupted write or deletion left. */
  open(): void {
    this.#ids = [];
    for (const name of this.#files.listSync(this.directory)) {
      const id = parseSnapshotFileName(name);
      if (id !== null) this.#ids.push(id);
      else if (REMNANT.test(name)) this.#files.removeSync(join(this.directory, name));
    }
    this.#ids.sort(compareSnapshotIds);
  }

  get ids(): readonly SnapshotId[] {
    return this.#ids;
  }

  latest(): SnapshotId | null {
    return this.#ids.at(-1) ?? null;
  }

  has(id: SnapshotId): boolean {
    return this.#ids.some((one) => compareSnapshotIds(one, id) === 0);
  }

  #path(id: SnapshotId): string {
    return join(this.directory, snapshotFileName(id));
  }

  sizeInBytes(id: SnapshotId): number {
    return this.#files.statSync(this.#path(id))?.size ?? 0;
  }

  read(id: SnapshotId): SnapshotContent {
    const path = this.#path(id);
    return new SnapshotContent(id, this.#files.readFileSync(path), path);
  }

  /** As its header says; read once, since retention asks every minute. */
  lastContainedLogTimestampMs(id: SnapshotId): number {
    const path = this.#path(id);
    let timestampMs = this.#timestamps.get(path);
    if (timestampMs === undefined) {
      timestampMs = this.read(id).lastContainedLogTimestampMs;
      this.#timestamps.set(path, timestampMs);
    }
    return timestampMs;
  }

  /** Writes batch by batch through the pool, so that a large snapshot does not hold up the loop. */
  async write(id: SnapshotId, batches: Iterable<Uint8Array>): Promise<void> {
    const part = this.receive(id);
    try {
      for (const batch of batches) await part.write(batch);
      await part.sync();
      part.finish(false);
    } finally {
      part.abandon();
    }
  }

  /** A snapshot that comes into being: a `.part` file until it is finished. */
  receive(id: SnapshotId): SnapshotPart {
    const path = this.#path(id);
    return new SnapshotPart(this.#files, { id, path, directory: this.directory }, () => {
      if (this.has(id)) return;
      this.#ids.push(id);
      this.#ids.sort(compareSnapshotIds);
    });
  }

  /** A part of the file as it is, not cut at batches; empty behind its end. */
  slice(id: SnapshotId, position: number, maxBytes: number): Buffer {
    const file = this.#files.openSync(this.#path(id), 'r');
    try {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(maxBytes, file.sizeSync() - position)));
      return bytes.subarray(0, file.readSync(bytes, 0, bytes.length, position));
    } finally {
      file.close();
    }
  }

  delete(id: SnapshotId): void {
    const path = this.#path(id);
    this.#timestamps.delete(path);
    this.#files.renameSync(path, `${path}.deleted`);
    this.#ids = this.#ids.filter((one) => compareSnapshotIds(one, id) !== 0);
    this.#timers.after(DELETE_DELAY_MS, () => this.#files.removeSync(`${path}.deleted`), { unref: true });
  }
}

/** The fields of a batch that raft hands on. */
export function batchTimes(bytes: Uint8Array, at: number): { readonly epoch: number; readonly timestampMs: number } {
  return { epoch: partitionLeaderEpochAt(bytes, at), timestampMs: maxTimestampAt(bytes, at) };
}
