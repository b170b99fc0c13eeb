/** Config changes and what Kafka 4.3.1's controller says to each. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { ConfigRules } from '../../src/config/config-rules.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { NODE } from './node-properties.ts';

interface Case {
  readonly type: string;
  readonly name: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly error: readonly [number, string, string] | null;
}

const CASES = JSON.parse(
  readFileSync(new URL('./facts/config-rules-cases.json', import.meta.url), 'utf8'),
) as readonly Case[];

const rules = new ConfigRules(BrokerConfig.from(NODE));

const CHECKS: Readonly<Record<string, (configs: ReadonlyMap<string, string>) => void>> = {
  TOPIC: (configs) => rules.checkTopic(configs),
  GROUP: (configs) => rules.checkGroup(configs),
  CLIENT_METRICS: (configs) => rules.checkClientMetrics(configs),
};

/** ConfigException has no code of its own; it is answered INVALID_CONFIG. */
const INVALID_CONFIG = 40;

function errorOf(run: () => void): [number, string] | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return [error.code, error.message];
  }
}

describe('ConfigRules', () => {
  /** Names of resources are the controller's business. */
  const cases = CASES.filter(({ type, name }) => type in CHECKS && name !== '' && !name.includes(' '));

  it.each(cases.map((each) => [each.type, JSON.stringify(each.configs), each] as const))(
    '%s %s',
    (type, _text, each) => {
      const thrown = errorOf(() => CHECKS[type]?.(new Map(Object.entries(each.configs))));
      const expected =
        each.error === null ? null : [each.error[0] === -1 ? INVALID_CONFIG : each.error[0], each.error[2]];
      expect(thrown).toEqual(expected);
    },
  );

  it.each([
    [{ 'node.id': '5' }, true, 'Cannot update these configs dynamically: [node.id]'],
    [
      { 'log.cleaner.threads': 'x' },
      true,
      'Invalid value x for configuration log.cleaner.threads: Not a number of type INT',
    ],
    [
      { 'cordoned.log.dirs': '/x' },
      false,
      'Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]',
    ],
    [
      { 'ssl.keystore.location': '/x' },
      true,
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    ],
    [{ 'no.such': '1' }, true, null],
    [{ 'log.cleaner.threads': '2', 'listener.name.internal.ssl.keystore.location': '/x' }, true, null],
    [{ 'leader.replication.throttled.rate': '5' }, true, null],
    [{ 'message.max.bytes': '2000000' }, false, null],
  ] as const)('BROKER %j', (configs, perBroker, message) => {
    const thrown = errorOf(() => rules.checkBroker(new Map(Object.entries(configs)), perBroker));
    expect(thrown).toEqual(message === null ? null : [42, message]);
  });

  it('knows lists, defaults and secrets', () => {
    expect([
      rules.isList(2, 'cleanup.policy'),
      rules.isList(2, 'retention.ms'),
      rules.isList(4, 'log.cleanup.policy'),
    ]).toEqual([true, false, true]);
    expect(rules.defaultOf(2, 'retention.ms')).toBe('604800000');
    expect(rules.defaultOf(4, 'num.partitions')).toBe('1');
    expect(rules.defaultOf(2, 'no.such')).toBe(null);
    expect([
      rules.isSensitive(4, 'ssl.key.password'),
      rules.isSensitive(4, 'x'),
      rules.isSensitive(2, 'retention.ms'),
    ]).toEqual([true, true, false]);
  });

  it('tells where each value of a topic comes from', () => {
    const own = new ConfigRules(BrokerConfig.from(new Map([...NODE, ['log.retention.hours', '2']])));
    const configs = own.effectiveTopicConfigs({
      topic: new Map([['cleanup.policy', 'compact']]),
      node: new Map([['log.segment.bytes', '2000000']]),
      cluster: new Map([
        ['log.segment.bytes', '3000000'],
        ['message.max.bytes', '7'],
      ]),
    });
    const found = Object.fromEntries(configs.map(({ name, value, source }) => [name, [value, source]]));
    expect(found['cleanup.policy']).toEqual(['compact', 1]);
    expect(found['segment.bytes']).toEqual(['2000000', 2]);
    expect(found['max.message.bytes']).toEqual(['7', 3]);
    expect(found['retention.ms']).toEqual(['7200000', 4]);
    expect(found['flush.ms']).toEqual(['9223372036854775807', 5]);
    expect(configs).toHaveLength(33);
  });
});
