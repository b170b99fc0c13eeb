/**
 * What was typed, by option. Values are converted when they are read, as joptsimple does: a value of the wrong type of an
 * option that a command never looks at is no error.
 */
import type { OptionRow } from '../options/table.ts';
import { OptionError } from './option-error.ts';

const INT_LIMITS = {
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const;

export function plainName(name: string): string {
  return name.replace(/^--?/, '');
}

export class ParsedOptions {
  /** The subcommand of an argparse4j tool. */
  readonly subcommand: string | undefined;
  readonly words: readonly string[];
  /** The names of the options in the order in which they were typed, once for each time; of a joptsimple tool. */
  readonly sequence: readonly string[];
  readonly #given: Map<string, string[]>;
  readonly #rows: Map<string, OptionRow>;

  constructor(
    rows: readonly OptionRow[],
    given: Map<string, string[]>,
    words: readonly string[],
    subcommand?: string,
    sequence: readonly string[] = [],
  ) {
    this.#rows = new Map(rows.map((row) => [plainName(row.names[0] as string), row]));
    this.#given = given;
    this.words = words;
    this.subcommand = subcommand;
    this.sequence = sequence;
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The names of the options that were given, without dashes. */
  names(): string[] {
    return [...this.#given.keys()];
  }

  values(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  /** The one value; undefined when the option is absent or came without one. */
  value(name: string): string | undefined {
    const values = this.values(name);
    if (values.length > 1) {
      throw new OptionError(
        'multiple',
        name,
        `Found multiple arguments for option ${name}, but you asked for only one`,
      );
    }
    return values[0];
  }

  /** The value, or the default of the table. */
  valueOrDefault(name: string): string | undefined {
    return this.value(name) ?? this.#rows.get(name)?.default;
  }

  integer(name: string): number | undefined {
    const text = this.value(name);
    return text === undefined ? undefined : this.#toInteger(name, text);
  }

  integerOrDefault(name: string): number {
    return this.#toInteger(name, this.valueOrDefault(name) ?? '');
  }

  #toInteger(name: string, text: string): number {
    const type = this.#rows.get(name)?.type;
    const [min, max] = INT_LIMITS[type === 'int16' || type === 'int64' ? type : 'int32'];
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw new OptionError('conversion', name, `Cannot parse argument '${text}' of option ${name}`);
    }
    return number;
  }
}
