/** The names of configs by what they are for, to tell a mistyped one; brokers take names that they do not know. */
import { nearestWord } from '../../config/nearest.ts';
import type { EntityType } from './entities.ts';

export const QUOTAS: readonly string[] = [
  'consumer_byte_rate',
  'controller_mutation_rate',
  'producer_byte_rate',
  'request_percentage',
];
export const IP_QUOTAS: readonly string[] = ['connection_creation_rate'];
/** Dynamic only: they stand in no file. */
const THROTTLES: readonly string[] = [
  'follower.replication.throttled.rate',
  'leader.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
];
const OF_LISTENER = 'listener.name.';
const SCRAM: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** Undefined where names are free. The tables of keys are loaded only for this. */
export async function knownKeys(type: EntityType): Promise<readonly string[] | undefined> {
  switch (type) {
    case 'topics': {
      const { TOPIC_KEYS } = await import('../../config/topic-keys.ts');
      return [...TOPIC_KEYS.values()].filter((row) => !row.internal).map((row) => row.name);
    }
    case 'brokers': {
      const { BROKER_KEYS } = await import('../../config/broker-keys.ts');
      const alterable = [...BROKER_KEYS.values()].filter((row) => !row.internal && row.update !== 'read-only');
      return [...alterable.map((row) => row.name), ...THROTTLES];
    }
    case 'groups':
      return [...(await import('../../config/group-keys.ts')).GROUP_KEYS.keys()];
    case 'client-metrics':
      return [...(await import('../../config/group-keys.ts')).CLIENT_METRICS_KEYS.keys()];
    case 'users':
      return [...QUOTAS, ...SCRAM];
    case 'clients':
      return QUOTAS;
    case 'ips':
      return IP_QUOTAS;
    case 'broker-loggers':
      return undefined;
  }
}

/** Of these names, those that a node reads from its file when it starts, and no other time. */
export async function startKeys(names: Iterable<string>): Promise<string[]> {
  const { BROKER_KEYS } = await import('../../config/broker-keys.ts');
  return [...names].filter((name) => BROKER_KEYS.get(name)?.update === 'read-only');
}

/** The first of the names that nobody knows, and what was probably meant. */
export async function unknownKey(
  type: EntityType,
  names: Iterable<string>,
): Promise<{ readonly name: string; readonly near: string | undefined } | undefined> {
  const known = await knownKeys(type);
  if (known === undefined) return undefined;
  for (const name of names) {
    if (!known.includes(name) && !name.startsWith(OF_LISTENER)) return { name, near: nearestWord(name, known) };
  }
  return undefined;
}
