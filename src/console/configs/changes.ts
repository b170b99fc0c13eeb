/**
 * What --add-config, --add-config-file and --delete-config ask for, read as Kafka's tool reads it: brackets hold a value
 * with commas.
 */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { readPropertiesFile } from '../connect.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { COMMA, HIDDEN, NOT_IN_BRACKETS, shownPairs } from './secrets.ts';

export interface ConfigChanges {
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

const EQUALS = new RegExp(`\\s*=\\s*${NOT_IN_BRACKETS}`);

function pairsOf(text: string): string[] {
  const parts = text.split(COMMA);
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

function parsePairs(text: string): Map<string, string> {
  const pairs = pairsOf(text).map((pair) => pair.split(EQUALS));
  const wrong = pairs.find((pair) => pair.length !== 2);
  if (wrong !== undefined) {
    throw usageError(
      `--add-config takes key=value, not '${shownPairs(text) === text ? wrong.join('=') : HIDDEN}'`,
      'for example --add-config retention.ms=60000,cleanup.policy=[compact,delete]',
      'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
    );
  }
  return new Map(pairs.map(([key = '', value = '']) => [key.trim(), value.replace(/[[\]]/g, '').trim()]));
}

export async function changesOf(context: CommandContext, options: ParsedOptions): Promise<ConfigChanges> {
  const file = options.value('add-config-file');
  const set = file === undefined ? new Map<string, string>() : await readPropertiesFile(context, file);
  const text = options.value('add-config');
  if (text !== undefined) for (const [key, value] of parsePairs(text)) set.set(key, value);
  for (const key of set.keys()) {
    if (/^[$\w.-]*$/.test(key)) continue;
    throw usageError(
      `'${key}' cannot be the name of a config`,
      "names have letters, digits, '.', '_', '-' and '$'",
      `Invalid character found for config key: ${key}`,
    );
  }
  const removed = options.values('delete-config').flatMap((list) => list.split(',').filter((word) => word !== ''));
  if (context.manner === 'own' && set.size + removed.length === 0) {
    throw usageError('what shall be changed?', 'no config is named');
  }
  return { set, removed: removed.map((word) => word.trim()) };
}
