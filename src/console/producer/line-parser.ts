/**
 * One line of console-producer's input as a record: key, headers and value by the reader's properties. Works on byte
 * ranges of the input; nothing is copied or decoded but headers.
 */
import { EXIT } from '../../base/kts-error.ts';
import type { Bytes, EncodedHeader } from '../../client/producer/batch-writer.ts';
import { CommandError } from '../command-error.ts';

export interface LineParserSettings {
  readonly parseKey: boolean;
  readonly keySeparator: Buffer;
  readonly parseHeaders: boolean;
  readonly headersDelimiter: Buffer;
  readonly headersSeparator: string;
  readonly headerKeySeparator: string;
  readonly ignoreError: boolean;
  readonly nullMarker: Buffer | null;
}

export interface ParsedLine {
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly EncodedHeader[];
}

const KAFKA_EXCEPTION = 'org.apache.kafka.common.KafkaException: ';

function refuse(message: string, strictText: string, hint: string): CommandError {
  return new CommandError(message, {
    stage: 'run',
    exitCode: EXIT.failed,
    strictText: KAFKA_EXCEPTION + strictText,
    hint,
  });
}

function checkDistinct(pairs: readonly (readonly [string, string, string, string])[]): void {
  for (const [nameA, a, nameB, b] of pairs) {
    if (a !== b) continue;
    throw new CommandError(`${nameA} and ${nameB} are the same`, {
      stage: 'usage',
      strictText: `${KAFKA_EXCEPTION}${nameA} and ${nameB} may not be equal`,
      hint: 'give them different values with --reader-property',
    });
  }
}

/** Undefined when lines are values and nothing else. */
export function lineParserSettings(properties: ReadonlyMap<string, string>): LineParserSettings | undefined {
  const on = (name: string) => (properties.get(name) ?? '').trim().toLowerCase() === 'true';
  const parseKey = on('parse.key');
  const parseHeaders = on('parse.headers');
  const keySeparator = properties.get('key.separator') ?? '\t';
  const delimiter = properties.get('headers.delimiter') ?? '\t';
  const separator = properties.get('headers.separator') ?? ',';
  const headerKey = properties.get('headers.key.separator') ?? ':';
  const marker = properties.get('null.marker');
  checkDistinct([
    ['headers.delimiter', delimiter, 'headers.separator', separator],
    ['headers.delimiter', delimiter, 'headers.key.separator', headerKey],
    ['headers.separator', separator, 'headers.key.separator', headerKey],
  ]);
  if (marker !== undefined) {
    checkDistinct([
      ['null.marker', marker, 'key.separator', keySeparator],
      ['null.marker', marker, 'headers.separator', separator],
      ['null.marker', marker, 'headers.delimiter', delimiter],
      ['null.marker', marker, 'headers.key.separator', headerKey],
    ]);
  }
  if (!parseKey && !parseHeaders && marker === undefined) return undefined;
  return {
    parseKey,
    keySeparator: Buffer.from(keySeparator),
    parseHeaders,
    headersDelimiter: Buffer.from(delimiter),
    headersSeparator: separator,
    headerKeySeparator: headerKey,
    ignoreError: on('ignore.error'),
    nullMarker: marker === undefined ? null : Buffer.from(marker),
  };
}

export class LineParser {
  readonly #settings: LineParserSettings;
  #lines = 0;

  constructor(settings: LineParserSettings) {
    this.#settings = settings;
  }

  /** The line is source[start, end), without its end of line. */
  parse(source: Buffer, start: number, end: number): ParsedLine {
    this.#lines++;
    const { parseHeaders, parseKey, headersDelimiter, keySeparator } = this.#settings;
    let at = start;
    let headers: readonly EncodedHeader[] = [];
    if (parseHeaders) {
      const found = this.#find(source, at, start, end, headersDelimiter, 'headers delimiter');
      if (found >= 0) {
        headers = this.#headers(source.toString('utf8', at, found));
        at = found + headersDelimiter.length;
      }
    }
    let key: Bytes | null = null;
    if (parseKey) {
      const found = this.#find(source, at, start, end, keySeparator, 'key separator');
      if (found >= 0) {
        key = this.#orNull(source, at, found);
        at = found + keySeparator.length;
      }
    }
    return { key, value: this.#orNull(source, at, end), headers };
  }

  #orNull(source: Buffer, start: number, end: number): Bytes | null {
    const marker = this.#settings.nullMarker;
    if (
      marker !== null &&
      marker.length === end - start &&
      source.compare(marker, 0, marker.length, start, end) === 0
    ) {
      return null;
    }
    return { source, start, end };
  }

  /** -1 when it is missing and that is to be ignored. */
  #find(source: Buffer, from: number, lineStart: number, end: number, what: Buffer, name: string): number {
    const found = what.length === 0 ? from : source.indexOf(what, from);
    if (found >= 0 && found + what.length <= end) return found;
    if (this.#settings.ignoreError) return -1;
    const line = source.toString('utf8', lineStart, end);
    throw refuse(
      `line ${this.#lines} has no ${name} '${what.toString()}': '${line}'`,
      `No ${name} found on line number ${this.#lines}: '${line}'`,
      '--reader-property ignore.error=true sends such lines whole',
    );
  }

  #headers(text: string): EncodedHeader[] {
    const { headersSeparator, headerKeySeparator, ignoreError, nullMarker } = this.#settings;
    const marker = nullMarker?.toString();
    return text.split(headersSeparator).map((pair) => {
      const found = pair.indexOf(headerKeySeparator);
      if (found < 0) {
        if (ignoreError) return { key: Buffer.from(pair), value: null };
        throw refuse(
          `line ${this.#lines} has a header without '${headerKeySeparator}': '${pair}'`,
          `No header key separator found in pair '${pair}' on line number ${this.#lines}`,
          '--reader-property ignore.error=true takes it as a header without a value',
        );
      }
      const name = pair.slice(0, found);
      if (name === marker) {
        throw refuse(
          `line ${this.#lines} has a header whose name is the null marker`,
          `Header keys should not be equal to the null marker '${marker}' as they can't be null`,
          'only values of headers may be null',
        );
      }
      const value = pair.slice(found + headerKeySeparator.length);
      return { key: Buffer.from(name), value: value === marker ? null : Buffer.from(value) };
    });
  }
}
