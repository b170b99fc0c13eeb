/**
 * The groups of one coordinator partition. Classic groups live here; of groups of other kinds (consumer, share, streams),
 * which this coordinator does not serve yet, only their records' keys are kept: enough to refuse or take over their id,
 * and to delete them whole.
 */
import type { ClassicGroup } from './classic-group.ts';
import type { ForeignGroupType, ForeignRecord } from './group-records.ts';
import type { View } from './offset-store.ts';
import { PendingWrites } from './pending-writes.ts';

export interface ForeignGroup {
  readonly groupId: string;
  readonly type: ForeignGroupType;
  /** The keys of its records that no tombstone has removed, by their bytes as latin1. */
  readonly keys: Map<string, ForeignRecord>;
}

export class GroupTable {
  readonly #committed = new Map<string, ClassicGroup>();
  /** Null: removed. */
  readonly #pending = new PendingWrites<ClassicGroup | null>();
  readonly #foreign = new Map<string, ForeignGroup>();

  get(groupId: string, view: View = 'latest'): ClassicGroup | undefined {
    if (view === 'latest' && !this.#pending.isEmpty) {
      const write = this.#pending.get(groupId);
      if (write !== undefined) return write.value ?? undefined;
    }
    return this.#committed.get(groupId);
  }

  /** `sequence` of the append; null when it is committed already (loading). */
  put(groupId: string, group: ClassicGroup | null, sequence: number | null): void {
    if (sequence === null) this.#apply(groupId, group);
    else this.#pending.put(groupId, group, sequence);
  }

  commit(sequence: number): void {
    this.#pending.commit(sequence, (groupId, group) => this.#apply(groupId, group));
  }

  committed(): Iterable<ClassicGroup> {
    return this.#committed.values();
  }

  /** Every group object held, committed or not. */
  all(): Set<ClassicGroup> {
    const groups = new Set(this.#committed.values());
    for (const { value } of this.#pending.latest()) if (value !== null) groups.add(value);
    return groups;
  }

  foreign(groupId: string): ForeignGroup | undefined {
    return this.#foreign.get(groupId);
  }

  foreignGroups(): Iterable<ForeignGroup> {
    return this.#foreign.values();
  }

  replayForeign(record: ForeignRecord): void {
    const key = record.key.toString('latin1');
    const group = this.#foreign.get(record.group);
    if (record.isTombstone) {
      group?.keys.delete(key);
      if (group?.keys.size === 0) this.#foreign.delete(record.group);
    } else if (group === undefined || group.type !== record.type) {
      this.#foreign.set(record.group, { groupId: record.group, type: record.type, keys: new Map([[key, record]]) });
    } else {
      group.keys.set(key, record);
    }
  }

  #apply(groupId: string, group: ClassicGroup | null): void {
    if (group === null) this.#committed.delete(groupId);
    else this.#committed.set(groupId, group);
  }
}

/** The tombstones that delete a group of another kind. */
export function foreignTombstones(group: ForeignGroup): ForeignRecord[] {
  return Array.from(group.keys.values(), (record) => ({ ...record, isTombstone: true }));
}
