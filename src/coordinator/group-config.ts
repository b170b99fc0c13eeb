/** The broker settings that groups depend on, read at each use so that a dynamic change takes effect. */
export interface GroupCoordinatorConfig {
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: number;
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number;
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number;
  /** group.max.size */
  readonly maxSize: number;
  /** offset.metadata.max.bytes; Kafka counts UTF-16 units, not bytes. */
  readonly offsetMetadataMaxBytes: number;
  /** offsets.retention.minutes, in ms. */
  readonly offsetsRetentionMs: number;
  /** offsets.retention.check.interval.ms */
  readonly offsetsRetentionCheckIntervalMs: number;
  /** offsets.commit.timeout.ms: how long an answer waits for its records to be committed. */
  readonly offsetCommitTimeoutMs: number;
  /** offsets.topic.compression.codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly offsetsTopicCompressionCodec: number;
}

export const DEFAULT_GROUP_CONFIG: GroupCoordinatorConfig = {
  initialRebalanceDelayMs: 3_000,
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  maxSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 10_080 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  offsetCommitTimeoutMs: 5_000,
  offsetsTopicCompressionCodec: 0,
};

/**
 * How long a member that joins for the first time may wait for its JoinGroup to be answered. Its session cannot watch
 * over it yet, and a connection that is silent because it waits looks like one that is gone.
 */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000;
