/** A topic that nobody named: asked for on a terminal, with the names to choose from; elsewhere an error that lists them. */
import { listTopics } from '../../client/admin-topics.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import { nearestWord } from '../../config/nearest.ts';
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { readLine } from '../prompt.ts';

/** So many names are listed, the rest is counted. */
const LISTED = 20;

interface Question {
  readonly question: string;
  readonly hint: string;
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(', ');
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}

function canAsk(context: CommandContext): boolean {
  return context.output.errIsTerminal && context.input().isTerminal;
}

async function namesOf(cluster: ClusterView): Promise<string[]> {
  const topics = await listTopics(cluster);
  return topics
    .filter((topic) => !topic.isInternal)
    .map((topic) => topic.name)
    .sort();
}

/** The name, or a number of the list. */
function chosen(answer: string, names: readonly string[]): string | undefined {
  if (names.includes(answer)) return answer;
  const number = /^\d+$/.test(answer) ? Number(answer) : 0;
  if (number >= 1) return names[number - 1];
  const beginning = answer === '' ? [] : names.filter((name) => name.startsWith(answer));
  return beginning.length === 1 ? beginning[0] : undefined;
}

export async function askForTopic(
  context: CommandContext,
  cluster: ClusterView,
  { question, hint }: Question,
): Promise<string> {
  const names = await namesOf(cluster);
  if (names.length === 0) throw usageError('there is no topic yet', 'kts topics --create NAME makes one');
  if (!canAsk(context)) throw usageError(question, `${hint}; there are: ${listOf(names)}`);
  const err = (text: string) => context.output.err(text);
  const width = String(Math.min(names.length, LISTED)).length;
  for (const [i, name] of names.slice(0, LISTED).entries()) err(`${String(i + 1).padStart(width + 2)}  ${name}\n`);
  if (names.length > LISTED) err(`${' '.repeat(width + 4)}and ${names.length - LISTED} more\n`);
  for (;;) {
    err(`${question} `);
    const answer = await readLine(context);
    if (answer === undefined) throw usageError(question, hint);
    const name = chosen(answer.trim(), names);
    if (name !== undefined) return name;
    const near = nearestWord(answer.trim(), names);
    err(near === undefined ? 'a name or a number of the list, please\n' : `there is none; did you mean ${near}?\n`);
  }
}

export async function askForNewTopic(context: CommandContext, question: string): Promise<string> {
  const hint = 'kts topics --create NAME';
  if (!canAsk(context)) throw usageError(question, hint);
  context.output.err(`${question} `);
  const answer = (await readLine(context))?.trim();
  if (!answer) throw usageError(question, hint);
  return answer;
}

/** For a consumer: the only topic there is needs no question. */
export async function topicToRead(context: CommandContext, cluster: ClusterView): Promise<string> {
  const names = await namesOf(cluster);
  const [only] = names;
  if (only !== undefined && names.length === 1) {
    context.output.err(`kts: reading ${only}, the only topic there is\n`);
    return only;
  }
  return askForTopic(context, cluster, { question: 'which topic shall be read?', hint: 'kts console-consumer TOPIC' });
}
