/** Which way of showing is meant: --output, else a table on a terminal and Kafka's text everywhere else. */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { FORMATS, type Format } from './shown.ts';

export function formatOf(context: CommandContext, options: ParsedOptions, known: readonly Format[] = FORMATS): Format {
  const word = options.value('output');
  if (word === undefined) return context.output.outIsTerminal ? 'table' : 'text';
  const found = known.find((format) => format === word.toLowerCase());
  if (found !== undefined) return found;
  throw usageError(`--output knows no '${word}'`, `one of ${known.join(', ')}`);
}
