import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { usableConfigs } from '../../src/config/config-layers.ts';
import { ConfigRules } from '../../src/config/config-rules.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { NODE } from './node-properties.ts';

const rules = new ConfigRules(BrokerConfig.from(new Map(NODE)));
const NONE = { node: new Map<string, string>(), cluster: new Map<string, string>() };

function refused(node: Readonly<Record<string, string>>, before: Readonly<Record<string, string>> = {}): string | null {
  const map = (record: Readonly<Record<string, string>>) => new Map(Object.entries(record));
  try {
    rules.checkReconfiguration({ ...NONE, node: map(before) }, { ...NONE, node: map(node) });
    return null;
  } catch (error) {
    if (error instanceof KafkaError)
      return /Exception: (.*) for configuration/.exec(error.message)?.[1] ?? error.message;
    throw error;
  }
}

describe('the threads of a pool', () => {
  it.each([
    [{ 'num.io.threads': '16' }, null],
    [
      { 'num.io.threads': '17' },
      'Dynamic thread count update validation failed for num.io.threads=17, value should not be greater than double the current value 8',
    ],
    [
      { 'num.io.threads': '3' },
      'Dynamic thread count update validation failed for num.io.threads=3, value should be at least half the current value 8',
    ],
    [{ 'log.cleaner.threads': '2' }, null],
    [{ 'log.cleaner.threads': '3' }, 'Log cleaner threads cannot be increased to more than double the current value 1'],
    [
      { 'background.threads': '4', 'message.max.bytes': '5' },
      'Dynamic thread count update validation failed for background.threads=4, value should be at least half the current value 10',
    ],
  ] as const)('%j', (node, message) => {
    expect(refused(node)).toBe(message);
  });

  it('change from what they are now', () => {
    expect(refused({ 'num.io.threads': '30' }, { 'num.io.threads': '15' })).toBe(null);
    expect(refused({}, { 'num.io.threads': '20' })).toContain('num.io.threads=8, value should be at least half');
  });
});

it('a dynamic config is usable when its key may change and its value is one, or when nobody here knows the key', () => {
  const given = { 'log.cleaner.threads': 'x', 'num.io.threads': '9', 'node.id': '4', 'some.plugin': 'y' };
  expect(Object.fromEntries(usableConfigs(new Map(Object.entries(given))))).toEqual({
    'num.io.threads': '9',
    'some.plugin': 'y',
  });
});
