/**
 * Planted bugs, one or more for each checker: a checker that finds nothing in a sick cluster is worth nothing. They are
 * wrapped around methods of the product in the process of the simulation, for the length of one run.
 */
import { Partition } from '../../src/broker/partition.ts';
import { ReplicaFetchers } from '../../src/broker/replication/replica-fetchers.ts';
import { PartitionQueue } from '../../src/client/producer/partition-queue.ts';
import { OffsetStore } from '../../src/coordinator/offset-store.ts';
import { baseOffsetAt, batchSizeAt } from '../../src/protocol/batch.ts';
import { VoteTally } from '../../src/raft/vote-tally.ts';
import { METADATA_TOPIC, MetadataLog } from '../../src/server/metadata-log.ts';
import { PartitionLog } from '../../src/storage/partition-log.ts';
import { ProducerState } from '../../src/storage/producer-state.ts';
import type { Shape } from './shapes.ts';

export interface Canary {
  readonly name: string;
  readonly shape: Shape;
  /** What the checker says. */
  readonly says: RegExp;
  /** Returns how to take it out again. */
  readonly plant: () => () => void;
}

/** Puts another method or getter in the place of one. */
function replace<T extends object>(prototype: T, name: keyof T, descriptor: PropertyDescriptor): () => void {
  const before = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, { configurable: true, ...descriptor });
  return () => {
    Object.defineProperty(prototype, name, before);
  };
}

function noDuplicates(): () => void {
  return replace(ProducerState.prototype, 'check', { value: () => null });
}

export const CANARIES: readonly Canary[] = [
  {
    name: 'a flush of a log that writes nothing to the disk',
    shape: 'one',
    says: /is lost|is gone|went back|had .* at offset/,
    plant: () => {
      const { flush } = PartitionLog.prototype;
      return replace(PartitionLog.prototype, 'flush', {
        value(this: PartitionLog) {
          return this.topic === METADATA_TOPIC ? flush.call(this) : Promise.resolve();
        },
      });
    },
  },
  {
    name: 'a leader that answers before its followers have the record',
    shape: 'combined',
    says: /is lost|is gone|went back|had .* at offset/,
    plant: () =>
      replace(Partition.prototype, 'isCommitted', {
        value() {
          return true;
        },
      }),
  },
  {
    name: 'a broker that does not know what was sent to it twice',
    shape: 'one',
    says: /stands at .* and again at|was acknowledged twice/,
    plant: noDuplicates,
  },
  {
    name: 'a producer that repeats a batch behind later ones',
    shape: 'one',
    says: /stands behind number/,
    plant: () => {
      const undo = [
        noDuplicates(),
        replace(PartitionQueue.prototype, 'putBack', {
          value(this: PartitionQueue, out: PartitionQueue['ready'][number]) {
            this.ready.push(out);
          },
        }),
      ];
      return () => {
        for (const one of undo) one();
      };
    },
  },
  {
    name: 'a candidate for whom its own vote is a majority',
    shape: 'combined',
    says: /has two leaders/,
    plant: () => replace(VoteTally.prototype, 'majority', { get: () => 1 }),
  },
  {
    name: 'a sync of the metadata log that writes nothing to the disk',
    shape: 'one',
    says: /committed metadata at offset/,
    plant: () => replace(MetadataLog.prototype, 'sync', { value: () => Promise.resolve() }),
  },
  {
    name: 'a follower that changes a record',
    shape: 'combined',
    says: /differs between/,
    plant: () => {
      const { appendAsFollower } = PartitionLog.prototype;
      return replace(PartitionLog.prototype, 'appendAsFollower', {
        value(this: PartitionLog, bytes: Buffer) {
          // One bit at the end of the first batch.
          const at = batchSizeAt(bytes, 0) - 1;
          if (this.topic === 'records' && baseOffsetAt(bytes, 0) > 20) bytes[at] = (bytes[at] as number) ^ 1;
          return appendAsFollower.call(this, bytes);
        },
      });
    },
  },
  {
    name: 'a follower that puts a replica where nobody looks for it',
    shape: 'oneController',
    says: /a replica of .* is missing/,
    plant: () => {
      const { appendAsFollower } = PartitionLog.prototype;
      return replace(PartitionLog.prototype, 'appendAsFollower', {
        value(this: PartitionLog, bytes: Buffer) {
          if (this.topic === 'records' && !this.path.endsWith('-lost')) this.rename(`${this.path}-lost`);
          return appendAsFollower.call(this, bytes);
        },
      });
    },
  },
  {
    name: 'a new leader that tells its old high watermark',
    shape: 'combined',
    says: /the end of .* went back/,
    plant: () => replace(Partition.prototype, 'epochStartOffset', { get: () => null }),
  },
  {
    name: 'a coordinator that forgets a commit now and then',
    shape: 'one',
    says: /the group's offset of .* went back/,
    plant: () => {
      const { put } = OffsetStore.prototype;
      return replace(OffsetStore.prototype, 'put', {
        value(this: OffsetStore, ...[key, value, sequence]: Parameters<typeof put>) {
          if (value === null || value.offset % 5 !== 0) put.call(this, key, value, sequence);
        },
      });
    },
  },
  {
    name: 'a broker that follows nobody',
    shape: 'combined',
    says: /ms after the last fault/,
    plant: () => replace(ReplicaFetchers.prototype, 'follow', { value: () => {} }),
  },
];
