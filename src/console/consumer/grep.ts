/** `--grep`: only records whose key or value matches. */
import type { RecordCursor } from '../../protocol/record.ts';
import { usageError } from '../command-error.ts';

/** `text`, or `/text/i` for flags. */
export function grepPattern(word: string): RegExp {
  const slashes = /^\/(.*)\/([imsu]*)$/s.exec(word);
  try {
    return slashes === null ? new RegExp(word, 'u') : new RegExp(slashes[1] as string, `${slashes[2]}`);
  } catch (error) {
    throw usageError(`--grep '${word}' is not a regular expression`, (error as Error).message);
  }
}

export function grepFilter(word: string): (record: RecordCursor) => boolean {
  const pattern = grepPattern(word);
  const matches = (bytes: Buffer | null) => bytes !== null && pattern.test(bytes.toString());
  return (record) => matches(record.value) || matches(record.key);
}
