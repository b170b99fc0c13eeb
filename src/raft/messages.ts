/**
 * What nodes of a quorum say to each other, free of the wire's shape: src/server/raft-wire.ts writes and reads it. Every
 * answer names the leader that its sender knows, and its epoch, so that whoever is behind catches up at once.
 */
import type { Uuid } from '../base/uuid.ts';
import type { SnapshotId } from './raft-client.ts';
import type { OffsetAndEpoch } from './raft-log.ts';
import type { Voter, VoterEndpoint } from './voters.ts';

/** A node as it takes part in the quorum: in a dynamic quorum another directory is another replica. */
export interface ReplicaKey {
  readonly id: number;
  /** ZERO_UUID: unknown, or of no matter. */
  readonly directoryId: Uuid;
}

export interface VoteAsk {
  readonly kind: 'vote';
  readonly clusterId: string | null;
  /** Who is asked. */
  readonly voter: ReplicaKey;
  /** The epoch to be led; of a pre-vote the epoch that the asker is in. */
  readonly epoch: number;
  readonly candidate: ReplicaKey;
  readonly lastEpoch: number;
  readonly endOffset: number;
  readonly preVote: boolean;
}

export interface BeginAsk {
  readonly kind: 'begin';
  readonly clusterId: string | null;
  readonly voter: ReplicaKey;
  readonly leaderId: number;
  readonly epoch: number;
  readonly endpoints: readonly VoterEndpoint[];
}

export interface EndAsk {
  readonly kind: 'end';
  readonly clusterId: string | null;
  readonly leaderId: number;
  readonly epoch: number;
  /** The best successor first. */
  readonly candidates: readonly ReplicaKey[];
}

export interface FetchAsk {
  readonly kind: 'fetch';
  readonly clusterId: string | null;
  readonly replica: ReplicaKey;
  readonly epoch: number;
  readonly offset: number;
  readonly lastEpoch: number;
  /** Null: does not say, as the fetches of older versions. */
  readonly highWatermark: number | null;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

export interface SnapshotAsk {
  readonly kind: 'snapshot';
  readonly clusterId: string | null;
  readonly replica: ReplicaKey;
  readonly epoch: number;
  readonly id: SnapshotId;
  readonly position: number;
  readonly maxBytes: number;
}

export interface AddVoterAsk {
  readonly kind: 'addVoter';
  readonly clusterId: string | null;
  readonly voter: ReplicaKey;
  readonly endpoints: readonly VoterEndpoint[];
  readonly timeoutMs: number;
  /** False: the answer may come as soon as the change stands in the leader's log. */
  readonly ackWhenCommitted: boolean;
}

export interface RemoveVoterAsk {
  readonly kind: 'removeVoter';
  readonly clusterId: string | null;
  readonly voter: ReplicaKey;
}

export interface UpdateVoterAsk {
  readonly kind: 'updateVoter';
  readonly clusterId: string | null;
  readonly epoch: number;
  readonly voter: ReplicaKey;
  readonly endpoints: readonly VoterEndpoint[];
  readonly kraftVersion: Voter['kraftVersion'];
}

/** What the pure quorum itself sends. */
export type ElectionAsk = VoteAsk | BeginAsk | EndAsk;
export type RaftAsk = ElectionAsk | FetchAsk | SnapshotAsk | AddVoterAsk | RemoveVoterAsk | UpdateVoterAsk;

export interface NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface RaftAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1: unknown. */
  readonly leaderId: number;
  /** -1 where the answer does not tell. */
  readonly epoch: number;
  /** Where the leader can be reached, as the answer tells it. */
  readonly nodes: readonly NodeAddress[];
  readonly granted?: boolean;
  readonly fetched?: Fetched;
  readonly slice?: SnapshotSlice;
}

export interface Fetched {
  /** Of the leader; -1 while it does not know. */
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** The fetcher's log is another one from here on. */
  readonly diverging: OffsetAndEpoch | null;
  /** The fetcher has to begin with this snapshot. */
  readonly snapshotId: SnapshotId | null;
  readonly records: Uint8Array;
}

export interface SnapshotSlice {
  readonly id: SnapshotId;
  readonly size: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}
