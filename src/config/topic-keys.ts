/**
 * The keys of a topic, and the broker keys that stand behind each where the topic says nothing: the first that is set
 * wins, and its value times `factor` is the topic's (hours and minutes become ms).
 */
import { type ConfigKeys, configKeys, key } from './config-key.ts';
import { atLeast, between, gzipLevel, list, oneOf, throttledReplicas } from './validators.ts';

export const TOPIC_KEYS: ConfigKeys = configKeys([
  key('segment.bytes', 'INT', '1073741824', 'MEDIUM', { valid: atLeast(1048576), effect: true }),
  key('segment.ms', 'LONG', '604800000', 'MEDIUM', { valid: atLeast(1), effect: true }),
  key('segment.jitter.ms', 'LONG', '0', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('segment.index.bytes', 'INT', '10485760', 'MEDIUM', { valid: atLeast(4), effect: true }),
  key('flush.messages', 'LONG', '9223372036854775807', 'MEDIUM', { valid: atLeast(1), effect: true }),
  key('flush.ms', 'LONG', '9223372036854775807', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('retention.bytes', 'LONG', '-1', 'MEDIUM', { effect: true }),
  key('retention.ms', 'LONG', '604800000', 'MEDIUM', { valid: atLeast(-1), effect: true }),
  key('max.message.bytes', 'INT', '1048588', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('index.interval.bytes', 'INT', '4096', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('delete.retention.ms', 'LONG', '86400000', 'MEDIUM', { valid: atLeast(0) }),
  key('min.compaction.lag.ms', 'LONG', '0', 'MEDIUM', { valid: atLeast(0) }),
  key('max.compaction.lag.ms', 'LONG', '9223372036854775807', 'MEDIUM', { valid: atLeast(1) }),
  key('file.delete.delay.ms', 'LONG', '60000', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('min.cleanable.dirty.ratio', 'DOUBLE', '0.5', 'MEDIUM', { valid: between(0, 1) }),
  key('cleanup.policy', 'LIST', 'delete', 'MEDIUM', { valid: list({ of: ['compact', 'delete'] }), effect: true }),
  key('unclean.leader.election.enable', 'BOOLEAN', 'false', 'MEDIUM', { effect: true }),
  key('min.insync.replicas', 'INT', '1', 'MEDIUM', { valid: atLeast(1), effect: true }),
  key('compression.type', 'STRING', 'producer', 'MEDIUM', {
    valid: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    effect: true,
  }),
  key('compression.gzip.level', 'INT', '-1', 'MEDIUM', { valid: gzipLevel, effect: true }),
  key('compression.lz4.level', 'INT', '9', 'MEDIUM', { valid: between(1, 17), effect: true }),
  key('compression.zstd.level', 'INT', '3', 'MEDIUM', { valid: between(-131072, 22), effect: true }),
  key('preallocate', 'BOOLEAN', 'false', 'MEDIUM'),
  key('message.timestamp.type', 'STRING', 'CreateTime', 'MEDIUM', {
    valid: oneOf('CreateTime', 'LogAppendTime'),
    effect: true,
  }),
  key('message.timestamp.before.max.ms', 'LONG', '9223372036854775807', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('message.timestamp.after.max.ms', 'LONG', '3600000', 'MEDIUM', { valid: atLeast(0), effect: true }),
  key('leader.replication.throttled.replicas', 'LIST', '', 'MEDIUM', { valid: throttledReplicas, effect: true }),
  key('follower.replication.throttled.replicas', 'LIST', '', 'MEDIUM', { valid: throttledReplicas, effect: true }),
  key('remote.storage.enable', 'BOOLEAN', 'false', 'MEDIUM'),
  key('local.retention.ms', 'LONG', '-2', 'MEDIUM', { valid: atLeast(-2) }),
  key('local.retention.bytes', 'LONG', '-2', 'MEDIUM', { valid: atLeast(-2) }),
  key('remote.log.copy.disable', 'BOOLEAN', 'false', 'MEDIUM'),
  key('remote.log.delete.on.disable', 'BOOLEAN', 'false', 'MEDIUM'),
  key('internal.segment.bytes', 'INT', null, 'MEDIUM', { effect: true, internal: true }),
]);

export interface BrokerSynonym {
  readonly name: string;
  readonly factor: number;
}

export const TOPIC_SYNONYMS: ReadonlyMap<string, readonly BrokerSynonym[]> = new Map([
  ['segment.bytes', [{ name: 'log.segment.bytes', factor: 1 }]],
  [
    'segment.ms',
    [
      { name: 'log.roll.ms', factor: 1 },
      { name: 'log.roll.hours', factor: 3600000 },
    ],
  ],
  [
    'segment.jitter.ms',
    [
      { name: 'log.roll.jitter.ms', factor: 1 },
      { name: 'log.roll.jitter.hours', factor: 3600000 },
    ],
  ],
  ['segment.index.bytes', [{ name: 'log.index.size.max.bytes', factor: 1 }]],
  ['flush.messages', [{ name: 'log.flush.interval.messages', factor: 1 }]],
  [
    'flush.ms',
    [
      { name: 'log.flush.interval.ms', factor: 1 },
      { name: 'log.flush.scheduler.interval.ms', factor: 1 },
    ],
  ],
  ['retention.bytes', [{ name: 'log.retention.bytes', factor: 1 }]],
  [
    'retention.ms',
    [
      { name: 'log.retention.ms', factor: 1 },
      { name: 'log.retention.minutes', factor: 60000 },
      { name: 'log.retention.hours', factor: 3600000 },
    ],
  ],
  ['max.message.bytes', [{ name: 'message.max.bytes', factor: 1 }]],
  ['index.interval.bytes', [{ name: 'log.index.interval.bytes', factor: 1 }]],
  ['delete.retention.ms', [{ name: 'log.cleaner.delete.retention.ms', factor: 1 }]],
  ['min.compaction.lag.ms', [{ name: 'log.cleaner.min.compaction.lag.ms', factor: 1 }]],
  ['max.compaction.lag.ms', [{ name: 'log.cleaner.max.compaction.lag.ms', factor: 1 }]],
  ['file.delete.delay.ms', [{ name: 'log.segment.delete.delay.ms', factor: 1 }]],
  ['min.cleanable.dirty.ratio', [{ name: 'log.cleaner.min.cleanable.ratio', factor: 1 }]],
  ['cleanup.policy', [{ name: 'log.cleanup.policy', factor: 1 }]],
  ['unclean.leader.election.enable', [{ name: 'unclean.leader.election.enable', factor: 1 }]],
  ['min.insync.replicas', [{ name: 'min.insync.replicas', factor: 1 }]],
  ['compression.type', [{ name: 'compression.type', factor: 1 }]],
  ['compression.gzip.level', [{ name: 'compression.gzip.level', factor: 1 }]],
  ['compression.lz4.level', [{ name: 'compression.lz4.level', factor: 1 }]],
  ['compression.zstd.level', [{ name: 'compression.zstd.level', factor: 1 }]],
  ['preallocate', [{ name: 'log.preallocate', factor: 1 }]],
  ['message.timestamp.type', [{ name: 'log.message.timestamp.type', factor: 1 }]],
  ['message.timestamp.before.max.ms', [{ name: 'log.message.timestamp.before.max.ms', factor: 1 }]],
  ['message.timestamp.after.max.ms', [{ name: 'log.message.timestamp.after.max.ms', factor: 1 }]],
  ['local.retention.ms', [{ name: 'log.local.retention.ms', factor: 1 }]],
  ['local.retention.bytes', [{ name: 'log.local.retention.bytes', factor: 1 }]],
]);
