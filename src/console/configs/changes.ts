/**
 * What --add-config, --add-config-file and --delete-config ask for, read as Kafka's tool reads it: brackets hold a value
 * with commas. Values of secrets are never said again.
 */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { readPropertiesFile } from '../connect.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

export interface ConfigChanges {
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

const NOT_IN_BRACKETS = '(?=[^\\]]*(?:\\[|$))';
const COMMA = new RegExp(`,${NOT_IN_BRACKETS}`);
const EQUALS = new RegExp(`\\s*=\\s*${NOT_IN_BRACKETS}`);
const SECRET = /password|secret|jaas|credential|keystore\.key|^scram-|token/i;
const HIDDEN = '[hidden]';

export function isSecret(key: string): boolean {
  return SECRET.test(key);
}

/** For people, and for the logs of scripts. */
export function shownValue(key: string, value: string): string {
  return isSecret(key) ? HIDDEN : value;
}

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
      `--add-config takes key=value, not '${shownValue(wrong[0] ?? '', wrong.join('='))}'`,
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
  return { set, removed: removed.map((word) => word.trim()) };
}

/** The words of a command line, with what must not be read over a shoulder taken out. */
export function shownWords(argv: readonly string[]): string {
  let isPairs = false;
  const words = argv.map((word) => {
    const attached = /^(--?add-config=)(.*)$/s.exec(word);
    const shown = isPairs
      ? shownPairs(word)
      : attached === null
        ? word
        : `${attached[1]}${shownPairs(attached[2] ?? '')}`;
    isPairs = /^--?add-config$/.test(word);
    return shown;
  });
  return words.join(' ');
}

function shownPairs(text: string): string {
  const pairs = text.split(COMMA).map((pair) => {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at).trim();
    return at < 0 || !isSecret(key) ? pair : `${pair.slice(0, at + 1)}${HIDDEN}`;
  });
  return pairs.join(',');
}
