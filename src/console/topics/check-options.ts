/** Which options of `topics` go together, in the order in which Kafka's tool finds fault. */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { defaultTopic } from '../defaults.ts';
import { oneWord } from '../one-word.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

const ACTIONS = ['list', 'describe', 'create', 'alter', 'delete'] as const;
export type TopicsAction = (typeof ACTIONS)[number];

function not(used: string, other: string, own: string): never {
  throw usageError(own, undefined, `Option "[${used}]" can't be used with option "[${other}]"`);
}

/** `option` makes sense with these actions only, and with none of these others. */
function onlyWith(
  options: ParsedOptions,
  option: string,
  actions: readonly TopicsAction[],
  others: string[] = [],
): void {
  if (!options.has(option)) return;
  for (const other of [...ACTIONS.filter((action) => !actions.includes(action)), ...others]) {
    if (options.has(other)) not(option, other, `--${option} does not go with --${other}`);
  }
}

function required(name: string, own: string, hint: string): never {
  throw usageError(own, hint, `Missing required argument "[${name}]"`);
}

/**
 * The topic that was named: by --topic, in the own manner as a word, and where one is made or altered by KTS_TOPIC or the
 * profile. What is deleted is always named on the spot, and a list or a description of everything stays one.
 */
export function topicOf(context: CommandContext, options: ParsedOptions, action: TopicsAction): string | undefined {
  const named = options.value('topic');
  if (context.manner === 'strict') return named;
  const word = oneWord(options, named !== undefined);
  return named ?? word ?? (action === 'create' || action === 'alter' ? defaultTopic(context) : undefined);
}

export function checkTopicsOptions(context: CommandContext, options: ParsedOptions): TopicsAction {
  const actions = ACTIONS.filter((action) => options.has(action));
  const [action] = actions;
  if (action === undefined || actions.length > 1) {
    throw usageError(
      action === undefined ? 'topics needs an action' : `--${actions.join(' and --')} do not go together`,
      'one of --list, --describe, --create, --alter, --delete',
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    );
  }
  if (context.manner === 'strict' && options.has('delete-config')) {
    context.output.err(
      'delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.\n',
    );
  }
  const changes = action === 'create' || action === 'alter' || action === 'delete';
  // The own manner asks for it once the cluster can name those to choose from.
  if (changes && context.manner === 'strict' && !options.has('topic'))
    required('topic', 'which topic?', '--topic NAME');
  if (action === 'alter') checkAlter(context, options);
  onlyWith(options, 'config', ['create', 'alter']);
  onlyWith(options, 'delete-config', ['alter']);
  onlyWith(options, 'partitions', ['create', 'alter']);
  onlyWith(options, 'replication-factor', ['create']);
  onlyWith(
    options,
    'replica-assignment',
    ['create', 'alter'],
    action === 'create' ? ['partitions', 'replication-factor'] : [],
  );
  for (const filter of FILTERS) onlyWith(options, filter, ['describe'], ['topics-with-overrides']);
  onlyWith(options, 'topics-with-overrides', ['describe']);
  onlyWith(options, 'if-exists', ['alter', 'delete', 'describe']);
  onlyWith(options, 'if-not-exists', ['create']);
  onlyWith(options, 'exclude-internal', ['list', 'describe']);
  onlyWith(options, 'dry-run', ['create', 'alter', 'delete']);
  return action;
}

export const FILTERS = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const;

/** Configs were altered here once: the command that does it today, as a whole. */
function configsCommand(context: CommandContext, options: ParsedOptions): string {
  const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const pairs = options.values('config').map((pair) => {
    const at = pair.indexOf('=');
    return pair.includes(',') && at >= 0 ? `${pair.slice(0, at)}=[${pair.slice(at + 1)}]` : pair;
  });
  const topic = topicOf(context, options, 'alter');
  const words = ['kts configs --alter', quoted(topic ?? 'NAME')];
  if (pairs.length > 0) words.push('--add-config', quoted(pairs.join(',')));
  const removed = options.values('delete-config');
  if (removed.length > 0) words.push('--delete-config', quoted(removed.join(',')));
  const bootstrap = options.value('bootstrap-server');
  if (bootstrap !== undefined) words.push('--bootstrap-server', quoted(bootstrap));
  return words.join(' ');
}

function checkAlter(context: CommandContext, options: ParsedOptions): void {
  if (options.has('config')) {
    throw usageError(
      'topics --alter changes the number of partitions only',
      configsCommand(context, options),
      'Option combination "[[config], [bootstrap-server]]" can\'t be used with option "[alter]" (To alter topic configurations, the kafka-configs tool can be used.)',
    );
  }
  if (options.has('delete-config') && !options.has('partitions')) {
    const text = 'Missing required argument "[partitions]"';
    throw usageError('topics --alter changes the number of partitions only', configsCommand(context, options), text);
  }
  if (!options.has('partitions')) {
    required('partitions', 'how many partitions shall there be?', 'kts topics --alter NAME --partitions N');
  }
}
