import { describe, expect, it } from 'vitest';
import { nearestWord } from '../../src/config/nearest.ts';
import { parseBytes, parseMilliseconds } from '../../src/config/units.ts';

describe('units', () => {
  it.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['64k', 65_536],
    ['64 KiB', 65_536],
    ['64kB', 64_000],
    ['1.5G', 1_610_612_736],
  ])('%s is %d bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each([
    ['250', 250],
    ['5s', 5_000],
    ['10 min', 600_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
  ])('%s is %d ms', (text, ms) => expect(parseMilliseconds(text)).toBe(ms));

  it.each(['', 'k', '-1', '1x', '1e3', '99999999999T', '1.2.3'])('%j is refused', (text) => {
    expect(() => parseBytes(text)).toThrow(`'${text}' is no size`);
    expect(() => parseMilliseconds(text)).toThrow(`'${text}' is no time`);
  });
});

describe('nearestWord', () => {
  const known = ['log.retention.hours', 'log.retention.ms', 'node.id', 'listeners'];
  it.each([
    ['log.retention.hour', 'log.retention.hours'],
    ['log.retnetion.hours', 'log.retention.hours'],
    ['nodeid', 'node.id'],
    ['listener', 'listeners'],
    ['x', undefined],
    ['something.else', undefined],
  ])('%s means %s', (word, meant) => expect(nearestWord(word, known)).toBe(meant));
});
