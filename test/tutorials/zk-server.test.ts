import { afterEach, describe, expect, it } from 'vitest';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const isolated = isolation();
let tutorial: Tutorial | undefined;
const NOT_RUNNING = 'Error contacting service. It is probably not running.';

async function install(): Promise<Tutorial> {
  if (isolated === undefined) return expect.unreachable();
  const made = new Tutorial(isolated);
  tutorial = made;
  await made.replacePorts([2181, 2182, 2887, 2888, 2889]);
  made.replacePath('/opt/zookeeper', 'zookeeper');
  made.install('zookeeper');
  made.write('zookeeper/conf/zoo.cfg', 'tickTime=2000\ndataDir=@ROOT@/data\nclientPort=2181\n');
  made.write(
    'zookeeper/conf/server.properties',
    'broker.id=1\nlisteners=PLAINTEXT://localhost:0\nlog.dirs=@ROOT@/kafka-data\nzookeeper.connect=localhost:2181\n',
  );
  made.write('zookeeper/other/zoo.cfg', 'dataDir=@ROOT@/other-data\nclientPort=2181\n');
  made.write(
    'zookeeper/ensemble/zoo.cfg',
    'dataDir=@ROOT@/zookeeper/ensemble\r\n# the servers are elsewhere\r\ndynamicConfigFile=@ROOT@/zookeeper/ensemble/dynamic\r\n',
  );
  made.write(
    'zookeeper/ensemble/dynamic',
    'server.1=localhost:2887:3887;2181\nserver.2 = localhost:2888:3888:participant;0.0.0.0:2182\nserver.3=localhost:2889:3889;2183\n',
  );
  return made;
}

describe.skipIf(isolated === undefined)('zkServer.sh', () => {
  afterEach(() => tutorial?.remove());

  it('says of a member what ZooKeeper said', { timeout: 90_000 }, async () => {
    const made = await install();
    const shown = Object.fromEntries(await made.run('zk-server.sh', 80_000));
    const home = `${made.root}/zookeeper`;
    const using = `Using config: ${home}/conf/zoo.cfg`;
    const note = `kts: there is no ZooKeeper any more: ${home}/conf/zoo.cfg makes one controller of a KRaft quorum (node.id=3001), which answers on the client port ${made.port(2181)}`;
    const found = `Client port found: ${made.port(2181)}. Client address: localhost.`;
    const usage =
      'Usage: zkServer.sh [--config <conf-dir>] {start|start-foreground|stop|restart|status|version} [zoo.cfg]';
    const myid = `${home}/ensemble/myid`;
    const hint = `Write one of 1, 2, 3 into it: echo N > ${myid}`;
    const noLine = (text: string) => `${myid} says '${text}', and ${home}/ensemble/zoo.cfg has no line server.${text}.`;
    expect(shown).toEqual({
      words: [usage, expect.stringContaining('one of start|'), 'exit 1', usage],
      'nothing-runs': [
        using,
        note,
        found,
        NOT_RUNNING,
        'exit 1',
        `Stopping zookeeper ... no zookeeper to stop (could not find file ${made.root}/data/zookeeper_server.pid)`,
        'exit 0',
      ],
      start: [
        using,
        note,
        'Starting zookeeper ... STARTED',
        'exit 0',
        'Starting zookeeper ... already running as process PID.',
        'exit 1',
        'Mode: standalone',
        'exit 0',
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      ],
      restart: ['Stopping zookeeper ... STOPPED', 'Starting zookeeper ... STARTED', 'exit 0', 'Mode: standalone'],
      killed: [NOT_RUNNING, 'exit 1', 'Stopping zookeeper ... STOPPED', 'Stopping zookeeper ... no zookeeper to stop'],
      foreground: ['Mode: standalone', 'exit 130', '1'],
      background: [
        note.replace(`${home}/`, ''),
        'kts: there is no ZooKeeper any more: conf/server.properties starts a KRaft broker, and its zookeeper.connect names the controllers',
      ],
      taken: [
        'Starting zookeeper ... FAILED TO START',
        `kts: another program listens on 127.0.0.1:${made.port(2181)}`,
        'exit 1',
        'Stopping zookeeper ... STOPPED',
      ],
      myid: [
        `${myid} is empty.`,
        hint,
        noLine('one'),
        hint,
        noLine('4'),
        hint,
        `Using config: ${home}/ensemble/zoo.cfg`,
        `${myid} file is missing`,
        `Write the number of this member (1, 2, 3) into it: echo N > ${myid}`,
        'exit 1',
      ],
      ensemble: [
        'Starting zookeeper ... STARTED',
        NOT_RUNNING,
        'exit 1',
        `QuorumPeerMain ${home}/ensemble/zoo.cfg`,
        'Stopping zookeeper ... STOPPED',
      ],
    });
  });
});
