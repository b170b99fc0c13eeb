/** The group coordinator's settings out of the node's configuration. */
import type { BrokerConfig } from '../config/broker-config.ts';
import type { GroupCoordinatorConfig } from '../coordinator/group-config.ts';

export function groupSettings(config: BrokerConfig): GroupCoordinatorConfig {
  return {
    initialRebalanceDelayMs: config.number('group.initial.rebalance.delay.ms'),
    minSessionTimeoutMs: config.number('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.number('group.max.session.timeout.ms'),
    maxSize: config.number('group.max.size'),
    offsetMetadataMaxBytes: config.number('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.number('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.number('offsets.retention.check.interval.ms'),
    offsetCommitTimeoutMs: config.number('offsets.commit.timeout.ms'),
    offsetsTopicCompressionCodec: config.number('offsets.topic.compression.codec'),
  };
}
