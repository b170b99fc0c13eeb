/** What the broker's configuration says of fetching as a follower. */
import type { BrokerConfig } from '../../config/broker-config.ts';

/** Of one loop. */
export interface FetchSettings {
  /** replica.fetch.wait.max.ms */
  readonly waitMaxMs: number;
  /** replica.fetch.min.bytes */
  readonly minBytes: number;
  /** replica.fetch.max.bytes: of one partition. */
  readonly maxBytes: number;
  /** replica.fetch.response.max.bytes */
  readonly responseMaxBytes: number;
  /** replica.fetch.backoff.ms: the longest pause; the first ones are shorter. */
  readonly backoffMs: number;
}

/** Of all. */
export interface ReplicaFetcherSettings extends FetchSettings {
  /** num.replica.fetchers */
  readonly fetchers: number;
  /** replica.socket.timeout.ms */
  readonly socketTimeoutMs: number;
}

export function replicaFetcherSettings(config: BrokerConfig): ReplicaFetcherSettings {
  return {
    fetchers: config.number('num.replica.fetchers'),
    socketTimeoutMs: config.number('replica.socket.timeout.ms'),
    waitMaxMs: config.number('replica.fetch.wait.max.ms'),
    minBytes: config.number('replica.fetch.min.bytes'),
    maxBytes: config.number('replica.fetch.max.bytes'),
    responseMaxBytes: config.number('replica.fetch.response.max.bytes'),
    backoffMs: config.number('replica.fetch.backoff.ms'),
  };
}
