/** Which options of `consumer-groups` go together, in the order in which Kafka's tool finds fault. */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets', 'validate-regex'] as const;
export type GroupsAction = (typeof ACTIONS)[number];

export const RESET_SCENARIOS = [
  'to-latest',
  'by-duration',
  'to-datetime',
  'from-file',
  'shift-by',
  'to-offset',
  'to-earliest',
  'to-current',
] as const;

const DRY_RUN_WARNING =
  'WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.';

/** The groups that were named, by --group or in the own manner as words. */
export function groupsOf(context: CommandContext, options: ParsedOptions): readonly string[] {
  const named = options.values('group');
  if (named.length > 0 || context.manner === 'strict') return named;
  return options.words;
}

function checkDescribe(options: ParsedOptions, hasGroup: boolean, strict: boolean): void {
  if (!hasGroup && !options.has('all-groups') && strict) {
    throw usageError('', undefined, 'Option [describe] takes one of these options: [group], [all-groups]');
  }
  const parts = ['members', 'offsets', 'state'].filter((part) => options.has(part));
  if (parts.length > 1) {
    throw usageError(
      `--${parts.join(' and --')} do not go together`,
      'describe one of them at a time',
      'Option [describe] takes at most one of these options: [members], [offsets], [state]',
    );
  }
  if (options.value('state') !== undefined) {
    const strictText = 'Option [describe] does not take a value for [state]';
    throw usageError('--state takes no value with --describe', 'states are filtered with --list', strictText);
  }
}

function checkReset(context: CommandContext, options: ParsedOptions, hasGroup: boolean): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw usageError(
      '--dry-run and --execute do not go together',
      'give one of them',
      'Option [reset-offsets] only accepts one of [execute] and [dry-run]',
    );
  }
  if (!options.has('dry-run') && !options.has('execute')) {
    if (context.manner === 'strict') context.output.err(`${DRY_RUN_WARNING}\n`);
    else context.output.err('kts: nothing is changed without --execute\n');
  }
  if (!hasGroup && !options.has('all-groups')) {
    const strictText = 'Option [reset-offsets] takes one of these options: [group], [all-groups]';
    throw usageError("which group's offsets shall be reset?", 'add --group ID or --all-groups', strictText);
  }
  const [first, second] = RESET_SCENARIOS.filter((scenario) => options.has(scenario)).sort();
  if (first !== undefined && second !== undefined) {
    throw usageError(
      `--${first} and --${second} do not go together`,
      'give one of them',
      `Option "[${first}]" can't be used with option "[${second}]"`,
    );
  }
  if (first === undefined) {
    const all = RESET_SCENARIOS.map((scenario) => `[${scenario}]`).join(', ');
    throw usageError(
      'where shall the offsets go?',
      'for example --to-earliest, --to-latest, --to-offset N, --shift-by N, --to-datetime TIME',
      `Option '[reset-offsets]' requires one of the following scenarios: [${all}]`,
    );
  }
  if (first !== 'from-file' && !options.has('topic') && !options.has('all-topics')) {
    const strictText = 'One of the reset scopes should be defined: --all-topics, --topic.';
    throw usageError('which topics shall be reset?', 'add --topic NAME or --all-topics', strictText);
  }
}

function checkPairs(options: ParsedOptions): void {
  const not = (one: string, other: string) => {
    if (!options.has(one) || !options.has(other)) return;
    const strictText = `Option "[${one}]" can't be used with option "[${other}]"`;
    throw usageError(`--${one} and --${other} do not go together`, 'give one of them', strictText);
  };
  not('group', 'all-groups');
  not('group', 'list');
  not('all-groups', 'list');
  not('topic', 'list');
}

export function checkGroupsOptions(context: CommandContext, options: ParsedOptions): GroupsAction {
  const strict = context.manner === 'strict';
  const hasGroup = groupsOf(context, options).length > 0;
  const actions = ACTIONS.filter((action) => options.has(action));
  if (options.has('describe')) checkDescribe(options, hasGroup, strict);
  if (options.has('delete')) {
    if (!hasGroup && !options.has('all-groups')) {
      const strictText = 'Option [delete] takes one of these options: [all-groups], [group]';
      throw usageError('which group shall be deleted?', 'add --group ID or --all-groups', strictText);
    }
    if (options.has('topic')) {
      const strictText = 'The consumer does not support topic-specific offset deletion from a consumer group.';
      throw usageError('--delete takes whole groups', '--delete-offsets takes topics', strictText);
    }
  }
  if (options.has('delete-offsets') && (!hasGroup || !options.has('topic'))) {
    const strictText = 'Option [delete-offsets] takes the following options: [group], [topic]';
    throw usageError('--delete-offsets needs a group and a topic', 'add --group ID --topic NAME', strictText);
  }
  if (options.has('reset-offsets')) checkReset(context, options, hasGroup);
  checkPairs(options);
  const [action] = actions;
  if (action === undefined || actions.length > 1) {
    throw usageError(
      action === undefined ? 'consumer-groups needs an action' : `--${actions.join(' and --')} do not go together`,
      'one of --list, --describe, --reset-offsets, --delete, --delete-offsets, --validate-regex',
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets, --validate-regex',
    );
  }
  return action;
}
