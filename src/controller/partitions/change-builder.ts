/**
 * Decides one PartitionChange: given what should become of a partition's ISR, replicas or directories, it finishes a
 * reassignment that is done, keeps the eligible leader replicas (KIP-966), elects a leader where one is needed, and
 * gives the record that says so, or null when nothing changes. Pure.
 */
import type { Uuid } from '../../base/uuid.ts';
import { MV } from '../../metadata/features.ts';
import { NO_LEADER, type PartitionImage, RECOVERING } from '../../metadata/image.ts';
import { NO_LEADER_CHANGE } from '../../metadata/partition.ts';
import { type MetadataRecord, metadataRecord, partitionChangeVersion } from '../../metadata/records.ts';
import { hashSetOrder } from '../hash-order.ts';

/**
 * `online`: a leader if there is a safe one. `preferred`: the first replica if it may lead. `unclean`: any live replica
 * rather than none.
 */
export type Election = 'online' | 'preferred' | 'unclean';

export interface PartitionChangeOptions {
  readonly topicId: Uuid;
  readonly partition: PartitionImage;
  readonly isAcceptableLeader: (brokerId: number) => boolean;
  readonly metadataVersion: number;
  readonly elrEnabled: boolean;
  /** Not larger than the topic's replication factor. */
  readonly minIsr: number;
  readonly election?: Election;
  readonly targetIsr?: readonly number[];
  readonly targetElr?: readonly number[];
  readonly targetReplicas?: readonly number[];
  readonly targetAdding?: readonly number[];
  readonly targetRemoving?: readonly number[];
  readonly targetRecoveryState?: number;
  /** Brokers that lost what was not on disk: no longer eligible. */
  readonly uncleanShutdownReplicas?: readonly number[];
  /** Directories by replica; those not named keep theirs. */
  readonly directories?: ReadonlyMap<number, Uuid>;
  /** The directory of a replica that is new to the partition. */
  readonly defaultDirectory?: (brokerId: number) => Uuid;
}

interface Change {
  isr: readonly number[] | null;
  leader: number;
  leaderRecoveryState: number;
}

const without = (list: readonly number[], drop: readonly number[]): number[] => list.filter((id) => !drop.includes(id));
const same = <T>(a: readonly T[], b: readonly T[]): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

class PartitionChangeBuilder {
  readonly #o: PartitionChangeOptions;
  readonly #partition: PartitionImage;
  #isr: readonly number[];
  #elr: readonly number[];
  #replicas: readonly number[];
  #adding: readonly number[];
  #removing: readonly number[];
  readonly #change: Change = { isr: null, leader: NO_LEADER_CHANGE, leaderRecoveryState: -1 };

  constructor(options: PartitionChangeOptions) {
    const { partition } = options;
    this.#o = options;
    this.#partition = partition;
    this.#isr = options.targetIsr ?? partition.isr;
    this.#elr = options.targetElr ?? partition.elr;
    this.#replicas = options.targetReplicas ?? partition.replicas;
    this.#adding = options.targetAdding ?? partition.adding;
    this.#removing = options.targetRemoving ?? partition.removing;
  }

  build(): MetadataRecord | null {
    this.#completeReassignment();
    this.#populateElr();
    this.#elect();
    const mayChangeIsr = this.#isr.length > 0 || this.#o.elrEnabled;
    if (this.#change.isr === null && mayChangeIsr && !same(this.#isr, this.#partition.isr)) {
      this.#change.isr = this.#isr;
    }
    this.#bumpEpochForRemovedReplicas();
    this.#bumpEpochForShrunkIsr();
    return this.#record();
  }

  /** Replicas that were being added are all in sync: those on their way out may go. */
  #completeReassignment(): void {
    if (this.#adding.length === 0 && this.#removing.length === 0) return;
    const isr = without(this.#isr, this.#removing);
    const replicas = without(this.#replicas, this.#removing);
    if (this.#removing.length > 0 && (isr.length === 0 || replicas.length === 0)) return;
    if (!this.#adding.every((id) => isr.includes(id))) return;
    // With fewer replicas than before, all that stay must be in sync.
    if (this.#adding.length < this.#removing.length && !replicas.every((id) => isr.includes(id))) return;
    this.#isr = isr;
    this.#replicas = replicas;
    this.#adding = [];
    this.#removing = [];
  }

  /**
   * Who leaves an ISR that is smaller than the minimum stays eligible: it has every acknowledged record. But not who is
   * no replica any more: Kafka keeps those when a reassignment leaves less than the minimum, and then, should the new
   * replicas restart unclean, never takes the last leader back.
   */
  #populateElr(): void {
    if (!this.#o.elrEnabled) return;
    if (this.#isr.length >= this.#o.minIsr) {
      this.#elr = [];
      return;
    }
    const unclean = this.#o.uncleanShutdownReplicas ?? [];
    const candidates = hashSetOrder(this.#elr, this.#partition.isr);
    this.#elr = candidates.filter(
      (id) => !this.#isr.includes(id) && !unclean.includes(id) && this.#replicas.includes(id),
    );
  }

  #isValidNewLeader(id: number): boolean {
    // Eligible replicas count only once the ISR is empty.
    const fromElr = this.#o.elrEnabled && this.#isr.length === 0 && this.#elr.includes(id);
    const eligible = this.#isr.includes(id) || fromElr;
    return eligible && this.#o.isAcceptableLeader(id);
  }

  /** The last leader of a partition that lost everybody: taken back rather than staying offline (KIP-966). */
  #lastKnownLeader(): number | null {
    const { elrEnabled, isAcceptableLeader } = this.#o;
    if (!elrEnabled || this.#elr.length > 0 || this.#isr.length > 0) return null;
    const [last, ...more] = this.#partition.lastKnownElr;
    return last !== undefined && more.length === 0 && isAcceptableLeader(last) ? last : null;
  }

  #electedLeader(): { readonly leader: number; readonly unclean: boolean } {
    const preferred = this.#o.election === 'preferred' ? this.#replicas.slice(0, 1) : [];
    for (const id of [...preferred, this.#partition.leader, ...this.#replicas]) {
      if (id !== NO_LEADER && this.#isValidNewLeader(id)) return { leader: id, unclean: false };
    }
    const last = this.#lastKnownLeader();
    if (last !== null) return { leader: last, unclean: true };
    if (this.#o.election === 'unclean') {
      const any = this.#replicas.find((id) => this.#o.isAcceptableLeader(id));
      if (any !== undefined) return { leader: any, unclean: true };
    }
    return { leader: NO_LEADER, unclean: false };
  }

  #elect(): void {
    const { leader, unclean } = this.#electedLeader();
    if (leader === this.#partition.leader) return;
    this.#change.leader = leader;
    if (leader === NO_LEADER) return;
    if (unclean) {
      this.#isr = [leader];
      this.#elr = [];
      this.#change.isr = this.#isr;
      if (this.#partition.leaderRecoveryState !== RECOVERING) this.#change.leaderRecoveryState = RECOVERING;
    } else if (this.#elr.includes(leader)) {
      this.#isr = [leader];
      this.#elr = without(this.#elr, [leader]);
    }
  }

  /** Leaders must hear of replicas that left, so that their fetches are refused: a new leader epoch does it. */
  #bumpEpochForRemovedReplicas(): void {
    if (this.#change.leader !== NO_LEADER_CHANGE) return;
    if (this.#partition.replicas.every((id) => this.#replicas.includes(id))) return;
    this.#change.leader = this.#partition.leader;
  }

  /** Before 3.6-IV0 leaders had to be told of every shrink in this way (KAFKA-15021). */
  #bumpEpochForShrunkIsr(): void {
    const { isr, leader } = this.#change;
    if (this.#o.metadataVersion >= MV.noEpochBumpOnShrink || leader !== NO_LEADER_CHANGE || isr === null) return;
    if (this.#partition.isr.every((id) => isr.includes(id))) return;
    this.#change.leader = this.#partition.leader;
  }

  /** The last leader, remembered while there is none (KIP-966). Null when it stays. */
  #lastKnownElr(): readonly number[] | null {
    if (!this.#o.elrEnabled) return null;
    const { leader: last, lastKnownElr } = this.#partition;
    const { leader } = this.#change;
    if (leader === NO_LEADER) return lastKnownElr.length === 0 && last !== NO_LEADER ? [last] : null;
    return leader >= 0 && lastKnownElr.length > 0 ? [] : null;
  }

  /** Null when they stay. */
  #directories(): readonly Uuid[] | null {
    const { partition, directories, defaultDirectory } = this.#o;
    const target = this.#replicas.map((id) => {
      const given = directories?.get(id);
      if (given !== undefined) return given;
      const index = partition.replicas.indexOf(id);
      return index >= 0 ? (partition.directories[index] as Uuid) : (defaultDirectory?.(id) as Uuid);
    });
    return same(target, partition.directories) ? null : target;
  }

  #record(): MetadataRecord | null {
    const { topicId, partition, targetRecoveryState, metadataVersion } = this.#o;
    const change = this.#change;
    if (
      change.leaderRecoveryState === -1 &&
      targetRecoveryState !== undefined &&
      targetRecoveryState !== partition.leaderRecoveryState
    ) {
      change.leaderRecoveryState = targetRecoveryState;
    }
    const elr = this.#o.elrEnabled ? this.#elr : [];
    const version = partitionChangeVersion(metadataVersion);
    const value = {
      partitionId: partition.partitionId,
      topicId,
      isr: change.isr,
      leader: change.leader,
      leaderRecoveryState: change.leaderRecoveryState,
      replicas: same(this.#replicas, partition.replicas) ? null : this.#replicas,
      removingReplicas: same(this.#removing, partition.removing) ? null : this.#removing,
      addingReplicas: same(this.#adding, partition.adding) ? null : this.#adding,
      directories: version >= 1 ? this.#directories() : null,
      eligibleLeaderReplicas: version < 2 || same(elr, partition.elr) ? null : elr,
      lastKnownElr: version < 2 ? null : this.#lastKnownElr(),
    };
    const { partitionId: _id, topicId: _topic, leader, leaderRecoveryState, ...lists } = value;
    const isNoOp =
      leader === NO_LEADER_CHANGE && leaderRecoveryState === -1 && Object.values(lists).every((list) => list === null);
    return isNoOp ? null : metadataRecord('partitionChange', version, value);
  }
}

export function buildPartitionChange(options: PartitionChangeOptions): MetadataRecord | null {
  return new PartitionChangeBuilder(options).build();
}
