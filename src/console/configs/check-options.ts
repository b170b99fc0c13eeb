/** Which options of `configs` go together, in the order in which Kafka's tool finds fault. */
import { nearestWord } from '../../config/nearest.ts';
import { isResolvable } from '../../runtime/host-names.ts';
import type { CommandContext } from '../command.ts';
import { type CommandError, usageError } from '../command-error.ts';
import { defaultTopic } from '../defaults.ts';
import { oneWord } from '../one-word.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { ENTITY_TYPES, type Entities, entityNames, entityTypes, hasEntityFlags, isEntityType } from './entities.ts';

export type ConfigsAction = 'describe' | 'alter';

export interface ConfigsTask extends Entities {
  readonly action: ConfigsAction;
}

const CHANGES = ['add-config', 'add-config-file', 'delete-config'] as const;
const MISSING_BOOTSTRAP = 'Either --bootstrap-server or --bootstrap-controller must be specified.';

function actionOf(options: ParsedOptions): ConfigsAction {
  const isBoth = options.has('describe') && options.has('alter');
  if (isBoth || (!options.has('describe') && !options.has('alter'))) {
    throw usageError(
      isBoth ? '--describe and --alter do not go together' : 'configs needs an action',
      'one of --describe, --alter',
      'Command must include exactly one action: --describe, --alter',
    );
  }
  if (options.has('alter')) return 'alter';
  for (const other of ['add-config', 'delete-config']) {
    if (!options.has(other)) continue;
    const strictText = `Option "[describe]" can't be used with option "[${other}]"`;
    throw usageError(`--${other} does not go with --describe`, 'use --alter', strictText);
  }
  return 'describe';
}

function checkBootstrap(context: CommandContext, options: ParsedOptions): void {
  if (context.manner === 'own' || options.has('bootstrap-server') || options.has('bootstrap-controller')) return;
  throw usageError(MISSING_BOOTSTRAP);
}

function badType(type: string): CommandError {
  const near = nearestWord(type, ENTITY_TYPES);
  const all = ENTITY_TYPES.join(', ');
  return usageError(
    `'${type}' is no type of what has configs`,
    near === undefined ? `one of ${all}` : `did you mean ${near}?`,
    `Invalid entity type ${type}, the entity type must be one of ${all} with a --bootstrap-server or --bootstrap-controller argument`,
  );
}

function repeated(words: readonly string[]): string[] {
  return words.filter((word, at) => words.indexOf(word) !== at);
}

function checkTypes(types: readonly string[]): void {
  const twice = repeated(types);
  if (twice.length > 0) {
    const text = `Duplicate entity type(s) specified: ${twice.join(',')}`;
    throw usageError(`${twice.join(', ')} were asked for twice`, 'name each type once, and one of it', text);
  }
  for (const type of types) if (!isEntityType(type)) throw badType(type);
  if (types.length === 0) {
    const hint = 'for example --topic NAME, or --entity-type brokers --entity-name 1';
    throw usageError('the configs of what?', hint, 'At least one entity type must be specified');
  }
  if (types.length > 1 && !(types.length === 2 && types.includes('users') && types.includes('clients'))) {
    throw usageError(
      `${types.join(' and ')} do not go together`,
      'only users and clients do',
      "Only 'users' and 'clients' entity types may be specified together",
    );
  }
}

function checkForms(options: ParsedOptions): void {
  const paired = ['entity-name', 'entity-type', 'entity-default'].some((name) => options.has(name));
  if (paired && hasEntityFlags(options)) {
    const text = '--entity-{type,name,default} should not be used in conjunction with specific entity flags';
    throw usageError('--entity-… and the short options do not go together', '--topic NAME says both', text);
  }
  if (options.has('bootstrap-server') && options.has('bootstrap-controller')) {
    const text = 'Only one of --bootstrap-server or --bootstrap-controller can be specified';
    throw usageError('brokers or controllers, not both', 'leave one of them out', text);
  }
}

function isJavaInt(word: string): boolean {
  const number = Number(word);
  return /^[+-]?\d+$/.test(word) && number >= -2147483648 && number <= 2147483647;
}

async function checkNames(options: ParsedOptions, { types, names }: Entities): Promise<void> {
  const [type] = types;
  const named = names.filter((name) => name !== '');
  // Only names that are looked at here must be one; of topics, Kafka's tool takes the first.
  const isSingle = type === 'brokers' || type === 'broker-loggers' || type === 'ips';
  if (isSingle && named.length > 0) options.value('entity-name');
  if (type === 'brokers' || type === 'broker-loggers') {
    const wrong = named.find((name) => !isJavaInt(name));
    if (wrong === undefined) return;
    const text = `The entity name for ${type} must be a valid integer broker id, but it is: ${wrong}`;
    throw usageError(`'${wrong}' is no broker id`, 'a broker is named by its number', text);
  }
  if (type !== 'ips') return;
  for (const name of named) {
    if (await isResolvable(name)) continue;
    const text = `The entity name for ${type} must be a valid IP or resolvable host, but it is: ${name}`;
    throw usageError(`'${name}' is neither an IP address nor a host that is known`, undefined, text);
  }
}

const WITH_DEFAULTS: readonly string[] = ['users', 'clients', 'brokers', 'ips'];

function checkDescribe(options: ParsedOptions, { types, names }: Entities): void {
  if (!types.some((type) => WITH_DEFAULTS.includes(type)) && options.has('entity-default')) {
    const text = `--entity-default must not be specified with --describe of ${types.join(',')}`;
    throw usageError(`${types.join(' and ')} have no defaults of their own`, 'leave --entity-default out', text);
  }
  if (types.includes('broker-loggers') && !names.some((name) => name !== '')) {
    const text = `An entity name must be specified with --describe of ${types.join(',')}`;
    throw usageError("whose log levels? they are each broker's own", '--broker-logger ID', text);
  }
}

function checkAlter(options: ParsedOptions, { types, names }: Entities): void {
  const isNamed = names.some((name) => name !== '');
  const hint = `for example --${types[0] === 'topics' ? 'topic NAME' : 'entity-name NAME'}`;
  if (types.some((type) => WITH_DEFAULTS.includes(type))) {
    if (names.length === 0) {
      const text = 'An entity-name or default entity must be specified with --alter of users, clients, brokers or ips';
      throw usageError(`which of the ${types.join(' and ')}?`, `${hint}, or --entity-default for all`, text);
    }
  } else if (!isNamed) {
    const text = `An entity name must be specified with --alter of ${types.join(',')}`;
    throw usageError(`which of the ${types.join(' and ')}?`, hint, text);
  }
  if (options.has('add-config') && options.has('add-config-file')) {
    const text = 'Only one of --add-config or --add-config-file must be specified';
    throw usageError('--add-config and --add-config-file do not go together', 'leave one of them out', text);
  }
  if (!CHANGES.some((name) => options.has(name))) {
    const text = 'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter';
    throw usageError('what shall be changed?', '--add-config KEY=VALUE or --delete-config KEY', text);
  }
}

/**
 * Kafka's tool takes an empty name, such as that of a variable that is not set, for all; the first of several; and broker
 * 01 for one of its own, whose configs nobody reads.
 */
function checkOwnNames(options: ParsedOptions, types: readonly string[], names: readonly string[]): void {
  const defaults = ['entity-default', 'client-defaults', 'user-defaults', 'broker-defaults', 'ip-defaults'];
  const meant = options.sequence.filter((option) => defaults.includes(option)).length;
  if (names.filter((name) => name === '').length > meant || options.words[0] === '') {
    throw usageError('the name is empty', 'leave it out, or say --entity-default, where all are meant');
  }
  const twisted = types[0]?.startsWith('broker') ? names.find((name) => /^(?:\+|-?0\d)/.test(name)) : undefined;
  if (twisted !== undefined) throw usageError(`'${twisted}' is no broker id`, 'write it as the node does');
  if (names.length > Math.max(types.length, 1)) {
    throw usageError('more names than types', 'call it once for each of them');
  }
}

/** The own manner takes a word for the name, and a topic for what is meant when nothing else is said. */
function entitiesOf(context: CommandContext, options: ParsedOptions, action: ConfigsAction) {
  const types = entityTypes(options);
  const names = entityNames(options);
  if (context.manner === 'strict') return { types, names };
  const word = oneWord(options, names.length > 0);
  checkOwnNames(options, types, names);
  if (names.length === 0 && types.length <= 1 && word !== undefined) {
    return { types: types.length === 0 ? ['topics'] : types, names: [word] };
  }
  if (types.length > 0) return { types, names };
  if (names.length > 0) return { types: ['topics'], names };
  const topic = action === 'alter' ? defaultTopic(context) : undefined;
  return { types: ['topics'], names: topic === undefined ? [] : [topic] };
}

export async function checkConfigsOptions(context: CommandContext, options: ParsedOptions): Promise<ConfigsTask> {
  const action = actionOf(options);
  if (options.has('dry-run') && action === 'describe') {
    throw usageError('--dry-run goes with --alter', 'leave it out');
  }
  const found = entitiesOf(context, options, action);
  const twice = repeated(found.types);
  if (twice.length === 0) checkBootstrap(context, options);
  checkTypes(found.types);
  checkForms(options);
  const entities = found as Entities;
  await checkNames(options, entities);
  if (action === 'describe') checkDescribe(options, entities);
  else checkAlter(options, entities);
  return { action, ...entities };
}
