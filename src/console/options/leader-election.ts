/** `leader-election`: the options of kafka-leader-election.sh. */
import { BOOTSTRAP, COMMAND_CONFIG, DRY_RUN, flag, HELP, OUTPUT, tool, VERSION, value } from './table.ts';

export const leaderElectionTable = tool({
  name: 'leader-election',
  parser: 'joptsimple',
  summary: 'give partitions their preferred leader back, or an unclean one',
  word: { name: 'TOPIC', help: 'the same as --topic' },
  options: [
    value(
      '--election-type',
      'TYPE',
      'preferred: the first replica, if it is in sync; unclean: any replica, where there is no leader, and records may be lost (own manner: preferred by default)',
    ),
    flag('--all-topic-partitions', 'every partition that needs it'),
    value('--topic', 'TOPIC', 'a partition of this topic; in the own manner all of them without --partition'),
    value('--partition', 'N', 'which partition of the topic', { type: 'int32' }),
    value('--path-to-json-file', 'FILE', 'these: {"partitions":[{"topic":"a","partition":0}]}; - is stdin', {
      type: 'file',
    }),
    OUTPUT,
    DRY_RUN,
    BOOTSTRAP,
    COMMAND_CONFIG,
    value('--admin.config', 'FILE', 'properties for the client', { type: 'file', replacedBy: '--command-config' }),
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'after a broker came back', line: 'kts leader-election --all-topic-partitions' },
    { what: 'one topic', line: 'kts leader-election orders' },
    {
      what: 'rather old records than none',
      line: 'kts leader-election --election-type unclean --topic orders --partition 0',
    },
  ],
});
