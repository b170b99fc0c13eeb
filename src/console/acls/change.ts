/** `acls --add` and `--remove`: what was done, step by step, since what comes before a failure is told. */
import {
  type Acl,
  type AclEntry,
  type AclFilter,
  createAcls,
  deleteAcls,
  describeAcls,
} from '../../client/admin-acls.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { AdminClient } from '../admin-client.ts';
import type { CommandContext } from '../command.ts';
import { CommandError, usageError } from '../command-error.ts';
import { readLine } from '../prompt.ts';
import { entriesText, entryText, isSameEntry, type Rules, resourceText } from './acl-words.ts';

export interface AddedRules extends Rules {
  /** Those of them that were there already. */
  readonly existing: readonly AclEntry[];
}

export interface BegunRules extends AddedRules {
  /** Each rule is refused or made by itself. */
  readonly created: readonly AclEntry[];
}

export interface AddResult {
  readonly steps: readonly AddedRules[];
  /** The step at which it failed, as far as that was begun. */
  readonly begun?: BegunRules;
  readonly failure?: unknown;
}

export interface RemoveResult {
  readonly removed: readonly Acl[];
  readonly failure?: unknown;
}

export async function addRules(
  { cluster }: AdminClient,
  rules: readonly Rules[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<AddResult> {
  const steps: AddedRules[] = [];
  let begun: BegunRules | undefined;
  try {
    for (const { resource, entries } of rules) {
      const there = await describeAcls(cluster, { resource });
      const isThere = (entry: AclEntry) => there.some((acl) => isSameEntry(acl.entry, entry));
      const missing = entries.filter((entry) => !isThere(entry));
      const step: AddedRules = { resource, entries: missing, existing: entries.filter(isThere) };
      begun = { ...step, created: [] };
      const acls = missing.map((entry) => ({ resource, entry }));
      const outcomes = acls.length === 0 || dryRun ? [] : await createAcls(cluster, acls);
      begun = { ...step, created: missing.filter((_, at) => outcomes[at] === null) };
      for (const error of outcomes) if (error !== null) throw error;
      steps.push(step);
      begun = undefined;
    }
  } catch (failure) {
    return { steps, failure, ...(begun === undefined ? {} : { begun }) };
  }
  return { steps };
}

export function addedText(steps: readonly AddedRules[]): string {
  let text = '';
  for (const { resource, entries, existing } of steps) {
    for (const entry of existing) {
      text += `Acl (pattern=${resourceText(resource)}, entry=${entryText(entry)}) already exists.\n`;
    }
    if (entries.length > 0) {
      text += `Adding ACLs for resource \`${resourceText(resource)}\`: \n ${entriesText(entries)}\n\n`;
    }
  }
  return text;
}

/** Said only where something failed behind it. */
export function removedText(removed: readonly Rules[]): string {
  return removed
    .map(({ resource, entries }) => `Removed from resource \`${resourceText(resource)}\`:\n${entriesText(entries)}\n\n`)
    .join('');
}

function question({ resource, entries }: Rules): string {
  const filter = `resource filter \`${resourceText(resource)}\`? (y/n)`;
  if (entries.length === 0) return `Are you sure you want to delete all ACLs for ${filter}`;
  return `Are you sure you want to remove ACLs: \n ${entriesText(entries)}\n from ${filter}`;
}

const NO_CONSOLE =
  'Cannot invoke "java.io.Console.readLine()" because the return value of "java.lang.System.console()" is null';

/** Kafka's tool asks on stdout, what was asked for and not what there is, and fails where no terminal can answer. */
async function isConfirmedStrictly(context: CommandContext, rules: Rules): Promise<boolean> {
  const { output } = context;
  output.out(`${question(rules)}\n`);
  output.flush();
  if (!context.input().isTerminal || !output.outIsTerminal) throw new CommandError(NO_CONSOLE, { stage: 'run' });
  return isYes(await readLine(context));
}

/** In the own manner the rules themselves are shown. */
async function isConfirmed(context: CommandContext, acls: readonly Acl[]): Promise<boolean> {
  const { output } = context;
  if (!context.input().isTerminal || !output.errIsTerminal) {
    throw usageError('nobody can be asked whether to remove them', '--force removes without asking');
  }
  for (const { resource, entry } of acls) output.err(`${resourceText(resource)}: ${entryText(entry)}\n`);
  output.err(`remove ${acls.length === 1 ? 'this rule' : `these ${acls.length} rules`}? (y/n) `);
  return isYes(await readLine(context));
}

function isYes(answer: string | undefined): boolean {
  return answer?.trim().toLowerCase() === 'y';
}

function filtersOf({ resource, entries }: Rules): AclFilter[] {
  return entries.length === 0 ? [{ resource }] : entries.map((entry) => ({ resource, entry }));
}

/** What the filters hit, without removing it. */
async function hitBy({ cluster }: AdminClient, filters: readonly AclFilter[]): Promise<Acl[]> {
  const found: Acl[] = [];
  for (const filter of filters) found.push(...(await describeAcls(cluster, filter)));
  return found;
}

interface RemoveOptions {
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** True when they are to be removed; what a dry run would remove is noted. */
async function isWanted(
  context: CommandContext,
  client: AdminClient,
  rules: Rules,
  { dryRun, force }: RemoveOptions,
  removed: Acl[],
): Promise<boolean> {
  if (context.manner === 'strict') return force || (await isConfirmedStrictly(context, rules));
  if (force && !dryRun) return true;
  const hit = await hitBy(client, filtersOf(rules));
  if (dryRun) removed.push(...hit);
  return !dryRun && hit.length > 0 && (await isConfirmed(context, hit));
}

/** What was removed before something failed is told, and also what was removed behind it in the same request. */
export async function removeRules(
  context: CommandContext,
  client: AdminClient,
  rules: readonly Rules[],
  options: RemoveOptions,
): Promise<RemoveResult> {
  const removed: Acl[] = [];
  try {
    for (const one of rules) {
      if (!(await isWanted(context, client, one, options, removed))) continue;
      const outcomes = await deleteAcls(client.cluster, filtersOf(one));
      for (const outcome of outcomes) if (!(outcome instanceof KafkaError)) removed.push(...outcome);
      for (const outcome of outcomes) if (outcome instanceof KafkaError) throw outcome;
    }
  } catch (failure) {
    if (removed.length === 0 || options.dryRun) throw failure;
    return { removed, failure };
  }
  return { removed };
}
