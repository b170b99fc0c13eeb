/**
 * Where a text stops being JSON, and what Jackson, which reads JSON in Kafka's tools, says of it. JavaScript's own
 * complaint names no place. Jackson reads the first value only and looks at nothing behind it, but for what touches a
 * number.
 */

export interface JsonFault {
  readonly at: number;
  /** Without the place. */
  readonly jacksonText: string;
}

interface Container {
  readonly kind: 'Object' | 'Array';
  readonly close: '}' | ']';
  readonly start: number;
}

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SOURCE = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)';
const PLUS =
  'JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow';
const COMMENT =
  "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";
const END = 'Unexpected end-of-input';
const BLANK = /[ \t\r\n]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const DIGITS = /\d*/y;
/** What Java takes for a part of a name. */
const WORD = /[\p{L}\p{N}\p{M}\p{Sc}\p{Pc}\ufeff]*/uy;

class Fault extends Error {}

class JsonScan {
  readonly #text: string;
  readonly #open: Container[] = [];
  at = 0;
  jacksonText = '';

  constructor(text: string) {
    this.#text = text;
  }

  /** `behind`: what stands before it in its container. */
  value(behind: 'nothing' | 'comma' | 'colon' = 'nothing'): void {
    const found = this.#next();
    if (found === '{' || found === '[') this.#container(found);
    else if (found === '"') this.#string('value');
    else if (found === undefined) this.#endOfValue(behind);
    else if (found === '-' || found === '+' || /\d/.test(found)) this.#number(found);
    else if (found === '}' || found === ']') this.#strayClose(found, behind);
    else this.#word();
  }

  // ---- containers ----

  #container(opener: '{' | '['): void {
    const isObject = opener === '{';
    const container: Container = isObject
      ? { kind: 'Object', close: '}', start: this.at }
      : { kind: 'Array', close: ']', start: this.at };
    this.#open.push(container);
    this.at++;
    for (let behind: 'nothing' | 'comma' = 'nothing'; ; behind = 'comma') {
      if (behind === 'nothing' && this.#next() === container.close) break;
      if (isObject) this.#entry(behind);
      else this.value(behind);
      const found = this.#next();
      if (found === undefined) this.#unclosed();
      if (found !== ',') {
        if (found === container.close) break;
        if (found === '}' || found === ']') this.#mismatch(found);
        this.#unexpected(`was expecting comma to separate ${container.kind} entries`);
      }
      this.at++;
    }
    this.at++;
    this.#open.pop();
  }

  #entry(behind: 'nothing' | 'comma'): void {
    const found = this.#next();
    if (found === undefined && behind === 'nothing') this.#unclosed();
    if (found === ']' && behind === 'nothing') this.#mismatch(found);
    if (found !== '"') this.#unexpected('was expecting double-quote to start field name');
    this.#string('name');
    if (this.#next() !== ':') this.#unexpected('was expecting a colon to separate field name and value');
    this.at++;
    this.value('colon');
  }

  #endOfValue(behind: 'nothing' | 'comma' | 'colon'): never {
    const container = this.#open.at(-1);
    if (container === undefined) this.#fail(END);
    if (behind === 'nothing') this.#unclosed();
    this.#fail(`${END} within/between ${container.kind} entries`);
  }

  #unclosed(): never {
    const { kind, start } = this.#open.at(-1) as Container;
    this.#fail(`${END}: expected close marker for ${kind} (start marker at ${this.#place(start)})`);
  }

  #strayClose(found: '}' | ']', behind: 'nothing' | 'comma' | 'colon'): never {
    if (this.#open.length === 0) {
      this.#fail(`Unexpected close marker '${found}': no open ${found === '}' ? 'Object' : 'Array'} to close`);
    }
    if (behind === 'nothing') this.#mismatch(found);
    this.#unexpected(behind === 'comma' && found === '}' ? 'expected a value' : `expected a valid value ${VALUES}`);
  }

  #mismatch(found: '}' | ']'): never {
    const { kind, close, start } = this.#open.at(-1) as Container;
    this.#fail(
      `Unexpected close marker '${found}': expected '${close}' (for ${kind} starting at ${this.#place(start)})`,
    );
  }

  // ---- strings ----

  #string(what: 'value' | 'name'): void {
    this.at++;
    for (;;) {
      this.#skip(PLAIN);
      const found = this.#text[this.at];
      if (found === '"') break;
      if (found === '\\') this.#escape();
      else if (found === undefined) {
        this.#fail(what === 'name' ? `${END} in field name` : `${END}: was expecting closing quote for a string value`);
      } else {
        const where = what === 'name' ? 'name' : 'string value';
        const rule = `has to be escaped using backslash to be included in ${where}`;
        this.#fail(`Illegal unquoted character (${described(found)}): ${rule}`);
      }
    }
    this.at++;
  }

  #escape(): void {
    this.at++;
    const found = this.#text[this.at];
    if (found === undefined) this.#fail(`${END} in character escape sequence`);
    if (!/["\\/bfnrtu]/.test(found)) this.#fail(`Unrecognized character escape ${described(found)}`);
    this.at++;
    for (let i = 0; found === 'u' && i < 4; i++) {
      const digit = this.#text[this.at];
      if (digit === undefined) this.#fail(`${END} in character escape sequence`);
      if (!/[\da-fA-F]/.test(digit)) this.#unexpected('expected a hex-digit for character escape sequence');
      this.at++;
    }
  }

  // ---- numbers and words ----

  #number(first: string): void {
    if (first === '-' || first === '+') this.#sign(first);
    const isZero = this.#text[this.at] === '0';
    if (this.#skip(DIGITS) > 1 && isZero) this.#fail('Invalid numeric value: Leading zeroes not allowed');
    if (this.#text[this.at] === '.') {
      this.at++;
      if (this.#skip(DIGITS) === 0) {
        // At the end it complains of the point itself.
        if (this.#text[this.at] === undefined) this.at--;
        this.#unexpectedInNumber('Decimal point not followed by a digit');
      }
    }
    if (/[eE]/.test(this.#text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.#text[this.at] ?? '')) this.at++;
      if (this.#skip(DIGITS) === 0) {
        if (this.#text[this.at] === undefined) this.#fail(`${END}expected a digit for number exponent`);
        this.#unexpectedInNumber('Exponent indicator not followed by a digit');
      }
    }
    const behind = this.#text[this.at];
    if (this.#open.length === 0 && behind !== undefined && !/[ \t\r\n]/.test(behind)) {
      this.#unexpected('Expected space separating root-level values');
    }
  }

  #sign(sign: '-' | '+'): void {
    this.at++;
    const next = this.#text[this.at];
    if (sign === '+') {
      if (next === undefined) this.#fail(`${END} in a Number value`);
      this.at--;
      this.#unexpectedInNumber(PLUS);
    }
    if (next === undefined) this.#fail(`${END}No digit following sign`);
    if (/\d/.test(next)) return;
    if (next === '.') this.#unexpected(`expected a valid value ${VALUES}`);
    this.#unexpectedInNumber('expected digit (0-9) to follow minus sign, for valid numeric value');
  }

  #word(): void {
    const start = this.at;
    this.#skip(WORD);
    const word = this.#text.slice(start, this.at);
    if (word === 'true' || word === 'false' || word === 'null') return;
    this.at = start;
    if (!/^[\p{L}_$]/u.test(word)) this.#unexpected(`expected a valid value ${VALUES}`);
    if (word === 'NaN' || word === 'Infinity') {
      this.#fail(`Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`);
    }
    this.#fail(`Unrecognized token '${word}': was expecting ${VALUES}`);
  }

  // ---- characters ----

  /** The next one that is not blank. */
  #next(): string | undefined {
    this.#skip(BLANK);
    const found = this.#text[this.at];
    if (found === '/') this.#unexpected(COMMENT);
    if (found !== undefined && found < ' ') {
      const rule = 'only regular white space (\\r, \\n, \\t) is allowed between tokens';
      this.#fail(`Illegal character (${described(found)}): ${rule}`);
    }
    return found;
  }

  /** How many there were of it. */
  #skip(what: RegExp): number {
    what.lastIndex = this.at;
    const { length } = what.exec(this.#text)?.[0] ?? '';
    this.at += length;
    return length;
  }

  #place(at: number): string {
    const before = this.#text.slice(0, at).split('\n');
    return `[${SOURCE}; line: ${before.length}, column: ${(before.at(-1) as string).length + 1}]`;
  }

  #unexpected(wanted: string): never {
    const found = this.#text[this.at];
    if (found === undefined) this.#fail(`${END} within/between Object entries`);
    this.#fail(`Unexpected character (${described(found)}): ${wanted}`);
  }

  #unexpectedInNumber(wanted: string): never {
    this.#fail(`Unexpected character (${described(this.#text[this.at] as string)}) in numeric value: ${wanted}`);
  }

  #fail(text: string): never {
    this.jacksonText = text;
    throw new Fault(text);
  }
}

function described(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 32) return `(CTRL-CHAR, code ${code})`;
  // Java prints no half of a pair.
  const shown = code >= 0xd800 && code <= 0xdfff ? '?' : character;
  return `'${shown}' (code ${code}${code > 255 ? ` / 0x${code.toString(16)}` : ''})`;
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
