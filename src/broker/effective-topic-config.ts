/** A topic's settings as they are now: overrides, dynamic and static broker configs merged. */
import type { BrokerConfig } from '../config/broker-config.ts';
import { type TopicConfig, topicConfig } from '../config/topic-config.ts';
import { type MetadataImage, topicConfigs } from '../metadata/image.ts';
import { dynamicBrokerConfigs } from './handlers/describe-configs.ts';
import type { EffectiveTopicConfig } from './metadata-follower.ts';
import { throttledPartitions } from './replication-quota.ts';

export function effectiveTopicConfig(config: BrokerConfig, image: MetadataImage, topic: string): EffectiveTopicConfig {
  const overrides = topicConfigs(image, topic);
  const merged = topicConfig(config, overrides, dynamicBrokerConfigs(image, config.nodeId));
  return {
    log: merged,
    settings: {
      minInsyncReplicas: merged.minInsyncReplicas,
      compressionType: merged.compressionType === 'uncompressed' ? 'none' : merged.compressionType,
      compressionLevel: compressionLevel(merged),
      leaderThrottled: throttledPartitions(overrides.get('leader.replication.throttled.replicas'), config.nodeId),
      followerThrottled: throttledPartitions(overrides.get('follower.replication.throttled.replicas'), config.nodeId),
    },
  };
}

function compressionLevel(config: TopicConfig): number | undefined {
  if (config.compressionType === 'gzip') return config.compressionGzipLevel;
  if (config.compressionType === 'lz4') return config.compressionLz4Level;
  return config.compressionType === 'zstd' ? config.compressionZstdLevel : undefined;
}
