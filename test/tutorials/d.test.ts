import { afterEach, describe, expect, it } from 'vitest';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const HOSTS = ['hadoop102', 'hadoop103', 'hadoop104'];
const isolated = isolation();
let tutorial: Tutorial | undefined;

async function install(): Promise<Tutorial> {
  if (isolated === undefined) return expect.unreachable();
  const made = new Tutorial(isolated);
  tutorial = made;
  await made.replaceAddresses(HOSTS, [2181, 2888, 9092]);
  made.install(...HOSTS.flatMap((host) => [`${host}/kafka`, `${host}/zookeeper`]));
  for (const [at, host] of HOSTS.entries()) {
    const members = HOSTS.map((other, n) => `server.${n + 2}=${other}:2888:3888\n`).join('');
    const zoo = `dataDir=@ROOT@/${host}/zookeeper/zkData\nclientPort=${made.address(host, 2181).port}\n${members}`;
    made.write(`${host}/zookeeper/conf/zoo.cfg`, zoo);
    made.write(`${host}/zookeeper/zkData/myid`, `${at + 2}\n`);
    made.write(
      `${host}/kafka/config/server.properties`,
      `broker.id=${at}\nlisteners=PLAINTEXT://:${made.address(host, 9092).port}\n` +
        `advertised.listeners=PLAINTEXT://${host}:9092\nlog.dirs=@ROOT@/${host}/kafka/datas\n` +
        'zookeeper.connect=hadoop102:2181,hadoop103:2181,hadoop104:2181/kafka\n' +
        'group.initial.rebalance.delay.ms=0\n',
    );
  }
  return made;
}

describe.skipIf(isolated === undefined)('the tutorial of a cluster over ssh', () => {
  afterEach(() => tutorial?.remove());

  it('runs as typed', { timeout: 180_000 }, async () => {
    const made = await install();
    const { root } = made;
    const shown = Object.fromEntries(await made.run('d.sh', 170_000));
    const banner = (host: string) => `--------- ${host} ----------`;
    expect(shown['none']).toEqual([...HOSTS.map(banner), 'No kafka server to stop', 'exit 1']);
    expect(shown['start']).toEqual([
      '================== start the cluster ==================',
      ...HOSTS.flatMap((host) => [`---------- zookeeper ${host} start ------------`, 'Starting zookeeper ... STARTED']),
      ...HOSTS.map((host) => ` --------start ${host} Kafka-------`),
    ]);
    expect(shown['status']).toEqual([
      ...HOSTS.map((host) => `${host} is running`),
      'Mode: follower',
      'Mode: follower',
      'Mode: leader',
    ]);
    expect(shown['jps']).toEqual(['Kafka', 'Kafka', 'Kafka', 'QuorumPeerMain', 'QuorumPeerMain', 'QuorumPeerMain']);
    expect(shown['jps-m']).toEqual([
      ...HOSTS.map((host) => `kafka.Kafka ${root}/${host}/kafka/config/server.properties`),
      ...HOSTS.map(
        (host) => `org.apache.zookeeper.server.quorum.QuorumPeerMain ${root}/${host}/zookeeper/conf/zoo.cfg`,
      ),
    ]);
    expect(shown['use']).toEqual(['Created topic first.', '100', '3']);
    expect(shown['log']).toEqual([
      expect.stringContaining('WARN The path /kafka of zookeeper.connect is ignored'),
      expect.stringContaining('WARN zookeeper.connect without process.roles'),
    ]);
    expect(shown['ids']).toEqual(['node.id=0', 'node.id=1', 'node.id=2', '6']);
    expect(shown['absent']).toEqual(['exit 0', expect.stringMatching(/^ERROR Exiting Kafka .*absent\.properties/)]);
    // All hosts are this one: the first stop may have stopped them all, and the last wait may be over already.
    expect(shown['stop']?.filter((line) => !/^No kafka server|^Kafka processes left/.test(line))).toEqual([
      '================== stop the cluster ==================',
      ' --------stop hadoop102 Kafka-------',
      ' --------stop hadoop103 Kafka-------',
      ' --------stop hadoop104 Kafka-------',
      ...HOSTS.flatMap((host) => [`---------- zookeeper ${host} stop ------------`, 'Stopping zookeeper ... STOPPED']),
      ...HOSTS.map((host) => `${host} is not running`),
    ]);
    expect(shown['again']).toEqual(['100']);
    expect(shown['left']).toEqual([]);
  });
});
