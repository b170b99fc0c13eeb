/**
 * What the controller, the metadata loader and the snapshot maker see of the quorum: an ordered log of opaque record
 * values that is theirs to extend while this node leads, and the news of what is committed. `RaftNode` implements it.
 */

/** Identifies a snapshot: everything before `endOffset`, whose last record is of `epoch`. */
export interface SnapshotId {
  readonly endOffset: number;
  readonly epoch: number;
}

export interface LeaderAndEpoch {
  /** -1 while nobody is known to lead. */
  readonly leaderId: number;
  readonly epoch: number;
}

/** A whole committed batch. Control batches arrive without values: their offsets count. */
export interface CommittedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly appendTimestampMs: number;
  readonly sizeInBytes: number;
  /** Views: copy what outlives the call. */
  readonly values: readonly Uint8Array[];
}

export interface SnapshotReader {
  readonly id: SnapshotId;
  readonly lastContainedLogTimestampMs: number;
  /** The data records, batch by batch; views that live until the next batch. */
  batches(): IterableIterator<readonly Uint8Array[]>;
}

/** All calls come in order of the log, from the one loop, and must not throw: what throws stops the node. */
export interface RaftListener {
  /** Replace all state by the snapshot's. Comes before the first batch after it. */
  onSnapshot(snapshot: SnapshotReader): void;
  onCommit(batch: CommittedBatch): void;
  /** For the new leader itself: only after every batch of earlier epochs was handed to `onCommit`. */
  onLeaderChange(leader: LeaderAndEpoch): void;
}

/** One row of DescribeQuorum. */
export interface ReplicaProgress {
  readonly replicaId: number;
  readonly directoryId: string;
  readonly logEndOffset: number;
  readonly lastFetchTimestampMs: number;
  readonly lastCaughtUpTimestampMs: number;
}

export interface VoterNode {
  readonly id: number;
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly ReplicaProgress[];
  readonly observers: readonly ReplicaProgress[];
  readonly nodes: readonly VoterNode[];
}

/** Thrown by scheduleAppend: this node does not lead in that epoch. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

export interface RaftClient {
  readonly nodeId: number;
  readonly clusterId: string;
  leaderAndEpoch(): LeaderAndEpoch;
  /** Exclusive; -1 while unknown. */
  highWatermark(): number;
  /** The offset that the next scheduled record gets. */
  nextOffset(): number;
  /** The finalised level of kraft.version. */
  kraftVersion(): number;
  /**
   * Appends the values as one batch, or as several when they exceed the largest batch, and returns the last offset.
   * They are committed when `onCommit` hands them back. Throws NotLeaderError when `epoch` is not this leader's.
   */
  scheduleAppend(epoch: number, values: readonly Uint8Array[]): number;
  /** Gives up leadership: the state above is not to be trusted (a failed operation on the log). */
  resign(epoch: number): void;
  /** Registers and at once brings the listener up to the high watermark: snapshot, batches, leader. */
  register(listener: RaftListener): () => void;
  /** Writes a snapshot of committed state; false when there is one already, or `id` is not yet committed. */
  createSnapshot(id: SnapshotId, lastContainedLogTimestampMs: number, values: Iterable<Uint8Array>): Promise<boolean>;
  latestSnapshotId(): SnapshotId | null;
  /** Null unless this node leads. */
  describeQuorum(): QuorumDescription | null;
  /** Moves a static quorum to kraft.version 1 by writing version and voters; throws NotLeaderError as scheduleAppend. */
  upgradeKraftVersion(epoch: number, level: number): number;
}
