/**
 * The grammar of joptsimple without abbreviations, as Kafka's tools use it: `--opt value`, `--opt=value`, long options
 * with one dash (`-list`), options whose value is optional, `--` as the end of options. Stray words are no error.
 */
import type { OptionRow } from '../options/table.ts';
import { OptionError } from './option-error.ts';
import { ParsedOptions, plainName } from './parsed-options.ts';

function isOption(token: string): boolean {
  return token.startsWith('-') && token !== '-' && token !== '--';
}

class JoptsimpleParse {
  readonly #byName = new Map<string, OptionRow>();
  readonly #given = new Map<string, string[]>();
  readonly #words: string[] = [];
  readonly #sequence: string[] = [];
  readonly #argv: readonly string[];
  #next = 0;

  constructor(rows: readonly OptionRow[], argv: readonly string[]) {
    for (const row of rows) for (const name of row.names) this.#byName.set(plainName(name), row);
    this.#argv = argv;
  }

  run(rows: readonly OptionRow[]): ParsedOptions {
    while (this.#next < this.#argv.length) {
      const token = this.#argv[this.#next++] as string;
      if (token === '--') {
        this.#words.push(...this.#argv.slice(this.#next));
        break;
      }
      if (isOption(token)) this.#option(token);
      else this.#words.push(token);
    }
    this.#checkAvailable(rows);
    return new ParsedOptions(rows, this.#given, this.#words, undefined, this.#sequence);
  }

  #option(token: string): void {
    const equals = token.indexOf('=');
    const name = plainName(equals < 0 ? token : token.slice(0, equals));
    const attached = equals < 0 ? '' : token.slice(equals + 1);
    const row = this.#byName.get(name);
    if (row === undefined) {
      // One dash starts a cluster of one-letter options, none of which exists: its first letter is what is unknown.
      const unknown = token.startsWith('--') ? name : ([...name][0] ?? '');
      throw new OptionError('unknown', unknown, `${unknown} is not a recognized option`);
    }
    this.#take(row, name, attached);
  }

  #take(row: OptionRow, typed: string, attached: string): void {
    const name = plainName(row.names[0] as string);
    const values = this.#given.get(name) ?? [];
    this.#given.set(name, values);
    this.#sequence.push(name);
    if (row.arg === 'none') return;
    if (attached !== '') {
      values.push(attached);
      return;
    }
    const next = this.#argv[this.#next];
    if (row.arg === 'required') {
      if (next === undefined) {
        throw new OptionError('missing-argument', typed, `Option ${typed} requires an argument`);
      }
      values.push(next);
      this.#next++;
    } else if (next !== undefined && !isOption(next) && next !== '--') {
      values.push(next);
      this.#next++;
    }
  }

  #checkAvailable(rows: readonly OptionRow[]): void {
    const unavailable: string[] = [];
    for (const row of rows) {
      const name = plainName(row.names[0] as string);
      if (row.onlyWith.length === 0 || !this.#given.has(name)) continue;
      if (!row.onlyWith.some((other) => this.#given.has(other))) unavailable.push(name);
    }
    if (unavailable.length > 0) {
      const names = unavailable.join(', ');
      throw new OptionError(
        'unavailable',
        unavailable[0] as string,
        `Option(s) [${names}] are unavailable given other options on the command line`,
      );
    }
  }
}

export function parseJoptsimple(rows: readonly OptionRow[], argv: readonly string[]): ParsedOptions {
  return new JoptsimpleParse(rows, argv).run(rows);
}
