/** `cluster`: the subcommands of kafka-cluster.sh (argparse4j), and our own that run clusters on this machine. */
import { BROKERS, CONTROLLERS, flag, type OptionRow, OUTPUT, type Subcommand, tool, value, WATCH } from './table.ts';

const HELP = flag('--help', 'print this page', { short: '-h' });
const CONNECTION: readonly OptionRow[] = [
  HELP,
  { ...BROKERS, names: ['--bootstrap-server', '-b'] },
  { ...CONTROLLERS, names: ['--bootstrap-controller', '-C'] },
  value('--config', 'FILE', 'old name', { type: 'file', replacedBy: '--command-config' }),
  value('--command-config', 'FILE', 'properties for the client', { short: '-c', type: 'file' }),
];
const ONE_BOOTSTRAP: Subcommand['exclusive'] = [
  { options: ['--bootstrap-server', '--bootstrap-controller'], oneRequired: true },
];

const own = { own: true } as const;
const DIRECTORY = value('--dir', 'DIRECTORY', 'where its nodes live (default: kts/cluster among your data)', own);
const NODE_ID = value('--node-id', 'ID', 'only this node; may be repeated', { own: true, type: 'int32', many: true });
const TIMEOUT = value('--timeout', 'TIME', 'how long to wait at most', { own: true, default: '60s' });

const START: Subcommand = {
  name: 'start',
  summary: 'make a cluster of several nodes on this machine, or start what is stopped of it',
  own: true,
  options: [
    HELP,
    DIRECTORY,
    value('--nodes', 'N', 'how many nodes with a broker', { own: true, type: 'int32', default: '3' }),
    value('--controllers', 'N', 'so many nodes that are only controllers; the others are then only brokers', {
      own: true,
      type: 'int32',
    }),
    value('--roles', 'LIST', 'the role of each node instead: both, broker or controller, as in both,both,broker', own),
    value('--port', 'PORT', 'that of the first broker; the next ones follow it (default: free ports)', {
      own: true,
      type: 'int32',
    }),
    value('--override', 'KEY=VALUE', 'a property of every node of a new cluster; may be repeated', {
      own: true,
      many: true,
    }),
    NODE_ID,
    TIMEOUT,
    OUTPUT,
  ],
  exclusive: [
    { options: ['--nodes', '--roles'], oneRequired: false },
    { options: ['--controllers', '--roles'], oneRequired: false },
  ],
};

const STOP: Subcommand = {
  name: 'stop',
  summary: 'stop it: brokers before controllers',
  own: true,
  options: [
    HELP,
    DIRECTORY,
    NODE_ID,
    flag('--kill', 'without a word (SIGKILL), as a crash would', own),
    flag('--remove', 'and delete its nodes with all that they hold', own),
    TIMEOUT,
    OUTPUT,
  ],
  exclusive: [],
};

const STATUS: Subcommand = {
  name: 'status',
  summary: 'tell of each node whether it runs, what it does, and where it listens',
  own: true,
  options: [HELP, DIRECTORY, OUTPUT, WATCH],
  exclusive: [],
};

export const clusterTable = tool({
  name: 'cluster',
  parser: 'argparse4j',
  summary: 'look at a cluster, take nodes out of it, run one of several nodes on this machine',
  strictHelpExit: 1,
  options: [HELP],
  subcommands: [
    {
      name: 'cluster-id',
      summary: 'print the id of the cluster',
      options: [...CONNECTION, OUTPUT],
      exclusive: ONE_BOOTSTRAP,
    },
    {
      name: 'unregister',
      summary: 'forget a broker that will not come back',
      options: [
        ...CONNECTION,
        value('--id', 'ID', 'the broker', { short: '-i', type: 'int32', required: true }),
        flag('--dry-run', 'only tell what would be done', own),
      ],
      exclusive: ONE_BOOTSTRAP,
    },
    {
      name: 'list-endpoints',
      summary: 'print where brokers or controllers listen',
      options: [...CONNECTION, flag('--include-fenced-brokers', 'also brokers that are away'), OUTPUT],
      exclusive: ONE_BOOTSTRAP,
    },
    START,
    STOP,
    STATUS,
  ],
  examples: [
    { what: 'three nodes to try things with', line: 'kts cluster start' },
    { what: 'three brokers beside a controller', line: 'kts cluster start --nodes 3 --controllers 1 --port 9092' },
    { what: 'how they are', line: 'kts cluster status' },
    { what: 'a crash of one of them, and its return', line: 'kts cluster stop --node-id 2 --kill; kts cluster start' },
    { what: 'and all of it gone', line: 'kts cluster stop --remove' },
  ],
});
