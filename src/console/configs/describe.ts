/** `configs --describe`: what is asked for each type, and Kafka's lines for it. */
import { EXIT } from '../../base/kts-error.ts';
import {
  type ConfigEntry,
  ConfigSource,
  describeConfigs,
  listConfigResources,
  ResourceType,
} from '../../client/admin-configs.ts';
import { listGroups } from '../../client/admin-groups.ts';
import {
  type ClientQuotas,
  describeClientQuotas,
  type QuotaEntityType,
  type QuotaFilterPart,
} from '../../client/admin-quotas.ts';
import { describeScramCredentials, type UserScramCredentials } from '../../client/admin-scram.ts';
import { listTopics } from '../../client/admin-topics.ts';
import { UnreachableError } from '../../client/cluster-view.ts';
import { javaDoubleText } from '../../config/config-key.ts';
import { nearestWord } from '../../config/nearest.ts';
import { errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type AdminClient, clusterNodes, needsBrokers } from '../admin-client.ts';
import { CommandError, usageError } from '../command-error.ts';
import { inJavaOrder } from '../java-order.ts';
import { type Entities, type EntityType, isQuotaType, singular } from './entities.ts';

export type ResourceEntityType = Exclude<EntityType, 'users' | 'clients' | 'ips'>;

export interface DescribedEntity {
  readonly type: ResourceEntityType;
  /** Empty: what holds for all of the type. */
  readonly name: string;
  readonly entries: readonly ConfigEntry[];
}

export interface DescribeConfigsResult {
  /** Those that are not set too. */
  readonly all: boolean;
  readonly entities: readonly DescribedEntity[];
  /** One that is not there: Kafka's tool says so and calls it a success. */
  readonly missing?: { readonly type: ResourceEntityType; readonly name: string; readonly near: string | undefined };
  readonly quotas: readonly ClientQuotas[];
  readonly credentials: readonly UserScramCredentials[];
  /** Whatever came before it is shown. */
  readonly failure?: unknown;
}

export const RESOURCE_TYPES: Readonly<Record<ResourceEntityType, ResourceType>> = {
  topics: ResourceType.topic,
  brokers: ResourceType.broker,
  'broker-loggers': ResourceType.brokerLogger,
  groups: ResourceType.group,
  'client-metrics': ResourceType.clientMetrics,
};

const QUOTA_TYPES: Readonly<Record<'users' | 'clients' | 'ips', QuotaEntityType>> = {
  users: 'user',
  clients: 'client-id',
  ips: 'ip',
};

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** What Kafka's client finds wrong with a topic's name before it asks anybody. */
function checkTopicName(name: string): void {
  if (TOPIC_NAME.test(name) && name !== '.' && name !== '..') return;
  const why =
    name === '.' || name === '..'
      ? "'.' or '..' is not allowed"
      : name.length > 249
        ? `the length of '${name}' is longer than the max allowed length 249`
        : `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  const hint = "names have up to 249 letters, digits, '.', '_' and '-'";
  throw usageError(`'${name}' cannot be a topic's name`, hint, `Topic name is invalid: ${why}`);
}

async function namesOf(client: AdminClient, type: ResourceEntityType): Promise<string[]> {
  const { cluster } = client;
  switch (type) {
    case 'topics':
      needsBrokers(client);
      return (await listTopics(cluster)).map(({ name }) => name);
    case 'brokers':
    case 'broker-loggers':
      return (await clusterNodes(client)).nodes.map(({ id }) => String(id));
    case 'client-metrics':
      needsBrokers(client);
      return (await listConfigResources(cluster, [ResourceType.clientMetrics])).map(({ name }) => name);
    case 'groups': {
      needsBrokers(client);
      const groups = (await listGroups(cluster)).map(({ id }) => id);
      const configured = await listConfigResources(cluster, [ResourceType.group]);
      return [...new Set([...groups, ...configured.map(({ name }) => name)])];
    }
  }
}

/** Without a type of source every entry counts: log levels are all dynamic. */
function dynamicSource(type: ResourceEntityType, name: string): number | undefined {
  if (type === 'topics') return ConfigSource.topic;
  if (type === 'brokers') return name === '' ? ConfigSource.dynamicDefaultBroker : ConfigSource.dynamicBroker;
  if (type === 'client-metrics') return ConfigSource.clientMetrics;
  return type === 'groups' ? ConfigSource.group : undefined;
}

export async function describeEntities(
  { cluster, ofControllers }: AdminClient,
  type: ResourceEntityType,
  names: readonly string[],
  all: boolean,
): Promise<DescribedEntity[]> {
  const resources = names.map((name) => ({ type: RESOURCE_TYPES[type], name }));
  const described = await describeConfigs(cluster, resources, { synonyms: true, anyNode: ofControllers });
  const byName = new Map(described.map(({ resource, entries }) => [resource.name, entries]));
  return names.map((name) => {
    const source = all ? undefined : dynamicSource(type, name);
    const entries = (byName.get(name) ?? []).filter((entry) => source === undefined || entry.source === source);
    return { type, name, entries: entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
  });
}

const NOTHING = { entities: [], quotas: [], credentials: [] } as const;

async function describeResources(
  client: AdminClient,
  type: ResourceEntityType,
  given: string | undefined,
  all: boolean,
): Promise<DescribeConfigsResult> {
  if (type === 'topics' && given !== undefined && !all) checkTopicName(given);
  const isDefault = given === '';
  if (given !== undefined && !isDefault && (!all || type === 'brokers' || type === 'broker-loggers')) {
    const known = await namesOf(client, type);
    if (!known.includes(given)) {
      if (all) throw noSuchBroker(given, known);
      return { ...NOTHING, all, missing: { type, name: given, near: nearestWord(given, known) } };
    }
  }
  const names = given === undefined ? await namesOf(client, type) : [given];
  if (given === undefined && type === 'brokers') names.push('');
  try {
    if (type === 'topics') for (const name of names) checkTopicName(name);
    return { ...NOTHING, all, entities: await describeEntities(client, type, names, all) };
  } catch (failure) {
    // Kafka's tool has printed the first head by then.
    return { ...NOTHING, all, entities: names.slice(0, 1).map((name) => ({ type, name, entries: [] })), failure };
  }
}

/** Kafka's tool waits a minute for it. */
function noSuchBroker(id: string, known: readonly string[]): Error {
  const hint = `there are: ${known.join(', ')}`;
  return new CommandError(`there is no broker ${id}`, {
    stage: 'run',
    exitCode: EXIT.notFound,
    hint,
    cause: new UnreachableError(`there is no broker ${id}`, hint, 'describeConfigs', undefined),
  });
}

/** A broker is asked for its configs itself: one that is not there would be waited for. Controllers speak for all. */
export async function checkBroker(client: AdminClient, id: string): Promise<void> {
  if (client.ofControllers) return;
  const known = await namesOf(client, 'brokers');
  if (!known.includes(String(Number(id)))) throw noSuchBroker(id, known);
}

/** Of users and clients together, of one of them, or of addresses; without a name of all of the type. */
export function quotaFilter({ types, names }: Entities): QuotaFilterPart[] {
  if (names.length > types.length) {
    const text = 'More entity names specified than entity types';
    throw usageError('more names than types', 'one --entity-name for each --entity-type', text);
  }
  return types.map((type, at) => {
    const name = names[at];
    const part = { type: QUOTA_TYPES[type as keyof typeof QUOTA_TYPES] };
    return name === undefined ? part : { ...part, name: name === '' ? null : name };
  });
}

async function describeQuotas(client: AdminClient, entities: Entities, all: boolean): Promise<DescribeConfigsResult> {
  const { types, names } = entities;
  needsBrokers(client);
  const quotas = await describeClientQuotas(client.cluster, quotaFilter(entities));
  const result = { ...NOTHING, all, quotas };
  if (!types.includes('users') || types.includes('clients') || names.includes('')) return result;
  try {
    return { ...result, credentials: await describeScramCredentials(client.cluster, names) };
  } catch (failure) {
    return { ...result, failure };
  }
}

export function describe(client: AdminClient, entities: Entities, all: boolean): Promise<DescribeConfigsResult> {
  const type = entities.types[0] as EntityType;
  if (isQuotaType(type)) return describeQuotas(client, entities, all);
  return describeResources(client, type, entities.names[0], all);
}

// ---- Kafka's lines ----

export const SOURCE_NAMES: Readonly<Record<number, string>> = {
  [ConfigSource.unknown]: 'UNKNOWN',
  [ConfigSource.topic]: 'DYNAMIC_TOPIC_CONFIG',
  [ConfigSource.dynamicBroker]: 'DYNAMIC_BROKER_CONFIG',
  [ConfigSource.dynamicDefaultBroker]: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  [ConfigSource.staticBroker]: 'STATIC_BROKER_CONFIG',
  [ConfigSource.default]: 'DEFAULT_CONFIG',
  [ConfigSource.dynamicBrokerLogger]: 'DYNAMIC_BROKER_LOGGER_CONFIG',
  [ConfigSource.clientMetrics]: 'DYNAMIC_CLIENT_METRICS_CONFIG',
  [ConfigSource.group]: 'DYNAMIC_GROUP_CONFIG',
};

function entryLine(entry: ConfigEntry): string {
  const chain = entry.synonyms.map(({ source, name, value }) => `${SOURCE_NAMES[source]}:${name}=${value}`);
  return `  ${entry.name}=${entry.value} sensitive=${entry.isSensitive} synonyms={${chain.join(', ')}}\n`;
}

function entityText({ type, name, entries }: DescribedEntity, all: boolean): string {
  const head =
    name === ''
      ? `Default configs for ${type} in the cluster are:`
      : `${all ? 'All' : 'Dynamic'} configs for ${singular(type)} ${name} are:`;
  return `${head}\n${entries.map(entryLine).join('')}`;
}

const QUOTA_WORDS: Readonly<Record<QuotaEntityType, string>> = {
  user: 'user-principal',
  'client-id': 'client-id',
  ip: 'ip',
};
const QUOTA_ORDER = Object.keys(QUOTA_WORDS) as readonly QuotaEntityType[];

/** `user-principal 'alice', the default client-id` */
export function quotaEntityText({ entity }: ClientQuotas): string {
  const parts = [...entity].sort((a, b) => QUOTA_ORDER.indexOf(a.type) - QUOTA_ORDER.indexOf(b.type));
  return parts
    .map(({ type, name }) => (name === null ? `the default ${QUOTA_WORDS[type]}` : `${QUOTA_WORDS[type]} '${name}'`))
    .join(', ');
}

function quotaText(quotas: ClientQuotas): string {
  const values = inJavaOrder([...quotas.values], ([key]) => key);
  const text = values.map(([key, value]) => `${key}=${javaDoubleText(value)}`).join(', ');
  return `Quota configs for ${quotaEntityText(quotas)} are ${text}\n`;
}

function credentialsText({ user, credentials }: UserScramCredentials): string {
  if (credentials instanceof KafkaError) {
    const name = errorRow(credentials.code).exception;
    return `Error retrieving SCRAM credential configs for user-principal '${user}': ${name}: ${credentials.message}\n`;
  }
  const text = credentials.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`).join(', ');
  return `SCRAM credential configs for user-principal '${user}' are ${text}\n`;
}

export function describeText(result: DescribeConfigsResult): string {
  const { missing } = result;
  if (missing !== undefined) {
    return `The ${singular(missing.type)} '${missing.name}' doesn't exist and doesn't have dynamic config.\n`;
  }
  return [
    ...result.entities.map((entity) => entityText(entity, result.all)),
    ...result.quotas.map(quotaText),
    ...result.credentials.map(credentialsText),
  ].join('');
}
