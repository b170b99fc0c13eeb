/** Help in the own manner: the first page, or that of a command. */
import type { CommandContext } from '../command.ts';
import { PAGE_COLUMNS, PAGES, pageName } from './pages.ts';

const LEAST_COLUMNS = 60;

/** `words`: of the command, none for the first page. */
export async function showHelp({ output, terminal }: CommandContext, words: readonly string[]): Promise<void> {
  const wide = output.outIsTerminal ? (terminal?.columns ?? PAGE_COLUMNS) : PAGE_COLUMNS;
  const columns = Math.max(LEAST_COLUMNS, Math.min(PAGE_COLUMNS, wide));
  const drawn = columns === PAGE_COLUMNS ? PAGES[pageName(words, output.colour)] : undefined;
  output.out(drawn ?? (await draw(words, { columns, colour: output.colour })));
  output.flush();
}

async function draw(words: readonly string[], settings: { readonly columns: number; readonly colour: boolean }) {
  const { drawPage } = await import('./draw-page.ts');
  return drawPage(words, settings);
}
