/** `kafka-configs --describe --all` of a topic and of a broker, as recorded from Kafka 4.3.1. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { NO_DYNAMIC_CONFIGS } from '../../src/config/config-layers.ts';
import {
  type DescribedConfig,
  describeBrokerConfigs,
  describeClientMetricsConfigs,
  describeDefaultBrokerConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
} from '../../src/config/describe-configs.ts';
import { NODE } from './node-properties.ts';

interface Recorded {
  readonly name: string;
  readonly value: string;
  readonly sensitive: boolean;
  readonly synonyms: readonly string[];
}

const FACTS = JSON.parse(readFileSync(new URL('./facts/describe-configs.json', import.meta.url), 'utf8')) as {
  readonly static: Readonly<Record<string, string>>;
  readonly topic: readonly Recorded[];
  readonly broker: readonly Recorded[];
};

const SOURCES = [
  '',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  '',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
];

function printed(configs: readonly DescribedConfig[]): Recorded[] {
  return [...configs]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, value, isSensitive, synonyms }) => ({
      name,
      value: String(value),
      sensitive: isSensitive,
      synonyms: synonyms.map((each) => `${SOURCES[each.source]}:${each.name}=${each.value}`),
    }));
}

const recorded = new Map(Object.entries(FACTS.static));
recorded.delete('delegation.token.secret.key');
const cluster = new Map([['min.insync.replicas', '1']]);
const context = {
  config: BrokerConfig.from(recorded),
  dynamic: { ...NO_DYNAMIC_CONFIGS, cluster },
  includeSynonyms: true,
};

describe('DescribeConfigs', () => {
  it('of a topic prints what Kafka prints', () => {
    expect(printed(describeTopicConfigs(new Map(), null, context))).toEqual(FACTS.topic);
  });

  it('of a broker prints what Kafka prints', () => {
    const expected = FACTS.broker.map((each) =>
      // That node had a secret, which the recording cannot tell.
      each.name === 'delegation.token.secret.key' ? { ...each, synonyms: [] } : each,
    );
    expect(printed(describeBrokerConfigs(null, context))).toEqual(expected);
  });

  it('of overridden topics, brokers, groups and subscriptions begins with the override', () => {
    const node = new Map([
      ['log.cleaner.threads', '2'],
      ['no.such', '1'],
    ]);
    const changed = { ...context, dynamic: { cluster: new Map([['message.max.bytes', '2000000']]), node } };
    const lines = (configs: readonly DescribedConfig[]): string[] =>
      printed(configs).map((each) => `${each.name}=${each.value} ${each.sensitive} {${each.synonyms.join(', ')}}`);
    expect(lines(describeTopicConfigs(new Map([['retention.ms', '60000']]), ['retention.ms'], changed))).toEqual([
      'retention.ms=60000 false {DYNAMIC_TOPIC_CONFIG:retention.ms=60000}',
    ]);
    expect(lines(describeTopicConfigs(new Map(), ['max.message.bytes'], changed))).toEqual([
      'max.message.bytes=2000000 false {DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000, DEFAULT_CONFIG:message.max.bytes=1048588}',
    ]);
    expect(lines(describeBrokerConfigs(['log.cleaner.threads', 'no.such'], changed))).toEqual([
      'log.cleaner.threads=2 false {DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, DEFAULT_CONFIG:log.cleaner.threads=1}',
      'no.such=null true {DYNAMIC_BROKER_CONFIG:no.such=null}',
    ]);
    expect(lines(describeDefaultBrokerConfigs(null, changed))).toEqual([
      'message.max.bytes=2000000 false {DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000}',
    ]);
    const share = new Map([['share.isolation.level', 'read_committed']]);
    expect(lines(describeGroupConfigs(share, ['share.isolation.level', 'share.auto.offset.reset'], changed))).toEqual([
      'share.auto.offset.reset=latest false {DEFAULT_CONFIG:share.auto.offset.reset=latest}',
      'share.isolation.level=read_committed false {DYNAMIC_GROUP_CONFIG:share.isolation.level=read_committed, DEFAULT_CONFIG:share.isolation.level=read_uncommitted}',
    ]);
    const group = new Map([['consumer.session.timeout.ms', '50000']]);
    expect(lines(describeGroupConfigs(group, [...group.keys()], changed))).toEqual([
      'consumer.session.timeout.ms=50000 false {DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000, DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}',
    ]);
    const subscription = new Map([['interval.ms', '10000']]);
    expect(lines(describeClientMetricsConfigs(subscription, ['interval.ms'], changed))).toEqual([
      'interval.ms=10000 false {DYNAMIC_CLIENT_METRICS_CONFIG:interval.ms=10000}',
    ]);
  });

  it('leaves the chains out when they were not asked for, and still knows the source', () => {
    const plain = { config: BrokerConfig.from(NODE), dynamic: NO_DYNAMIC_CONFIGS, includeSynonyms: false };
    const [nodeId] = describeBrokerConfigs(['node.id'], plain);
    expect(nodeId).toMatchObject({ value: '1', configSource: 4, readOnly: true, synonyms: [], configType: 3 });
    const [threads] = describeBrokerConfigs(['log.cleaner.threads'], plain);
    expect(threads).toMatchObject({ configSource: 5, readOnly: false });
  });
});
