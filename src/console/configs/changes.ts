/**
 * What --add-config, --add-config-file and --delete-config ask for, read as Kafka's tool reads it: brackets hold a value
 * with commas. Values of secrets are never said again.
 */
import { isSecretKey } from '../../config/secret-keys.ts';
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
/** Beside what is one in a node's own file. */
const SECRET = /^\s*scram|token/i;
const HIDDEN = '[hidden]';

/** A mistyped mechanism is no secret's name, but what stands in its brackets is one. */
const SECRET_VALUE = /password\s*=/i;

function isSecret(key: string, value: string): boolean {
  return isSecretKey(key.trim()) || SECRET.test(key) || SECRET_VALUE.test(value);
}

/** For people, and for the logs of scripts. */
export function shownValue(key: string, value: string): string {
  return isSecret(key, value) ? HIDDEN : value;
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

/** The words of a command line, with what must not be read over a shoulder taken out, wherever it was put by mistake. */
export function shownWords(argv: readonly string[]): string {
  let isPairs = false;
  const words = argv.map((word) => {
    const [, option = '', pairs = ''] = /^(--?[\w-]+=)?(.*)$/s.exec(word) ?? [];
    const shown = isPairs || option !== '' || !word.startsWith('-') ? `${option}${shownPairs(pairs)}` : word;
    isPairs = /^--?add-config$/.test(word);
    return shown;
  });
  return words.join(' ');
}

/** What stands behind a secret may be the rest of it: a comma ends a value that has no brackets. */
function shownPairs(text: string): string {
  const pairs = text.split(COMMA);
  const secret = pairs.findIndex((pair) => {
    const at = pair.indexOf('=');
    return at >= 0 && isSecret(pair.slice(0, at), pair.slice(at + 1));
  });
  if (secret < 0) return text;
  const key = pairs[secret]?.split('=')[0]?.trim();
  return [...pairs.slice(0, secret), `${key}=${HIDDEN}`].join(',');
}
