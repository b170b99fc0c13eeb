/** A page of help, drawn by oclif: slow to load, so that the build draws those for ordinary terminals. */
import { ALL_TABLES } from '../options/all.ts';
import { loadCommandTree } from './command-tree.ts';
import { type HelpSettings, KtsHelp } from './help.ts';
import { PAGE_COLUMNS, pageName } from './pages.ts';

export async function drawPage(
  words: readonly string[],
  settings: Pick<HelpSettings, 'columns' | 'colour'>,
): Promise<string> {
  let page = '';
  const tree = await loadCommandTree(async () => undefined);
  const print = (text: string) => {
    page += text;
  };
  await new KtsHelp(tree, { ...settings, print }).showHelp([...words]);
  return page;
}

/** Every page of that width: what the build puts into pages.ts. */
export async function drawPages(): Promise<Record<string, string>> {
  const pages: Record<string, string> = {};
  const commands = ALL_TABLES.flatMap(({ name, subcommands }) => [
    [name],
    ...subcommands.map((sub) => [name, sub.name]),
  ]);
  for (const words of [[], ...commands]) {
    for (const colour of [false, true]) {
      pages[pageName(words, colour)] = await drawPage(words, { columns: PAGE_COLUMNS, colour });
    }
  }
  return pages;
}
