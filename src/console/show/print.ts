/** Prints what a command has found, in the form that was asked for. */
import type { Command, CommandContext } from '../command.ts';
import { paints } from './paint.ts';
import type { Format, Sheet, Shown } from './shown.ts';

async function tablesText(context: CommandContext, sheets: readonly Sheet[], empty: string): Promise<string> {
  const { drawTable } = await import('./table.ts');
  const paint = await paints(context.output.colour);
  const columns = context.output.outIsTerminal ? context.terminal?.columns : undefined;
  const parts = sheets.map((sheet) => {
    const title = sheet.title === undefined ? '' : `${paint('name', sheet.title)}\n`;
    const detail = sheet.detail === undefined ? '' : `${paint('dim', sheet.detail)}\n`;
    const note = sheet.note === undefined ? '' : `${paint('warn', sheet.note)}\n`;
    const body = sheet.rows.length === 0 ? '' : drawTable(sheet, { paint, columns }).text;
    return title + detail + body + note;
  });
  const text = parts.filter((part) => part !== '').join('\n');
  return text === '' && empty !== '' && context.output.outIsTerminal ? `${paint('dim', empty)}\n` : text;
}

async function shownText(context: CommandContext, shown: Shown, format: Exclude<Format, 'text'>): Promise<string> {
  if (format === 'json') return `${JSON.stringify(shown.data, null, 2)}\n`;
  if (format === 'yaml') return (await import('./yaml.ts')).yamlText(shown.data);
  if (format === 'table') return tablesText(context, shown.sheets, shown.empty ?? '');
  const sheet = shown.csv ?? shown.sheets[0];
  return sheet === undefined ? '' : (await import('./csv.ts')).csvText(sheet);
}

export async function printData<Data>(command: Command<Data>, data: Data, format: Format): Promise<void> {
  const { context } = command;
  const shown = format === 'text' ? undefined : await command.show?.(data);
  const drawn = format === 'table' || format === 'csv';
  if (shown === undefined || format === 'text' || (drawn && shown.sheets.length === 0)) {
    command.render(data);
    return;
  }
  context.output.out(await shownText(context, shown, format));
  if (shown.failure !== undefined) throw shown.failure;
}
