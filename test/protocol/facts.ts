/**
 * The recorded facts about Kafka 4.3.1's messages (test/fixtures/protocol), read without any of the code under test.
 * Names come out as our schemas spell them; defaults come out as values.
 */
import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = new URL('../fixtures/protocol/', import.meta.url);

interface RawField {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly mapKey?: boolean;
  readonly entityType?: string;
  readonly fields?: readonly RawField[];
}

interface RawMessage {
  readonly apiKey?: number;
  readonly type: string;
  readonly name: string;
  readonly listeners?: readonly string[];
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly fields: readonly RawField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly RawField[] }[];
}

export interface FieldFact {
  readonly name: string;
  /** Without the brackets of an array; the name of a struct has `fields`. */
  readonly type: string;
  readonly array: boolean;
  readonly fields: readonly FieldFact[] | null;
  readonly versions: string;
  readonly nullable: string;
  readonly tagged: string;
  readonly flexible: string | undefined;
  readonly tag: number;
  readonly hasDefault: boolean;
  /** The declared default, else the zero of the type; undefined stands for a struct of defaults. */
  readonly absent: unknown;
  readonly ignorable: boolean;
  readonly mapKey: boolean;
  readonly entityType: string | undefined;
}

export interface MessageFact {
  readonly file: string;
  readonly name: string;
  readonly kind: string;
  readonly apiKey: number;
  readonly validVersions: string;
  readonly flexible: string;
  readonly listeners: readonly string[];
  readonly fields: readonly FieldFact[];
}

/** Fields that Kafka calls int64 and that use its full range, so that ours are bigints. */
const FULL_RANGE = new Set([
  'FetchRequest.topics.partitions.highWatermark',
  'ListOffsetsRequest.topics.partitions.timestamp',
  'ConsumerGroupMetadataValue.metadataHash',
  'ShareGroupMetadataValue.metadataHash',
  'StreamsGroupMetadataValue.metadataHash',
]);

export function within(versions: string, version: number): boolean {
  if (versions === 'none') return false;
  const [from, to] = versions.split('-');
  if (versions.endsWith('+')) return version >= Number.parseInt(versions, 10);
  return version >= Number(from) && version <= Number(to ?? from);
}

/** The valid versions, one by one. */
export function versionsOf(fact: MessageFact): number[] {
  const versions: number[] = [];
  for (let version = 0; version < 100; version++) if (within(fact.validVersions, version)) versions.push(version);
  return versions;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function absentValue(raw: RawField, type: string, array: boolean, isStruct: boolean): unknown {
  const given = raw.default;
  if (given === null || given === 'null') return null;
  if (array) return [];
  if (isStruct) return undefined;
  switch (type) {
    case 'bool':
      return given === true || given === 'true';
    case 'string':
      return given ?? '';
    case 'uuid':
      return 'AAAAAAAAAAAAAAAAAAAAAA';
    case 'bytes':
      return Buffer.alloc(0);
    case 'records':
      return null;
    case 'bigint64':
      return BigInt((given as string | undefined) ?? 0);
    default:
      return Number(given ?? 0);
  }
}

function fieldFact(raw: RawField, path: string, structs: ReadonlyMap<string, readonly RawField[]>): FieldFact {
  const name = lowerFirst(raw.name);
  const ownPath = `${path}.${name}`;
  const array = raw.type.startsWith('[]');
  const bare = array ? raw.type.slice(2) : raw.type;
  const inner = /^[A-Z]/.test(bare) ? (raw.fields ?? structs.get(bare)) : undefined;
  const type = FULL_RANGE.has(ownPath) ? 'bigint64' : bare;
  return {
    name,
    type,
    array,
    fields: inner === undefined ? null : inner.map((field) => fieldFact(field, ownPath, structs)),
    versions: raw.versions ?? raw.taggedVersions ?? 'none',
    nullable: raw.nullableVersions ?? 'none',
    tagged: raw.taggedVersions ?? 'none',
    flexible: raw.flexibleVersions,
    tag: raw.tag ?? -1,
    hasDefault: raw.default !== undefined,
    absent: absentValue(raw, type, array, inner !== undefined),
    ignorable: raw.ignorable ?? false,
    mapKey: raw.mapKey ?? false,
    entityType: raw.entityType,
  };
}

function messageFact(file: string, raw: RawMessage): MessageFact {
  const structs = new Map((raw.commonStructs ?? []).map((struct) => [struct.name, struct.fields]));
  return {
    file,
    name: raw.name,
    kind: raw.type,
    apiKey: raw.apiKey ?? -1,
    validVersions: raw.validVersions,
    flexible: raw.flexibleVersions ?? 'none',
    listeners: raw.listeners ?? [],
    fields: raw.fields.map((field) => fieldFact(field, raw.name, structs)),
  };
}

/** Every message that has a version; those that Kafka has removed are left out. */
export const FACTS: readonly MessageFact[] = readdirSync(DIRECTORY)
  .filter((file) => file === 'rpc.json' || file.endsWith('-records.json') || file === 'storage-files.json')
  .sort()
  .flatMap((file) =>
    (JSON.parse(readFileSync(new URL(file, DIRECTORY), 'utf8')) as RawMessage[]).map((raw) => messageFact(file, raw)),
  )
  .filter((fact) => fact.validVersions !== 'none');
