/** What a RaftNode is made of. */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Clock, Files, Timers } from '../runtime/runtime.ts';
import type { RaftLog } from './raft-log.ts';
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
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The log or the disk failed: the node must stop. */
  readonly onFatal: (cause: unknown) => void;
}
