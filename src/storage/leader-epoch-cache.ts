/**
 * Which leader epoch began at which offset: what tells a follower where its log and the leader's part ways. Entries
 * ascend in both. The owner of the log writes them to `leader-epoch-checkpoint` when they are `dirty`.
 */
export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

export const UNDEFINED_EPOCH = -1;
export const UNDEFINED_EPOCH_OFFSET = -1;

export interface EpochEndOffset {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

export class LeaderEpochCache {
  #entries: EpochEntry[];
  /** Changed since the file was written. */
  dirty = false;

  constructor(entries: readonly EpochEntry[] = []) {
    this.#entries = [...entries];
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  /** -1 when there is none. */
  get latestEpoch(): number {
    return this.#entries.at(-1)?.epoch ?? UNDEFINED_EPOCH;
  }

  get earliest(): EpochEntry | undefined {
    return this.#entries[0];
  }

  /** A leader took over at `startOffset`. Entries that this contradicts go; an epoch that is known keeps its start. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last.epoch === epoch && last.startOffset <= startOffset) return;
    if (last !== undefined && (last.epoch >= epoch || last.startOffset >= startOffset)) {
      this.#entries = this.#entries.filter((e) => e.epoch < epoch && e.startOffset < startOffset);
    }
    this.#entries.push({ epoch, startOffset });
    this.dirty = true;
  }

  /** The largest known epoch <= `epoch` and the offset where it ended; (-1, -1) when the answer is not known. */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === UNDEFINED_EPOCH) return { leaderEpoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET };
    if (epoch === this.latestEpoch) return { leaderEpoch: epoch, endOffset: logEndOffset };
    const above = this.#entries.findIndex((e) => e.epoch > epoch);
    if (above < 0) return { leaderEpoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET };
    const endOffset = (this.#entries[above] as EpochEntry).startOffset;
    return { leaderEpoch: above === 0 ? epoch : (this.#entries[above - 1] as EpochEntry).epoch, endOffset };
  }

  /** The epoch of the record at `offset`, or -1. */
  epochFor(offset: number): number {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i] as EpochEntry;
      if (entry.startOffset <= offset) return entry.epoch;
    }
    return UNDEFINED_EPOCH;
  }

  /** The log now ends at `endOffset`: epochs that began there or later have no records. */
  truncateFromEnd(endOffset: number): void {
    if ((this.#entries.at(-1)?.startOffset ?? -1) < endOffset) return;
    this.#entries = this.#entries.filter((e) => e.startOffset < endOffset);
    this.dirty = true;
  }

  /** The log now begins at `startOffset`: the epoch that holds it begins there too. */
  truncateFromStart(startOffset: number): void {
    const first = this.#entries[0];
    if (first === undefined || first.startOffset >= startOffset) return;
    const kept = this.#entries.filter((e) => e.startOffset > startOffset);
    const dropped = this.#entries[this.#entries.length - kept.length - 1] as EpochEntry;
    this.#entries = [{ epoch: dropped.epoch, startOffset }, ...kept];
    this.dirty = true;
  }

  clear(): void {
    if (this.#entries.length === 0) return;
    this.#entries = [];
    this.dirty = true;
  }
}
