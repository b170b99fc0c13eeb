import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScript, renderScript, ScriptRun } from './script-runner.ts';

const FOLDER = new URL('./scripts/', import.meta.url);
/** `RAFT_SCRIPTS=write` writes the traces that come into the files, to be read before they are believed. */
const WRITES = process.env['RAFT_SCRIPTS'] === 'write';

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  it('goes as the script says', () => {
    const path = new URL(name, FOLDER);
    const text = readFileSync(path, 'utf8');
    const blocks = parseScript(text);
    const run = new ScriptRun();
    const traces = blocks.map(({ command }) => run.run(command));
    if (WRITES) writeFileSync(path, renderScript(text, traces));
    else {
      for (const [index, { command, trace }] of blocks.entries())
        expect(`${command}\n${traces[index]}`).toBe(`${command}\n${trace}`);
    }
  });
});
