import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { withDynamicConfigs } from '../../src/config/config-layers.ts';
import { configReport } from '../../src/config/config-report.ts';
import { propertiesFromEnvironment } from '../../src/config/environment.ts';
import { topicConfig } from '../../src/config/topic-config.ts';
import { DEFAULT_LOG_CONFIG } from '../../src/storage/log-config.ts';
import { NODE } from './node-properties.ts';

const config = BrokerConfig.from(NODE);
const nodeWith = (entries: Record<string, string>): BrokerConfig =>
  BrokerConfig.from(new Map([...NODE, ...Object.entries(entries)]));

describe('topicConfig', () => {
  it('without overrides is what storage takes for the default', () => {
    expect(topicConfig(config)).toMatchObject(DEFAULT_LOG_CONFIG);
  });

  it('takes the topic first, then the node, then the cluster, then the file', () => {
    const dynamic = {
      node: new Map([['log.segment.bytes', '2000000']]),
      cluster: new Map([['log.segment.bytes', '3000000']]),
    };
    const file = nodeWith({ 'log.segment.bytes': '4000000' });
    expect(topicConfig(file, new Map([['segment.bytes', '1048576']]), dynamic).segmentBytes).toBe(1_048_576);
    expect(topicConfig(file, new Map(), dynamic).segmentBytes).toBe(2_000_000);
    expect(topicConfig(file, new Map(), { ...dynamic, node: new Map() }).segmentBytes).toBe(3_000_000);
    expect(topicConfig(file).segmentBytes).toBe(4_000_000);
  });

  it('reads hours and minutes as milliseconds, the finest unit winning', () => {
    expect(topicConfig(nodeWith({ 'log.retention.hours': '2' })).retentionMs).toBe(7_200_000);
    expect(topicConfig(nodeWith({ 'log.retention.hours': '2', 'log.retention.minutes': '5' })).retentionMs).toBe(
      300_000,
    );
    expect(topicConfig(nodeWith({ 'log.retention.hours': '-1' })).retentionMs).toBe(-1);
    expect(topicConfig(nodeWith({ 'log.roll.hours': '1' })).segmentMs).toBe(3_600_000);
  });

  it('serves a topic whose override cannot be read any more', () => {
    expect(topicConfig(config, new Map([['retention.ms', 'forever']])).retentionMs).toBe(604_800_000);
  });
});

describe('withDynamicConfigs', () => {
  it('lays the altered values over the file, and skips what cannot be', () => {
    const dynamic = {
      cluster: new Map([['message.max.bytes', '5']]),
      node: new Map([
        ['node.id', '7'],
        ['num.io.threads', 'x'],
        ['log.retention.ms', '1000'],
      ]),
    };
    const changed = withDynamicConfigs(config, dynamic);
    expect([changed.messageMaxBytes, changed.nodeId, changed.logRetentionMs]).toEqual([5, 1, 1000]);
  });
});

describe('configReport', () => {
  it('says what has no effect, what is unknown and what was meant', () => {
    const report = configReport(
      nodeWith({
        'num.io.threads': '16',
        'num.network.threads': '3',
        'log.retention.hour': '5',
        'zookeeper.connect': 'x:2181',
        'rsm.config.anything': '1',
        'eplica.lag.time.max.ms': '10000',
        'segment.bytes': '1',
        'something.quite.else.altogether': '1',
        'log.cleanup.policy': 'delete,delete',
      }),
    );
    expect(report.withoutEffect).toEqual(['num.io.threads']);
    expect(report.unknown).toEqual([
      { name: 'eplica.lag.time.max.ms', nearest: 'replica.lag.time.max.ms' },
      { name: 'log.retention.hour', nearest: 'log.retention.hours' },
      { name: 'segment.bytes', nearest: 'log.segment.bytes' },
      { name: 'something.quite.else.altogether', nearest: undefined },
    ]);
    expect(report.warnings.filter((line) => line.includes('zookeeper.connect'))).toHaveLength(1);
    expect(report.warnings[0]).toMatch(/^Configuration key "log.cleanup.policy" contains duplicate values/);
  });

  it('is silent about a plain node', () => {
    expect(configReport(config).warnings).toEqual([]);
  });
});

describe('propertiesFromEnvironment', () => {
  it('maps names as the container image does, without those that steer the image', () => {
    const properties = propertiesFromEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'A:PLAINTEXT',
      KAFKA_LISTENER_NAME_A__B_X___Y: 'v',
      KAFKA_HEAP_OPTS: '-Xmx1G',
      KAFKA_HOME: '/opt/kafka',
      KAFKA_JMX_HOSTNAME: 'h',
      CLUSTER_ID: 'x',
      PATH: '/bin',
    });
    expect(Object.fromEntries(properties)).toEqual({
      'node.id': '1',
      'listener.security.protocol.map': 'A:PLAINTEXT',
      'listener.name.a_b.x-y': 'v',
    });
  });
});
