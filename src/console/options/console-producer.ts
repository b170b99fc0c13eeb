/** `console-producer`: the options of kafka-console-producer.sh. */
import { BOOTSTRAP, DRY_RUN, flag, HELP, maybe, tool, VERSION, value } from './table.ts';

export const consoleProducerTable = tool({
  name: 'console-producer',
  parser: 'joptsimple',
  summary: 'send the lines of standard input to a topic',
  word: { name: 'TOPIC', help: 'the same as --topic' },
  options: [
    value('--topic', 'NAME', 'where the lines go', { required: true }),
    value(
      '--reader-property',
      'KEY=VALUE',
      'how lines are read: parse.key, key.separator, parse.headers, null.marker …',
      {
        many: true,
      },
    ),
    value('--reader-config', 'FILE', 'the same from a file', { type: 'file' }),
    value('--line-reader', 'CLASS', 'the reader of lines', { default: 'org.apache.kafka.tools.LineMessageReader' }),
    value('--property', 'KEY=VALUE', 'old name', { replacedBy: '--reader-property', many: true }),
    maybe('--compression-codec', 'CODEC', 'none, gzip, snappy, lz4 or zstd; gzip without a value'),
    value('--request-required-acks', 'ACKS', 'who must have a record: 0, 1 or all', { default: '-1' }),
    flag('--sync', 'wait for each record before the next is read'),
    value('--batch-size', 'BYTES', 'bytes of a batch', { type: 'int32', default: '16384' }),
    value('--timeout', 'MS', 'how long a batch waits for more records', { type: 'int64', default: '1000' }),
    value('--message-send-max-retries', 'N', 'how often a batch is sent again', { type: 'int32', default: '3' }),
    value('--retry-backoff-ms', 'MS', 'the pause before that', { type: 'int64', default: '100' }),
    value('--request-timeout-ms', 'MS', 'how long an answer may take', { type: 'int32', default: '1500' }),
    value('--max-block-ms', 'MS', 'how long to wait for metadata and memory', { type: 'int64', default: '60000' }),
    value('--max-memory-bytes', 'BYTES', 'memory for batches that wait', { type: 'int64', default: '33554432' }),
    value('--max-partition-memory-bytes', 'BYTES', 'old name', {
      type: 'int32',
      default: '16384',
      replacedBy: '--batch-size',
    }),
    value('--metadata-expiry-ms', 'MS', 'when metadata is asked for again', { type: 'int64', default: '300000' }),
    value('--socket-buffer-size', 'BYTES', "the socket's send buffer", { type: 'int32', default: '102400' }),
    BOOTSTRAP,
    value('--command-property', 'KEY=VALUE', 'a property for the client; may be repeated', { many: true }),
    value('--command-config', 'FILE', 'properties for the client', { type: 'file' }),
    value('--producer-property', 'KEY=VALUE', 'old name', { replacedBy: '--command-property', many: true }),
    value('--producer.config', 'FILE', 'old name', { type: 'file', replacedBy: '--command-config' }),
    DRY_RUN,
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'a file, line by line', line: 'kts console-producer --topic orders < orders.txt' },
    {
      what: 'keys and values',
      line: 'kts console-producer orders --reader-property parse.key=true --reader-property key.separator=:',
    },
  ],
});
