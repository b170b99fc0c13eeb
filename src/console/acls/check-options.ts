/** Which options of `acls` go together, in the order in which Kafka's tool finds fault. */
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { oneWord } from '../one-word.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

const ACTIONS = ['add', 'remove', 'list'] as const;
type AclsAction = (typeof ACTIONS)[number];

function exclusive(options: ParsedOptions, used: string, others: readonly string[]): void {
  if (!options.has(used)) return;
  for (const other of others) {
    if (!options.has(other)) continue;
    const text = `Option "[${used}]" can't be used with option "[${other}]"`;
    throw usageError(`--${used} does not go with --${other}`, undefined, text);
  }
}

function checkBootstrap(context: CommandContext, options: ParsedOptions): void {
  const [servers, controllers] = [options.has('bootstrap-server'), options.has('bootstrap-controller')];
  if (servers && controllers) {
    const text = 'Only one of --bootstrap-server or --bootstrap-controller must be specified';
    throw usageError('brokers or controllers, not both', 'leave one of them out', text);
  }
  if (context.manner === 'strict' && !servers && !controllers) {
    throw usageError('One of --bootstrap-server or --bootstrap-controller must be specified');
  }
}

function actionOf(options: ParsedOptions): AclsAction {
  const actions = ACTIONS.filter((name) => options.has(name));
  const [action] = actions;
  if (action !== undefined && actions.length === 1) return action;
  throw usageError(
    action === undefined ? 'acls needs an action' : `--${actions.join(' and --')} do not go together`,
    'one of --list, --add, --remove',
    'Command must include exactly one action: --list, --add, --remove. ',
  );
}

function checkRoles(options: ParsedOptions, hasTopic: boolean): void {
  if (options.has('producer') && !hasTopic) {
    throw usageError('a producer of which topic?', '--topic NAME', 'With --producer you must specify a --topic');
  }
  if (options.has('idempotent') && !options.has('producer')) {
    const text = 'The --idempotent option is only available if --producer is set';
    throw usageError('--idempotent goes with --producer', undefined, text);
  }
  if (!options.has('consumer')) return;
  const others = !options.has('producer') && (options.has('cluster') || options.has('transactional-id'));
  if (hasTopic && options.has('group') && !others) return;
  const text =
    'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.';
  throw usageError('a consumer reads a topic in a group, and needs nothing else', '--topic NAME --group GROUP', text);
}

/** Kafka's tool overlooks a host without its principal, and then takes a removal for one of every rule there is. */
function checkWhose(options: ParsedOptions, action: AclsAction): void {
  for (const kind of ['allow', 'deny']) {
    if (!options.has(`${kind}-host`) || options.has(`${kind}-principal`)) continue;
    throw usageError(`--${kind}-host goes with --${kind}-principal`, `User:* is everybody`);
  }
  if (action !== 'remove' || options.has('allow-principal') || options.has('deny-principal')) return;
  const narrowed = ['operation', 'producer', 'consumer'].find((name) => options.has(name));
  if (narrowed === undefined) return;
  const hint = `--allow-principal User:NAME; without --${narrowed} all rules of the resource are meant`;
  throw usageError(`whose? --${narrowed} goes with a principal`, hint);
}

const NAMED = ['topic', 'group', 'transactional-id', 'delegation-token', 'user-principal'];
const HOSTS = ['allow-host', 'deny-host'];

/** Kafka's tool leaves the cluster out where patterns are named, and a pattern where nothing is. */
function checkResources(options: ParsedOptions, word: string | undefined): void {
  const empty = [...NAMED, ...HOSTS].find((name) => options.values(name).some((value) => value.trim() === ''));
  if (empty !== undefined || word?.trim() === '') throw usageError('the name is empty', `--${empty ?? 'topic'} NAME`);
  if (!options.has('resource-pattern-type') || options.value('resource-pattern-type')?.toUpperCase() === 'LITERAL')
    return;
  const option = '--resource-pattern-type';
  if (options.has('cluster'))
    throw usageError(`--cluster does not go with ${option}`, 'there is but one: ask for it apart');
  if (word !== undefined || NAMED.some((name) => options.has(name))) return;
  throw usageError(`${option} goes with a resource`, '--topic NAME, --group GROUP, --transactional-id ID …');
}

interface AclsTask {
  readonly action: AclsAction;
  /** The own manner's topic. */
  readonly word: string | undefined;
}

export function checkAclsOptions(context: CommandContext, options: ParsedOptions): AclsTask {
  checkBootstrap(context, options);
  const action = actionOf(options);
  const hosts = ['allow-host', 'allow-principal', 'deny-host', 'deny-principal'];
  exclusive(options, 'list', ['producer', 'consumer', ...hosts, 'dry-run']);
  for (const role of ['producer', 'consumer']) exclusive(options, role, ['operation', 'deny-principal', 'deny-host']);
  if (options.has('principal') && action !== 'list') {
    const text = 'The --principal option is only available if --list is set';
    throw usageError('--principal goes with --list', 'who may is --allow-principal', text);
  }
  const word = context.manner === 'own' ? oneWord(options, options.has('topic')) : undefined;
  checkRoles(options, options.has('topic') || word !== undefined);
  if (context.manner === 'own') {
    checkResources(options, word);
    checkWhose(options, action);
  }
  return { action, word };
}
