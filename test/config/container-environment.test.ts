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
    expect(config.controllerListeners).toMatchObject([
      { host: '127.0.0.1', port: 9093 },
      // For tools that look for the ZooKeeper.
      { listener: 'ZOOKEEPER', host: '0.0.0.0', port: 2181 },
    ]);
    expect(config.quorumVoters).toMatchObject([{ nodeId: 0, port: 9093 }]);
    expect(container.topics).toEqual([
      { name: 'my_log', partitions: 2, replicationFactor: 1, cleanupPolicy: undefined },
      { name: 'kept', partitions: 1, replicationFactor: 1, cleanupPolicy: 'compact' },
    ]);
    expect(container.notes).toEqual([
      "KAFKA_CREATE_TOPICS: 'broken:x:1' is no NAME:PARTITIONS:REPLICAS[:POLICY], and left out",
      expect.stringContaining('KAFKA_ZOOKEEPER_CONNECT=172.17.0.1:2181: there is no ZooKeeper any more'),
    ]);
  });

  it('may write topics a line each', () => {
    const names = (separator: string, text: string) =>
      containerConfig({ KAFKA_CREATE_TOPICS: text, KAFKA_CREATE_TOPICS_SEPARATOR: separator })?.topics.map(
        ({ name }) => name,
      );
    expect(names("$'\\n'", 'a:1:1\n b:2:1:delete \n')).toEqual(['a', 'b']);
    expect(names(';', 'a;b:2')).toEqual(['a', 'b']);
  });

  it("of wurstmeister's first years name host and port alone", () => {
    const env = {
      KAFKA_ZOOKEEPER_CONNECT: 'zk:2181',
      KAFKA_ADVERTISED_HOST_NAME: '192.168.99.100',
      KAFKA_PORT: '9192',
    };
    const { config } = node({ ...env, KTS_CONTAINER: '1', KAFKA_BROKER_ID_COMMAND: 'hostname' });
    expect(config.brokerListeners).toMatchObject([{ listener: 'PLAINTEXT', host: '', port: 9192 }]);
    expect(config.advertisedListeners).toMatchObject([{ host: '192.168.99.100', port: 9192 }]);
  });

  it("of Confluent's may name what is advertised alone", () => {
    const { config } = node({
      KAFKA_ZOOKEEPER_CONNECT: 'zk:2181',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:9092, INSIDE://broker:29092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
      KTS_CONTAINER: '1',
    });
    expect(config.brokerListeners).toMatchObject([
      { listener: 'PLAINTEXT', host: '', port: 9092 },
      { listener: 'INSIDE', host: '', port: 29_092 },
    ]);
    expect(config.interBrokerListenerName).toBe('INSIDE');
  });

  it("of Bitnami's years with ZooKeeper", () => {
    const { config, container } = node({
      KAFKA_BROKER_ID: '3',
      KAFKA_CFG_ZOOKEEPER_CONNECT: 'zookeeper:2181',
      ALLOW_PLAINTEXT_LISTENER: 'yes',
    });
    expect([config.nodeId, config.isController]).toEqual([3, true]);
    expect(container.notes[0]).toContain('KAFKA_CFG_ZOOKEEPER_CONNECT=zookeeper:2181');
  });

  it('of our own image, without a word of listeners, are reached from outside', () => {
    const { config } = node({ KTS_CONTAINER: '1' });
    expect(config.brokerListeners).toMatchObject([{ host: '', port: 9092 }]);
    expect(config.advertisedListeners).toMatchObject([{ host: 'localhost', port: 9092 }]);
    expect(config.controllerListeners).toMatchObject([{ host: '127.0.0.1', port: 9093 }]);
    // Who names the roles configures the whole node.
    const whole = containerConfig({ KTS_CONTAINER: '1', KAFKA_PROCESS_ROLES: 'broker' });
    expect(whole?.properties.has('listeners')).toBe(false);
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
