/**
 * Hands committed batches to the listeners: each gets every batch once, in order, after the snapshot that precedes them,
 * and hears of its own node's leadership only once all of earlier epochs was handed to it.
 */
import { baseOffsetAt, batchSizeAt, isControlAt, lastOffsetAt, nextOffsetAt } from '../protocol/batch.ts';
import type { LeaderAndEpoch, RaftListener } from './raft-client.ts';
import type { RaftLog } from './raft-log.ts';
import {
  BOOTSTRAP_SNAPSHOT,
  batchTimes,
  batchValues,
  compareSnapshotIds,
  type SnapshotFiles,
} from './snapshot-files.ts';

const READ_BYTES = 1 << 20;

interface Reader {
  readonly listener: RaftListener;
  /** The next offset it gets. */
  nextOffset: number;
  /** The last leader it was told of. */
  leader: LeaderAndEpoch;
}

/** What a delivery goes by, as it is now. */
export interface CommittedState {
  readonly highWatermark: number;
  readonly leader: LeaderAndEpoch;
  /** Where the epoch begins that this node leads; -1 when it does not lead. */
  readonly epochStartOffset: number;
}

export class CommittedDelivery {
  readonly #log: RaftLog;
  readonly #snapshots: SnapshotFiles;
  readonly #state: () => CommittedState;
  readonly #readers: Reader[] = [];

  constructor(log: RaftLog, snapshots: SnapshotFiles, state: () => CommittedState) {
    this.#log = log;
    this.#snapshots = snapshots;
    this.#state = state;
  }

  /** Returns what brings the listener up to date, and what takes it out. */
  add(listener: RaftListener): { readonly catchUp: () => void; readonly remove: () => void } {
    const reader: Reader = { listener, nextOffset: 0, leader: { leaderId: -1, epoch: -1 } };
    this.#readers.push(reader);
    return {
      catchUp: () => this.#catchUp(reader),
      remove: () => {
        const index = this.#readers.indexOf(reader);
        if (index >= 0) this.#readers.splice(index, 1);
      },
    };
  }

  deliver(): void {
    for (const reader of [...this.#readers]) this.#catchUp(reader);
  }

  tellLeader(): void {
    for (const reader of [...this.#readers]) this.#tellLeaderTo(reader);
  }

  #catchUp(reader: Reader): void {
    const end = this.#state().highWatermark;
    if (end >= 0) this.#loadSnapshot(reader);
    // A batch that the disk has not taken yet cannot be read; it comes once it is written.
    while (reader.nextOffset < end) {
      const bytes = this.#log.read(reader.nextOffset, READ_BYTES);
      if (bytes.length === 0) break;
      for (let at = 0; at < bytes.length && reader.nextOffset < end; at += batchSizeAt(bytes, at)) {
        if (nextOffsetAt(bytes, at) > reader.nextOffset) hand(reader, bytes, at);
      }
    }
    this.#tellLeaderTo(reader);
  }

  /**
   * A listener that has nothing, or less than the log still holds, begins with the latest snapshot. All of that is committed,
   * also where a new leader does not know it yet and says a lower high watermark.
   */
  #loadSnapshot(reader: Reader): void {
    const latest = this.#snapshots.latest();
    if (latest === null || compareSnapshotIds(latest, BOOTSTRAP_SNAPSHOT) === 0) return;
    const isBehind = reader.nextOffset === 0 || reader.nextOffset < this.#log.startOffset();
    if (!isBehind) return;
    reader.listener.onSnapshot(this.#snapshots.read(latest));
    reader.nextOffset = latest.endOffset;
  }

  #tellLeaderTo(reader: Reader): void {
    const { leader, epochStartOffset } = this.#state();
    if (epochStartOffset >= 0 && reader.nextOffset <= epochStartOffset) return;
    if (leader.epoch === reader.leader.epoch && leader.leaderId === reader.leader.leaderId) return;
    reader.leader = leader;
    reader.listener.onLeaderChange(leader);
  }
}

function hand(reader: Reader, bytes: Uint8Array, at: number): void {
  const { epoch, timestampMs } = batchTimes(bytes, at);
  reader.nextOffset = nextOffsetAt(bytes, at);
  reader.listener.onCommit({
    baseOffset: baseOffsetAt(bytes, at),
    lastOffset: lastOffsetAt(bytes, at),
    epoch,
    appendTimestampMs: timestampMs,
    sizeInBytes: batchSizeAt(bytes, at),
    values: isControlAt(bytes, at) ? [] : batchValues(bytes, at),
  });
}
