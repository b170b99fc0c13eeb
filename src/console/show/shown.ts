/**
 * What a command has found, in a form that every way of showing it can use: the data itself for JSON and YAML, sheets of
 * cells for tables and CSV. A command makes it only when one of these was asked for.
 */

/** Nothing at all is null; a list stays a list until it is drawn. */
export type Cell = string | number | boolean | null | readonly (string | number)[];

/** How a cell looks where colours are. */
export type Mark = 'good' | 'warn' | 'bad' | 'name' | 'dim';

export interface Column {
  /** As in the head of the table. */
  readonly head: string;
  /** As in the first line of CSV. */
  readonly key: string;
  /** Numbers stand below each other. */
  readonly right?: boolean;
  readonly mark?: (cell: Cell) => Mark | undefined;
}

export interface Sheet {
  /** Above the table; not in CSV. */
  readonly title?: string;
  /** Below the title, less loud. */
  readonly detail?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Below the table; not in CSV. */
  readonly note?: string;
}

export interface Shown {
  readonly data: unknown;
  /** None: the command's own text serves. */
  readonly sheets: readonly Sheet[];
  /** One flat sheet, where the tables are several. */
  readonly csv?: Sheet;
  /** What a table says instead of nothing. */
  readonly empty?: string;
  /** What went wrong beside it; thrown once the rest is printed. */
  readonly failure?: Error;
}

export const FORMATS = ['table', 'json', 'yaml', 'csv', 'text'] as const;
export type Format = (typeof FORMATS)[number];
