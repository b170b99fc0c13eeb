/**
 * Several controllers over one metadata log. The test says who leads, how far the log is committed, and what of it is
 * lost with a leader; the log itself keeps raft's promise to its listeners: every committed batch once, in order, and
 * leadership told to the new leader only behind all that came before it.
 */

import type { MetadataImage } from '../../src/metadata/image.ts';
import { decodeRecord, encodeRecord, type MetadataRecord } from '../../src/metadata/records.ts';
import { metadataRecordsOf } from '../../src/metadata/snapshot-records.ts';
import { NotLeaderError, type RaftListener } from '../../src/raft/raft-client.ts';
import { Harness, type HarnessOptions, ScriptedRaft } from './harness.ts';

interface Batch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  /** None in a control batch. */
  readonly values: readonly Uint8Array[];
}

interface Snapshot {
  readonly endOffset: number;
  readonly values: readonly Uint8Array[];
}

class Member extends ScriptedRaft {
  override readonly nodeId: number;
  readonly #quorum: Quorum;
  listener: RaftListener | null = null;
  /** The batches it was given. */
  given = 0;
  told = { leaderId: -1, epoch: 0 };

  constructor(quorum: Quorum, nodeId: number) {
    super();
    this.#quorum = quorum;
    this.nodeId = nodeId;
  }

  override leaderAndEpoch() {
    return this.#quorum.leader;
  }

  override highWatermark(): number {
    return this.#quorum.committedEnd;
  }

  override nextOffset(): number {
    return this.#quorum.logEnd;
  }

  override scheduleAppend(epoch: number, values: readonly Uint8Array[]): number {
    if (this.#quorum.leader.leaderId !== this.nodeId || this.#quorum.leader.epoch !== epoch) {
      throw new NotLeaderError('no');
    }
    return this.#quorum.append(values);
  }

  override resign(): void {
    this.resigned++;
  }

  override register(listener: RaftListener): () => void {
    this.listener = listener;
    this.#quorum.deliver();
    return () => {};
  }
}

export class Quorum {
  readonly members: readonly Harness[];
  leader = { leaderId: -1, epoch: 0 };
  /** Every append is committed at once. */
  autoCommit = true;
  maxBatchRecords = Number.POSITIVE_INFINITY;
  #log: Batch[] = [];
  #committed = 0;
  #snapshot: Snapshot | null = null;
  readonly #cut = new Set<number>();

  constructor(size: number, options: HarnessOptions = {}) {
    this.members = Array.from({ length: size }, (_, i) => {
      const raft = new Member(this, i + 1);
      return new Harness({ ...options, raft, config: { ...options.config, nodeId: i + 1 } });
    });
    for (const { controller } of this.members) controller.start();
  }

  get logEnd(): number {
    return (this.#log.at(-1)?.lastOffset ?? -1) + 1;
  }

  get committedEnd(): number {
    return (this.#log[this.#committed - 1]?.lastOffset ?? -1) + 1;
  }

  member(id: number): Harness {
    return this.members[id - 1] as Harness;
  }

  append(values: readonly Uint8Array[]): number {
    for (let from = 0; from < values.length; from += this.maxBatchRecords) {
      this.#push(values.slice(from, from + this.maxBatchRecords));
    }
    if (this.autoCommit) queueMicrotask(() => this.commit());
    return this.logEnd - 1;
  }

  #push(values: readonly Uint8Array[], controlRecords = 0): void {
    const baseOffset = this.logEnd;
    const lastOffset = baseOffset + values.length + controlRecords - 1;
    this.#log.push({ baseOffset, lastOffset, epoch: this.leader.epoch, values: values.map((value) => value.slice()) });
  }

  /** What raft writes by itself: a change of voters. */
  appendControl(): void {
    this.#push([], 1);
    if (this.autoCommit) this.commit();
  }

  /** All of the log, or so many more batches. */
  commit(batches = Number.POSITIVE_INFINITY): void {
    this.#committed = Math.min(this.#log.length, this.#committed + batches);
    this.deliver();
  }

  /** The uncommitted end goes, as when those who hold a majority never had it. */
  lose(): void {
    this.#log = this.#log.slice(0, this.#committed);
  }

  /** A new leader in a new epoch; the log that it has is committed behind its first control batch. */
  elect(leaderId: number): void {
    this.leader = { leaderId, epoch: this.leader.epoch + 1 };
    this.#push([], 1);
    this.#tell();
    this.commit();
  }

  /** Nobody leads: what waits learns it. */
  resign(): void {
    this.leader = { leaderId: -1, epoch: this.leader.epoch + 1 };
    this.#tell();
  }

  /** It is given nothing until it is healed. */
  cut(id: number): void {
    this.#cut.add(id);
  }

  heal(id: number): void {
    this.#cut.delete(id);
    this.deliver();
  }

  /** A snapshot of all that is committed; who is behind it starts there. */
  snapshot(image: MetadataImage): void {
    this.#snapshot = { endOffset: this.committedEnd, values: [...metadataRecordsOf(image)].map(encodeRecord) };
  }

  /** The records of the log, batch by batch, control batches left out. */
  records(): MetadataRecord[][] {
    return this.#log.filter(({ values }) => values.length > 0).map(({ values }) => values.map((v) => decodeRecord(v)));
  }

  #rafts(): Member[] {
    return this.members.map(({ raft }) => raft as Member).filter(({ nodeId }) => !this.#cut.has(nodeId));
  }

  deliver(): void {
    for (const raft of this.#rafts()) this.#deliverTo(raft);
    this.#tell();
  }

  #deliverTo(raft: Member): void {
    const { listener } = raft;
    if (listener === null) return;
    const snapshot = this.#snapshot;
    const next = this.#log[raft.given]?.baseOffset ?? this.logEnd;
    if (snapshot !== null && next < snapshot.endOffset) {
      listener.onSnapshot({
        id: { endOffset: snapshot.endOffset, epoch: this.leader.epoch },
        lastContainedLogTimestampMs: 1,
        *batches() {
          yield snapshot.values;
        },
      });
      raft.given = this.#log.findIndex(({ baseOffset }) => baseOffset >= snapshot.endOffset);
      if (raft.given < 0) raft.given = this.#log.length;
    }
    while (raft.given < this.#committed) {
      const batch = this.#log[raft.given++] as Batch;
      listener.onCommit({ ...batch, appendTimestampMs: 1, sizeInBytes: 100 });
    }
  }

  #tell(): void {
    for (const raft of this.#rafts()) {
      const { leaderId, epoch } = this.leader;
      if (raft.listener === null || (raft.told.epoch === epoch && raft.told.leaderId === leaderId)) continue;
      if (leaderId === raft.nodeId && raft.given < this.#log.length) continue;
      raft.told = { leaderId, epoch };
      raft.listener.onLeaderChange(raft.told);
    }
  }
}
