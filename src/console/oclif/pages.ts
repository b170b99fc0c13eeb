/** Pages of help that are drawn already. The build fills them in; from the sources there are none. */

/** The widest page, and that of a pipe. */
export const PAGE_COLUMNS = 100;

export const PAGES: Readonly<Record<string, string>> = {};

/** The words behind `kts`, and a star where there is colour. */
export function pageName(words: readonly string[], colour: boolean): string {
  return [...words, ...(colour ? ['*'] : [])].join(' ');
}
