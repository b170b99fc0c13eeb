/** The words of --from and --to, and the pattern of --grep. */
import { describe, expect, it } from 'vitest';
import { grepPattern } from '../../../src/console/consumer/grep.ts';
import { parseBound } from '../../../src/console/consumer/range.ts';
import { parseSpan, parseTime } from '../../../src/console/time.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');

describe('bounds', () => {
  it.each([
    ['120', { kind: 'offset', offset: 120 }],
    ['-10', { kind: 'last', count: 10 }],
    ['earliest', { kind: 'earliest' }],
    ['Now', { kind: 'latest' }],
    ['10m', { kind: 'time', ms: NOW - 600_000 }],
    ['PT1H', { kind: 'time', ms: NOW - 3_600_000 }],
    ['2026-01-31T11:00Z', { kind: 'time', ms: NOW - 3_600_000 }],
    ['2026-01-31T13:00:00.5+02:00', { kind: 'time', ms: NOW - 3_600_000 + 500 }],
  ])('%s', (text, bound) => {
    expect(parseBound('from', text, NOW)).toEqual(bound);
  });

  it.each(['', 'soon', '10 m', '2026-13-01', '25:00', '1.5', '9007199254740993'])('refuses %j', (text) => {
    expect(() => parseBound('from', text, NOW)).toThrow(/does not understand/);
  });

  it('an end in the future would never come', () => {
    expect(() => parseBound('to', '2027-01-01', NOW)).toThrow(/future/);
    expect(parseBound('from', '2027-01-01T00:00Z', NOW)).toMatchObject({ kind: 'time' });
  });
});

describe('spans and times', () => {
  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
  ])('%s', (text, ms) => {
    expect(parseSpan(text)).toBe(ms);
  });

  it('a time of day is today’s, here', () => {
    const expected = new Date(NOW).setHours(9, 30, 0, 0);
    expect(parseTime('9:30', NOW)).toBe(expected);
    expect(parseTime('2026-01-31 09:30', NOW)).toBe(Date.parse('2026-01-31T09:30'));
  });
});

describe('--grep', () => {
  it('takes text, and flags between slashes', () => {
    expect(grepPattern('Err').test('err')).toBe(false);
    expect(grepPattern('/Err/i').test('err')).toBe(true);
    expect(grepPattern('值.').test('值2')).toBe(true);
    expect(() => grepPattern('(')).toThrow(/not a regular expression/);
  });
});
