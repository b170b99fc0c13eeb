/** Where a text stops being JSON: JavaScript's own reader agrees, and Jackson's words are those that were recorded. */
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../src/console/json-fault.ts';

const PLAN =
  '{"version":1,"partitions":[{"topic":"a\\u00e9\\"","partition":0,"replicas":[1,-2.5e3,true,null]}], "x" : {} }';

const place = (line: number, column: number) =>
  `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;

describe('what is wrong', () => {
  it.each([
    [
      'x',
      0,
      "Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    ['{"a":[{"b":"c",}]}', 15, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"],
    ['{"a"1}', 4, "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"],
    ['[1 2]', 3, "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"],
    [
      '{"a":\n[{"b":"c"',
      15,
      `Unexpected end-of-input: expected close marker for Object (start marker at ${place(2, 2)})`,
    ],
    ['[', 1, `Unexpected end-of-input: expected close marker for Array (start marker at ${place(1, 1)})`],
    ['{"a":1,', 7, 'Unexpected end-of-input within/between Object entries'],
    ['[{"a":1]', 7, `Unexpected close marker ']': expected '}' (for Object starting at ${place(1, 2)})`],
    [']', 0, "Unexpected close marker ']': no open Array to close"],
    ['[1,}', 3, "Unexpected character ('}' (code 125)): expected a value"],
    ['["abc', 5, 'Unexpected end-of-input: was expecting closing quote for a string value'],
    ['{"abc', 5, 'Unexpected end-of-input in field name'],
    [
      '["a\n"]',
      3,
      'Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value',
    ],
    ['["\\x"]', 3, "Unrecognized character escape 'x' (code 120)"],
    ['["\\u12g"]', 6, "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence"],
    ['[01]', 3, 'Invalid numeric value: Leading zeroes not allowed'],
    ['[1.]', 3, "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit"],
    ['[1e', 3, 'Unexpected end-of-inputexpected a digit for number exponent'],
    [
      '[-a]',
      2,
      "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
    ],
    ['1x', 1, "Unexpected character ('x' (code 120)): Expected space separating root-level values"],
    ['[NaN]', 1, "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"],
    [
      '// no JSON\n{}',
      0,
      "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
    ],
    [
      '\ufeff{}',
      0,
      "Unexpected character ('\ufeff' (code 65279 / 0xfeff)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    ['', 0, 'Unexpected end-of-input'],
  ])('%s', (text, at, jacksonText) => {
    expect(scanJson(text)).toEqual({ at, jacksonText });
  });

  it('is not what stands behind the first value', () => {
    expect(scanJson('[1] more')).toBe(3);
    expect(scanJson(PLAN)).toBe(PLAN.length);
  });

  it('is found wherever JavaScript finds it', () => {
    // Every cut, and every character in another one's place.
    const texts = [...PLAN].flatMap((_, at) => [
      PLAN.slice(0, at),
      ...['"', ',', '}', ']', '0', 'n', '\\', '\n'].map((c) => PLAN.slice(0, at) + c + PLAN.slice(at + 1)),
    ]);
    for (const text of texts) {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const end = scanJson(text);
      expect(typeof end === 'number' && text.slice(end).trim() === '', text).toBe(isJson);
    }
  });
});
