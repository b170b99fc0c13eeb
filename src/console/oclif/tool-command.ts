/**
 * A tool as an oclif command: a class with flags, an argument and examples, made from its option table. Its words are
 * parsed by our own parser (oclif's cannot read Kafka's grammars), so `run` hands them over as they are.
 */
import { Command as OclifCommand } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import type { OptionRow, Subcommand, ToolTable } from '../options/table.ts';
import { plainName } from '../parser/parsed-options.ts';
import { helpGroupOf, helpGroups } from './help-groups.ts';

export type RunTool = (name: string, argv: readonly string[]) => Promise<unknown>;

/** A value that is all dashes in the table is oclif's `char`. */
function shortOf(row: OptionRow): string | undefined {
  return row.names.find((name) => /^-[a-zA-Z]$/.test(name))?.slice(1);
}

function helpWords(row: OptionRow): string {
  const instead = row.replacedBy === undefined ? '' : `; use ${row.replacedBy}`;
  const otherwise = row.default === undefined || row.replacedBy !== undefined ? '' : ` (default: ${row.default})`;
  return `${row.help}${instead}${otherwise}`;
}

function flagOf(tool: string, row: OptionRow) {
  const name = plainName(row.names[0] as string);
  const char = shortOf(row);
  const common = {
    description: helpWords(row),
    helpGroup: helpGroupOf(tool, name, row.replacedBy !== undefined),
    helpLabel: row.names.toReversed().join(', '),
    ...(char === undefined ? {} : { char: char as 'a' }),
  };
  if (row.arg === 'none') return Flags.boolean(common);
  const helpValue = row.arg === 'optional' ? `[${row.metavar}]` : row.metavar;
  return row.many ? Flags.string({ ...common, helpValue, multiple: true }) : Flags.string({ ...common, helpValue });
}

function flagsOf(tool: string, rows: readonly OptionRow[]) {
  const order = helpGroups(tool);
  const at = (row: OptionRow) =>
    order.indexOf(helpGroupOf(tool, plainName(row.names[0] as string), row.replacedBy !== undefined));
  const sorted = rows.toSorted((a, b) => at(a) - at(b));
  return Object.fromEntries(sorted.map((row) => [plainName(row.names[0] as string), flagOf(tool, row)]));
}

function argsOf(table: ToolTable) {
  if (table.word === undefined) return {};
  const { name, help: description } = table.word;
  return { [name]: { name, description, required: false, input: [], parse: async (input: string) => input } };
}

function usageOf(table: ToolTable, sub: Subcommand | undefined): string {
  const word = table.word === undefined ? '' : ` [${table.word.name}]`;
  if (sub !== undefined) return `${table.name} ${sub.name} [OPTIONS]`;
  return `${table.name}${table.subcommands.length > 0 ? ' COMMAND' : ''} [OPTIONS]${word}`;
}

/** `sub`: one of the subcommands of a tool that has some. */
export function toolCommand(table: ToolTable, run: RunTool, sub?: Subcommand): OclifCommand.Loadable {
  const before = sub === undefined ? [] : [sub.name];
  const rows = sub?.options ?? (table.subcommands.length > 0 ? [] : table.options);
  const examples = table.examples
    .filter((example) => sub === undefined || example.line.startsWith(`kts ${table.name} ${sub.name}`))
    .map((example) => ({ description: example.what, command: example.line }));
  class Tool extends OclifCommand {
    static override readonly id = [table.name, ...before].join(':');
    static override readonly summary = sub?.summary ?? table.summary;
    static override readonly strict = false;
    static override readonly usage = usageOf(table, sub);
    static override readonly flags = flagsOf(table.name, rows);
    static override readonly args = sub === undefined ? argsOf(table) : {};
    static override readonly examples = examples;

    override run(): Promise<unknown> {
      // By our own parser, later: oclif need not warn.
      this.parsed = true;
      return run(table.name, [...before, ...this.argv]);
    }
  }
  return {
    id: Tool.id,
    summary: Tool.summary,
    usage: Tool.usage,
    flags: Tool.flags,
    args: Tool.args,
    examples,
    strict: false,
    aliases: [],
    hiddenAliases: [],
    hidden: table.name === 'jps',
    pluginName: 'kts',
    pluginType: 'core',
    load: async () => Tool,
  };
}
