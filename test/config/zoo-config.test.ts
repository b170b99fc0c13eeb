import { describe, expect, it } from 'vitest';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { parseProperties } from '../../src/config/properties.ts';
import { fromZooConfig, readZooConfig } from '../../src/config/zoo-config.ts';

const THREE = 'server.1=h1:2888:3888\nserver.2=h2:2889:3889\nserver.3=0.0.0.0:2890:3890\n';

function member(text: string, myid: string | null) {
  const zoo = parseProperties(`dataDir=/zk\nclientPort=2182\n${text}`);
  const node = fromZooConfig(zoo, { path: 'zoo.cfg', myid, hostname: 'me' });
  return { ...node, config: BrokerConfig.from(node.properties) };
}

describe('a zoo.cfg', () => {
  it('of a ZooKeeper alone is a quorum of one at the client port', () => {
    const { config, ensemble, note } = member('', null);
    expect([...config.processRoles]).toEqual(['controller']);
    expect(config.nodeId).toBe(3001);
    expect(config.quorumVoters).toEqual([{ nodeId: 3001, host: '127.0.0.1', port: 2182 }]);
    expect(config.controllerListeners).toMatchObject([{ listener: 'ZOOKEEPER', host: '', port: 2182 }]);
    expect(config.logDirs).toEqual(['/zk/kraft']);
    expect(ensemble).toBeNull();
    expect(note).not.toContain('\n');
  });

  it('of an ensemble is a member of a quorum: votes at the first port, answers at the client port', () => {
    const { config, ensemble } = member(THREE, '2\n');
    expect(config.nodeId).toBe(3002);
    expect(config.quorumVoters).toEqual([
      { nodeId: 3001, host: 'h1', port: 2888 },
      { nodeId: 3002, host: 'h2', port: 2889 },
      { nodeId: 3003, host: 'me', port: 2890 },
    ]);
    expect(config.controllerListeners).toMatchObject([
      { listener: 'CONTROLLER', host: 'h2', port: 2889 },
      { listener: 'ZOOKEEPER', host: '', port: 2182 },
    ]);
    expect(ensemble).toBe(member(THREE.replace('0.0.0.0', 'h3'), '1').ensemble);
  });

  it('may write any address for itself', () => {
    const { config } = member(THREE, '3');
    expect(config.controllerListeners[0]).toMatchObject({ host: '', port: 2890 });
  });

  it('may name the client port in its line, and an observer votes too', () => {
    const { config } = member('server.1=h1:2888:3888:observer;2199\nserver.2=h2', '1');
    expect(config.quorumVoters).toMatchObject([
      { nodeId: 3001, host: 'h1', port: 2888 },
      { nodeId: 3002, host: 'h2', port: 2888 },
    ]);
    expect(config.controllerListeners[1]).toMatchObject({ port: 2199 });
  });

  it('of a ZooKeeper with one server line is standalone, as it was', () => {
    const { config, ensemble, clientHost } = member('server.7=h1:2888:3888;127.0.0.2:2199', '7');
    expect(config.controllerListeners).toMatchObject([{ listener: 'ZOOKEEPER', host: '127.0.0.2', port: 2199 }]);
    expect(config.quorumVoters).toMatchObject([{ host: '127.0.0.2', port: 2199 }]);
    expect([ensemble, clientHost]).toEqual([null, '127.0.0.2']);
  });

  it('may have blanks everywhere, and a number with zeros in front', () => {
    const { config } = member('server.1 = h1 : 2888 : 3888\nserver.2= h2:2889:3889 ; 0.0.0.0:2199 ', ' 02\r\n');
    expect(config.quorumVoters).toMatchObject([{ host: 'h1' }, { host: 'h2', port: 2889 }]);
    expect(config.controllerListeners[1]).toMatchObject({ host: '', port: 2199 });
  });

  it('may have its server lines in a file of their own', () => {
    const texts: Record<string, string> = {
      '/conf/zoo.cfg': 'dataDir=/zk\r\ndynamicConfigFile=/conf/dynamic\r\n',
      '/conf/dynamic': THREE.replace('3889', '3889;2299  # of the second'),
      '/zk/myid': '2\n',
    };
    const files = {
      statSync: (path: string) => (path in texts ? ({} as never) : null),
      readFileSync: (path: string) => Buffer.from(texts[path] as string),
    };
    const read = () => readZooConfig({ path: '/conf/zoo.cfg', hostname: 'me' }, files);
    const { clientPort, properties, warnings } = read();
    expect(clientPort).toBe(2299);
    expect(properties.get('controller.quorum.voters')).toBe('3001@h1:2888,3002@h2:2889,3003@me:2890');
    expect(warnings).toEqual(['server.2=h2:2889:3889;2299  # of the second is read as server.2=h2:2889:3889;2299']);
    delete texts['/conf/dynamic'];
    expect(read).toThrow('there is no file /conf/dynamic, the dynamicConfigFile of /conf/zoo.cfg');
  });

  it.each([
    [THREE, null, '/zk/myid file is missing'],
    [THREE, ' \n', '/zk/myid is empty.'],
    [THREE, 'one', "/zk/myid says 'one'"],
    ['server.1=h:2888:3888;x', '1', 'names no member'],
    [THREE, '7', "/zk/myid says '7', and zoo.cfg has no line server.7"],
    ['server.1=:', '1', 'zoo.cfg: server.1=: names no member'],
    ['clientPort=x', null, 'clientPort=x is not a port'],
  ])('%j with myid %j: %s', (text, myid, message) => {
    expect(() => member(text, myid)).toThrow(message);
  });

  it('without a dataDir is refused', () => {
    const context = { path: 'zoo.cfg', myid: null, hostname: 'me' };
    expect(() => fromZooConfig(new Map(), context)).toThrow('zoo.cfg names no dataDir');
  });
});
