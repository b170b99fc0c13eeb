/** Which things with configs the words of `configs` mean: pairs of --entity-type and --entity-name, or an option each. */
import type { ParsedOptions } from '../parser/parsed-options.ts';

/** In the order in which Kafka's tool lists them. */
export const ENTITY_TYPES = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** An empty name is what holds for all that have nothing of their own. Types without a name mean all of the type. */
export interface Entities {
  readonly types: readonly EntityType[];
  readonly names: readonly string[];
}

const FLAGS: readonly (readonly [option: string, type: EntityType])[] = [
  ['topic', 'topics'],
  ['client', 'clients'],
  ['user', 'users'],
  ['broker', 'brokers'],
  ['broker-logger', 'broker-loggers'],
  ['ip', 'ips'],
  ['client-metrics', 'client-metrics'],
  ['group', 'groups'],
];

const DEFAULTS: readonly (readonly [option: string, type: EntityType])[] = [
  ['client-defaults', 'clients'],
  ['user-defaults', 'users'],
  ['broker-defaults', 'brokers'],
  ['ip-defaults', 'ips'],
];

function given(options: ParsedOptions, flags: typeof FLAGS): typeof FLAGS {
  return flags.filter(([option]) => options.has(option));
}

/** Options that say type and name in one. */
export function hasEntityFlags(options: ParsedOptions): boolean {
  return given(options, [...FLAGS, ...DEFAULTS]).length > 0;
}

/** As they were typed; what they are is for the caller to check. */
export function entityTypes(options: ParsedOptions): string[] {
  return [...options.values('entity-type'), ...given(options, [...FLAGS, ...DEFAULTS]).map(([, type]) => type)];
}

/** Names and defaults belong to the types in the order in which they were typed. */
export function entityNames(options: ParsedOptions): string[] {
  const named = options.values('entity-name').values();
  const paired = options.sequence.flatMap((option) => {
    if (option === 'entity-default') return [''];
    return option === 'entity-name' ? [named.next().value ?? ''] : [];
  });
  return [
    ...paired,
    ...given(options, FLAGS).map(([option]) => options.value(option) ?? ''),
    ...given(options, DEFAULTS).map(() => ''),
  ];
}

export function isEntityType(word: string): word is EntityType {
  return (ENTITY_TYPES as readonly string[]).includes(word);
}

/** `topic`, as Kafka's tool forms it. */
export function singular(type: EntityType): string {
  return type.slice(0, -1);
}

export function isQuotaType(type: EntityType): type is 'users' | 'clients' | 'ips' {
  return type === 'users' || type === 'clients' || type === 'ips';
}
