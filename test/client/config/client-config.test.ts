/** Each key of the three tables does something, or is reported as doing nothing; nothing else is claimed. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type ClientKind,
  clientReport,
  clientSettings,
  clientValues,
} from '../../../src/client/config/client-config.ts';
import { consumerSettings } from '../../../src/client/config/consumer-config.ts';
import { producerSettings } from '../../../src/client/config/producer-config.ts';
import { ADMIN_KEYS, CONSUMER_KEYS, PRODUCER_KEYS } from '../../../src/config/client-keys.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { ConfigKey, ConfigKeys } from '../../../src/config/config-key.ts';

const TABLES: readonly (readonly [ClientKind, ConfigKeys])[] = [
  ['producer', PRODUCER_KEYS],
  ['consumer', CONSUMER_KEYS],
  ['admin', ADMIN_KEYS],
];

const properties = (entries: Record<string, string>) => new Map(Object.entries(entries));

function settingsOf(kind: ClientKind, entries: Record<string, string>): unknown {
  const values = clientValues(kind, properties(entries));
  return {
    ...clientSettings(values),
    ...(kind === 'producer' ? producerSettings(values) : {}),
    ...(kind === 'consumer' ? consumerSettings(values) : {}),
  };
}

/** What a key needs beside it to show its effect. */
const BESIDE: Readonly<Record<string, Record<string, string>>> = {
  'compression.gzip.level': { 'compression.type': 'gzip' },
  'compression.zstd.level': { 'compression.type': 'zstd' },
  'enable.auto.commit': { 'group.id': 'g' },
};

const OTHER_VALUES: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'elsewhere:1',
  'bootstrap.controllers': 'elsewhere:1',
  'client.dns.lookup': 'resolve_canonical_bootstrap_servers_only',
  acks: '1',
  'compression.type': 'lz4',
  'compression.gzip.level': '9',
  'compression.lz4.level': '3',
  'compression.zstd.level': '9',
  'enable.idempotence': 'false',
  'delivery.timeout.ms': '500000',
  'linger.ms': '7',
  'key.serializer': 'org.apache.kafka.common.serialization.LongSerializer',
  'value.serializer': 'org.apache.kafka.common.serialization.UUIDSerializer',
  'key.deserializer': 'org.apache.kafka.common.serialization.LongDeserializer',
  'value.deserializer': 'org.apache.kafka.common.serialization.UUIDDeserializer',
  'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner',
  'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.StickyAssignor',
  'auto.offset.reset': 'by_duration:PT1H',
  'isolation.level': 'read_committed',
  'group.protocol': 'consumer',
  'security.protocol': 'SSL',
  'metadata.recovery.strategy': 'none',
  'metrics.recording.level': 'DEBUG',
  'sasl.oauthbearer.assertion.algorithm': 'ES256',
  'share.acknowledgement.mode': 'explicit',
  'share.acquire.mode': 'record_limit',
  'sasl.login.refresh.window.factor': '0.6',
  'sasl.login.refresh.window.jitter': '0.1',
};

/** A value that is not the default. */
function otherValue(row: ConfigKey): string {
  const known = OTHER_VALUES[row.name];
  if (known !== undefined) return known;
  const text = typeof row.default === 'string' ? row.default : '';
  if (row.type === 'BOOLEAN') return text === 'true' ? 'false' : 'true';
  if (row.type === 'DOUBLE') return String(Number(text) + 0.01);
  if (row.type === 'STRING' || row.type === 'PASSWORD' || row.type === 'CLASS' || row.type === 'LIST') return 'other';
  return String(row.name === 'retries' || Number(text) >= 2147483647 ? 5 : Number(text) + 1);
}

describe.each(TABLES)('%s', (kind, table) => {
  const rows = [...table.values()].filter((row) => !row.internal);

  it.each(rows.filter((row) => row.effect).map((row) => [row.name, row] as const))('%s has an effect', (name, row) => {
    const beside = BESIDE[name] ?? {};
    const before = settingsOf(kind, beside);
    let after: unknown;
    try {
      after = settingsOf(kind, { ...beside, [name]: otherValue(row) });
    } catch (error) {
      // Refused for what it would mean, not for what it is.
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toMatch(/not supported yet/);
      return;
    }
    expect(JSON.stringify(after, asText)).not.toBe(JSON.stringify(before, asText));
    expect(clientReport(clientValues(kind, properties({ ...beside, [name]: otherValue(row) })))).toEqual([]);
  });

  it.each(rows.filter((row) => !row.effect).map((row) => [row.name, row] as const))('%s is reported', (name, row) => {
    const entries = { [name]: otherValue(row) };
    expect(JSON.stringify(settingsOf(kind, entries), asText)).toBe(JSON.stringify(settingsOf(kind, {}), asText));
    expect(clientReport(clientValues(kind, properties(entries)))).toEqual([`set, but without effect in kts: ${name}`]);
  });
});

/** Functions compare by what they are made of. */
function asText(_: string, value: unknown): unknown {
  return typeof value === 'function' ? String(value) : value;
}

describe('settings that keys fill', () => {
  it('are read where something is done with them', () => {
    const root = new URL('../../../src/client/', import.meta.url);
    const files = globSync('**/*.ts', { cwd: root }).filter(
      (path) => !path.startsWith('config/') && !path.endsWith('settings.ts'),
    );
    const source = files.map((path) => readFileSync(new URL(path, root), 'utf8')).join('\n');
    const settings = files.length === 0 ? [] : globSync('**/settings.ts', { cwd: root });
    const fields = settings.flatMap((path) => {
      return [...readFileSync(new URL(path, root), 'utf8').matchAll(/^ {2}readonly (\w+):/gm)].map(
        (match) => match[1] as string,
      );
    });
    expect(fields.length).toBeGreaterThan(50);
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(source))).toEqual([]);
  });
});

describe('a report', () => {
  it('names the nearest key for one that nobody knows, and is silent about other clients', () => {
    const values = clientValues(
      'consumer',
      properties({ 'max.pol.records': '5', 'linger.ms': '3', 'internal.leave.group.on.close': 'true' }),
    );
    expect(clientReport(values)).toEqual([
      'unknown configuration max.pol.records is ignored; did you mean max.poll.records?',
    ]);
  });

  it('is empty for what is set to its default', () => {
    expect(clientReport(clientValues('producer', properties({ 'send.buffer.bytes': '131072' })))).toEqual([]);
  });
});

describe('conflicts', () => {
  it.each([
    ['producer', { acks: '1', 'enable.idempotence': 'true' }, 'Must set acks to all'],
    ['producer', { retries: '0', 'enable.idempotence': 'true' }, 'Must set retries to non-zero'],
    ['producer', { 'max.in.flight.requests.per.connection': '6', 'enable.idempotence': 'true' }, 'to at most 5'],
    ['producer', { 'delivery.timeout.ms': '1000' }, 'should be equal to or larger than linger.ms + request.timeout.ms'],
    ['producer', { 'transactional.id': 't' }, 'transactions are not supported yet'],
    ['producer', { 'partitioner.class': 'com.acme.Mine' }, 'Class com.acme.Mine could not be found.'],
    ['producer', { 'key.serializer': 'com.acme.Mine' }, 'Invalid value com.acme.Mine for configuration key.serializer'],
    ['consumer', { 'heartbeat.interval.ms': '50000' }, 'Heartbeat must be set lower than the session timeout'],
    ['consumer', { 'enable.auto.commit': 'true' }, 'default group id (null) is used'],
    ['consumer', { 'partition.assignment.strategy': 'com.acme.Mine' }, 'Class com.acme.Mine cannot be found'],
    ['consumer', { 'auto.offset.reset': 'soonest' }, 'Invalid value `soonest`'],
    ['admin', { 'bootstrap.servers': 'a:1', 'bootstrap.controllers': 'a:2' }, 'cannot set both'],
    ['admin', { 'security.protocol': 'SASL_SSL' }, 'SASL_SSL is not supported yet'],
  ] as const)('of a %s: %j', (kind, entries, text) => {
    expect(() => settingsOf(kind, entries as Record<string, string>)).toThrow(text);
  });

  it('turn idempotence off when nobody asked for it', () => {
    expect(settingsOf('producer', { acks: '1' })).toMatchObject({ acks: 1, idempotent: false });
    expect(settingsOf('producer', { retries: '0' })).toMatchObject({ idempotent: false });
    expect(settingsOf('producer', { 'request.timeout.ms': '200000' })).toMatchObject({ deliveryTimeoutMs: 200_005 });
  });
});

describe('values', () => {
  it('are those of the Java client', () => {
    expect(settingsOf('consumer', { 'auto.offset.reset': 'by_duration:P1DT2H3M4.5S' })).toMatchObject({
      offsetReset: { durationMs: 93_784_500 },
    });
    expect(
      settingsOf('consumer', {
        'partition.assignment.strategy':
          'class org.apache.kafka.clients.consumer.CooperativeStickyAssignor,org.apache.kafka.clients.consumer.RangeAssignor',
      }),
    ).toMatchObject({ assignors: ['cooperative-sticky', 'range'] });
  });
});
