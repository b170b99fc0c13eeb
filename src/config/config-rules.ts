/**
 * What topics, brokers, groups and client metrics subscriptions may be configured to. Every refusal is a KafkaError with
 * the code and the sentence that Kafka's controller answers.
 */
import { KafkaError } from '../protocol/kafka-error.ts';
import { BrokerConfig } from './broker-config.ts';
import { BROKER_KEYS } from './broker-keys.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigKey, type ConfigKeys, parseValue, REQUIRED } from './config-key.ts';
import { brokerKey, type DynamicBrokerConfigs, withDynamicConfigs, withoutListenerPrefix } from './config-layers.ts';
import { CLIENT_METRICS_KEYS, GROUP_KEYS, GROUP_SYNONYMS } from './group-keys.ts';
import { checkThreadCounts } from './thread-counts.ts';
import { topicValue } from './topic-config.ts';
import { TOPIC_KEYS } from './topic-keys.ts';

const INVALID_CONFIG = 40;
const INVALID_REQUEST = 42;

/** ConfigResource types on the wire. */
const TOPIC = 2;
const BROKER = 4;
const CLIENT_METRICS = 16;
const GROUP = 32;

type Overrides = ReadonlyMap<string, string>;

/** [group key, suffix of the broker keys that bound it, with `min.` and `max.` in front]. */
const GROUP_BOUNDS: readonly (readonly [string, 'both' | 'max'])[] = [
  ['consumer.heartbeat.interval.ms', 'both'],
  ['consumer.session.timeout.ms', 'both'],
  ['consumer.assignment.interval.ms', 'both'],
  ['share.heartbeat.interval.ms', 'both'],
  ['share.session.timeout.ms', 'both'],
  ['share.record.lock.duration.ms', 'both'],
  ['share.delivery.count.limit', 'both'],
  ['share.partition.max.record.locks', 'both'],
  ['share.assignment.interval.ms', 'both'],
  ['streams.heartbeat.interval.ms', 'both'],
  ['streams.session.timeout.ms', 'both'],
  ['streams.num.standby.replicas', 'max'],
  ['streams.assignment.interval.ms', 'both'],
];

const CLIENT_MATCHERS = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]);

/** `consumer.session.timeout.ms` is bounded by `group.consumer.min.session.timeout.ms`. */
function boundKey(name: string, bound: 'min' | 'max'): string {
  const dot = name.indexOf('.');
  const rest = name.slice(dot + 1).replace(/^num\./, '');
  return `group.${name.slice(0, dot)}.${bound}.${rest}`;
}

function invalidConfig(run: () => void, code: number): void {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) throw new KafkaError(code, error.message, { cause: error });
    throw error;
  }
}

export class ConfigRules {
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  /** `overrides`: everything that the topic would have after the change. */
  checkTopic(overrides: Overrides): void {
    refuseUnknown(TOPIC_KEYS, overrides, INVALID_CONFIG, 'Unknown topic config name');
    invalidConfig(() => this.#parseTopic(overrides), INVALID_CONFIG);
    if (overrides.get('remote.storage.enable')?.trim().toLowerCase() === 'true') {
      throw new KafkaError(
        INVALID_CONFIG,
        'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
      );
    }
    const lag = (name: string): number =>
      Number(topicValue(name, overrides, this.#config, { node: new Map(), cluster: new Map() }).text);
    const [min, max] = [lag('min.compaction.lag.ms'), lag('max.compaction.lag.ms')];
    if (min > max) {
      throw new KafkaError(
        INVALID_CONFIG,
        `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`,
      );
    }
  }

  checkGroup(overrides: Overrides): void {
    refuseUnknown(GROUP_KEYS, overrides, INVALID_CONFIG, 'Unknown group config name');
    invalidConfig(() => parseGiven(GROUP_KEYS, overrides), INVALID_CONFIG);
    for (const [name, which] of GROUP_BOUNDS) {
      const text = overrides.get(name);
      if (text !== undefined) this.#checkBounds(name, Number(text), which);
    }
    for (const kind of ['consumer', 'share', 'streams']) this.#checkHeartbeat(kind, overrides);
  }

  checkClientMetrics(overrides: Overrides): void {
    refuseUnknown(CLIENT_METRICS_KEYS, overrides, INVALID_REQUEST, 'Unknown client metrics configuration');
    invalidConfig(() => parseGiven(CLIENT_METRICS_KEYS, overrides), INVALID_CONFIG);
    const interval = overrides.get('interval.ms');
    if (interval !== undefined && (Number(interval) < 100 || Number(interval) > 3_600_000)) {
      throw new KafkaError(
        INVALID_REQUEST,
        `Invalid value ${Number(interval)} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
      );
    }
    for (const pattern of listEntries(overrides.get('match'))) checkClientPattern(pattern);
  }

  /**
   * Dynamic broker configs, before they go to the controller. `perBroker`: for one node, not for all brokers. Unknown
   * names pass, as they do in Kafka: they may mean something to a plugin.
   */
  checkBroker(overrides: Overrides, perBroker: boolean): void {
    const names = [...overrides.keys()];
    refuseNames(
      names.filter((name) => BROKER_KEYS.get(name)?.update === 'read-only'),
      'Cannot update these configs dynamically',
    );
    refuseNames(
      names.filter((name) => /^(ssl|sasl)\./.test(name) && BROKER_KEYS.get(name)?.update === 'per-broker'),
      'These security configs can be dynamically updated only per-listener using the listener prefix',
    );
    invalidConfig(() => {
      for (const [name, text] of overrides) {
        const row = brokerKey(name);
        if (row !== undefined) parseValue(row, text);
      }
    }, INVALID_REQUEST);
    if (!perBroker) {
      refuseNames(
        names.filter((name) => BROKER_KEYS.get(withoutListenerPrefix(name))?.update === 'per-broker'),
        'Cannot update these configs at default cluster level, broker id must be specified',
      );
    }
    invalidConfig(() => {
      BrokerConfig.from(new Map([...this.#config.values.given, ...known(overrides)]));
    }, INVALID_REQUEST);
  }

  /** What all of a node's dynamic configs together would make of it. */
  checkReconfiguration(before: DynamicBrokerConfigs, after: DynamicBrokerConfigs): void {
    checkThreadCounts(withDynamicConfigs(this.#config, before), withDynamicConfigs(this.#config, after));
  }

  /** Whether APPEND and SUBTRACT make sense. */
  isList(type: number, name: string): boolean {
    return rowOf(type, name)?.type === 'LIST';
  }

  /** Where APPEND and SUBTRACT begin when there is no override; null without a default. */
  defaultOf(type: number, name: string): string | null {
    if (type === TOPIC) {
      return topicValue(name, new Map(), this.#config, { node: new Map(), cluster: new Map() }).text;
    }
    if (type === BROKER && BROKER_KEYS.has(name)) return this.#config.values.canonical(name);
    const fallback = rowOf(type, name)?.default;
    return typeof fallback === 'string' ? fallback : null;
  }

  /** Never shown: passwords, and keys that nobody knows. */
  isSensitive(type: number, name: string): boolean {
    const row = rowOf(type, name);
    return row === undefined || row.type === 'PASSWORD';
  }

  /** All topic configs with their values and sources, as CreateTopics answers them. */
  effectiveTopicConfigs(layers: DynamicBrokerConfigs & { readonly topic: Overrides }): readonly {
    readonly name: string;
    readonly value: string | null;
    readonly isReadOnly: boolean;
    readonly isSensitive: boolean;
    readonly source: number;
  }[] {
    return [...TOPIC_KEYS.values()]
      .filter((row) => !row.internal || layers.topic.has(row.name))
      .map((row) => {
        const { text, source } = topicValue(row.name, layers.topic, this.#config, layers);
        return { name: row.name, value: text, isReadOnly: false, isSensitive: row.type === 'PASSWORD', source };
      });
  }

  /** In the order of definition, over the node's own values: the first wrong value is the one that Kafka names. */
  #parseTopic(overrides: Overrides): void {
    for (const row of TOPIC_KEYS.values()) {
      const text = overrides.get(row.name);
      if (text !== undefined) parseValue(row, text);
    }
  }

  #checkBounds(name: string, value: number, which: 'both' | 'max'): void {
    const min = boundKey(name, 'min');
    const max = boundKey(name, 'max');
    if (which === 'both' && value < this.#config.number(min)) {
      throw new KafkaError(INVALID_CONFIG, `${name} must be greater than or equal to ${min}`);
    }
    if (value > this.#config.number(max)) {
      throw new KafkaError(INVALID_CONFIG, `${name} must be less than or equal to ${max}`);
    }
  }

  #checkHeartbeat(kind: string, overrides: Overrides): void {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    const value = (name: string): number =>
      Number(overrides.get(name) ?? this.#config.number(GROUP_SYNONYMS.get(name) as string));
    if (value(session) > value(heartbeat)) return;
    throw new KafkaError(INVALID_CONFIG, `${session} must be greater than ${heartbeat}`);
  }
}

function rowOf(type: number, name: string): ConfigKey | undefined {
  if (type === TOPIC) return TOPIC_KEYS.get(name);
  if (type === BROKER) return brokerKey(name);
  if (type === GROUP) return GROUP_KEYS.get(name);
  if (type === CLIENT_METRICS) return CLIENT_METRICS_KEYS.get(name);
  return undefined;
}

function known(overrides: Overrides): [string, string][] {
  return [...overrides].filter(([name]) => BROKER_KEYS.has(name));
}

function refuseUnknown(keys: ConfigKeys, overrides: Overrides, code: number, what: string): void {
  for (const name of overrides.keys()) if (!keys.has(name)) throw new KafkaError(code, `${what}: ${name}`);
}

function refuseNames(names: readonly string[], what: string): void {
  if (names.length > 0) throw new KafkaError(INVALID_REQUEST, `${what}: [${names.join(', ')}]`);
}

function parseGiven(keys: ConfigKeys, overrides: Overrides): void {
  for (const row of keys.values()) {
    const text = overrides.get(row.name) ?? row.default;
    if (text !== REQUIRED) parseValue(row, text);
  }
}

function listEntries(text: string | undefined): readonly string[] {
  return text === undefined || text.trim() === '' ? [] : text.trim().split(/\s*,\s*/);
}

/** `client_id=pattern`; the pattern is a regular expression. */
function checkClientPattern(pattern: string): void {
  const parts = pattern.split('=');
  const [name, expression] = parts as [string, string | undefined];
  if (parts.length === 2 && CLIENT_MATCHERS.has(name.trim()) && isExpression((expression as string).trim())) return;
  throw new KafkaError(INVALID_CONFIG, `Illegal client matching pattern: ${pattern}`);
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text).source.length > 0;
  } catch {
    return false;
  }
}
