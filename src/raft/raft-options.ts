/** What a RaftNode is made of. */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Clock, Files, Random, Timers } from '../runtime/runtime.ts';
import type { QuorumTimeouts } from './quorum-options.ts';
import type { RaftLog, RaftTransport } from './raft-log.ts';
import type { Voter, VoterEndpoint } from './voters.ts';

export interface RaftNodeOptions {
  readonly nodeId: number;
  /** `directory.id` of the metadata directory's meta.properties. */
  readonly directoryId: Uuid;
  readonly clusterId: string;
  readonly log: RaftLog;
  /** The folder `__cluster_metadata-0`: snapshots and quorum-state. It exists. */
  readonly directory: string;
  /** controller.quorum.voters; null in a dynamic quorum, whose voters stand in the log. */
  readonly staticVoters: readonly Voter[] | null;
  /** Where this controller can be reached, in the order of controller.listener.names. */
  readonly localEndpoints: readonly VoterEndpoint[];
  /** metadata.max.retention.bytes and .ms; -1 keeps all. */
  readonly retentionBytes: number;
  readonly retentionMs: number;
  /** Null, or absent: alone, without a way to others. */
  readonly transport?: RaftTransport | null;
  /** controller.quorum.bootstrap.servers. */
  readonly bootstrapServers?: readonly { readonly host: string; readonly port: number }[];
  /** controller.listener.names: on which listener the voters are reached. */
  readonly listenerNames?: readonly string[];
  /** False for a node that is only a broker: it follows, and never votes. */
  readonly canVote?: boolean;
  readonly timeouts?: QuorumTimeouts;
  /** See QuorumOptions.prompt; false is Kafka's behaviour. */
  readonly prompt?: boolean;
  /** controller.quorum.auto.join.enable. */
  readonly autoJoin?: boolean;
  /** controller.quorum.fetch.max.bytes, controller.quorum.fetch.snapshot.max.bytes. */
  readonly fetchMaxBytes?: number;
  readonly snapshotMaxBytes?: number;
  readonly random?: Random;
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The log or the disk failed: the node must stop. */
  readonly onFatal: (cause: unknown) => void;
}
