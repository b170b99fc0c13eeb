/**
 * What raft needs of the disk and the network. `server` implements RaftLog over the storage of a partition and
 * RaftTransport over connections; snapshots and quorum-state are plain files (snapshot-files.ts, quorum-state.ts).
 */
import type { NodeAddress, RaftAnswer, RaftAsk } from './messages.ts';
import type { SnapshotId } from './raft-client.ts';
import type { Voter } from './voters.ts';

export interface OffsetAndEpoch {
  readonly offset: number;
  readonly epoch: number;
}

/**
 * The segments of `__cluster_metadata-0`. Everything is synchronous but `sync`; what throws stops the node, since a
 * voter whose log failed must not go on voting with it.
 */
export interface RaftLog {
  /** The first offset that can be read. */
  startOffset(): number;
  /** The next offset to be appended. */
  endOffset(): number;
  /** The epoch of the last batch; the snapshot's after `truncateFully`; 0 for an empty log. */
  lastEpoch(): number;
  /** The end of the largest epoch that is not larger than `epoch`: how a log answers what another one lacks. */
  endOffsetForEpoch(epoch: number): OffsetAndEpoch;
  /** Appends whole batches whose base offset and leader epoch are in place, the first at `endOffset()`. */
  append(batches: Uint8Array): void;
  /** Makes everything appended so far durable; never asked again after it failed. */
  sync(): Promise<void>;
  /** Whole batches from the one that holds `offset`, at least one where there is one. */
  read(offset: number, maxBytes: number): Uint8Array;
  /** Removes `offset` and what follows. */
  truncateTo(offset: number): void;
  /** Empties the log and goes on at the snapshot's end. */
  truncateFully(to: SnapshotId): void;
  /** Where a crash took records between two segments: what a snapshot up to `covered` has goes, else what comes behind. */
  settleGaps(covered: number): void;
  /** Removes whole segments before a snapshot, whose end becomes the start of the log. */
  deleteBefore(snapshot: SnapshotId): void;
  sizeInBytes(): number;
}

/** Carries messages to other nodes, one connection to each. A message may be lost; none comes twice. */
export interface RaftTransport {
  /** Called once, before the first message. */
  start(events: RaftTransportEvents): void;
  /** Rejects when no answer came: whether the message arrived is unknown. */
  send(to: NodeAddress, ask: RaftAsk, timeoutMs: number): Promise<RaftAnswer>;
  /** What a node says in ApiVersions that it supports of kraft.version. */
  kraftVersionsOf(address: NodeAddress, timeoutMs: number): Promise<Voter['kraftVersion'] | null>;
  close(): void;
}

export interface RaftTransportEvents {
  /** Nobody listens there any more: a connection was closed, and the next one refused. */
  refused(address: NodeAddress): void;
}
