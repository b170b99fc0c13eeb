/** How a consumer behaves, with the defaults of Kafka's. */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly durationMs: number };

export interface ConsumerSettings {
  readonly groupId: string | undefined;
  readonly groupInstanceId: string | undefined;
  /** Names of assignors, the preferred first: see assignors.ts. */
  readonly assignors: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  readonly offsetReset: OffsetReset;
  readonly readCommitted: boolean;
  readonly fetchMinBytes: number;
  readonly fetchMaxBytes: number;
  readonly partitionMaxBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly checkCrcs: boolean;
  /** Asks brokers to make topics that do not exist. */
  readonly allowAutoCreate: boolean;
}

export const DEFAULT_CONSUMER_SETTINGS: ConsumerSettings = {
  groupId: undefined,
  groupInstanceId: undefined,
  assignors: ['range', 'roundrobin'],
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 3_000,
  rebalanceTimeoutMs: 300_000,
  autoCommit: true,
  autoCommitIntervalMs: 5_000,
  offsetReset: 'latest',
  readCommitted: false,
  fetchMinBytes: 1,
  fetchMaxBytes: 52_428_800,
  partitionMaxBytes: 1_048_576,
  fetchMaxWaitMs: 500,
  checkCrcs: true,
  allowAutoCreate: true,
};
