/** The pages of help: the overview, grouped by task, and one page per command, made from its option table. */

import { KAFKA_VERSION, KTS_VERSION } from '../base/versions.ts';
import type { OptionRow, ToolTable } from './options/table.ts';

const WIDTH = 100;

/** `--opt VALUE  what it does`, the words wrapped behind the column. */
function twoColumns(rows: readonly (readonly [string, string])[], indent: number): string {
  const widest = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  let text = '';
  for (const [left, right] of rows) {
    const pad = ' '.repeat(indent + widest + 2);
    let line = ' '.repeat(indent) + left;
    line = left.length > widest ? `${line}\n${pad}` : line.padEnd(indent + widest + 2);
    let used = indent + widest + 2;
    const words: string[] = [];
    for (const word of right.split(' ')) {
      if (used + word.length > WIDTH && words.length > 0) {
        line += `${words.join(' ')}\n${pad}`;
        words.length = 0;
        used = pad.length;
      }
      words.push(word);
      used += word.length + 1;
    }
    text += `${(line + words.join(' ')).trimEnd()}\n`;
  }
  return text;
}

function optionLine(row: OptionRow): readonly [string, string] {
  const names = row.names.join(', ');
  const value = row.arg === 'none' ? '' : row.arg === 'optional' ? ` [${row.metavar}]` : ` ${row.metavar}`;
  let words = row.help;
  if (row.replacedBy !== undefined) words += `; use ${row.replacedBy}`;
  if (row.default !== undefined && row.replacedBy === undefined) words += ` (default: ${row.default})`;
  return [names + value, words];
}

function optionsText(rows: readonly OptionRow[], indent: number): string {
  return twoColumns(rows.map(optionLine), indent);
}

export function commandHelp(table: ToolTable): string {
  const word = table.word === undefined ? '' : ` [${table.word.name}]`;
  const sub = table.subcommands.length > 0 ? ' COMMAND' : '';
  let text = `kts ${table.name}: ${table.summary}\n\nUsage: kts ${table.name}${sub} [OPTIONS]${word}\n`;
  if (table.examples.length > 0) {
    text += '\nExamples\n';
    for (const example of table.examples) text += `  ${example.line}\n      ${example.what}\n`;
  }
  for (const command of table.subcommands) {
    text += `\n${table.name} ${command.name}: ${command.summary}\n${optionsText(
      command.options.filter((row) => !row.names.includes('--help')),
      2,
    )}`;
  }
  if (table.word !== undefined) text += `\n${twoColumns([[table.word.name, table.word.help]], 2)}`;
  if (table.subcommands.length === 0) text += `\nOptions\n${optionsText(table.options, 2)}`;
  return text;
}

const OVERVIEW = `
Run a broker
  kts server-start                                   on localhost:9092; its directory is printed
  kts server-start server.properties                 as configured, like kafka-server-start.sh
  kts server-stop                                    a controlled shutdown
  kts storage format --standalone -t ID -c FILE      make a directory ready; also info, random-uuid
  kts ready --timeout 5s                             wait until a broker answers
  kts shims DIR                                      kafka-topics.sh and the others, for scripts

Topics
  kts topics --create orders --partitions 3
  kts topics --list
  kts topics --describe orders

Records
  kts console-producer --topic orders < orders.txt   one record per line
  kts console-consumer --topic orders --from-beginning

Consumer groups
  kts consumer-groups --list
  kts consumer-groups --describe --group billing     offsets and lag

Every command takes the options of Kafka's tool of that name: kts COMMAND --help lists them.
Brokers: --bootstrap-server HOST:PORT, or KTS_BOOTSTRAP_SERVER, or localhost:9092.
Exit codes: 0 fine, 1 failed, 2 usage, 3 not found, 4 refused, 5 unreachable, 6 partly done.
`;

/** Fits one screen. */
export function overview(): string {
  return `kts ${KTS_VERSION}: Apache Kafka ${KAFKA_VERSION} in TypeScript. Usage: kts COMMAND [OPTIONS]\n${OVERVIEW}`;
}
