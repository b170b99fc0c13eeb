/** Tables for people: no frame, a bold head, columns that fit the terminal. cli-table3 measures and pads the cells. */
import Table from 'cli-table3';
import type { Paint } from './paint.ts';
import type { Cell, Sheet } from './shown.ts';
import { displayWidth, printable } from './width.ts';

const GAP = 2;
/** Columns are not squeezed below this. */
const LEAST_WIDTH = 8;
const NO_FRAME = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

function cellText(cell: Cell): string {
  if (cell === null) return '-';
  return printable(Array.isArray(cell) ? cell.join(',') : String(cell));
}

/** The widths at which the table fits; the widest columns give way first. */
function squeeze(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (total() > available) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] as number) <= LEAST_WIDTH) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

/** Lines of at most `width` columns. */
function cut(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of text) {
    const size = displayWidth(character);
    if (used + size > width && line !== '') {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += character;
    used += size;
  }
  return [...lines, line];
}

export interface TableOptions {
  readonly paint: Paint;
  /** Of the terminal; undefined: as wide as it takes. */
  readonly columns: number | undefined;
  /** At least so wide: to go on below a table that was drawn before. */
  readonly widths?: readonly number[];
  readonly withoutHead?: boolean;
}

export interface DrawnTable {
  readonly text: string;
  readonly widths: readonly number[];
}

export function drawTable(sheet: Sheet, options: TableOptions): DrawnTable {
  const { paint } = options;
  const heads = sheet.columns.map((column) => column.head);
  const texts = sheet.rows.map((row) => row.map(cellText));
  const natural = heads.map((head, i) =>
    Math.max(options.widths?.[i] ?? 0, displayWidth(head), ...texts.map((row) => displayWidth(row[i] as string))),
  );
  const widths = squeeze(natural, options.columns ?? Number.POSITIVE_INFINITY);
  const table = new Table({
    chars: NO_FRAME,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: widths.map((width) => width + GAP),
    colAligns: sheet.columns.map((column) => (column.right ? 'right' : 'left')),
  });
  // Cut before it is painted: a colour must not be torn, nor reach into the next line.
  const put = (text: string, column: number, mark: Parameters<Paint>[0] | undefined): string =>
    cut(text, widths[column] as number)
      .map((line) => (mark === undefined ? line : paint(mark, line)))
      .join('\n');
  if (!options.withoutHead) table.push(heads.map((head, i) => put(head, i, 'head')));
  texts.forEach((row, r) => {
    const cells = sheet.rows[r] as readonly Cell[];
    table.push(
      row.map((text, i) => {
        const cell = cells[i] as Cell;
        const mark = cell === null ? 'dim' : sheet.columns[i]?.mark?.(cell);
        return put(text, i, mark);
      }),
    );
  });
  const drawn = table.length === 0 ? '' : table.toString();
  return {
    text: drawn
      .split('\n')
      .map((line) => `${line.trimEnd()}\n`)
      .join(''),
    widths,
  };
}
