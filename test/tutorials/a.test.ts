import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const isolated = isolation();
let tutorial: Tutorial;

describe.skipIf(isolated === undefined)('the tutorial of one ZooKeeper and one broker', () => {
  beforeEach(async () => {
    if (isolated === undefined) return;
    tutorial = new Tutorial(isolated);
    tutorial.replacePath('/opt/module/kafka', 'kafka');
    tutorial.replacePath('/tmp/zookeeper', 'zookeeper-data');
    tutorial.replacePath('/tmp/kafka-logs', 'kafka-logs');
    await tutorial.replacePorts([2181, 9092]);
    tutorial.install('kafka');
    const zoo = 'tickTime=2000\ndataDir=/tmp/zookeeper\nclientPort=2181\n';
    tutorial.write('kafka/conf/zoo.cfg', zoo);
    tutorial.write('kafka/config/zookeeper.properties', `${zoo}maxClientCnxns=0\nadmin.enableServer=false\n`);
    tutorial.write(
      'kafka/config/server.properties',
      'broker.id=0\nlisteners=PLAINTEXT://localhost:9092\nnum.network.threads=3\nlog.dirs=/tmp/kafka-logs\n' +
        'offsets.topic.replication.factor=1\nzookeeper.connect=localhost:2181\nzookeeper.connection.timeout.ms=18000\n' +
        'group.initial.rebalance.delay.ms=0\n',
    );
  });

  afterEach(() => tutorial?.remove());

  it('runs as typed', { timeout: 150_000 }, async () => {
    const shown = Object.fromEntries(await tutorial.run('a.sh', 140_000));
    const broker = `localhost:${tutorial.port(9092)}`;
    expect(shown['zookeeper']).toEqual(['Starting zookeeper ... STARTED', 'Mode: standalone']);
    expect(shown['create']).toEqual(['Created topic topic1.']);
    expect(shown['list']).toEqual(['topic1']);
    expect(shown['describe']).toEqual([
      expect.stringMatching(/^Topic: topic1\tTopicId: .{22}\tPartitionCount: 1\tReplicationFactor: 1\t/),
      expect.stringMatching(/^\tTopic: topic1\tPartition: 0\tLeader: 0\tReplicas: 0\tIsr: 0/),
    ]);
    expect(shown['produce']).toEqual([]);
    expect(shown['consume']).toEqual(['hello,kafka', 'this is kafka']);
    expect(shown['old-consumer']).toEqual(['later']);
    expect(shown['hints']).toEqual([
      `kts: --zookeeper: the controller at localhost:${tutorial.port(2181)} names the brokers ${broker}`,
    ]);
    expect(shown['zkCli']).toEqual([
      expect.stringMatching(
        /^\[admin, brokers, cluster, config, consumers, controller, controller_epoch, .*zookeeper\]$/,
      ),
      expect.stringMatching(/^\[.*topic1\]$/),
      expect.stringMatching(/^\{"controller_epoch":\d+,"leader":0,"version":1,"leader_epoch":0,"isr":\[0\]\}$/),
      expect.stringContaining(`"endpoints":["PLAINTEXT://${broker}"]`),
      expect.stringContaining('"brokerid":3001'),
    ]);
    expect(shown['zk_test']).toEqual([
      'Created /zk_test',
      'my_data',
      'name',
      expect.stringMatching(/, zk_test, zookeeper\]$/),
    ]);
    expect(shown['refused']).toEqual([
      expect.stringContaining('/controller is kept by the cluster itself: the quorum elects'),
      'exit 1',
    ]);
    expect(shown['delete']).toEqual(['Created topic topic2.', 'Created topic topic3.']);
    const home = `${tutorial.root}/kafka`;
    expect(shown['jps']).toEqual(['Kafka config/server.properties', `QuorumPeerMain ${home}/conf/zoo.cfg`]);
    expect(shown['stop']).toEqual([
      'broker: exit 143',
      'Stopping zookeeper ... STOPPED',
      'Error contacting service. It is probably not running.',
      'exit 1',
    ]);
    expect(shown['again']).toEqual(['none']);
    expect(tutorial.read('kafka/broker.out')).toContain('there is no ZooKeeper any more');
  });
});
