/**
 * What the broker's handlers share. The node's wiring makes one; handlers read it and keep nothing of their own.
 */
import type { Logger } from '../base/logger.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { RequestContext } from '../network/handler.ts';
import type { Decoded, Encodable, Message } from '../protocol/schema.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LogManager } from '../storage/log-manager.ts';
import type { FetchSessionCache } from './fetch-session.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { DirectoryMoves } from './replication/directory-moves.ts';
import type { ReplicationQuota } from './replication-quota.ts';

/** The way to the active controller. Answers are the controller's own; unreachable is a KafkaError that clients retry. */
export interface ControllerChannel {
  /** Sends a request of this broker's own. Once `isWanted` says no, it goes nowhere any more, and is refused. */
  send<Req extends Message, Res extends Message>(
    request: Req,
    response: Res,
    version: number,
    value: Encodable<Req>,
    isWanted?: () => boolean,
  ): Promise<Decoded<Res>>;
  /** Passes a client's request on in an Envelope (KIP-590), with its principal and address. */
  forward<Res extends Message>(context: RequestContext, response: Res): Promise<Decoded<Res>>;
}

export interface BrokerServices {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly replicas: ReplicaManager;
  readonly logs: LogManager;
  /** Of replicas between this broker's log directories. */
  readonly moves: DirectoryMoves;
  readonly controller: ControllerChannel;
  readonly fetchSessions: FetchSessionCache;
  /** What leaders here may send to throttled followers (`leader.replication.throttled.rate`). */
  readonly leaderQuota: ReplicationQuota;
  /** The committed metadata as of now. */
  image(): MetadataImage;
  /** Why a partition is not hosted here: unknown, or led elsewhere. A wire error code. */
  absentPartitionError(topic: string, partition: number): number;
  /** Bytes of answers that may still be put into memory; answers are cut to it, never below one batch. */
  responseBytesLeft(): number;
  /** Creates missing topics that the configuration allows; resolves when they are usable or refused. */
  autoCreateTopics(names: readonly string[], context: RequestContext | null): Promise<ReadonlyMap<string, number>>;
}
