/** What Java's consumer configuration means for a Consumer, with the conflicts that Java's consumer refuses. */
import { CONFIG_EXCEPTION, ConfigError, ILLEGAL_ARGUMENT } from '../../config/config-error.ts';
import { ASSIGNORS } from '../consumer/assignors.ts';
import { type ConsumerSettings, DEFAULT_CONSUMER_SETTINGS, type OffsetReset } from '../consumer/settings.ts';
import { deserializerNamed } from '../serdes.ts';
import { type ClientValues, takeNumbers, type Writable } from './client-config.ts';

const NUMBERS = [
  ['session.timeout.ms', 'sessionTimeoutMs'],
  ['heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ['max.poll.interval.ms', 'maxPollIntervalMs'],
  ['max.poll.records', 'maxPollRecords'],
  ['auto.commit.interval.ms', 'autoCommitIntervalMs'],
  ['fetch.min.bytes', 'fetchMinBytes'],
  ['fetch.max.bytes', 'fetchMaxBytes'],
  ['max.partition.fetch.bytes', 'partitionMaxBytes'],
  ['fetch.max.wait.ms', 'fetchMaxWaitMs'],
] as const;

const BOOLEANS = [
  ['enable.auto.commit', 'autoCommit'],
  ['check.crcs', 'checkCrcs'],
  ['allow.auto.create.topics', 'allowAutoCreate'],
  ['exclude.internal.topics', 'excludeInternalTopics'],
] as const;

const TEXTS = [
  ['group.id', 'groupId'],
  ['group.instance.id', 'groupInstanceId'],
  ['client.rack', 'rack'],
] as const;

const ASSIGNOR_CLASSES: ReadonlyMap<string, string> = new Map([
  ['RangeAssignor', 'range'],
  ['RoundRobinAssignor', 'roundrobin'],
  ['StickyAssignor', 'sticky'],
  ['CooperativeStickyAssignor', 'cooperative-sticky'],
]);

export function consumerSettings(values: ClientValues): Partial<ConsumerSettings> {
  const settings: Writable<ConsumerSettings> = {};
  takeNumbers(values, NUMBERS, settings);
  for (const [key, name] of BOOLEANS) {
    const value = values.boolean(key);
    if (value !== undefined) settings[name] = value;
  }
  for (const [key, name] of TEXTS) {
    const value = values.text(key);
    if (value !== undefined) settings[name] = value;
  }
  const isolation = values.text('isolation.level');
  if (isolation !== undefined) settings.readCommitted = isolation === 'read_committed';
  const reset = values.text('auto.offset.reset');
  if (reset !== undefined) settings.offsetReset = offsetReset(reset);
  const assignors = values.list('partition.assignment.strategy');
  if (assignors !== undefined) settings.assignors = assignors.map(assignorNamed);
  const key = values.text('key.deserializer');
  if (key !== undefined) settings.keyDeserializer = deserializerNamed('key.deserializer', key);
  const value = values.text('value.deserializer');
  if (value !== undefined) settings.valueDeserializer = deserializerNamed('value.deserializer', value);
  check(values, settings);
  return settings;
}

function check(values: ClientValues, settings: Writable<ConsumerSettings>): void {
  const { heartbeatIntervalMs, sessionTimeoutMs } = { ...DEFAULT_CONSUMER_SETTINGS, ...settings };
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw new ConfigError('Heartbeat must be set lower than the session timeout', { exception: ILLEGAL_ARGUMENT });
  }
  if (values.boolean('enable.auto.commit') === true && settings.groupId === undefined) {
    throw new ConfigError('enable.auto.commit cannot be set to true when default group id (null) is used.', {
      exception: CONFIG_EXCEPTION.replace('ConfigException', 'InvalidConfigurationException'),
    });
  }
}

function assignorNamed(className: string): string {
  const plain = className.replace(/^(?:class )?(?:org\.apache\.kafka\.clients\.consumer\.)?/, '');
  const name = ASSIGNOR_CLASSES.get(plain) ?? (ASSIGNORS.has(plain) ? plain : undefined);
  if (name !== undefined) return name;
  throw new ConfigError(`Class ${className} cannot be found`, {
    hint: `there are ${[...ASSIGNOR_CLASSES.keys()].join(', ')}; a program gives its own in \`assignors\``,
  });
}

/** The three words, and `by_duration:P…`, whose form was checked before. */
export function offsetReset(text: string): OffsetReset {
  const word = text.toLowerCase();
  if (word === 'earliest' || word === 'latest' || word === 'none') return word;
  return { durationMs: durationMs(text.slice(text.indexOf(':') + 1)) };
}

const DURATION = /^([-+]?)P(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:\.\d*)?)S)?)?$/i;

/** An ISO-8601 duration of days and less. */
function durationMs(text: string): number {
  const [, sign, days, hours, minutes, seconds] = DURATION.exec(text) ?? [];
  const inSeconds =
    ((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  return Math.floor(inSeconds * 1_000) * (sign === '-' ? -1 : 1);
}
