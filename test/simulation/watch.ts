/**
 * Looks into the nodes of a simulation while they run: what each of them takes for committed in the metadata log, whom it
 * takes for the leader, and who appends to a partition as its leader. Product code knows nothing of it: the methods are
 * wrapped in this process, once.
 */
import { Partition } from '../../src/broker/partition.ts';
import { MetadataLoader } from '../../src/metadata/loader.ts';
import { decodeRecord } from '../../src/metadata/records.ts';
import { crc32c } from '../../src/protocol/crc32c.ts';
import { QuorumStateFile } from '../../src/raft/quorum-state.ts';
import type { CommittedBatch, LeaderAndEpoch } from '../../src/raft/raft-client.ts';
import { THE_WORLD, type World } from '../support/sim/world.ts';

let current: Watch | null = null;

export interface Placement {
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export class Watch {
  readonly #world: World;
  /** By raft epoch. */
  readonly #leaders = new Map<number, number>();
  /** By partition and its leader's epoch: the log that was appended to. */
  readonly #partitionLeaders = new Map<string, string>();
  /** By offset: what was committed there. */
  readonly #committed = new Map<number, string>();
  readonly #topicIds = new Map<string, string>();
  /** By partition, as committed last. */
  readonly #placements = new Map<string, Placement>();
  committedOffset = -1;
  leaders = 0;
  /** Of the latest epoch. */
  leader = -1;
  #epoch = -1;

  constructor(world: World) {
    this.#world = world;
    install();
    current = this;
  }

  stop(): void {
    current = null;
  }

  onLeader({ leaderId, epoch }: LeaderAndEpoch): void {
    if (leaderId < 0 || this.#world.isVoid) return;
    if (epoch > this.#epoch) {
      this.#epoch = epoch;
      this.leader = leaderId;
    }
    const before = this.#leaders.get(epoch);
    if (before === undefined) {
      this.#leaders.set(epoch, leaderId);
      this.leaders++;
    } else if (before !== leaderId) this.#world.fail(`epoch ${epoch} has two leaders: ${before} and ${leaderId}`);
  }

  onCommit({ baseOffset, lastOffset, epoch, values }: CommittedBatch): void {
    if (this.#world.isVoid) return;
    let text = `${lastOffset} of epoch ${epoch}`;
    for (const value of values) text += ` ${crc32c(value)}`;
    const before = this.#committed.get(baseOffset);
    if (before === undefined) {
      this.#committed.set(baseOffset, text);
      this.committedOffset = Math.max(this.committedOffset, lastOffset);
      for (const value of values) this.#noteRecord(value);
      for (const value of values) this.#world.say(THE_WORLD, () => `committed ${baseOffset} ${describeRecord(value)}`);
    } else if (before !== text) {
      this.#world.fail(`committed metadata at offset ${baseOffset} was up to ${before}, and now is up to ${text}`);
    }
  }

  /** Of every partition. */
  get isrs(): (readonly number[])[] {
    return [...this.#placements.values()].map(({ isr }) => isr);
  }

  /** As committed last, which a broker may not know yet. */
  placementOf(topic: string, partition: number): Placement | undefined {
    return this.#placements.get(`${this.#topicIds.get(topic)}-${partition}`);
  }

  #noteRecord(value: Uint8Array): void {
    const record = decodeRecord(value);
    if (record.type === 'topic') {
      const { name, topicId } = record.value as { readonly name: string; readonly topicId: string };
      this.#topicIds.set(name, topicId);
    }
    if (record.type === 'removeTopic') {
      const { topicId } = record.value as { readonly topicId: string };
      for (const key of this.#placements.keys()) if (key.startsWith(`${topicId}-`)) this.#placements.delete(key);
    }
    if (record.type !== 'partition' && record.type !== 'partitionChange') return;
    const { topicId, partitionId, replicas, isr } = record.value as {
      readonly topicId: string;
      readonly partitionId: number;
      readonly replicas: readonly number[] | null;
      readonly isr: readonly number[] | null;
    };
    const key = `${topicId}-${partitionId}`;
    const before = this.#placements.get(key) ?? { replicas: [], isr: [] };
    this.#placements.set(key, { replicas: replicas ?? before.replicas, isr: isr ?? before.isr });
  }

  onAppend(partition: string, epoch: number, leader: number): void {
    if (this.#world.isVoid) return;
    const key = `${partition} ${epoch}`;
    const before = this.#partitionLeaders.get(key);
    if (before === undefined) this.#partitionLeaders.set(key, String(leader));
    else if (before !== String(leader)) {
      this.#world.fail(`${partition} is led by ${before} and by ${leader} in epoch ${epoch}`);
    }
  }
}

function describeRecord(value: Uint8Array): string {
  return JSON.stringify(decodeRecord(value), (_, field) => (typeof field === 'bigint' ? String(field) : field));
}

let installed = false;

function install(): void {
  if (installed) return;
  installed = true;
  const { onCommit, onLeaderChange } = MetadataLoader.prototype;
  MetadataLoader.prototype.onCommit = function (batch) {
    current?.onCommit(batch);
    onCommit.call(this, batch);
  };
  MetadataLoader.prototype.onLeaderChange = function (leader) {
    current?.onLeader(leader);
    onLeaderChange.call(this, leader);
  };
  // What a node has put down about an epoch before it acts on it, also when it does not get as far as committing anything.
  const { write } = QuorumStateFile.prototype;
  QuorumStateFile.prototype.write = function (state, ...rest) {
    current?.onLeader({ leaderId: state.leaderId, epoch: state.epoch });
    write.call(this, state, ...rest);
  };
  const { append } = Partition.prototype;
  Partition.prototype.append = function (batch, allReplicas) {
    const result = append.call(this, batch, allReplicas);
    current?.onAppend(this.log.name, this.leaderEpoch, this.leader);
    return result;
  };
}
