import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { parseProperties } from '../../src/config/properties.ts';
import {
  aloneFromZookeeper,
  brokenId,
  brokerFromZookeeper,
  givenId,
  isZookeeperConfig,
  parseZookeeperConnect,
  tidyOldProperties,
} from '../../src/config/zookeeper-config.ts';

const given = (text: string) => parseProperties(`zookeeper.connect=zk:2181\n${text}`);

function convert(text: string) {
  const id = givenId(given(text)) ?? '1001';
  const { properties, note } = aloneFromZookeeper(given(text), id, { host: '127.0.0.1', port: 2181 });
  return { properties, note, config: BrokerConfig.from(properties) };
}

describe("a file of ZooKeeper's time", () => {
  it('is told by zookeeper.connect without process.roles', () => {
    expect(isZookeeperConfig(parseProperties('zookeeper.connect=zk:2181'))).toBe(true);
    expect(isZookeeperConfig(parseProperties('zookeeper.connect=zk:2181\nprocess.roles=broker'))).toBe(false);
    expect(isZookeeperConfig(parseProperties('broker.id=1'))).toBe(false);
    expect(isZookeeperConfig(parseProperties('\ufeffzookeper.connect=zk:2181'))).toBe(true);
  });

  it('is a node of both roles with the id of the broker, and a controller where ZooKeeper was', () => {
    const { config, note } = convert('broker.id=4\nlisteners=PLAINTEXT://:9092\nnum.partitions=7');
    expect(config.nodeId).toBe(4);
    expect([...config.processRoles]).toEqual(['broker', 'controller']);
    expect(config.brokerListeners).toMatchObject([{ listener: 'PLAINTEXT', host: '', port: 9092 }]);
    expect(config.controllerListeners).toMatchObject([{ listener: 'ZOOKEEPER', host: '127.0.0.1', port: 2181 }]);
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
    ['none, when the broker was to find one', 'broker.id=-1', null],
    ['none without a word of it', '', null],
    ['none where there is no number', 'broker.id=zero', null],
    ['node.id where both are there', 'node.id=3\nbroker.id=3', '3'],
  ])('gives an id: %s', (_, text, id) => {
    expect(givenId(given(text))).toBe(id);
    expect(brokenId(given(text))).toBe(text.includes('zero') ? text : undefined);
  });

  it('is only a broker where there are controllers', () => {
    const controllers = [
      { host: 'zk1', port: 2181 },
      { host: 'zk2', port: 2182 },
    ];
    const { properties, note } = brokerFromZookeeper(given('broker.id=2'), '2', controllers);
    const config = BrokerConfig.from(properties);
    expect([...config.processRoles]).toEqual(['broker']);
    expect(properties.get('controller.quorum.bootstrap.servers')).toBe('zk1:2181,zk2:2182');
    expect(config.controllerListenerNames).toEqual(['ZOOKEEPER']);
    expect(config.number('offsets.topic.replication.factor')).toBe(3);
    expect(note).toContain('node.id=2 from broker.id, of the controllers at zk1:2181,zk2:2182');
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

  it('may have listeners with names of their own, ZOOKEEPER too', () => {
    const { config } = convert(
      'listeners=ZOOKEEPER://:9092,IN://:9094\nlistener.security.protocol.map=ZOOKEEPER:PLAINTEXT,IN:PLAINTEXT\n' +
        'inter.broker.listener.name=IN',
    );
    expect(config.brokerListeners.map(({ listener }) => listener)).toEqual(['ZOOKEEPER', 'IN']);
    expect(config.controllerListeners.map(({ listener }) => listener)).toEqual(['KRAFT_ZOOKEEPER']);
  });

  it('leaves out what only ZooKeeper had', () => {
    const { properties } = convert('zookeeper.session.timeout.ms=1\ninter.broker.protocol.version=2.8');
    expect([...properties.keys()].filter((key) => /zookeeper|protocol\.version/.test(key))).toEqual([]);
  });
});

describe('zookeeper.connect', () => {
  it.each([
    ['localhost:2181', [{ host: 'localhost', port: 2181 }], ''],
    [
      'zk1, zk2:2182/kafka/a',
      [
        { host: 'zk1', port: 2181 },
        { host: 'zk2', port: 2182 },
      ],
      '/kafka/a',
    ],
    ['[::1]:2181', [{ host: '::1', port: 2181 }], ''],
    [' , ', [], ''],
  ])('%j', (text, servers, chroot) => {
    expect(parseZookeeperConnect(text)).toEqual({ servers, chroot });
  });
});

describe('what people copied from notes', () => {
  const tidy = (text: string) => tidyOldProperties(parseProperties(Buffer.from(text)));

  it.each([
    ['num.io.threads=8\uff1a', 'num.io.threads', '8'],
    ['num.io.threads=\uff18', 'num.io.threads', '8'],
    ['num.network.threads=4,', 'num.network.threads', '4'],
    ['log.dirs=/tmp/\uff4b', 'log.dirs', '/tmp/k'],
    ['broker.id=0  # of this host', 'broker.id', '0'],
    ['num.partitions=\u201c3\u201d', 'num.partitions', '3'],
    ['delete.topic.enable=true ;', 'delete.topic.enable', 'true'],
    ['log.dirs=/a,/b ,', 'log.dirs', '/a,/b'],
    ['zookeeper.connect=a\uff1a1\uff0cb:2', 'zookeeper.connect', 'a:1,b:2'],
  ])('%s', (text, key, value) => {
    const { properties, warnings } = tidy(text);
    expect(properties.get(key)).toBe(value);
    expect(warnings).toEqual([`${text} is read as ${key}=${value}`]);
  });

  it('is left alone where it says what it means', () => {
    const { properties, warnings } = tidy(
      'log.dirs=/daten/\u00e4,/b\nlisteners=PLAINTEXT://:9092 \nsasl.jaas.config=x required;\n',
    );
    expect(properties.get('listeners')).toBe('PLAINTEXT://:9092');
    expect(properties.get('sasl.jaas.config')).toBe('x required;');
    // Said and used as it was written, not as the bytes of another alphabet.
    expect(properties.get('log.dirs')).toBe('/daten/\u00e4,/b');
    expect(warnings).toEqual([]);
  });

  it('may begin with the mark of an editor, and have wide signs in its keys', () => {
    const { properties } = tidy('\ufeffbroker.id=7\nnum\uff0epartitions\uff1d3\n\uff03 a comment\n');
    expect([...properties]).toEqual([
      ['broker.id', '7'],
      ['num.partitions', '3'],
    ]);
  });

  it('may mistype zookeeper.connect', () => {
    const { properties, warnings } = tidy('zookeper.connect=zk:2181');
    expect(properties.get('zookeeper.connect')).toBe('zk:2181');
    expect(warnings).toEqual(['unknown configuration zookeper.connect is read as zookeeper.connect']);
  });
});
