/** `reassign-partitions`: the options of kafka-reassign-partitions.sh. */
import { COMMAND_CONFIG, DRY_RUN, flag, HELP, maybe, OUTPUT, tool, VERSION, value, WATCH } from './table.ts';

export const reassignPartitionsTable = tool({
  name: 'reassign-partitions',
  parser: 'joptsimple',
  summary: 'move partitions to other brokers and directories',
  word: { name: 'TOPIC', help: 'with --generate: a topic to move, instead of --topics-to-move-json-file' },
  options: [
    flag('--generate', 'propose where the partitions of topics could go; nothing is moved'),
    flag('--execute', 'start the moves of a plan'),
    flag('--verify', 'tell how far the moves of a plan are; once they are done, take their throttles away'),
    flag('--cancel', 'call the moves of a plan off'),
    flag('--list', 'print the reassignments that are under way'),
    value('--topics-to-move-json-file', 'FILE', 'the topics: {"topics":[{"topic":"a"}],"version":1}; - is stdin', {
      type: 'file',
    }),
    value('--broker-list', 'IDS', 'the brokers that shall have the partitions: 1,2,3 (own manner: all by default)'),
    flag('--disable-rack-aware', 'pay no heed to racks'),
    value('--reassignment-json-file', 'FILE', 'the plan, as --generate prints one; - is stdin', { type: 'file' }),
    value('--throttle', 'BYTES', 'bytes a second that brokers may spend on it, each way', {
      type: 'int64',
      default: '-1',
    }),
    value('--replica-alter-log-dirs-throttle', 'BYTES', 'bytes a second between directories of a broker', {
      type: 'int64',
      default: '-1',
    }),
    flag('--additional', 'although others are under way; also to change their throttle'),
    flag('--disallow-replication-factor-change', 'refuse what gives a partition more or fewer replicas'),
    flag('--preserve-throttles', 'leave throttles alone'),
    value('--timeout', 'MS', 'how long to wait until brokers have begun to move between directories', {
      type: 'int64',
      default: '10000',
    }),
    OUTPUT,
    WATCH,
    DRY_RUN,
    maybe('--bootstrap-server', 'HOST:PORT,…', 'the brokers to ask first'),
    maybe('--bootstrap-controller', 'HOST:PORT,…', 'ask controllers instead: --list and --cancel'),
    COMMAND_CONFIG,
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'where could they go?', line: 'kts reassign-partitions --generate orders --broker-list 1,2,3' },
    {
      what: 'begin, at 10 MB a second',
      line: 'kts reassign-partitions --execute --reassignment-json-file plan.json --throttle 10000000',
    },
    {
      what: 'watch it to its end, and end the throttle',
      line: 'kts reassign-partitions --verify --reassignment-json-file plan.json --watch',
    },
  ],
});
