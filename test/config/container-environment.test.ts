import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import {
  clusterIdOf,
  containerConfig,
  dialectOf,
  masked,
  overDefaults,
} from '../../src/config/container-environment.ts';
import { embeddedProperties } from '../../src/server/embedded-default.ts';

const DEFAULTS = embeddedProperties('/data', { port: 9092, controllerPort: 9093, ipv6: true });

function node(env: Record<string, string>) {
  const container = containerConfig(env);
  if (container === undefined) return expect.unreachable();
  return { container, config: BrokerConfig.from(overDefaults(container, DEFAULTS)) };
}

describe('the environments of containers', () => {
  it.each([
    ['apache', { KAFKA_NUM_PARTITIONS: '3' }],
    ['confluent', { CLUSTER_ID: 'x', KAFKA_PROCESS_ROLES: 'broker', KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://h:1' }],
    ['bitnami', { KAFKA_CFG_NUM_PARTITIONS: '3' }],
    ['bitnami', { ALLOW_PLAINTEXT_LISTENER: 'yes' }],
    ['wurstmeister', { KAFKA_ZOOKEEPER_CONNECT: 'zk:2181' }],
    ['wurstmeister', { KAFKA_CREATE_TOPICS: 'a:1:1' }],
  ])('%s is told by %j', (dialect, env) => {
    expect(dialectOf(env)).toBe(dialect);
  });

  it('say nothing where nothing is set, or only what steers a shell', () => {
    expect(containerConfig({ PATH: '/bin', KAFKA_HOME: '/opt/kafka', KAFKA_HEAP_OPTS: '-Xmx1G' })).toBeUndefined();
  });

  it("of wurstmeister's, with a ZooKeeper alone, give one node with its controller inside", () => {
    const { container, config } = node({
      KAFKA_BROKER_ID: '0',
      KAFKA_ZOOKEEPER_CONNECT: '172.17.0.1:2181',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://172.17.0.1:9092',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092',
      KAFKA_CREATE_TOPICS: 'my_log:2:1, kept:1:1:compact,broken:x:1',
    });
    expect(config.nodeId).toBe(0);
    expect([config.isBroker, config.isController]).toEqual([true, true]);
    expect(config.brokerListeners).toMatchObject([{ host: '0.0.0.0', port: 9092 }]);
    expect(config.advertisedListeners).toMatchObject([{ host: '172.17.0.1', port: 9092 }]);
    expect(config.controllerListeners).toMatchObject([{ host: '127.0.0.1', port: 9093 }]);
    expect(config.quorumVoters).toMatchObject([{ nodeId: 0, port: 9093 }]);
    expect(container.topics).toEqual([
      { name: 'my_log', partitions: 2, replicationFactor: 1, cleanupPolicy: undefined },
      { name: 'kept', partitions: 1, replicationFactor: 1, cleanupPolicy: 'compact' },
    ]);
    expect(container.notes).toHaveLength(1);
  });

  it("of Bitnami's and Apache's configure the whole node where they name its roles", () => {
    const roles = {
      NODE_ID: '7',
      PROCESS_ROLES: 'controller',
      LISTENERS: 'CONTROLLER://:9093',
      CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      CONTROLLER_QUORUM_VOTERS: '7@localhost:9093',
    };
    for (const prefix of ['KAFKA_CFG_', 'KAFKA_']) {
      const env = Object.fromEntries(Object.entries(roles).map(([name, value]) => [prefix + name, value]));
      const { config } = node(env);
      expect([config.nodeId, config.isBroker, config.logDirs]).toEqual([7, false, ['/data']]);
    }
  });

  it('keep the listener for controllers where they name one', () => {
    const { config } = node({ KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093' });
    expect(config.listeners).toHaveLength(2);
  });

  it('name the cluster', () => {
    const whole = { KAFKA_PROCESS_ROLES: 'broker' };
    const of = (env: Record<string, string>) => {
      const container = containerConfig(env);
      return container === undefined ? undefined : clusterIdOf(container);
    };
    expect(of(whole)).toBe('5L6g3nShT-eMCtK--X86sw');
    expect(of({ ...whole, CLUSTER_ID: 'mine' })).toBe('mine');
    expect(of({ KAFKA_CFG_NODE_ID: '1', KAFKA_KRAFT_CLUSTER_ID: 'theirs' })).toBe('theirs');
    expect(of({ KAFKA_NUM_PARTITIONS: '1' })).toBeUndefined();
  });

  it('are shown without their secrets', () => {
    const properties = new Map([
      ['ssl.keystore.password', 'a'],
      ['listener.name.x.sasl.jaas.config', 'b'],
      ['node.id', '1'],
    ]);
    expect(masked(properties)).toEqual([
      'listener.name.x.sasl.jaas.config=******',
      'node.id=1',
      'ssl.keystore.password=******',
    ]);
  });
});
