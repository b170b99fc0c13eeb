/** Tables, CSV and YAML: what is nothing, empty and wide stays what it is. */
import { describe, expect, it } from 'vitest';
import { csvText } from '../../../src/console/show/csv.ts';
import { paints } from '../../../src/console/show/paint.ts';
import type { Sheet } from '../../../src/console/show/shown.ts';
import { drawTable } from '../../../src/console/show/table.ts';
import { displayWidth, printable } from '../../../src/console/show/width.ts';
import { yamlText } from '../../../src/console/show/yaml.ts';

const plain = await paints(false);

function sheet(...rows: Sheet['rows']): Sheet {
  return {
    columns: [
      { head: 'KEY', key: 'key' },
      { head: 'N', key: 'n', right: true },
      { head: 'VALUE', key: 'value', mark: () => 'good' },
    ],
    rows,
  };
}

describe('tables', () => {
  it('align wide characters', () => {
    const { text } = drawTable(sheet(['订单甲', 1, '值'], ['ab', 20, 'x'], ['🎉', 3, 'y']), {
      paint: plain,
      columns: 80,
    });
    expect(text).toBe('KEY      N  VALUE\n订单甲   1  值\nab      20  x\n🎉       3  y\n');
    const columns = text.split('\n').map((line) => displayWidth(line.slice(0, line.search(/\d|N/))));
    expect(new Set(columns.slice(0, 2))).toEqual(new Set([9]));
  });

  it('show nothing as a dash, and control characters as what they are', () => {
    const { text } = drawTable(sheet([null, 1, 'a\nb\u001b[2J']), { paint: plain, columns: undefined });
    expect(text.split('\n')[1]).toBe('-    1  a\\nb\\x1b[2J');
  });

  it('fit the terminal: the widest column gives way, and no colour is torn', async () => {
    const paint = await paints(true);
    const { text } = drawTable(sheet(['k', 1, 'x'.repeat(50)]), { paint, columns: 30 });
    const lines = text.trimEnd().split('\n').slice(1);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(displayWidth(line.replaceAll(/\u001b\[\d+m/g, ''))).toBeLessThanOrEqual(30);
      expect(line.match(/\u001b\[32m/g)).toHaveLength(1);
      expect(line.match(/\u001b\[39m/g)).toHaveLength(1);
    }
  });

  it('go on below each other with the same columns', () => {
    const first = drawTable(sheet(['long key', 1, 'x']), { paint: plain, columns: undefined });
    const next = drawTable(sheet(['k', 2, 'y']), {
      paint: plain,
      columns: undefined,
      withoutHead: true,
      widths: first.widths,
    });
    expect(next.text.indexOf('y')).toBe(first.text.split('\n')[1]?.indexOf('x'));
  });
});

describe('width', () => {
  it.each([
    ['abc', 3],
    ['订单', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['한글', 4],
    ['ﾊﾝｶｸ', 4],
    ['🎉', 2],
    ['', 0],
  ])('of %s is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('control characters become visible', () => {
    expect(printable('a\tb\u0007')).toBe('a\\tb\\x07');
  });
});

describe('CSV', () => {
  it('keeps nothing and the empty text apart, and quotes what needs it', () => {
    expect(csvText(sheet([null, 1, ''], ['a,b', 2, 'say "x"\n'], [' c', 3, ['1', '2']]))).toBe(
      'key,n,value\n,1,""\n"a,b",2,"say ""x""\n"\n" c",3,1 2\n',
    );
  });
});

describe('YAML', () => {
  it('writes lists, maps and leaves', () => {
    expect(yamlText([{ name: 'orders', partitions: [{ leader: null, replicas: [1, 2] }], configs: {} }])).toBe(
      '- name: orders\n  partitions:\n    - leader: null\n      replicas: [1, 2]\n  configs: {}\n',
    );
  });

  it.each(['null', 'true', 'no', '1', '1.5', '', ' x', 'a: b', '- a', '#', '值', '2026-01-31', 'a\nb', '@x'])(
    'quotes %j, which would be something else',
    (text) => {
      expect(yamlText({ k: text })).toBe(`k: ${JSON.stringify(text)}\n`);
    },
  );

  it('leaves plain words plain', () => {
    expect(yamlText({ 'retention.ms': 'a-b/c.d' })).toBe('retention.ms: a-b/c.d\n');
    expect(yamlText([])).toBe('[]\n');
  });
});
