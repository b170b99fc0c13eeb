/**
 * Where a text stops being JSON, and what Jackson, which reads JSON in Kafka's tools, says of it. JavaScript's own
 * complaint names no place. Jackson reads the first value only and looks at nothing behind it.
 */

export interface JsonFault {
  readonly at: number;
  /** Without the place. */
  readonly jacksonText: string;
}

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\w$]+/y;

class Fault extends Error {}

class JsonScan {
  readonly #text: string;
  at = 0;
  jacksonText = '';

  constructor(text: string) {
    this.#text = text;
  }

  value(): void {
    this.#skip(BLANK);
    const found = this.#text[this.at];
    if (found === '{') this.#members('}', 'Object', () => this.#entry());
    else if (found === '[') this.#members(']', 'Array', () => this.value());
    else if (found === '"') this.#string('a string value');
    else if (found === undefined) this.#fail('Unexpected end-of-input');
    else if (!this.#skip(NUMBER)) this.#word();
  }

  #members(close: string, kind: string, member: () => void): void {
    this.at++;
    this.#skip(BLANK);
    if (this.#text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      member();
      this.#skip(BLANK);
      const found = this.#text[this.at];
      if (found === undefined) this.#fail(`Unexpected end-of-input: expected close marker for ${kind}`);
      if (found !== ',' && found !== close) this.#unexpected(`was expecting comma to separate ${kind} entries`);
      this.at++;
      if (found === close) return;
    }
  }

  #entry(): void {
    this.#skip(BLANK);
    if (this.#text[this.at] !== '"') this.#unexpected('was expecting double-quote to start field name');
    this.#string('a field name');
    this.#skip(BLANK);
    if (this.#text[this.at] !== ':') this.#unexpected('was expecting a colon to separate field name and value');
    this.at++;
    this.value();
  }

  #string(what: string): void {
    if (!this.#skip(STRING)) this.#fail(`Unexpected end-of-input: was expecting closing quote for ${what}`);
  }

  #word(): void {
    const start = this.at;
    const word = this.#skip(WORD) ? this.#text.slice(start, this.at) : '';
    if (word === 'true' || word === 'false' || word === 'null') return;
    this.at = start;
    if (word === '' || /^\d/.test(word)) this.#unexpected(`expected a valid value ${VALUES}`);
    this.#fail(`Unrecognized token '${word}': was expecting ${VALUES}`);
  }

  /** Whether there was something of it. */
  #skip(what: RegExp): boolean {
    what.lastIndex = this.at;
    const found = what.exec(this.#text)?.[0] ?? '';
    this.at += found.length;
    return found !== '';
  }

  #unexpected(wanted: string): never {
    const found = this.#text[this.at];
    if (found === undefined) this.#fail('Unexpected end-of-input within/between Object entries');
    this.#fail(`Unexpected character ('${found}' (code ${found.codePointAt(0)})): ${wanted}`);
  }

  #fail(text: string): never {
    this.jacksonText = text;
    throw new Fault(text);
  }
}

/** The end of the first value, or what is wrong with it. */
export function scanJson(text: string): number | JsonFault {
  const scan = new JsonScan(text);
  try {
    scan.value();
    return scan.at;
  } catch (error) {
    if (error instanceof Fault) return { at: scan.at, jacksonText: scan.jacksonText };
    throw error;
  }
}
