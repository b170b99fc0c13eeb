/** Help in the own manner: the first page, or that of a command. */
import type { CommandContext } from '../command.ts';
import { loadCommandTree } from './command-tree.ts';
import { KtsHelp } from './help.ts';

const PAGE_COLUMNS = 100;
const LEAST_COLUMNS = 60;

/** `words`: of the command, none for the first page. */
export async function showHelp(context: CommandContext, words: readonly string[]): Promise<void> {
  const { output, terminal } = context;
  const tree = await loadCommandTree(async () => undefined);
  const columns = output.outIsTerminal ? (terminal?.columns ?? PAGE_COLUMNS) : PAGE_COLUMNS;
  const help = new KtsHelp(tree, {
    columns: Math.max(LEAST_COLUMNS, Math.min(PAGE_COLUMNS, columns)),
    colour: output.colour,
    print: (text) => output.out(text),
  });
  await help.showHelp([...words]);
  output.flush();
}
