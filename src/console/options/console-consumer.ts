/** `console-consumer`: the options of kafka-console-consumer.sh. */
import { BOOTSTRAP, flag, HELP, tool, VERSION, value } from './table.ts';

export const consoleConsumerTable = tool({
  name: 'console-consumer',
  parser: 'joptsimple',
  summary: 'print the records of a topic',
  word: { name: 'TOPIC', help: 'the same as --topic' },
  options: [
    value('--topic', 'NAME', 'the topic to read'),
    value('--include', 'REGEX', 'all topics whose names match'),
    flag('--from-beginning', 'start with the oldest record, unless the group has an offset'),
    value('--max-messages', 'N', 'stop after so many records', { type: 'int32' }),
    value('--timeout-ms', 'MS', 'stop when none came for so long', { type: 'int64' }),
    value('--group', 'ID', 'read as a member of this group'),
    value('--partition', 'N', 'only this partition', { type: 'int32' }),
    value('--offset', 'OFFSET', 'start there: a number, earliest or latest', { default: 'latest' }),
    value('--isolation-level', 'LEVEL', 'read_committed or read_uncommitted', { default: 'read_uncommitted' }),
    value(
      '--formatter-property',
      'KEY=VALUE',
      'what is printed: print.key, print.timestamp, print.headers, key.separator …',
      {
        many: true,
      },
    ),
    value('--formatter-config', 'FILE', 'the same from a file', { type: 'file' }),
    value('--formatter', 'CLASS', 'the formatter', {
      default: 'org.apache.kafka.tools.consumer.DefaultMessageFormatter',
    }),
    value('--property', 'KEY=VALUE', 'old name', { replacedBy: '--formatter-property', many: true }),
    value('--key-deserializer', 'CLASS', 'how keys become text'),
    value('--value-deserializer', 'CLASS', 'how values become text'),
    flag('--skip-message-on-error', 'go on behind a record that cannot be printed'),
    value('--from', 'WHERE', 'start there: an offset, -10 (the last ten), 10m (ago), 2026-01-31T12:00, earliest', {
      own: true,
    }),
    value('--to', 'WHERE', 'end there, and without --from begin at the beginning: the same, or latest', { own: true }),
    value('--grep', 'REGEX', 'only records whose key or value matches: text, or /text/i', { own: true }),
    value('--output', 'FORMAT', 'json (a line per record), yaml, csv, table or text', { own: true, default: 'text' }),
    flag('--enable-systest-events', 'print shutdown_complete at the end'),
    BOOTSTRAP,
    value('--command-property', 'KEY=VALUE', 'a property for the client; may be repeated', { many: true }),
    value('--command-config', 'FILE', 'properties for the client', { type: 'file' }),
    value('--consumer-property', 'KEY=VALUE', 'old name', { replacedBy: '--command-property', many: true }),
    value('--consumer.config', 'FILE', 'old name', { type: 'file', replacedBy: '--command-config' }),
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'everything, then what comes', line: 'kts console-consumer --topic orders --from-beginning' },
    {
      what: 'ten records with keys',
      line: 'kts console-consumer orders --from-beginning --max-messages 10 --formatter-property print.key=true',
    },
    {
      what: 'the errors of the last ten minutes, as JSON',
      line: 'kts console-consumer orders --from 10m --to now --grep error --output json',
    },
    { what: 'as a group that remembers where it was', line: 'kts console-consumer orders --group billing' },
  ],
});
