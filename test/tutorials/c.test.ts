import { afterEach, describe, expect, it } from 'vitest';
import { KAFKA_JARS, kafkaOk } from '../conformance/support/tools.ts';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const NAMES = ['', '2', '3'];
const isolated = isolation();
let tutorial: Tutorial | undefined;

async function install(): Promise<Tutorial> {
  if (isolated === undefined) return expect.unreachable();
  const made = new Tutorial(isolated);
  tutorial = made;
  await made.replacePorts([2181, 2182, 2183, 2887, 2888, 2889, 9092, 9093, 9094]);
  made.replacePath('/usr/local', 'local');
  made.replacePath('/tmp/kafka', 'kafka-data');
  made.replacePath('/tmp/zk', 'zk-data');
  made.install(...NAMES.flatMap((n) => [`local/kafka${n}`, `local/zookeeper${n}`]));
  const members = 'server.1=localhost:2887:3887\nserver.2=localhost:2888:3888\nserver.3=localhost:2889:3889\n';
  for (const [at, n] of NAMES.entries()) {
    const zoo = `tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/tmp/zk${n}\nclientPort=${2181 + at}\n${members}`;
    made.write(`local/zookeeper${n}/conf/zoo.cfg`, zoo);
    made.write(`zk-data${n}/myid`, String(at + 1));
    made.write(
      `local/kafka${n}/config/server.properties`,
      `broker.id=${at}\nlisteners=PLAINTEXT://:${9092 + at}\nadvertised.listeners=PLAINTEXT://localhost:${9092 + at}\n` +
        'num.network.threads=4\nnum.io.threads=8\uff1a\nreplica.lag.max.messages =4000\n' +
        'eplica.lag.time.max.ms =10000\nlog.retention.hours=168\nlog.segment.bytes=1073741824\n' +
        `log.dirs=/tmp/kafka${n}\nzookeeper.connect=localhost:2181,localhost:2182,localhost:2183\n` +
        'group.initial.rebalance.delay.ms=0\n',
    );
  }
  return made;
}

/** To Kafka's own tools it is a cluster like any other. */
async function lookWithKafka(made: Tutorial): Promise<void> {
  const server = ['--bootstrap-server', `localhost:${made.port(9092)}`];
  const status = await kafkaOk('metadata-quorum', [...server, 'describe', '--status']);
  for (const [at, port] of [2887, 2888, 2889].entries()) {
    expect(status).toContain(`{"id": 300${at + 1}, "endpoints": ["CONTROLLER://localhost:${made.port(port)}"]}`);
  }
  const observers = /CurrentObservers: .*/.exec(status)?.[0] ?? '';
  expect([...observers.matchAll(/"id": (\d+)/g)].map(([, id]) => id).sort()).toEqual(['0', '1', '2']);
  const controller = ['--bootstrap-controller', `localhost:${made.port(2181)}`];
  expect(await kafkaOk('metadata-quorum', [...controller, 'describe', '--replication'])).toMatch(/^3002 .*$/m);
  const topic = await kafkaOk('topics', [...server, '--describe', '--topic', 'topic']);
  expect(topic.match(/\tReplicas: \d,\d,\d\tIsr: \d,\d,\d\t/g)).toHaveLength(3);
  const read = ['--topic', 'topic', '--from-beginning', '--max-messages', '2'];
  expect((await kafkaOk('console-consumer', [...server, ...read])).split('\n').sort()).toEqual([
    '',
    'hello',
    'this is kafka',
  ]);
}

describe.skipIf(isolated === undefined)('the tutorial of an ensemble and three brokers, with failures', () => {
  afterEach(() => tutorial?.remove());

  it('runs as typed, and loses nothing', { timeout: 280_000 }, async () => {
    const made = await install();
    const looks = KAFKA_JARS !== undefined;
    const run = made.run('c.sh', 270_000, { KAFKA_LOOKS: looks ? '1' : '' });
    // The script comes to its end whatever was seen.
    const [looked] = await Promise.allSettled([looks && made.whenPaused('whole', () => lookWithKafka(made)), run]);
    if (looked.status === 'rejected') throw looked.reason;
    const shown = Object.fromEntries(await run);
    const jps = shown['jps']?.filter((line) => !line.startsWith('Jps'));
    expect({ ...shown, jps, 'shared-group': shown['shared-group']?.slice(-2) }).toMatchObject({
      zookeepers: [
        ...NAMES.map(() => 'Starting zookeeper ... STARTED'),
        'Mode: follower',
        'Mode: follower',
        'Mode: leader',
      ],
      warnings: [
        'WARN num.io.threads=8\uff1a is read as num.io.threads=8',
        expect.stringMatching(/^WARN zookeeper\.connect without process\.roles/),
        expect.stringMatching(
          /^WARN unknown configuration eplica\.lag\.time\.max\.ms is ignored; did you mean replica/,
        ),
        'WARN unknown configuration replica.lag.max.messages is ignored',
        'WARN set, but without effect in kts so far: num.network.threads',
      ],
      create: ['Created topic topic.', '3'],
      talk: ['hello', 'this is kafka'],
      jps: [
        expect.stringMatching(/^ConsoleConsumer --bootstrap-server localhost:\d+ --topic topic$/),
        ...NAMES.map((n) => `Kafka ${made.root}/local/kafka${n}/config/server.properties`),
        ...NAMES.map((n) => `QuorumPeerMain ${made.root}/local/zookeeper${n}/conf/zoo.cfg`),
      ],
      'kill-broker-0': ['0'],
      'broker-0-returns': [
        expect.stringMatching(/^kts: there is no ZooKeeper any more: .* starts a KRaft broker/),
        '3',
      ],
      'kill-zookeeper': [
        'Error contacting service. It is probably not running.',
        'Error contacting service. It is probably not running.',
        'Mode: follower',
        'Mode: leader',
        'Created topic still-alive.',
      ],
      'two-brokers-fail': ['0', '3', 'exit 0'],
      groups: ['console-consumer-N', 'watchers', 'watchers topic 0', 'watchers topic 1', 'watchers topic 2'],
      counts: ['producer: exit 0', 'read by the watcher: 1500', 'in the log: 1500 of 1500', '1'],
      'shared-group': ['40', 'both have a share'],
    });
  });
});
