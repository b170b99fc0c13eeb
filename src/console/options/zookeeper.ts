/** What starts, stops and shows the controllers that stand in ZooKeeper's place. */
import { flag, HELP, tool, VERSION, value } from './table.ts';

export const zookeeperServerStartTable = tool({
  name: 'zookeeper-server-start',
  parser: 'joptsimple',
  summary: 'run a controller from a zoo.cfg or zookeeper.properties',
  word: { name: 'zookeeper.properties', help: 'dataDir, clientPort and the server.N lines of the ensemble' },
  options: [
    value('--override', 'KEY=VALUE', 'a property that wins over the file; may be repeated', { many: true }),
    flag('-daemon', 'run in the background', { own: 'wrapper' }),
    flag('--help', 'print this page', { own: 'wrapper' }),
    VERSION,
  ],
  examples: [
    { what: 'in the place of ZooKeeper', line: 'kts zookeeper-server-start config/zookeeper.properties' },
    { what: 'in the background', line: 'kts zookeeper-server-start -daemon config/zookeeper.properties' },
  ],
});

export const zookeeperServerStopTable = tool({
  name: 'zookeeper-server-stop',
  parser: 'joptsimple',
  summary: "stop this user's controllers that stand in ZooKeeper's place",
  worksBare: true,
  options: [HELP, VERSION],
  examples: [{ what: 'all of them', line: 'kts zookeeper-server-stop' }],
});

export const zkServerTable = tool({
  name: 'zk-server',
  parser: 'joptsimple',
  summary: 'zkServer.sh: start, stop, restart or show one member of an ensemble',
  worksBare: true,
  word: {
    name: 'start|start-foreground|stop|restart|status [zoo.cfg]',
    help: 'what to do with the member of that file',
  },
  options: [HELP, VERSION],
  examples: [
    { what: 'as zkServer.sh start', line: 'kts zk-server start conf/zoo.cfg' },
    { what: 'leader or follower', line: 'kts zk-server status conf/zoo.cfg' },
  ],
});

export const zkCliTable = tool({
  name: 'zk-cli',
  parser: 'joptsimple',
  summary: "zkCli.sh: the cluster's metadata as the tree that it was in ZooKeeper",
  worksBare: true,
  word: {
    name: '-- [-server HOST:PORT] [COMMAND]',
    help: 'ls, get, stat, create, set, delete, deleteall; none: asks for them',
  },
  options: [HELP, VERSION],
  examples: [
    { what: 'the topics', line: 'kts zk-cli -- -server localhost:2181 ls /brokers/topics' },
    { what: 'who leads a partition', line: 'kts zk-cli -- get /brokers/topics/orders/partitions/0/state' },
  ],
});
