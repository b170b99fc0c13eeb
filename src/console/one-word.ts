/**
 * The one word that a command understands in the own manner: what is typed beside it is no less meant. A blank behind a
 * comma is all it takes: `--add-config a=1, b=2` would change the half of it.
 */
import { usageError } from './command-error.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';

/** `isNamed`: options say already what the word would. */
export function oneWord({ words }: ParsedOptions, isNamed: boolean): string | undefined {
  const extra = words[isNamed ? 0 : 1];
  if (extra === undefined) return words[0];
  throw usageError(`'${extra}' is one word too many`, 'no blanks behind commas; and one name, as a word or an option');
}
