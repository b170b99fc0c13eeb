/** Every key row against Kafka 4.3.1's own definitions. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BROKER_KEYS } from '../../src/config/broker-keys.ts';
import { ADMIN_KEYS, CONSUMER_KEYS, PRODUCER_KEYS } from '../../src/config/client-keys.ts';
import {
  type ConfigKeys,
  type ConfigType,
  canonicalText,
  javaDoubleText,
  parseType,
  parseValue,
  REQUIRED,
} from '../../src/config/config-key.ts';
import { CLIENT_METRICS_KEYS, GROUP_KEYS, GROUP_SYNONYMS } from '../../src/config/group-keys.ts';
import { TOPIC_KEYS, TOPIC_SYNONYMS } from '../../src/config/topic-keys.ts';

interface Fact {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
  readonly importance: string;
  readonly internal: boolean;
  readonly validator: string | null;
}

type Kind = 'broker' | 'topic' | 'group' | 'clientMetrics' | 'producer' | 'consumer' | 'admin';

const FACTS = JSON.parse(readFileSync(new URL('./facts/config-keys.json', import.meta.url), 'utf8')) as Readonly<
  Record<Kind, readonly Fact[]>
> & {
  readonly topicSynonyms: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly groupSynonyms: Readonly<Record<string, string | null>>;
  readonly updateModes: Readonly<Record<string, string>>;
};

const TABLES: Readonly<Record<Kind, ConfigKeys>> = {
  broker: BROKER_KEYS,
  topic: TOPIC_KEYS,
  group: GROUP_KEYS,
  clientMetrics: CLIENT_METRICS_KEYS,
  producer: PRODUCER_KEYS,
  consumer: CONSUMER_KEYS,
  admin: ADMIN_KEYS,
};

describe.each(Object.keys(TABLES) as Kind[])('the %s keys', (kind) => {
  it('are those of Kafka, in its order, with its types, defaults and importances', () => {
    const rows = [...TABLES[kind].values()].map((row) => ({
      name: row.name,
      type: row.type,
      default: row.default === REQUIRED ? '<required>' : row.default,
      importance: row.importance,
      internal: row.internal,
      checked: row.valid !== null,
    }));
    const facts = FACTS[kind].map(({ validator, ...fact }) => ({ ...fact, checked: validator !== null }));
    expect(rows).toEqual(facts);
  });

  it('all accept their own defaults, which print as they are', () => {
    for (const row of TABLES[kind].values()) {
      if (row.default === REQUIRED || row.default === null) continue;
      expect(parseValue(row, row.default)).not.toBe(null);
      if (row.type !== 'PASSWORD') expect(canonicalText(row, row.default)).toBe(row.default);
    }
  });
});

describe('what stands behind a key', () => {
  it('is as in Kafka', () => {
    const synonyms = [...TOPIC_SYNONYMS].map(([name, list]) => [name, list.map((s) => [s.name, String(s.factor)])]);
    expect(Object.fromEntries(synonyms)).toEqual(FACTS.topicSynonyms);
    const groups = [...GROUP_KEYS.keys()].map((name) => [name, GROUP_SYNONYMS.get(name) ?? null]);
    expect(Object.fromEntries(groups)).toEqual(FACTS.groupSynonyms);
    for (const row of BROKER_KEYS.values()) expect(row.update).toBe(FACTS.updateModes[row.name] ?? 'read-only');
  });
});

describe('parseType', () => {
  const good: readonly [ConfigType, string, unknown, string][] = [
    ['BOOLEAN', ' TRUE ', true, 'true'],
    ['BOOLEAN', 'false', false, 'false'],
    ['INT', '+007', 7, '7'],
    ['INT', '-2147483648', -2147483648, '-2147483648'],
    ['INT', '2147483647', 2147483647, '2147483647'],
    ['SHORT', '32767', 32767, '32767'],
    ['LONG', '9223372036854775807', 2 ** 63, '9223372036854775807'],
    ['LONG', '9007199254740993', 9007199254740992, '9007199254740993'],
    ['DOUBLE', '0.5', 0.5, '0.5'],
    ['DOUBLE', '1', 1, '1.0'],
    ['DOUBLE', '.5e1', 5, '5.0'],
    ['DOUBLE', '1.5f', 1.5, '1.5'],
    ['LIST', ' a , b,c ', ['a', 'b', 'c'], 'a,b,c'],
    ['LIST', '', [], ''],
    ['LIST', 'a,a', ['a'], 'a'],
    ['LIST', 'a,,b', ['a', '', 'b'], 'a,,b'],
    ['STRING', '  a b ', 'a b', 'a b'],
    ['CLASS', 'x.Y', 'x.Y', 'x.Y'],
  ];

  it.each(good)('%s %j', (type, raw, value, text) => {
    expect(parseType({ name: 'k', type }, raw)).toEqual(value);
    expect(canonicalText({ name: 'k', type }, raw)).toBe(text);
  });

  it.each([
    ['BOOLEAN', 'yes', 'Expected value to be either true or false'],
    ['INT', '2147483648', 'Not a number of type INT'],
    ['INT', '1.0', 'Not a number of type INT'],
    ['INT', '', 'Not a number of type INT'],
    ['INT', '1_000', 'Not a number of type INT'],
    ['SHORT', '-32769', 'Not a number of type SHORT'],
    ['LONG', '9223372036854775808', 'Not a number of type LONG'],
    ['LONG', '0x10', 'Not a number of type LONG'],
    ['DOUBLE', '1,5', 'Not a number of type DOUBLE'],
    ['DOUBLE', '', 'Not a number of type DOUBLE'],
  ] as const)('refuses %s %j', (type, raw, problem) => {
    expect(() => parseType({ name: 'k', type }, raw)).toThrow(`Invalid value ${raw} for configuration k: ${problem}`);
  });

  it('prints doubles as Java does', () => {
    const texts = [0, -0, 1, 0.1, 123456.5, 1e7, 1.5e10, 0.001, 0.0001, Number.MAX_VALUE, 1e-5].map(javaDoubleText);
    expect(texts).toEqual([
      '0.0',
      '-0.0',
      '1.0',
      '0.1',
      '123456.5',
      '1.0E7',
      '1.5E10',
      '0.001',
      '1.0E-4',
      '1.7976931348623157E308',
      '1.0E-5',
    ]);
  });
});
