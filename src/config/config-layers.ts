/** Dynamic broker configs as the metadata image has them, over the static configuration of a node. */
import { BrokerConfig } from './broker-config.ts';
import { BROKER_KEYS, DYNAMIC_BROKER_KEYS } from './broker-keys.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigKey, parseValue } from './config-key.ts';
import { OWN_BROKER_KEYS } from './own-keys.ts';

export interface DynamicBrokerConfigs {
  /** Of this node. */
  readonly node: ReadonlyMap<string, string>;
  /** Of all brokers (`--entity-default`). */
  readonly cluster: ReadonlyMap<string, string>;
}

export const NO_DYNAMIC_CONFIGS: DynamicBrokerConfigs = { node: new Map(), cluster: new Map() };

/** The row of a broker key; a key with a listener's prefix has the row of the key behind it. */
export function brokerKey(name: string): ConfigKey | undefined {
  const row = BROKER_KEYS.get(name) ?? DYNAMIC_BROKER_KEYS.get(name) ?? OWN_BROKER_KEYS.get(name);
  return row ?? BROKER_KEYS.get(withoutListenerPrefix(name));
}

/** `listener.name.x.ssl.keystore.location` is `ssl.keystore.location`; a SASL mechanism in between goes as well. */
export function withoutListenerPrefix(name: string): string {
  const found = /^listener\.name\.[^.]*\.(.*)$/.exec(name);
  if (found === null) return name;
  const rest = found[1] as string;
  if (BROKER_KEYS.has(rest)) return rest;
  const dot = rest.indexOf('.');
  return dot < 0 ? rest : rest.slice(dot + 1);
}

const TIMES = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
] as const;

/** A broker key and those that stand for it, first the one that wins. */
export function brokerSynonyms(name: string): readonly string[] {
  for (const names of TIMES) if ((names as readonly string[]).includes(name)) return names;
  if (name === 'log.flush.interval.ms') return [name, 'log.flush.scheduler.interval.ms'];
  const base = withoutListenerPrefix(name);
  return base === name ? [name] : [name, base];
}

/**
 * What a node can use of its dynamic configs. A value that is none, or one for a key that cannot change while it runs,
 * came past the brokers (by the controller's listener, or from another version), and is as if it were not there.
 */
export function usableConfigs(given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (given.size === 0) return given;
  return new Map(
    [...given].filter(([name, value]) => {
      const row = brokerKey(name);
      return row === undefined || (row.update !== 'read-only' && isAllowed(row, value));
    }),
  );
}

/**
 * The node's configuration with its dynamic configs. One that cannot be parsed, or that is read-only, is left out: it
 * was accepted by another version, and a running node does not stop over it.
 */
export function withDynamicConfigs(config: BrokerConfig, dynamic: DynamicBrokerConfigs): BrokerConfig {
  if (dynamic.node.size === 0 && dynamic.cluster.size === 0) return config;
  const given = new Map(config.values.given);
  for (const [name, value] of [...dynamic.cluster, ...dynamic.node]) {
    const row = BROKER_KEYS.get(name);
    if (row === undefined || row.update === 'read-only' || !isAllowed(row, value)) continue;
    given.set(name, value);
  }
  try {
    return BrokerConfig.from(given);
  } catch (error) {
    if (error instanceof ConfigError) return config;
    throw error;
  }
}

function isAllowed(row: ConfigKey, value: string): boolean {
  try {
    parseValue(row, value);
    return true;
  } catch {
    return false;
  }
}
