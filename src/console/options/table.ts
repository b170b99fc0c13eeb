/**
 * The option table: one row per option of a tool. Parsing, help, completion and the reference derive from it. Names, arity,
 * types and defaults are Kafka's facts; the words are ours. `own` rows exist in the own manner only.
 */
export type OptionType = 'string' | 'int16' | 'int32' | 'int64' | 'double' | 'boolean' | 'file';

export interface OptionRow {
  /** With their dashes, the longest first. */
  readonly names: readonly string[];
  readonly arg: 'none' | 'required' | 'optional';
  readonly type: OptionType;
  /** What stands for the value in help. */
  readonly metavar: string;
  readonly help: string;
  /** Kafka's help calls it required; the command decides when it is. */
  readonly required: boolean;
  /** As text, as the tool holds it. */
  readonly default: string | undefined;
  /** The option that took its place. */
  readonly replacedBy: string | undefined;
  readonly deprecated: boolean;
  /** kts's own addition: unknown in the strict manner. `wrapper`: taken by the script around Kafka's tool, so known in both. */
  readonly own: boolean | 'wrapper';
  /** May be given several times. */
  readonly many: boolean;
  /** Only together with one of these (without dashes); joptsimple's availableIf. */
  readonly onlyWith: readonly string[];
}

export interface Exclusive {
  readonly options: readonly string[];
  readonly oneRequired: boolean;
}

export interface Subcommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly exclusive: readonly Exclusive[];
  /** kts's own addition: unknown in the strict manner. */
  readonly own?: boolean;
}

export interface Example {
  readonly what: string;
  readonly line: string;
}

export interface ToolTable {
  readonly name: string;
  readonly parser: 'joptsimple' | 'argparse4j';
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly subcommands: readonly Subcommand[];
  /** A word without dashes that the own manner understands. */
  readonly word: { readonly name: string; readonly help: string } | undefined;
  readonly examples: readonly Example[];
  /** Kafka's script does its work without any word; the others print their usage then. */
  readonly worksBare?: boolean;
  /** What Kafka's tool ends with behind its help, where it is not what its parser's other tools end with. */
  readonly strictHelpExit?: number;
}

interface RowOptions {
  readonly short?: string;
  readonly type?: OptionType;
  readonly required?: boolean;
  readonly default?: string;
  readonly deprecated?: boolean;
  readonly replacedBy?: string;
  readonly own?: boolean | 'wrapper';
  readonly many?: boolean;
  readonly onlyWith?: readonly string[];
}

function row(name: string, arg: OptionRow['arg'], metavar: string, help: string, options: RowOptions): OptionRow {
  return {
    names: options.short === undefined ? [name] : [name, options.short],
    arg,
    type: options.type ?? (arg === 'none' ? 'boolean' : 'string'),
    metavar,
    help,
    required: options.required ?? false,
    default: options.default,
    replacedBy: options.replacedBy,
    deprecated: options.deprecated ?? options.replacedBy !== undefined,
    own: options.own ?? false,
    many: options.many ?? false,
    onlyWith: options.onlyWith ?? [],
  };
}

/** An option without a value. */
export function flag(name: string, help: string, options: RowOptions = {}): OptionRow {
  return row(name, 'none', '', help, options);
}

/** An option with a value. */
export function value(name: string, metavar: string, help: string, options: RowOptions = {}): OptionRow {
  return row(name, 'required', metavar, help, options);
}

/** An option whose value may be left out. */
export function maybe(name: string, metavar: string, help: string, options: RowOptions = {}): OptionRow {
  return row(name, 'optional', metavar, help, options);
}

interface ToolOptions extends Omit<ToolTable, 'subcommands' | 'word' | 'options'> {
  readonly options?: readonly OptionRow[];
  readonly subcommands?: readonly Subcommand[];
  readonly word?: { readonly name: string; readonly help: string };
}

export function tool(table: ToolOptions): ToolTable {
  return { ...table, options: table.options ?? [], subcommands: table.subcommands ?? [], word: table.word };
}

export const BOOTSTRAP = value('--bootstrap-server', 'HOST:PORT,…', 'the brokers to ask first', { required: true });
/** For tools that ask either. */
export const BROKERS = value('--bootstrap-server', 'HOST:PORT,…', 'the brokers to ask first');
export const CONTROLLERS = value('--bootstrap-controller', 'HOST:PORT,…', 'the controllers to ask instead');
export const COMMAND_CONFIG = value('--command-config', 'FILE', 'properties for the client', { type: 'file' });
export const HELP = flag('--help', 'print this page');
export const VERSION = flag('--version', 'print the version');
export const OUTPUT = value(
  '--output',
  'FORMAT',
  'table, json, yaml, csv or text (default: a table on a terminal, else text)',
  {
    own: true,
  },
);
export const WATCH = maybe('--watch', 'SECONDS', 'ask again every so many seconds (2 without a number)', { own: true });
export const DRY_RUN = flag('--dry-run', 'only tell what would be done', { own: true });
