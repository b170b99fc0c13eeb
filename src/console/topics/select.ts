/** Which topics a pattern means. */
import { EXIT } from '../../base/kts-error.ts';
import { type ListedTopic, listTopics } from '../../client/admin-topics.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import { nearestWord } from '../../config/nearest.ts';
import { CommandError } from '../command-error.ts';

/** A name that cannot be anything but itself as a regular expression. */
export function isPlainName(pattern: string): boolean {
  return /^[a-zA-Z0-9_-]+$/.test(pattern);
}

/** Kafka's topic filter: a comma means "or", the whole name must match, quotes around it are dropped. */
export function topicPattern(raw: string): RegExp {
  const text = raw
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '');
  try {
    return new RegExp(`^(?:${text})$`, 'u');
  } catch (error) {
    throw new CommandError(`'${raw}' is not a regular expression`, {
      stage: 'run',
      exitCode: EXIT.usage,
      strictText: `${raw} is an invalid regex.`,
      hint: 'a name, or a regular expression for whole names',
      cause: error,
    });
  }
}

export function matching(
  topics: readonly ListedTopic[],
  pattern: string | undefined,
  excludeInternal: boolean,
): ListedTopic[] {
  const regex = pattern === undefined ? undefined : topicPattern(pattern);
  const found = topics.filter((t) => (regex === undefined || regex.test(t.name)) && !(excludeInternal && t.isInternal));
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function noSuchTopic(pattern: string, names: Iterable<string>): CommandError {
  const near = nearestWord(pattern, names);
  return new CommandError(`there is no topic '${pattern}'`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `Topic '${pattern}' does not exist as expected`,
    hint: near === undefined ? 'kts topics --list shows what there is' : `did you mean ${near}?`,
  });
}

/** The names that match; none is an error unless that was asked for. */
export async function selectTopics(
  cluster: ClusterView,
  pattern: string | undefined,
  options: { readonly ifExists: boolean; readonly excludeInternal: boolean },
): Promise<string[]> {
  const all = await listTopics(cluster);
  const found = matching(all, pattern, options.excludeInternal);
  if (found.length === 0 && pattern !== undefined && pattern !== '' && !options.ifExists) {
    throw noSuchTopic(
      pattern,
      all.map((topic) => topic.name),
    );
  }
  return found.map((topic) => topic.name);
}
