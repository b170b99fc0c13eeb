/** `consumer-groups --list`, with the filters of state and type. */
import type { ListedGroup } from '../../client/admin-groups.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { consumerGroups, type GroupsClient } from './groups-client.ts';

const STATES = ['PreparingRebalance', 'Stable', 'Reconciling', 'Dead', 'Assigning', 'CompletingRebalance', 'Empty'];
const TYPES = ['Consumer', 'Classic'];

export interface ListResult {
  readonly groups: readonly ListedGroup[];
  readonly showState: boolean;
  readonly showType: boolean;
}

/** The proper spelling of each word of a list. */
function parseWords(text: string, known: readonly string[], what: string): string[] {
  return text.split(',').map((part) => {
    const word = part.trim().toLowerCase();
    const found = known.find((name) => name.toLowerCase() === word);
    if (found !== undefined) return found;
    const plural = what === 'state' ? 'state' : 'types';
    throw usageError(
      `'${part}' is not a ${what} of a group`,
      `${what}s are ${known.join(', ')}`,
      `Invalid ${plural} list '${text}'. Valid ${what}s are: ${known.join(', ')}`,
    );
  });
}

export async function list(client: GroupsClient, options: ParsedOptions): Promise<ListResult> {
  const stateWords = options.value('state');
  const typeWords = options.value('type');
  const states = stateWords === undefined ? [] : parseWords(stateWords, STATES, 'state');
  const types = typeWords === undefined ? [] : parseWords(typeWords, TYPES, 'type');
  let groups = await consumerGroups(client, { states });
  if (types.length > 0)
    groups = groups.filter((group) => types.some((t) => t.toLowerCase() === group.type.toLowerCase()));
  return { groups, showState: options.has('state'), showType: options.has('type') };
}

function capitalized(word: string): string {
  return word === '' ? '' : (word[0] as string).toUpperCase() + word.slice(1).toLowerCase();
}

export function listText(result: ListResult): string {
  const { groups, showState, showType } = result;
  if (!showState && !showType) return groups.map((group) => `${group.id}\n`).join('');
  const width = Math.max(25, ...groups.map((group) => group.id.length));
  const line = (id: string, type: string, state: string) =>
    `${[id.padEnd(width), ...(showType ? [type.padEnd(20)] : []), ...(showState ? [state.padEnd(20)] : [])].join(' ')}\n`;
  return line('GROUP', 'TYPE', 'STATE') + groups.map((g) => line(g.id, capitalized(g.type), g.state)).join('');
}
