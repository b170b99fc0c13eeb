/** `server-start`, `server-stop` and `ready`. */
import { BOOTSTRAP, COMMAND_CONFIG, DRY_RUN, flag, HELP, tool, VERSION, value } from './table.ts';

export const serverStartTable = tool({
  name: 'server-start',
  parser: 'joptsimple',
  summary: 'run a node',
  word: {
    name: 'server.properties',
    help: 'its configuration; without one: a broker on localhost:9092, kept in your home',
  },
  options: [
    value('--override', 'KEY=VALUE', 'a property that wins over the file; may be repeated', { many: true }),
    flag('-daemon', 'run in the background', { own: 'wrapper' }),
    value('--data-dir', 'DIRECTORY', 'where the node without a file keeps its data', { own: true }),
    flag('--help', 'print this page', { own: 'wrapper' }),
    VERSION,
  ],
  examples: [
    { what: 'a broker to try things with', line: 'kts server-start' },
    { what: 'a node as configured', line: 'kts server-start config/server.properties' },
    { what: 'in the background', line: 'kts server-start -daemon config/server.properties' },
  ],
});

export const serverStopTable = tool({
  name: 'server-stop',
  parser: 'joptsimple',
  summary: 'stop the nodes of this user',
  worksBare: true,
  options: [
    value('--process-role', 'ROLE', 'only nodes with this role: broker or controller'),
    value('--node-id', 'ID', 'only the node with this id', { type: 'int32' }),
    DRY_RUN,
    HELP,
    VERSION,
  ],
  examples: [{ what: 'a controlled shutdown of every node', line: 'kts server-stop' }],
});

export const readyTable = tool({
  name: 'ready',
  parser: 'joptsimple',
  summary: 'wait until a broker answers; for scripts and health checks',
  options: [
    value('--timeout', 'TIME', 'how long to wait at most: 5s, 500ms, 1m', { default: '30s', own: true }),
    BOOTSTRAP,
    COMMAND_CONFIG,
    HELP,
    VERSION,
  ],
  examples: [{ what: 'a health check', line: 'kts ready --timeout 5s' }],
});
