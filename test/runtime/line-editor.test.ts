import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { editLines } from '../../src/runtime/line-editor.ts';

/** A terminal with somebody at it: what it shows, and what was used of it. */
function terminal(use: (line: string) => Promise<'go on' | 'end'> = async () => 'go on') {
  const input = new PassThrough();
  const output = new PassThrough();
  const used: string[] = [];
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const complete = async (line: string) => ['create ', 'ls '].filter((name) => name.startsWith(line));
  const ended = editLines({ prompt: () => `${used.length}> `, complete, input, output }, (line) => {
    used.push(line);
    return use(line);
  });
  return { input, used, ended, shown: () => shown };
}

const UP = '\u001b[A';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

describe('lines typed at a terminal', () => {
  it('come one after the other, also where they were pasted at once', async () => {
    const inUse: string[] = [];
    const { input, used, ended, shown } = terminal(async (line) => {
      inUse.push(line);
      expect(inUse).toEqual([line]);
      await new Promise((resolve) => setImmediate(resolve));
      inUse.pop();
      return line === 'quit' ? 'end' : 'go on';
    });
    input.write('create /a 1\ncreate /b 2\nls /\nquit\nnever\n');
    await ended;
    expect(used).toEqual(['create /a 1', 'create /b 2', 'ls /', 'quit']);
    expect(shown()).toContain('2> ls /\n');
  });

  it('are found again with the arrow key, and completed with Tab', async () => {
    const { input, used, ended } = terminal(async () => 'go on');
    input.write('first\n');
    input.write(`${UP}\n`);
    input.write('cr\t');
    // The completion is asked for; what follows waits for it.
    await new Promise((resolve) => setImmediate(resolve));
    input.write('/x\n');
    input.end();
    await ended;
    expect(used).toEqual(['first', 'first', 'create /x']);
  });

  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('end with %s, and the line with them', async (_, key) => {
    const { input, used, ended, shown } = terminal();
    input.write(key);
    await ended;
    expect(used).toEqual([]);
    expect(shown().endsWith('\n')).toBe(true);
  });

  it('end with Ctrl-C while one is in use for ever', async () => {
    const { input, used, ended } = terminal(() => {
      setImmediate(() => input.write(CTRL_C));
      return new Promise(() => {});
    });
    input.write('hangs\nnever\n');
    await ended;
    expect(used).toEqual(['hangs']);
  });
});
