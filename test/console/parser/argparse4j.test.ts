/** argparse4j's grammar, as kafka-storage.sh has it. */
import { describe, expect, it } from 'vitest';
import { storageTable } from '../../../src/console/options/storage.ts';
import { parseArgparse4j } from '../../../src/console/parser/argparse4j.ts';

const storage = (...argv: string[]) => parseArgparse4j(storageTable, argv);

describe('parseArgparse4j', () => {
  it('takes subcommands and long options by a unique beginning', () => {
    expect(storage('random').subcommand).toBe('random-uuid');
    expect(storage('info', '--conf', 'f').value('config')).toBe('f');
    expect(storage('version-m', '--r=3.9').value('release-version')).toBe('3.9');
  });

  it('takes short options alone, joined, and with their value attached', () => {
    const parsed = storage('format', '-gs', '-tID', '-c', 'f');
    expect([parsed.has('ignore-formatted'), parsed.has('standalone')]).toEqual([true, true]);
    expect([parsed.value('cluster-id'), parsed.value('config')]).toEqual(['ID', 'f']);
  });

  it('collects what may be repeated and takes the last of what may not', () => {
    const parsed = storage('format', '-t', 'a', '-t', 'b', '-c', 'f', '-f', 'x=1', '-f', 'y=2');
    expect(parsed.value('cluster-id')).toBe('b');
    expect(parsed.values('feature')).toEqual(['x=1', 'y=2']);
  });

  it.each([
    [[], 'too few arguments'],
    [['frob'], "invalid choice: 'frob' (choose from 'info', 'format'"],
    [['--frob'], "unrecognized arguments: '--frob'"],
    [['random-uuid', 'x'], "unrecognized arguments: 'x'"],
    [['info'], 'argument --config/-c is required'],
    [['info', '-c'], 'argument --config/-c: expected one argument'],
    [['info', '-c', '-g'], 'argument --config/-c: expected one argument'],
    [
      ['format', '-t', 'i', '-c', 'f', '-s', '-I', 'x'],
      'argument --initial-controllers/-I: not allowed with argument --standalone/-s',
    ],
    [['format', '--i', 'x'], 'ambiguous option: --i could match --ignore-formatted, --initial-controllers'],
  ])('%j is refused', (argv, message) => {
    expect(() => storage(...argv)).toThrow(message);
  });

  it('asks for nothing when help is wanted', () => {
    expect(storage('-h').has('help')).toBe(true);
    expect(storage('format', '--help').has('help')).toBe(true);
  });
});
