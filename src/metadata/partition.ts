/**
 * One partition's life in records: made by a Partition record, changed by PartitionChange records that carry no epochs.
 * Replay counts both epochs: every change raises the partition epoch, and a leader that is named raises the leader
 * epoch, also when it is the same one.
 */
import { assert } from '../base/assert.ts';
import { MIGRATING_DIR, type Uuid } from '../base/uuid.ts';
import type { PartitionChangeRecord, PartitionRecord } from '../protocol/records/metadata.ts';
import type { PartitionImage } from './image.ts';
import { type MetadataRecord, metadataRecord, partitionVersion } from './records.ts';

/** In a PartitionChange: the leader stays as it is. */
export const NO_LEADER_CHANGE = -2;

/** Records older than directory ids have none; MIGRATING alone fits any number of replicas. */
function directoriesFor(replicas: readonly number[], directories: readonly Uuid[]): readonly Uuid[] {
  if (directories.every((id) => id === MIGRATING_DIR)) return replicas.map(() => MIGRATING_DIR);
  assert(directories.length === replicas.length, 'a partition has one directory for each replica, or none at all');
  return directories;
}

export function partitionFromRecord(record: PartitionRecord): PartitionImage {
  return {
    partitionId: record.partitionId,
    replicas: record.replicas,
    directories: directoriesFor(record.replicas, record.directories),
    isr: record.isr,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    adding: record.addingReplicas,
    removing: record.removingReplicas,
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  };
}

/** The partition after one change. */
export function applyPartitionChange(before: PartitionImage, change: PartitionChangeRecord): PartitionImage {
  const namesLeader = change.leader !== NO_LEADER_CHANGE;
  const replicas = change.replicas ?? before.replicas;
  // As many replicas as before, and no word of directories: those are the same all the way along.
  const unchanged = before.directories.length === replicas.length ? before.directories : [];
  const directories = change.directories ?? unchanged;
  return {
    partitionId: before.partitionId,
    replicas,
    directories: directoriesFor(replicas, directories),
    isr: change.isr ?? before.isr,
    elr: change.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
    adding: change.addingReplicas ?? before.adding,
    removing: change.removingReplicas ?? before.removing,
    leader: namesLeader ? change.leader : before.leader,
    leaderRecoveryState: change.leaderRecoveryState === -1 ? before.leaderRecoveryState : change.leaderRecoveryState,
    leaderEpoch: before.leaderEpoch + (namesLeader ? 1 : 0),
    partitionEpoch: before.partitionEpoch + 1,
  };
}

/** The Partition record that makes exactly this partition: for creation and for snapshots. */
export function partitionToRecord(topicId: Uuid, partition: PartitionImage, metadataVersion: number): MetadataRecord {
  const version = partitionVersion(metadataVersion);
  return metadataRecord('partition', version, {
    partitionId: partition.partitionId,
    topicId,
    replicas: partition.replicas,
    isr: partition.isr,
    removingReplicas: partition.removing,
    addingReplicas: partition.adding,
    leader: partition.leader,
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    directories: version >= 1 ? partition.directories : [],
    eligibleLeaderReplicas: version >= 2 && partition.elr.length > 0 ? partition.elr : null,
    lastKnownElr: version >= 2 && partition.lastKnownElr.length > 0 ? partition.lastKnownElr : null,
  });
}

export function isReassigning(partition: PartitionImage): boolean {
  return partition.adding.length > 0 || partition.removing.length > 0;
}
