/**
 * The grammar of argparse4j, as kafka-storage.sh uses it: a subcommand with options of its own, one-letter options that
 * may be joined, unique beginnings of long options and subcommands. Anything else is an error.
 */
import type { OptionRow, Subcommand, ToolTable } from '../options/table.ts';
import { OptionError } from './option-error.ts';
import { ParsedOptions, plainName } from './parsed-options.ts';

function usage(message: string): OptionError {
  return new OptionError('usage', '', message);
}

/** `--config/-c`, as argparse4j names an option in its errors. */
function both(row: OptionRow): string {
  return row.names.join('/');
}

/** The subcommand with this name or this unique beginning. */
function findSubcommand(table: ToolTable, word: string): Subcommand {
  const exact = table.subcommands.find((command) => command.name === word);
  if (exact !== undefined) return exact;
  const candidates = table.subcommands.filter((command) => command.name.startsWith(word));
  if (candidates.length === 1) return candidates[0] as Subcommand;
  if (candidates.length > 1) {
    throw usage(`ambiguous command: ${word} could match ${candidates.map((command) => command.name).join(', ')}`);
  }
  const choices = table.subcommands.map((command) => `'${command.name}'`).join(', ');
  throw new OptionError('choice', word, `invalid choice: '${word}' (choose from ${choices})`);
}

function findLong(rows: readonly OptionRow[], name: string): OptionRow | undefined {
  const exact = rows.find((row) => row.names.includes(name));
  if (exact !== undefined) return exact;
  const candidates = rows.filter((row) => row.names.some((other) => other.startsWith('--') && other.startsWith(name)));
  if (candidates.length > 1) {
    throw usage(`ambiguous option: ${name} could match ${candidates.map((row) => row.names[0]).join(', ')}`);
  }
  return candidates[0];
}

class ArgparseParse {
  readonly #rows: readonly OptionRow[];
  readonly #argv: readonly string[];
  readonly #given = new Map<string, string[]>();
  readonly #command: Subcommand;
  readonly #isStrict: boolean;
  #next: number;

  constructor(command: Subcommand, argv: readonly string[], isStrict: boolean) {
    this.#command = command;
    this.#isStrict = isStrict;
    this.#rows = command.options;
    this.#argv = argv;
    this.#next = 1;
  }

  run(): ParsedOptions {
    let optionsEnded = false;
    while (this.#next < this.#argv.length) {
      const token = this.#argv[this.#next++] as string;
      if (token === '--' && !optionsEnded) optionsEnded = true;
      else if (!optionsEnded && token.startsWith('--')) this.#long(token);
      else if (!optionsEnded && token.length > 1 && token.startsWith('-')) this.#short(token);
      else throw usage(`unrecognized arguments: '${token}'`);
    }
    this.#check();
    return new ParsedOptions(this.#rows, this.#given, [], this.#command.name);
  }

  #long(token: string): void {
    const equals = token.indexOf('=');
    const row = findLong(this.#rows, equals < 0 ? token : token.slice(0, equals));
    if (row === undefined) throw usage(`unrecognized arguments: '${token}'`);
    this.#take(row, equals < 0 ? undefined : token.slice(equals + 1));
  }

  #short(token: string): void {
    for (let at = 1; at < token.length; at++) {
      const row = this.#rows.find((candidate) => candidate.names.includes(`-${token[at]}`));
      if (row === undefined) throw usage(`unrecognized arguments: '${at === 1 ? token : `-${token.slice(at)}`}'`);
      if (row.arg === 'none') {
        this.#take(row, undefined);
        continue;
      }
      this.#take(row, at + 1 < token.length ? token.slice(at + 1).replace(/^=/, '') : undefined);
      return;
    }
  }

  #take(row: OptionRow, attached: string | undefined): void {
    const name = plainName(row.names[0] as string);
    const values = this.#given.get(name) ?? [];
    for (const group of this.#command.exclusive) this.#checkExclusive(group.options, row);
    this.#given.set(name, values);
    if (row.arg === 'none') return;
    const value = attached ?? this.#argv[this.#next];
    if (value === undefined || (attached === undefined && value.length > 1 && value.startsWith('-'))) {
      throw usage(`argument ${both(row)}: expected one argument`);
    }
    if (attached === undefined) this.#next++;
    if (row.type === 'int32' && !/^[+-]?\d+$/.test(value)) {
      const text = `could not convert '${value}' to Integer (For input string: "${value}")`;
      throw new OptionError('conversion', name, `argument ${both(row)}: ${text}`);
    }
    // The last one wins, unless the option collects.
    if (!row.many) values.length = 0;
    values.push(value);
  }

  #checkExclusive(options: readonly string[], row: OptionRow): void {
    if (!options.includes(row.names[0] as string)) return;
    for (const other of options) {
      if (other === row.names[0] || !this.#given.has(plainName(other))) continue;
      const otherRow = this.#rows.find((candidate) => candidate.names.includes(other)) as OptionRow;
      throw usage(`argument ${both(row)}: not allowed with argument ${both(otherRow)}`);
    }
  }

  #check(): void {
    if (this.#given.has('help')) return;
    for (const row of this.#rows) {
      if (row.required && !this.#given.has(plainName(row.names[0] as string))) {
        throw usage(`argument ${both(row)} is required`);
      }
    }
    if (this.#isStrict) for (const group of this.#command.exclusive) this.#checkOneGiven(group);
  }

  /** The own manner has a default instead. */
  #checkOneGiven({ options, oneRequired }: Subcommand['exclusive'][number]): void {
    if (!oneRequired || options.some((name) => this.#given.has(plainName(name)))) return;
    const rows = options.map((name) => this.#rows.find((row) => row.names.includes(name)) as OptionRow);
    throw usage(`one of the arguments ${rows.map(both).join(' ')} is required`);
  }
}

export function parseArgparse4j(table: ToolTable, argv: readonly string[], isStrict = false): ParsedOptions {
  const first = argv[0];
  if (first === undefined) throw usage('too few arguments');
  if (first === '-h' || first === '--help') return new ParsedOptions(table.options, new Map([['help', []]]), []);
  if (first.startsWith('-')) throw usage(`unrecognized arguments: '${first}'`);
  return new ArgparseParse(findSubcommand(table, first), argv, isStrict).run();
}
