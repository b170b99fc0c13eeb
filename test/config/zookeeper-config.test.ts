import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { parseProperties } from '../../src/config/properties.ts';
import { fromZookeeperConfig, isZookeeperConfig } from '../../src/config/zookeeper-config.ts';

function convert(text: string, storedId: number | null = null) {
  const { properties, note } = fromZookeeperConfig(parseProperties(`zookeeper.connect=zk:2181\n${text}`), storedId);
  return { properties, note, config: BrokerConfig.from(properties) };
}

describe("a file of ZooKeeper's time", () => {
  it('is told by zookeeper.connect without process.roles', () => {
    expect(isZookeeperConfig(parseProperties('zookeeper.connect=zk:2181'))).toBe(true);
    expect(isZookeeperConfig(parseProperties('zookeeper.connect=zk:2181\nprocess.roles=broker'))).toBe(false);
    expect(isZookeeperConfig(parseProperties('broker.id=1'))).toBe(false);
  });

  it('is a node of both roles with the id of the broker and a controller on a free port', () => {
    const { config, note } = convert('broker.id=4\nlisteners=PLAINTEXT://:9092\nnum.partitions=7');
    expect(config.nodeId).toBe(4);
    expect([...config.processRoles]).toEqual(['broker', 'controller']);
    expect(config.brokerListeners).toMatchObject([{ listener: 'PLAINTEXT', host: '', port: 9092 }]);
    expect(config.controllerListeners).toMatchObject([{ listener: 'CONTROLLER', host: '127.0.0.1', port: 0 }]);
    expect(config.numPartitions).toBe(7);
    expect(config.number('offsets.topic.replication.factor')).toBe(1);
    expect(note).toContain('node.id=4 from broker.id');
    expect(note).not.toContain('\n');
  });

  it('keeps what it says itself', () => {
    const { config } = convert('broker.id=0\noffsets.topic.replication.factor=3');
    expect(config.number('offsets.topic.replication.factor')).toBe(3);
  });

  it.each([
    ['the first that ZooKeeper gave, when the broker was to find one', 'broker.id=-1', null, 1001],
    ['the one in its directory', '', 7, 7],
    ['node.id where both are there', 'node.id=3\nbroker.id=3', 7, 3],
  ])('takes its id: %s', (_, text, storedId, id) => {
    expect(convert(text, storedId).config.nodeId).toBe(id);
  });

  it('is refused with two different ids', () => {
    expect(() => convert('node.id=3\nbroker.id=4')).toThrow('same value');
  });

  it('may name its listener as brokers did before there were several', () => {
    const { config } = convert('port=9093\nhost.name=a\nadvertised.host.name=b');
    expect(config.brokerListeners).toMatchObject([{ host: 'a', port: 9093 }]);
    expect(config.advertisedListeners).toMatchObject([{ host: 'b', port: 9093 }]);
    expect(convert('').config.brokerListeners).toMatchObject([{ host: '', port: 9092 }]);
  });

  it('may have listeners with names of their own, CONTROLLER too', () => {
    const { config } = convert(
      'listeners=CONTROLLER://:9092,IN://:9094\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,IN:PLAINTEXT\n' +
        'inter.broker.listener.name=IN',
    );
    expect(config.brokerListeners.map(({ listener }) => listener)).toEqual(['CONTROLLER', 'IN']);
    expect(config.controllerListeners.map(({ listener }) => listener)).toEqual(['KRAFT_CONTROLLER']);
  });

  it('leaves out what only ZooKeeper had', () => {
    const { properties } = convert('zookeeper.session.timeout.ms=1\ninter.broker.protocol.version=2.8');
    expect([...properties.keys()].filter((key) => /zookeeper|protocol\.version/.test(key))).toEqual([]);
  });
});
