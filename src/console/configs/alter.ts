/** `configs --alter`: what Kafka's tool finds wrong by itself is found here in its words; the rest the brokers say. */
import { EXIT } from '../../base/kts-error.ts';
import { alterConfigs, type ConfigChange } from '../../client/admin-configs.ts';
import { alterClientQuotas, describeClientQuotas, type QuotaEntityPart } from '../../client/admin-quotas.ts';
import {
  alterScramCredentials,
  MAX_ITERATIONS,
  SCRAM_MECHANISMS,
  type ScramMechanism,
  type ScramUpsertion,
} from '../../client/admin-scram.ts';
import { type AdminClient, needsBrokers } from '../admin-client.ts';
import { CommandError, usageError } from '../command-error.ts';
import type { ConfigChanges } from './changes.ts';
import { checkBroker, describeEntities, quotaFilter, RESOURCE_TYPES, type ResourceEntityType } from './describe.ts';
import { type Entities, type EntityType, isQuotaType } from './entities.ts';
import { IP_QUOTAS, QUOTAS } from './known-keys.ts';

const SET = 0;
const DELETE = 1;
const MIN_ITERATIONS = 4096;
const MAX_INT = 2147483647;

interface AlterOptions {
  readonly dryRun: boolean;
}

function wrong(message: string, hint: string | undefined, strictText: string): CommandError {
  return new CommandError(message, {
    stage: 'usage',
    exitCode: EXIT.usage,
    strictText,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Several from the options, as Scala prints them; what is removed it keeps in another kind of list. */
function unexpected(verb: 'added' | 'deleted', kind: string, type: EntityType, keys: readonly string[]): CommandError {
  const list = `${verb === 'added' ? 'Set' : 'ArrayBuffer'}(${keys.join(', ')})`;
  return wrong(
    `${keys.join(', ')}: ${type} have ${kind} only`,
    `quotas: ${QUOTAS.join(', ')}${kind.includes('SCRAM') ? `; credentials: ${SCRAM_MECHANISMS.join(', ')}` : ''}`,
    `Only ${kind} configs can be ${verb} for '${type}' using --bootstrap-server. Unexpected config names: ${list}`,
  );
}

function isScram(key: string): key is ScramMechanism {
  return (SCRAM_MECHANISMS as readonly string[]).includes(key);
}

const isQuota = (key: string) => QUOTAS.includes(key);

// ---- configs ----

async function checkLoggers(client: AdminClient, name: string, { set, removed }: ConfigChanges): Promise<void> {
  const [described] = await describeEntities(client, 'broker-loggers', [name], false);
  const known = new Set(described?.entries.map((entry) => entry.name));
  const unknown = [...removed, ...set.keys()].filter((key) => !known.has(key));
  if (unknown.length === 0) return;
  throw new CommandError(`broker ${name} has no logger ${unknown.join(', ')}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    strictText: `Invalid broker logger(s): ${unknown.join(',')}`,
    hint: `kts configs --describe --broker-logger ${name} lists them`,
  });
}

async function alterResource(
  client: AdminClient,
  type: ResourceEntityType,
  name: string,
  changes: ConfigChanges,
  { dryRun }: AlterOptions,
): Promise<void> {
  if ((type === 'brokers' || type === 'broker-loggers') && name !== '') await checkBroker(client, name);
  if (type === 'broker-loggers') await checkLoggers(client, name, changes);
  const resource = { type: RESOURCE_TYPES[type], name };
  const list: ConfigChange[] = [
    ...changes.removed.map((key) => ({ resource, name: key, operation: DELETE, value: '' }) as const),
    ...[...changes.set].map(([key, value]) => ({ resource, name: key, operation: SET, value }) as const),
  ];
  await alterConfigs(client.cluster, list, { validateOnly: dryRun, anyNode: client.ofControllers });
}

// ---- quotas and credentials ----

function checkUserKeys({ types, names }: Entities, { set, removed }: ConfigChanges): void {
  const withClients = types.includes('clients');
  const [type, kind] = withClients
    ? (['clients', 'quota'] as const)
    : (['users', 'quota and SCRAM credential'] as const);
  const isKnown = (key: string) => isQuota(key) || (!withClients && isScram(key));
  // Unknown ones first, credentials behind them.
  const inOrder = (keys: readonly string[]) => [
    ...keys.filter((key) => !isKnown(key) && !isScram(key)),
    ...keys.filter((key) => !isKnown(key) && isScram(key)),
  ];
  const badAdded = inOrder([...set.keys()]);
  if (badAdded.length > 0) throw unexpected('added', kind, type, badAdded);
  const badRemoved = inOrder(removed);
  if (badRemoved.length > 0) throw unexpected('deleted', kind, type, badRemoved);
  const all = [...set.keys(), ...removed];
  if (!all.some(isScram)) return;
  if (names.includes('')) {
    const text =
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.';
    throw wrong('credentials belong to one user', '--user NAME', text);
  }
  if (all.some(isQuota)) {
    const text =
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.";
    throw wrong('quotas and credentials are changed apart', 'call it twice', text);
  }
}

function checkIpKeys({ set, removed }: ConfigChanges): void {
  const unknown = [...set.keys(), ...removed].filter((key) => !IP_QUOTAS.includes(key));
  if (unknown.length === 0) return;
  const text = `Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: ${unknown.join(',')}`;
  throw wrong(`${unknown.join(', ')}: ips have connection quotas only`, IP_QUOTAS.join(', '), text);
}

function quotaNumber(key: string, text: string): number {
  const digits = text.trim();
  if (/^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?$/.test(digits)) {
    return Number(digits.replace(/(?<=[\d.])[fFdD]$/, ''));
  }
  const strictText = `Cannot parse quota configuration value for ${key}: ${text}`;
  throw wrong(`${key} takes a number, not '${text}'`, undefined, strictText);
}

async function alterQuotas(
  client: AdminClient,
  entities: Entities,
  { set, removed }: ConfigChanges,
  { dryRun }: AlterOptions,
): Promise<void> {
  needsBrokers(client);
  const filter = quotaFilter(entities);
  const [before] = await describeClientQuotas(client.cluster, filter);
  const absent = removed.filter((key) => !before?.values.has(key));
  if (absent.length > 0) {
    throw new CommandError(`${absent.join(', ')}: not set, so it cannot be removed`, {
      stage: 'run',
      exitCode: EXIT.notFound,
      strictText: `Invalid config(s): ${absent.join(',')}`,
      hint: 'kts configs --describe shows what is set',
    });
  }
  const entity: QuotaEntityPart[] = filter.map(({ type, name }) => ({ type, name: name ?? null }));
  const changes = new Map<string, number | null>();
  for (const [key, value] of set) changes.set(key, quotaNumber(key, value));
  for (const key of removed) changes.set(key, null);
  await alterClientQuotas(client.cluster, entity, changes, { validateOnly: dryRun });
}

function upsertion(mechanism: ScramMechanism, text: string): ScramUpsertion {
  const example = `for example --add-config '${mechanism}=[iterations=8192,password=…]'`;
  const match = /^(?:iterations=(-?[0-9]*),)?password=(.*)$/.exec(text);
  if (match === null) {
    const strictText = `Invalid credential property ${mechanism.replaceAll('-', '_')}=[hidden]`;
    throw wrong(`${mechanism} takes a password`, example, strictText);
  }
  const given = match[1];
  if (given === '' || given === '-') {
    throw wrong(`${mechanism}: the iterations are a number`, example, `For input string: "${given}"`);
  }
  const iterations = given === undefined || given === '-1' ? MIN_ITERATIONS : Number(given);
  if (iterations > MAX_INT) {
    throw wrong(`${mechanism} takes ${MAX_ITERATIONS} iterations at most`, example, `For input string: "${given}"`);
  }
  if (iterations < MIN_ITERATIONS) {
    const strictText = `Iterations ${iterations} is less than the minimum ${MIN_ITERATIONS} required for ${mechanism}`;
    throw wrong(`${mechanism} takes ${MIN_ITERATIONS} iterations at least`, example, strictText);
  }
  return { mechanism, iterations, password: match[2] ?? '' };
}

async function alterCredentials(
  client: AdminClient,
  user: string,
  { set, removed }: ConfigChanges,
  { dryRun }: AlterOptions,
): Promise<void> {
  const deletions = removed.filter(isScram);
  const upsertions = [...set].flatMap(([key, text]) => (isScram(key) ? [upsertion(key, text)] : []));
  needsBrokers(client);
  // There is no way to ask for the checks alone.
  if (!dryRun) await alterScramCredentials(client.cluster, user, { upsertions, deletions });
}

export async function alter(
  client: AdminClient,
  entities: Entities,
  changes: ConfigChanges,
  options: AlterOptions,
): Promise<void> {
  const { types, names } = entities;
  const type = types[0] as EntityType;
  if (types.length !== names.length) {
    const text = 'An entity name must be specified for every entity type';
    throw usageError('a name for each type, please', 'one --entity-name or --entity-default each', text);
  }
  if (!isQuotaType(type)) return alterResource(client, type, names[0] as string, changes, options);
  if (type === 'ips') checkIpKeys(changes);
  else checkUserKeys(entities, changes);
  const isOfCredentials = [...changes.set.keys(), ...changes.removed].some(isScram);
  if (isOfCredentials) return alterCredentials(client, names[0] as string, changes, options);
  return alterQuotas(client, entities, changes, options);
}
