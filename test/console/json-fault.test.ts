/** Where a text stops being JSON: JavaScript's own reader agrees, and Jackson's words are those that were recorded. */
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../src/console/json-fault.ts';

const PLAN =
  '{"version":1,"partitions":[{"topic":"a\\u00e9\\"","partition":0,"replicas":[1,-2.5e3,true,null]}], "x" : {} }';

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
    ['{"a":[{"b":"c"', 14, 'Unexpected end-of-input: expected close marker for Object'],
    ['["abc', 1, 'Unexpected end-of-input: was expecting closing quote for a string value'],
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
