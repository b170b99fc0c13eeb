/** Rules as data, tables and CSV. */
import type { Cell, Mark, Sheet, Shown } from '../show/shown.ts';
import { byResource, type Rules } from './acl-words.ts';
import type { AddedRules, AddResult, BegunRules, RemoveResult } from './change.ts';
import type { ListedRules } from './list.ts';

const permissionMark = (cell: Cell): Mark => (cell === 'DENY' ? 'bad' : 'good');

function sheet(rules: readonly Rules[]): Sheet {
  return {
    columns: [
      { head: 'RESOURCE', key: 'resource_type' },
      { head: 'NAME', key: 'resource_name', mark: () => 'name' },
      { head: 'PATTERN', key: 'pattern_type' },
      { head: 'PRINCIPAL', key: 'principal' },
      { head: 'HOST', key: 'host' },
      { head: 'OPERATION', key: 'operation' },
      { head: 'PERMISSION', key: 'permission', mark: permissionMark },
    ],
    rows: rules.flatMap(({ resource, entries }) =>
      entries.map((entry) => [
        resource.type,
        resource.name,
        resource.pattern,
        entry.principal,
        entry.host,
        entry.operation,
        entry.permission,
      ]),
    ),
  };
}

function failed(failure: unknown): Pick<Shown, 'failure'> {
  return failure === undefined ? {} : { failure: failure as Error };
}

export function showList(listed: readonly ListedRules[]): Shown {
  const rules = listed.flatMap((one) => one.rules);
  return { data: rules, sheets: rules.length === 0 ? [] : [sheet(rules)], csv: sheet(rules), empty: 'no such rules' };
}

function partlyAdded({ resource, created, existing }: BegunRules): AddedRules {
  return { resource, entries: created, existing };
}

/** Words serve where something was done; data is for programs. */
export function showAdded(result: AddResult, dryRun: boolean): Shown {
  const { begun } = result;
  const partly = begun === undefined || begun.created.length === 0 ? [] : [partlyAdded(begun)];
  return { data: { dryRun, added: [...result.steps, ...partly] }, sheets: [], ...failed(result.failure) };
}

export function showRemoved(result: RemoveResult, dryRun: boolean): Shown {
  return { data: { dryRun, removed: byResource(result.removed) }, sheets: [], ...failed(result.failure) };
}
