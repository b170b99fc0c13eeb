/** Lines become keys, values and headers as Kafka's line reader has it. */
import { describe, expect, it } from 'vitest';
import { LineParser, lineParserSettings } from '../../src/console/producer/line-parser.ts';

function parse(line: string, properties: Record<string, string>) {
  const settings = lineParserSettings(new Map(Object.entries(properties)));
  if (settings === undefined) throw new TypeError('these properties parse nothing');
  // Behind other text, as in a slice of input.
  const source = Buffer.from(`before\t${line}\tbehind`);
  const start = Buffer.byteLength('before\t');
  const parsed = new LineParser(settings).parse(source, start, start + Buffer.byteLength(line));
  const text = (b: typeof parsed.key) => (b === null ? null : b.source.toString('utf8', b.start, b.end));
  const headers = parsed.headers.map((h) => `${h.key}=${h.value}`);
  return { key: text(parsed.key), value: text(parsed.value), headers };
}

const KEY = { 'parse.key': 'true', 'key.separator': ':' };
const HEADERS = { 'parse.headers': 'true' };

describe('LineParser', () => {
  it('splits at the first separator', () => {
    expect(parse('k:v:w', KEY)).toMatchObject({ key: 'k', value: 'v:w' });
    expect(parse(':v', KEY)).toMatchObject({ key: '', value: 'v' });
    expect(parse('k:', KEY)).toMatchObject({ key: 'k', value: '' });
    expect(parse('k||v', { ...KEY, 'key.separator': '||' })).toMatchObject({ key: 'k', value: 'v' });
    expect(parse('kv', { ...KEY, 'key.separator': '' })).toMatchObject({ key: '', value: 'kv' });
  });

  it('refuses a line without separator, or sends it whole', () => {
    expect(() => parse('bad line', KEY)).toThrow("line 1 has no key separator ':': 'bad line'");
    expect(parse('bad line', { ...KEY, 'ignore.error': 'true' })).toMatchObject({ key: null, value: 'bad line' });
  });

  it('reads headers before the key', () => {
    expect(parse('h1:v1,h2:v2\tk:v', { ...KEY, ...HEADERS })).toEqual({
      key: 'k',
      value: 'v',
      headers: ['h1=v1', 'h2=v2'],
    });
    expect(() => parse('nocolon\tv', HEADERS)).toThrow('header without');
    expect(parse('nocolon\tv', { ...HEADERS, 'ignore.error': 'true' }).headers).toEqual(['nocolon=null']);
  });

  it('takes the null marker for null', () => {
    const marked = { ...KEY, 'null.marker': 'NULL' };
    expect(parse('NULL:NULL', marked)).toMatchObject({ key: null, value: null });
    expect(() => parse('NULL:b\tv', { ...HEADERS, 'null.marker': 'NULL' })).toThrow('null marker');
  });

  it('wants separators that differ', () => {
    expect(() => parse('x', { ...HEADERS, 'headers.delimiter': ',', 'headers.separator': ',' })).toThrow(
      'are the same',
    );
  });

  it('parses nothing unless it is asked to', () => {
    expect(lineParserSettings(new Map([['key.separator', ':']]))).toBeUndefined();
    expect(lineParserSettings(new Map([['parse.key', 'maybe']]))).toBeUndefined();
  });
});
