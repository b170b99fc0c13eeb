/** CSV as in RFC 4180, with line feeds. Nothing is an empty cell, the empty text a quoted one, so that both stay apart. */
import type { Cell, Sheet } from './shown.ts';

export function csvCell(cell: Cell): string {
  if (cell === null) return '';
  const text = Array.isArray(cell) ? cell.join(' ') : String(cell);
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(sheet: Sheet): string {
  const lines = [sheet.columns.map((column) => csvCell(column.key)), ...sheet.rows.map((row) => row.map(csvCell))];
  return lines.map((cells) => `${cells.join(',')}\n`).join('');
}
