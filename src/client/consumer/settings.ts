/** How a consumer behaves, with the defaults of Kafka's. */
import type { Deserializer } from '../serdes.ts';
import type { GroupAssignor } from './assignors.ts';
import type { ConsumerInterceptor } from './record.ts';

export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly durationMs: number };

export interface ConsumerSettings {
  readonly groupId: string | undefined;
  readonly groupInstanceId: string | undefined;
  /** Nobody else is in this group, and it has no offsets: everything is read at once, while the group is still being joined. */
  readonly isAlone: boolean;
  /** By name (see assignors.ts) or as they are, the preferred first. */
  readonly assignors: readonly (string | GroupAssignor)[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Whoever does not poll for so long leaves the group; so long the others wait for him when the group rebalances. */
  readonly maxPollIntervalMs: number;
  /** The longest that a rebalance waits for this member, when that is not maxPollIntervalMs. */
  readonly rebalanceTimeoutMs: number | undefined;
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  readonly offsetReset: OffsetReset;
  readonly readCommitted: boolean;
  readonly maxPollRecords: number;
  readonly fetchMinBytes: number;
  readonly fetchMaxBytes: number;
  readonly partitionMaxBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly checkCrcs: boolean;
  /** Asks brokers to make topics that do not exist. */
  readonly allowAutoCreate: boolean;
  /** A pattern never matches topics such as __consumer_offsets. */
  readonly excludeInternalTopics: boolean;
  /** Where this consumer stands: a replica nearby is read instead of the leader, if the brokers say so. */
  readonly rack: string;
  readonly interceptors: readonly ConsumerInterceptor[];
  readonly keyDeserializer: Deserializer<unknown> | undefined;
  readonly valueDeserializer: Deserializer<unknown> | undefined;
}

export const DEFAULT_CONSUMER_SETTINGS: ConsumerSettings = {
  groupId: undefined,
  groupInstanceId: undefined,
  isAlone: false,
  assignors: ['range', 'cooperative-sticky'],
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 3_000,
  maxPollIntervalMs: 300_000,
  rebalanceTimeoutMs: undefined,
  autoCommit: true,
  autoCommitIntervalMs: 5_000,
  offsetReset: 'latest',
  readCommitted: false,
  maxPollRecords: 500,
  fetchMinBytes: 1,
  fetchMaxBytes: 52_428_800,
  partitionMaxBytes: 1_048_576,
  fetchMaxWaitMs: 500,
  checkCrcs: true,
  allowAutoCreate: true,
  excludeInternalTopics: true,
  rack: '',
  interceptors: [],
  keyDeserializer: undefined,
  valueDeserializer: undefined,
};
