/** The keys of a group (KIP-848 and after) with the broker keys behind them, and those of a client metrics subscription. */
import { type ConfigKeys, configKeys, key } from './config-key.ts';
import { atLeast, list, oneOf, shareOffsetReset } from './validators.ts';

export const GROUP_KEYS: ConfigKeys = configKeys([
  key('consumer.session.timeout.ms', 'INT', '45000', 'MEDIUM', { valid: atLeast(1) }),
  key('consumer.heartbeat.interval.ms', 'INT', '5000', 'MEDIUM', { valid: atLeast(1) }),
  key('consumer.assignment.interval.ms', 'INT', '1000', 'MEDIUM', { valid: atLeast(0) }),
  key('share.session.timeout.ms', 'INT', '45000', 'MEDIUM', { valid: atLeast(1) }),
  key('share.heartbeat.interval.ms', 'INT', '5000', 'MEDIUM', { valid: atLeast(1) }),
  key('share.record.lock.duration.ms', 'INT', '30000', 'MEDIUM', { valid: atLeast(1000) }),
  key('share.delivery.count.limit', 'INT', '5', 'MEDIUM', { valid: atLeast(2) }),
  key('share.partition.max.record.locks', 'INT', '2000', 'MEDIUM', { valid: atLeast(100) }),
  key('share.auto.offset.reset', 'STRING', 'latest', 'MEDIUM', { valid: shareOffsetReset }),
  key('share.isolation.level', 'STRING', 'read_uncommitted', 'MEDIUM', {
    valid: oneOf('read_committed', 'read_uncommitted'),
  }),
  key('share.renew.acknowledge.enable', 'BOOLEAN', 'true', 'MEDIUM'),
  key('share.assignment.interval.ms', 'INT', '1000', 'MEDIUM', { valid: atLeast(0) }),
  key('streams.session.timeout.ms', 'INT', '45000', 'MEDIUM', { valid: atLeast(1) }),
  key('streams.heartbeat.interval.ms', 'INT', '5000', 'MEDIUM', { valid: atLeast(1) }),
  key('streams.num.standby.replicas', 'INT', '0', 'MEDIUM', { valid: atLeast(0) }),
  key('streams.initial.rebalance.delay.ms', 'INT', '3000', 'MEDIUM', { valid: atLeast(0) }),
  key('streams.assignment.interval.ms', 'INT', '1000', 'MEDIUM', { valid: atLeast(0) }),
]);

export const GROUP_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['consumer.assignment.interval.ms', 'group.consumer.assignment.interval.ms'],
  ['consumer.heartbeat.interval.ms', 'group.consumer.heartbeat.interval.ms'],
  ['consumer.session.timeout.ms', 'group.consumer.session.timeout.ms'],
  ['share.assignment.interval.ms', 'group.share.assignment.interval.ms'],
  ['share.delivery.count.limit', 'group.share.delivery.count.limit'],
  ['share.heartbeat.interval.ms', 'group.share.heartbeat.interval.ms'],
  ['share.partition.max.record.locks', 'group.share.partition.max.record.locks'],
  ['share.record.lock.duration.ms', 'group.share.record.lock.duration.ms'],
  ['share.session.timeout.ms', 'group.share.session.timeout.ms'],
  ['streams.assignment.interval.ms', 'group.streams.assignment.interval.ms'],
  ['streams.heartbeat.interval.ms', 'group.streams.heartbeat.interval.ms'],
  ['streams.initial.rebalance.delay.ms', 'group.streams.initial.rebalance.delay.ms'],
  ['streams.num.standby.replicas', 'group.streams.num.standby.replicas'],
  ['streams.session.timeout.ms', 'group.streams.session.timeout.ms'],
]);

export const CLIENT_METRICS_KEYS: ConfigKeys = configKeys([
  key('metrics', 'LIST', '', 'MEDIUM', { valid: list() }),
  key('interval.ms', 'INT', '300000', 'MEDIUM'),
  key('match', 'LIST', '', 'MEDIUM', { valid: list() }),
]);
