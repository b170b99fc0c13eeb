/** The page of help that the strict manner prints, made from the option table. The own manner's are oclif's. */

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
