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

export interface AddResult {
  readonly steps: readonly AddedRules[];
  /** The step at which it failed, as far as that was begun. */
  readonly begun?: AddedRules;
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
  let begun: AddedRules | undefined;
  try {
    for (const { resource, entries } of rules) {
      const there = await describeAcls(cluster, { resource });
      const isThere = (entry: AclEntry) => there.some((acl) => isSameEntry(acl.entry, entry));
      const missing = entries.filter((entry) => !isThere(entry));
      begun = { resource, entries: missing, existing: entries.filter(isThere) };
      const acls = missing.map((entry) => ({ resource, entry }));
      const outcomes = acls.length === 0 || dryRun ? [] : await createAcls(cluster, acls);
      for (const error of outcomes) if (error !== null) throw error;
      steps.push(begun);
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

export async function removeRules(
  context: CommandContext,
  client: AdminClient,
  rules: readonly Rules[],
  { dryRun, force }: { readonly dryRun: boolean; readonly force: boolean },
): Promise<RemoveResult> {
  const removed: Acl[] = [];
  for (const one of rules) {
    const filters = filtersOf(one);
    if (context.manner === 'strict') {
      if (!force && !(await isConfirmedStrictly(context, one))) continue;
    } else if (dryRun || !force) {
      const hit = await hitBy(client, filters);
      if (dryRun) removed.push(...hit);
      if (dryRun || hit.length === 0 || !(await isConfirmed(context, hit))) continue;
    }
    for (const outcome of await deleteAcls(client.cluster, filters)) {
      if (outcome instanceof KafkaError) return { removed, failure: outcome };
      removed.push(...outcome);
    }
  }
  return { removed };
}
