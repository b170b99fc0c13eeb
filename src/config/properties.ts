/**
 * Java's properties syntax in full, as java.util.Properties reads it: `=`, `:` or blanks between key and value, comments
 * by `#` and `!`, lines continued by an odd number of backslashes, `\uXXXX` and the other escapes. Bytes are ISO-8859-1,
 * as Kafka reads its files. A later line wins over an earlier one with the same key.
 */
import { ConfigError, ILLEGAL_ARGUMENT } from './config-error.ts';

const BLANKS = ' \t\f';
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n', f: '\f' };

/** `text` is what the bytes are in ISO-8859-1 (`buffer.toString('latin1')`), or any text at all. */
export function parseProperties(text: string | Uint8Array): Map<string, string> {
  const whole = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
  const properties = new Map<string, string>();
  for (const line of logicalLines(whole)) {
    const [key, value] = splitLine(line);
    properties.set(unescaped(key), unescaped(value));
  }
  return properties;
}

/** Lines joined where they are continued, without leading blanks, blank lines and comments. */
function* logicalLines(text: string): Generator<string> {
  let pending: string | null = null;
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = withoutLeadingBlanks(natural);
    if (pending === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const whole: string = (pending ?? '') + line;
    if (isContinued(line)) {
      pending = whole.slice(0, -1);
    } else {
      pending = null;
      yield whole;
    }
  }
  if (pending !== null) yield pending;
}

function withoutLeadingBlanks(line: string): string {
  let at = 0;
  while (at < line.length && BLANKS.includes(line[at] as string)) at++;
  return at === 0 ? line : line.slice(at);
}

function isContinued(line: string): boolean {
  let backslashes = 0;
  while (line[line.length - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}

/** The key ends at the first separator that is not escaped; blanks around one `=` or `:` belong to neither side. */
function splitLine(line: string): [string, string] {
  let end = 0;
  while (end < line.length) {
    const char = line[end] as string;
    if (char === '\\') end++;
    else if (char === '=' || char === ':' || BLANKS.includes(char)) break;
    end++;
  }
  let start = Math.min(end, line.length);
  let separated = false;
  while (start < line.length) {
    const char = line[start] as string;
    if (!BLANKS.includes(char)) {
      if (separated || (char !== '=' && char !== ':')) break;
      separated = true;
    }
    start++;
  }
  return [line.slice(0, end), line.slice(start)];
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char !== '\\') {
      plain += char;
      continue;
    }
    const escaped = text[++at] ?? '';
    if (escaped !== 'u') {
      plain += ESCAPES[escaped] ?? escaped;
      continue;
    }
    const digits = text.slice(at + 1, at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new ConfigError('Malformed \\uxxxx encoding.', {
        exception: ILLEGAL_ARGUMENT,
        hint: `\\u wants four hexadecimal digits; write a backslash twice to mean itself: ${text}`,
      });
    }
    plain += String.fromCharCode(Number.parseInt(digits, 16));
    at += 4;
  }
  return plain;
}

/** Lines of `key=value` that parse back to the same, `comment` lines above them. */
export function formatProperties(properties: Iterable<readonly [string, string]>, comment?: string): string {
  let text = '';
  if (comment !== undefined) for (const line of comment.split('\n')) text += `#${line}\n`;
  for (const [key, value] of properties) text += `${escaped(key, true)}=${escaped(value, false)}\n`;
  return text;
}

function escaped(text: string, isKey: boolean): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const code = text.charCodeAt(at);
    if (char === ' ') result += isKey || at === 0 ? '\\ ' : ' ';
    else if (char === '\t') result += '\\t';
    else if (char === '\n') result += '\\n';
    else if (char === '\r') result += '\\r';
    else if (char === '\f') result += '\\f';
    else if ('\\=:#!'.includes(char)) result += `\\${char}`;
    else if (code < 0x20 || code > 0x7e) result += `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    else result += char;
  }
  return result;
}
