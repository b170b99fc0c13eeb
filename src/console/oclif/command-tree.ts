/**
 * kts as oclif sees it: one plugin that holds every command, made from the option tables in memory. Nothing is looked for
 * in folders or manifests, and nothing of it is on the way of a command that runs.
 */

import type { Interfaces } from '@oclif/core';
import { Config } from '@oclif/core/config';
import { KTS_VERSION } from '../../base/versions.ts';
import { ALL_TABLES } from '../options/all.ts';
import { type RunTool, toolCommand } from './tool-command.ts';

/** Never read: the one plugin is handed over as it is. */
const ROOT = '/';

function plugin(run: RunTool): Interfaces.Plugin {
  const commands = ALL_TABLES.flatMap((table) => [
    toolCommand(table, run),
    ...table.subcommands.map((sub) => toolCommand(table, run, sub)),
  ]);
  const pjson = { name: 'kts', version: KTS_VERSION, oclif: { bin: 'kts', topicSeparator: ' ' as const } };
  return {
    _base: '',
    alias: 'kts',
    name: 'kts',
    version: KTS_VERSION,
    type: 'core',
    moduleType: 'module',
    root: ROOT,
    isRoot: true,
    valid: true,
    hasManifest: false,
    hooks: {},
    topics: [],
    commandsDir: undefined,
    pjson: pjson as unknown as Interfaces.PJSON,
    options: { root: ROOT },
    commands,
    commandIDs: commands.map((command) => command.id),
    findCommand: ((id: string) =>
      commands.find((command) => command.id === id)?.load()) as Interfaces.Plugin['findCommand'],
    load: async () => undefined,
  };
}

export async function loadCommandTree(run: RunTool): Promise<Config> {
  const own = plugin(run);
  return Config.load({ root: ROOT, plugins: new Map([[own.name, own]]), userPlugins: false, devPlugins: false });
}
