import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from '../../src/runtime/log-file.ts';

const HOUR_MS = 3_600_000;
let root: string;
let nowMs: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kts-log-file-'));
  // The file's own time is the machine's.
  nowMs = Date.now();
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = () => new LogFile(join(root, 'logs', 'server.log'), () => nowMs);
const textOf = (name: string) => readFileSync(join(root, 'logs', name), 'utf8');

describe('the log file of a node', () => {
  it('is made with its folder, and appended to by all who have it', () => {
    const [one, other] = [open(), open()];
    one.write('a\n');
    other.write('b\n');
    one.write('c\n');
    one.close();
    other.close();
    expect(textOf('server.log')).toBe('a\nb\nc\n');
  });

  it('is set aside every hour, once', () => {
    const [one, other] = [open(), open()];
    one.write('before\n');
    utimesSync(join(root, 'logs', 'server.log'), nowMs / 1000, nowMs / 1000);
    const third = open();
    nowMs += HOUR_MS;
    one.write('behind\n');
    third.write('behind too\n');
    other.write('and this\n');
    for (const file of [one, other, third]) file.close();
    const asides = readdirSync(join(root, 'logs')).filter((name) => name !== 'server.log');
    expect(asides).toEqual([expect.stringMatching(/^server\.log\.\d{4}-\d\d-\d\d-\d\d$/)]);
    expect(textOf(asides[0] as string)).toBe('before\n');
    expect(textOf('server.log')).toBe('behind\nbehind too\nand this\n');
  });
});
