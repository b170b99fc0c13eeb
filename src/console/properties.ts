/** `key=value` words of the command line, and the files that may stand beside them. */
import type { CommandContext } from './command.ts';
import { usageError } from './command-error.ts';
import { clientProperties, readPropertiesFile } from './connect.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';

/** A word without `=` is a key with an empty value, as in Kafka's tools. */
export function parsePairs(words: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) pairs.set(word, '');
    else pairs.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return pairs;
}

/** An option and its old name do not go together; the old one alone is warned of in the words of the tool. */
export function preferNew(
  context: CommandContext,
  options: ParsedOptions,
  names: { readonly now: string; readonly old: string; readonly first: string; readonly warning: string },
): string {
  const { now, old } = names;
  if (options.has(now) && options.has(old)) {
    const other = names.first === now ? old : now;
    throw usageError(
      `--${old} is the old name of --${now}`,
      `give --${now} only`,
      `Options --${names.first} and --${other} cannot be specified together.`,
    );
  }
  if (!options.has(old)) return now;
  if (context.manner === 'strict') context.output.out(`${names.warning}\n`);
  else context.output.err(`kts: --${old} is the old name of --${now}\n`);
  return old;
}

/** A file's properties, and the pairs over them. */
export async function gatherProperties(
  context: CommandContext,
  options: ParsedOptions,
  names: { readonly file: string; readonly pairs: string; readonly ofClient?: boolean },
): Promise<Map<string, string>> {
  const file = options.value(names.file);
  const properties = names.ofClient
    ? await clientProperties(context, file)
    : file === undefined
      ? new Map<string, string>()
      : await readPropertiesFile(context, file);
  for (const [key, value] of parsePairs(options.values(names.pairs))) properties.set(key, value);
  return properties;
}
