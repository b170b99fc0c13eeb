/** Help comes from oclif, over a tree made from the option tables: every command and option is there. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../src/console/command.ts';
import { COMMANDS } from '../../../src/console/command-table.ts';
import { loadCommandTree } from '../../../src/console/oclif/command-tree.ts';
import { drawPages } from '../../../src/console/oclif/draw-page.ts';
import { helpGroups, OTHERS } from '../../../src/console/oclif/help-groups.ts';
import { showHelp } from '../../../src/console/oclif/show-help.ts';
import { ALL_TABLES } from '../../../src/console/options/all.ts';
import { nodeRuntime } from '../../../src/runtime/node-runtime.ts';

async function pageOf(...words: string[]): Promise<string> {
  let text = '';
  const output = {
    outIsTerminal: false,
    errIsTerminal: false,
    colour: false,
    out: (more: string) => {
      text += more;
    },
    err: () => undefined,
    bytes: () => undefined,
    flush: () => undefined,
    isAbandoned: () => false,
  };
  const context: CommandContext = {
    manner: 'own',
    env: {},
    output,
    runtime: nodeRuntime,
    input: () => {
      throw new Error('nobody asks');
    },
    onStop: () => () => undefined,
  };
  await showHelp(context, words);
  return text;
}

describe('the tree', () => {
  it('has every command, and each of them a table', async () => {
    const tree = await loadCommandTree(async () => undefined);
    const names = tree.commandIDs.filter((id) => !id.includes(':'));
    expect(names.sort()).toEqual(Object.keys(COMMANDS).sort());
    for (const name of names) expect((await COMMANDS[name]?.())?.default.table.name).toBe(name);
  });

  it('runs a command with the words as they are', async () => {
    const ran: unknown[] = [];
    const tree = await loadCommandTree(async (name, argv) => ran.push([name, argv]));
    await tree.runCommand('server-start', ['-daemon', 'file', '--override', 'a=b']);
    await tree.runCommand('storage:format', ['-t', 'x']);
    expect(ran).toEqual([
      ['server-start', ['-daemon', 'file', '--override', 'a=b']],
      ['storage', ['format', '-t', 'x']],
    ]);
  });
});

describe('the pages that the build draws', () => {
  it('are those that are drawn without it, and in colour the same words', async () => {
    const pages = await drawPages();
    expect(Object.keys(pages)).toEqual(expect.arrayContaining(['', '*', ...Object.keys(COMMANDS), 'storage format *']));
    expect(pages['topics']).toBe(await pageOf('topics'));
    expect(pages['']).toBe(await pageOf());
    for (const [name, page] of Object.entries(pages)) {
      expect(stripVTControlCharacters(pages[`${name} *`.trim()] ?? page)).toBe(stripVTControlCharacters(page));
    }
  });
});

describe('the first page', () => {
  it('fits a terminal and names every command that people look for', async () => {
    const page = await pageOf();
    const lines = page.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(88);
    // What only the shims of a ZooKeeper's scripts need is not looked for.
    const names = ALL_TABLES.map(({ name }) => name).filter((name) => name !== 'jps' && !/^z(?:oo)?k/.test(name));
    for (const name of names) expect(page).toContain(`kts ${name}`);
  });
});

describe('the page of a command', () => {
  it.each(ALL_TABLES.map((table) => [table.name, table] as const))(
    '%s explains each option once',
    async (name, table) => {
      const page = await pageOf(name);
      expect(page).toContain(table.summary);
      for (const example of table.examples) expect(page).toContain(example.line);
      if (table.subcommands.length > 0) {
        for (const sub of table.subcommands) expect(page).toContain(`${name} ${sub.name}`);
        return;
      }
      for (const row of table.options) {
        const option = row.names.toReversed().join(', ');
        const found = page.split('\n').filter((line) => line.startsWith(`  ${option} `) || line === `  ${option}`);
        expect(found, option).toHaveLength(1);
      }
      expect(page).not.toMatch(/undefined|<%|\[object/);
    },
  );

  it('of a subcommand has its own options', async () => {
    expect(await pageOf('storage', 'format')).toMatch(/-t, --cluster-id ID +the id of the cluster/);
  });

  it('groups options by what they are for', async () => {
    const page = await pageOf('consumer-groups');
    for (const group of helpGroups('consumer-groups').filter((title) => title !== OTHERS && title !== 'Old names')) {
      expect(page).toMatch(new RegExp(`^${group}$`, 'im'));
    }
    expect(page).not.toMatch(/^Options$/m);
  });
});
