/**
 * The settings of one topic: its own overrides, else the node's (dynamic, then static), else Kafka's defaults. The names
 * that storage reads are those of its LogConfig.
 */
import type { BrokerConfig } from './broker-config.ts';
import type { ConfigKey, ConfigValue } from './config-key.ts';
import { parseValue, REQUIRED } from './config-key.ts';
import { type DynamicBrokerConfigs, NO_DYNAMIC_CONFIGS } from './config-layers.ts';
import { TOPIC_KEYS, TOPIC_SYNONYMS } from './topic-keys.ts';

export type CompressionSetting = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface TopicConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: without limit. */
  readonly retentionMs: number;
  /** -1: without limit. */
  readonly retentionBytes: number;
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean };
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly fileDeleteDelayMs: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly maxMessageBytes: number;
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime';
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
  readonly preallocate: boolean;
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElectionEnable: boolean;
  readonly compressionType: CompressionSetting;
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
}

/** Where a value comes from, as DescribeConfigs numbers it. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  DYNAMIC_BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const;

export interface SourcedText {
  readonly text: string | null;
  readonly source: number;
}

/** The text of one topic key and its source, the first that is set of: topic, node, cluster, static, default. */
export function topicValue(
  name: string,
  overrides: ReadonlyMap<string, string>,
  config: BrokerConfig,
  dynamic: DynamicBrokerConfigs,
): SourcedText {
  const own = overrides.get(name);
  if (own !== undefined) return { text: own, source: ConfigSource.TOPIC };
  const synonyms = TOPIC_SYNONYMS.get(name) ?? [];
  const layers = [
    { values: dynamic.node, source: ConfigSource.DYNAMIC_BROKER },
    { values: dynamic.cluster, source: ConfigSource.DYNAMIC_DEFAULT_BROKER },
    { values: config.values.given, source: ConfigSource.STATIC_BROKER },
  ];
  for (const { values, source } of layers) {
    for (const synonym of synonyms) {
      const text = values.get(synonym.name);
      if (text !== undefined) return { text: scaled(text, synonym.factor), source };
    }
  }
  const fallback = TOPIC_KEYS.get(name)?.default;
  return { text: typeof fallback === 'string' ? fallback : null, source: ConfigSource.DEFAULT };
}

function scaled(text: string, factor: number): string {
  if (factor === 1 || !/^\s*[+-]?[0-9]+\s*$/.test(text)) return text;
  // A negative time means no limit, in whatever unit.
  return Number(text) < 0 ? '-1' : String(Number(text) * factor);
}

/** Values beyond 2^53 mean "never" or "no limit"; none is so large that adding to it overflows. */
function bounded(value: ConfigValue): number {
  return Math.min(value as number, Number.MAX_SAFE_INTEGER);
}

type Read = (name: string) => ConfigValue;

function reader(overrides: ReadonlyMap<string, string>, config: BrokerConfig, dynamic: DynamicBrokerConfigs): Read {
  return (name) => {
    const row = TOPIC_KEYS.get(name) as ConfigKey;
    const { text, source } = topicValue(name, overrides, config, dynamic);
    try {
      return parseValue(row, text);
    } catch (error) {
      // An override that another version let through: the topic is served by the next layer's value.
      if (source === ConfigSource.TOPIC) return reader(new Map(), config, dynamic)(name);
      if (source < ConfigSource.STATIC_BROKER) return reader(overrides, config, NO_DYNAMIC_CONFIGS)(name);
      if (source === ConfigSource.STATIC_BROKER && row.default !== REQUIRED) return parseValue(row, row.default);
      throw error;
    }
  };
}

export function topicConfig(
  config: BrokerConfig,
  overrides: ReadonlyMap<string, string> = new Map(),
  dynamic: DynamicBrokerConfigs = NO_DYNAMIC_CONFIGS,
): TopicConfig {
  const read = reader(overrides, config, dynamic);
  const number = (name: string): number => bounded(read(name));
  const policies = read('cleanup.policy') as readonly string[];
  const retentionMs = number('retention.ms');
  return {
    segmentBytes: bounded(read('internal.segment.bytes') ?? read('segment.bytes')),
    segmentMs: number('segment.ms'),
    segmentJitterMs: number('segment.jitter.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    indexIntervalBytes: number('index.interval.bytes'),
    retentionMs: retentionMs < 0 ? -1 : retentionMs,
    retentionBytes: number('retention.bytes'),
    cleanupPolicy: { delete: policies.includes('delete'), compact: policies.includes('compact') },
    flushMessages: number('flush.messages'),
    flushMs: number('flush.ms'),
    fileDeleteDelayMs: number('file.delete.delay.ms'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    maxMessageBytes: number('max.message.bytes'),
    messageTimestampType: read('message.timestamp.type') as TopicConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    preallocate: read('preallocate') as boolean,
    minInsyncReplicas: number('min.insync.replicas'),
    uncleanLeaderElectionEnable: read('unclean.leader.election.enable') as boolean,
    compressionType: read('compression.type') as CompressionSetting,
    compressionGzipLevel: number('compression.gzip.level'),
    compressionLz4Level: number('compression.lz4.level'),
    compressionZstdLevel: number('compression.zstd.level'),
  };
}
