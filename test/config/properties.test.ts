/** What java.util.Properties makes of each text. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProperties, parseProperties } from '../../src/config/properties.ts';

const CASES = JSON.parse(readFileSync(new URL('./facts/properties-cases.json', import.meta.url), 'utf8')) as readonly [
  string,
  Readonly<Record<string, string>> | string,
][];

describe('parseProperties', () => {
  it.each(CASES)('reads %j as Java does', (text, expected) => {
    if (typeof expected === 'string') expect(() => parseProperties(text)).toThrow(expected);
    else expect(Object.fromEntries(parseProperties(text))).toEqual(expected);
  });

  it('reads bytes as ISO-8859-1', () => {
    expect(parseProperties(Buffer.from([0x61, 0x3d, 0xe4])).get('a')).toBe('ä');
  });
});

describe('formatProperties', () => {
  it('escapes what would be read as something else', () => {
    expect(formatProperties([['a b', ' x y ']], 'why')).toBe('#why\na\\ b=\\ x y \n');
    expect(formatProperties([['k=', '€\t']])).toBe('k\\==\\u20AC\\t\n');
  });

  it('is read back as it was, whatever it holds', () => {
    const entries = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })));
    fc.assert(
      fc.property(entries, (pairs) => {
        const properties = new Map(pairs);
        expect(parseProperties(formatProperties(properties))).toEqual(properties);
      }),
    );
  });
});
