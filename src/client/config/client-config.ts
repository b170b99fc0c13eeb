/**
 * Java's client configuration: properties checked as Kafka's clients check them, and what they mean for connections and
 * calls. What they mean for producers and consumers is in the files beside this one; each key is named in one of them, or
 * is reported as having no effect.
 */
import { ADMIN_KEYS, CONSUMER_KEYS, PRODUCER_KEYS } from '../../config/client-keys.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { ConfigKeys } from '../../config/config-key.ts';
import { ConfigValues } from '../../config/config-values.ts';
import { nearestWord } from '../../config/nearest.ts';
import type { ClientSettings } from '../settings.ts';

export type ClientKind = 'admin' | 'producer' | 'consumer';

const KEYS: Readonly<Record<ClientKind, ConfigKeys>> = {
  admin: ADMIN_KEYS,
  producer: PRODUCER_KEYS,
  consumer: CONSUMER_KEYS,
};

/** What every client of ours has anyhow, and Kafka's has not. */
const STAND_INS: readonly (readonly [string, string])[] = [
  ['bootstrap.servers', 'unset:1'],
  ['key.serializer', 'bytes'],
  ['value.serializer', 'bytes'],
  ['key.deserializer', 'bytes'],
  ['value.deserializer', 'bytes'],
];

export type Writable<T> = { -readonly [K in keyof T]?: T[K] };

/** Throws a ConfigError, in Kafka's words. `given` then knows which of them were given. */
export function clientValues(kind: ClientKind, properties: ReadonlyMap<string, string>): ClientValues {
  const keys = KEYS[kind];
  const complete = new Map(properties);
  for (const [name, value] of STAND_INS) if (keys.has(name) && !complete.has(name)) complete.set(name, value);
  return new ClientValues(kind, new ConfigValues(keys, complete), properties);
}

export class ClientValues {
  readonly kind: ClientKind;
  readonly values: ConfigValues;
  readonly properties: ReadonlyMap<string, string>;

  constructor(kind: ClientKind, values: ConfigValues, properties: ReadonlyMap<string, string>) {
    this.kind = kind;
    this.values = values;
    this.properties = properties;
  }

  has(name: string): boolean {
    return this.properties.has(name) && this.values.keys.has(name);
  }

  /** Undefined when it was not given: the setting keeps its default. */
  number(name: string): number | undefined {
    return this.has(name) ? this.values.number(name) : undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.has(name) ? this.values.boolean(name) : undefined;
  }

  text(name: string): string | undefined {
    return this.has(name) ? (this.values.textOrNull(name) ?? undefined) : undefined;
  }

  list(name: string): readonly string[] | undefined {
    return this.has(name) ? this.values.list(name) : undefined;
  }
}

const NUMBERS = [
  ['request.timeout.ms', 'requestTimeoutMs'],
  ['default.api.timeout.ms', 'apiTimeoutMs'],
  ['retry.backoff.ms', 'retryBackoffMs'],
  ['retry.backoff.max.ms', 'retryBackoffMaxMs'],
  ['reconnect.backoff.ms', 'reconnectBackoffMs'],
  ['reconnect.backoff.max.ms', 'reconnectBackoffMaxMs'],
  ['socket.connection.setup.timeout.ms', 'connectTimeoutMs'],
  ['socket.connection.setup.timeout.max.ms', 'connectTimeoutMaxMs'],
  ['connections.max.idle.ms', 'connectionsMaxIdleMs'],
  ['metadata.max.age.ms', 'metadataMaxAgeMs'],
] as const;

/** Copies the numbers that were given. */
export function takeNumbers<K extends string>(
  values: ClientValues,
  rows: readonly (readonly [string, K])[],
  settings: { [P in K]?: number },
): void {
  for (const [key, name] of rows) {
    const value = values.number(key);
    if (value !== undefined) settings[name] = value;
  }
}

export function clientSettings(values: ClientValues): Partial<ClientSettings> {
  refuseSecurity(values);
  const settings: Writable<ClientSettings> = {};
  takeNumbers(values, NUMBERS, settings);
  // A producer's retries are those of its batches.
  const retries = values.kind === 'admin' ? values.number('retries') : undefined;
  if (retries !== undefined) settings.retries = retries;
  const clientId = values.text('client.id');
  if (clientId !== undefined && clientId !== '') settings.clientId = clientId;
  const servers = values.list('bootstrap.servers');
  const controllers = values.kind === 'admin' ? values.list('bootstrap.controllers') : undefined;
  if (servers !== undefined && controllers !== undefined && servers.length > 0 && controllers.length > 0) {
    throw new ConfigError('You cannot set both bootstrap.servers and bootstrap.controllers');
  }
  const addresses = controllers !== undefined && controllers.length > 0 ? controllers : servers;
  if (addresses !== undefined) settings.bootstrapServers = addresses.join(',');
  const recovery = values.text('metadata.recovery.strategy');
  if (recovery !== undefined) settings.metadataRecovery = recovery.toLowerCase() === 'none' ? 'none' : 'rebootstrap';
  return settings;
}

/** Sending in the clear what was meant to be encrypted is worse than not sending. */
function refuseSecurity(values: ClientValues): void {
  const protocol = (values.text('security.protocol') ?? 'PLAINTEXT').toUpperCase();
  if (protocol === 'PLAINTEXT') return;
  throw new ConfigError(`security.protocol ${protocol} is not supported yet`, { hint: 'use a PLAINTEXT listener' });
}

/** Settings of plugins travel under their own prefixes. */
const PLUGIN_PREFIX = /^(config\.providers\.|metric\.reporters\.|internal\.)/;

/** Lines to say once: keys that change nothing in kts, and keys that nobody knows. */
export function clientReport({ kind, values, properties }: ClientValues): string[] {
  const keys = KEYS[kind];
  const idle: string[] = [];
  const lines: string[] = [];
  for (const name of [...properties.keys()].sort()) {
    const row = keys.get(name);
    if (row === undefined) {
      if (isOtherKind(name) || PLUGIN_PREFIX.test(name)) continue;
      const nearest = nearestWord(name, keys.keys());
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      lines.push(`unknown configuration ${name} is ignored${hint}`);
      continue;
    }
    // A key that is set to its default asks for nothing.
    const isDefault = typeof row.default === 'string' && values.canonical(name) === row.default;
    if (!row.effect && !isDefault) idle.push(name);
  }
  if (idle.length > 0) lines.push(`set, but without effect in kts: ${idle.join(', ')}`);
  return [...lines, ...values.repeatedEntries()];
}

/** One file often serves several clients. */
function isOtherKind(name: string): boolean {
  return Object.values(KEYS).some((keys) => keys.has(name));
}
