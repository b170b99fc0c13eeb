/**
 * What DescribeConfigs tells of each resource: every key with its value, where it comes from, and the chain of values
 * behind it. The chain is Kafka's: dynamic for the node, dynamic for all, static, default, beginning at the key itself.
 */
import type { BrokerConfig } from './broker-config.ts';
import { BROKER_KEYS } from './broker-keys.ts';
import { type ConfigKey, type ConfigType, canonicalText, REQUIRED } from './config-key.ts';
import { brokerKey, brokerSynonyms, type DynamicBrokerConfigs, withDynamicConfigs } from './config-layers.ts';
import { CLIENT_METRICS_KEYS, GROUP_KEYS, GROUP_SYNONYMS } from './group-keys.ts';
import { ConfigSource, topicValue } from './topic-config.ts';
import { TOPIC_KEYS, TOPIC_SYNONYMS } from './topic-keys.ts';

export interface DescribedSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

/** As DescribeConfigs answers it. */
export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly DescribedSynonym[];
  readonly configType: number;
  readonly documentation: string | null;
}

export interface DescribeContext {
  readonly config: BrokerConfig;
  readonly dynamic: DynamicBrokerConfigs;
  /** The answer leaves the chains out unless they were asked for. */
  readonly includeSynonyms: boolean;
}

type Overrides = ReadonlyMap<string, string>;

const TYPE_CODES: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

function isSensitive(row: ConfigKey | undefined): boolean {
  return row === undefined || row.type === 'PASSWORD';
}

/** The value as Kafka prints it; one that cannot be parsed (another version let it through) is shown as it is. */
function shown(row: ConfigKey | undefined, text: string | null): string | null {
  if (text === null || row === undefined || isSensitive(row)) return null;
  try {
    return canonicalText(row, text);
  } catch {
    return text;
  }
}

function defaultText(row: ConfigKey | undefined): string | null {
  return row === undefined || row.default === REQUIRED ? null : row.default;
}

/** The chain behind a broker key. Links before the key itself (a listener's override, say) belong to other keys. */
function brokerChain(name: string, context: DescribeContext, sensitive: boolean): DescribedSynonym[] {
  const { config, dynamic } = context;
  const names = brokerSynonyms(name);
  const chain: DescribedSynonym[] = [];
  const add = (link: string, value: string | null | undefined, source: number): void => {
    if (value !== undefined) chain.push({ name: link, value: sensitive ? null : value, source });
  };
  for (const link of names) add(link, dynamic.node.get(link), ConfigSource.DYNAMIC_BROKER);
  for (const link of names) add(link, dynamic.cluster.get(link), ConfigSource.DYNAMIC_DEFAULT_BROKER);
  for (const link of names) add(link, config.values.given.get(link), ConfigSource.STATIC_BROKER);
  for (const link of names) {
    add(link, defaultText(BROKER_KEYS.get(link)) ?? undefined, ConfigSource.DEFAULT);
  }
  const start = chain.findIndex((link) => link.name === name);
  return start < 0 ? [] : chain.slice(start);
}

interface EntryParts {
  readonly name: string;
  readonly row: ConfigKey | undefined;
  readonly value: string | null;
  readonly chain: readonly DescribedSynonym[];
  readonly readOnly: boolean;
}

function entry(parts: EntryParts, context: DescribeContext): DescribedConfig {
  const { name, row, value, chain, readOnly } = parts;
  return {
    name,
    value,
    readOnly,
    configSource: chain[0]?.source ?? ConfigSource.DEFAULT,
    isSensitive: isSensitive(row),
    synonyms: context.includeSynonyms ? chain : [],
    configType: row === undefined ? 0 : TYPE_CODES[row.type],
    documentation: null,
  };
}

/** `names`: only those, or all. */
function wanted(names: readonly string[] | null): (name: string) => boolean {
  if (names === null) return () => true;
  const set = new Set(names);
  return (name) => set.has(name);
}

export function describeTopicConfigs(
  overrides: Overrides,
  names: readonly string[] | null,
  context: DescribeContext,
): DescribedConfig[] {
  const { config, dynamic } = context;
  return [...TOPIC_KEYS.values()]
    .filter((row) => wanted(names)(row.name) && (!row.internal || overrides.has(row.name)))
    .map((row) => {
      const value = shown(row, topicValue(row.name, overrides, config, dynamic).text);
      const synonym = TOPIC_SYNONYMS.get(row.name)?.[0]?.name;
      const chain = synonym === undefined ? [] : brokerChain(synonym, context, isSensitive(row));
      if (overrides.has(row.name)) chain.unshift({ name: row.name, value, source: ConfigSource.TOPIC });
      return entry({ name: row.name, row, value, chain, readOnly: false }, context);
    });
}

/** Of this node: every key, and whatever else was given. */
export function describeBrokerConfigs(names: readonly string[] | null, context: DescribeContext): DescribedConfig[] {
  const current = withDynamicConfigs(context.config, context.dynamic);
  const isWanted = wanted(names);
  const all = new Set<string>();
  for (const row of BROKER_KEYS.values()) if (!row.internal) all.add(row.name);
  for (const given of [current.values.given, context.dynamic.cluster, context.dynamic.node]) {
    for (const name of given.keys()) all.add(name);
  }
  return [...all].filter(isWanted).map((name) => {
    const row = brokerKey(name);
    const text = BROKER_KEYS.has(name)
      ? current.values.canonical(name)
      : (context.dynamic.node.get(name) ?? context.dynamic.cluster.get(name) ?? current.values.given.get(name) ?? null);
    const value = BROKER_KEYS.has(name) && !isSensitive(row) ? text : shown(row, text);
    const chain = brokerChain(name, context, isSensitive(row));
    return entry({ name, row, value, chain, readOnly: (row?.update ?? 'read-only') === 'read-only' }, context);
  });
}

/** Of all brokers (the empty resource name): only what was set there. */
export function describeDefaultBrokerConfigs(
  names: readonly string[] | null,
  context: DescribeContext,
): DescribedConfig[] {
  return [...context.dynamic.cluster]
    .filter(([name]) => wanted(names)(name))
    .map(([name, text]) => {
      const row = brokerKey(name);
      const chain = brokerChain(name, context, isSensitive(row)).filter(
        ({ source }) => source === ConfigSource.DYNAMIC_DEFAULT_BROKER,
      );
      const readOnly = (row?.update ?? 'read-only') === 'read-only';
      return entry({ name, row, value: shown(row, text), chain, readOnly }, context);
    });
}

export function describeGroupConfigs(
  overrides: Overrides,
  names: readonly string[] | null,
  context: DescribeContext,
): DescribedConfig[] {
  const current = withDynamicConfigs(context.config, context.dynamic);
  return [...GROUP_KEYS.values()]
    .filter((row) => wanted(names)(row.name))
    .map((row) => {
      const synonym = GROUP_SYNONYMS.get(row.name);
      const inherited = synonym === undefined ? defaultText(row) : current.values.canonical(synonym);
      const value = shown(row, overrides.get(row.name) ?? inherited);
      const chain =
        synonym === undefined
          ? [{ name: row.name, value: inherited, source: ConfigSource.DEFAULT }]
          : brokerChain(synonym, context, isSensitive(row));
      if (overrides.has(row.name)) chain.unshift({ name: row.name, value, source: ConfigSource.GROUP });
      return entry({ name: row.name, row, value, chain, readOnly: false }, context);
    });
}

export function describeClientMetricsConfigs(
  overrides: Overrides,
  names: readonly string[] | null,
  context: DescribeContext,
): DescribedConfig[] {
  return [...CLIENT_METRICS_KEYS.values()]
    .filter((row) => wanted(names)(row.name))
    .map((row) => {
      const value = shown(row, overrides.get(row.name) ?? defaultText(row));
      const chain = overrides.has(row.name) ? [{ name: row.name, value, source: ConfigSource.CLIENT_METRICS }] : [];
      return entry({ name: row.name, row, value, chain, readOnly: false }, context);
    });
}
