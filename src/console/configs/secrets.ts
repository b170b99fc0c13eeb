/** What of the words of a command must not be read over a shoulder, or in the log of a script. */
import { isSecretKey } from '../../config/secret-keys.ts';

/** In Kafka's tool, brackets hold a value with commas. */
export const NOT_IN_BRACKETS = '(?=[^\\]]*(?:\\[|$))';
export const COMMA = new RegExp(`,${NOT_IN_BRACKETS}`);
/** Beside what is one in a node's own file. */
const SECRET = /^\s*scram|token/i;
export const HIDDEN = '[hidden]';

/** A mistyped mechanism is no secret's name, but what stands in its brackets is one. */
const SECRET_VALUE = /password\s*=/i;

function isSecret(key: string, value: string): boolean {
  return isSecretKey(key.trim()) || SECRET.test(key) || SECRET_VALUE.test(value);
}

export function shownValue(key: string, value: string): string {
  return isSecret(key, value) ? HIDDEN : value;
}

/** The words of a command line, with what must not be read over a shoulder taken out, wherever it was put by mistake. */
export function shownWords(argv: readonly string[]): string[] {
  let isPairs = false;
  return argv.map((word) => {
    const [, option = '', pairs = ''] = /^(--?[\w-]+=)?(.*)$/s.exec(word) ?? [];
    const shown = isPairs || option !== '' || !word.startsWith('-') ? `${option}${shownPairs(pairs)}` : word;
    isPairs = /^--?add-config$/.test(word);
    return shown;
  });
}

/** What stands behind a secret may be the rest of it: a comma ends a value that has no brackets. */
export function shownPairs(text: string): string {
  const pairs = text.split(COMMA);
  const secret = pairs.findIndex((pair) => {
    const at = pair.indexOf('=');
    return at >= 0 && isSecret(pair.slice(0, at), pair.slice(at + 1));
  });
  if (secret < 0) return text;
  const key = pairs[secret]?.split('=')[0]?.trim();
  return [...pairs.slice(0, secret), `${key}=${HIDDEN}`].join(',');
}
