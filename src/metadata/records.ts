/**
 * Records of the metadata log: the frame around them (frame version 1, record type, record version, all as unsigned
 * varints), their versions by metadata.version, and one union type over all of them.
 *
 * A reader refuses what it cannot understand in full (an unknown type or version, trailing bytes): a node that skipped
 * a record would disagree with its cluster from there on.
 */
import { decodeMessage, encodeMessage } from '../protocol/codec.ts';
import { ProtocolError } from '../protocol/kafka-error.ts';
import * as schemas from '../protocol/records/metadata.ts';
import type { Decoded, Encodable } from '../protocol/schema.ts';
import { MV } from './features.ts';

const FRAME_VERSION = 1;

const TYPES = {
  registerBroker: schemas.registerBrokerRecord,
  unregisterBroker: schemas.unregisterBrokerRecord,
  topic: schemas.topicRecord,
  partition: schemas.partitionRecord,
  config: schemas.configRecord,
  partitionChange: schemas.partitionChangeRecord,
  fenceBroker: schemas.fenceBrokerRecord,
  unfenceBroker: schemas.unfenceBrokerRecord,
  removeTopic: schemas.removeTopicRecord,
  delegationToken: schemas.delegationTokenRecord,
  userScramCredential: schemas.userScramCredentialRecord,
  featureLevel: schemas.featureLevelRecord,
  clientQuota: schemas.clientQuotaRecord,
  producerIds: schemas.producerIdsRecord,
  brokerRegistrationChange: schemas.brokerRegistrationChangeRecord,
  accessControlEntry: schemas.accessControlEntryRecord,
  removeAccessControlEntry: schemas.removeAccessControlEntryRecord,
  noOp: schemas.noOpRecord,
  zkMigrationState: schemas.zkMigrationStateRecord,
  removeUserScramCredential: schemas.removeUserScramCredentialRecord,
  beginTransaction: schemas.beginTransactionRecord,
  endTransaction: schemas.endTransactionRecord,
  abortTransaction: schemas.abortTransactionRecord,
  removeDelegationToken: schemas.removeDelegationTokenRecord,
  registerController: schemas.registerControllerRecord,
  clearElr: schemas.clearElrRecord,
} as const;

export type MetadataRecordType = keyof typeof TYPES;

type RecordOf<T extends MetadataRecordType> = {
  readonly type: T;
  readonly version: number;
  readonly value: Decoded<(typeof TYPES)[T]>;
  /** The frame it was read from, kept for records that snapshots repeat as they came, unknown tags included. */
  readonly frame?: Uint8Array;
};

export type MetadataRecord = { [T in MetadataRecordType]: RecordOf<T> }[MetadataRecordType];

const TYPE_OF_KEY = new Map<number, MetadataRecordType>(
  (Object.keys(TYPES) as MetadataRecordType[]).map((type) => [TYPES[type].apiKey, type]),
);

/** Kept whole in the image, so that the next snapshot repeats them byte for byte. */
const KEPT: ReadonlySet<MetadataRecordType> = new Set([
  'clientQuota',
  'accessControlEntry',
  'userScramCredential',
  'delegationToken',
]);

/** `TopicRecord` of `topic`, as Kafka's tools name it. */
export function recordName(type: MetadataRecordType): string {
  return TYPES[type].name;
}

interface FieldDefault {
  readonly name: string;
  readonly hasDefault: boolean;
  readonly default: unknown;
}

const FIELD_DEFAULTS = new Map<MetadataRecordType, readonly FieldDefault[]>();

function fieldDefaults(type: MetadataRecordType): readonly FieldDefault[] {
  let known = FIELD_DEFAULTS.get(type);
  if (known === undefined) {
    const fields = TYPES[type].fields as Readonly<Record<string, { spec: { hasDefault: boolean; default: unknown } }>>;
    known = Object.entries(fields).map(([name, { spec }]) => ({
      name,
      hasDefault: spec.hasDefault,
      default: spec.default,
    }));
    FIELD_DEFAULTS.set(type, known);
  }
  return known;
}

/** The record of that type with every field: those left out take the schema's default. */
export function metadataRecord<T extends MetadataRecordType>(
  type: T,
  version: number,
  value: Encodable<(typeof TYPES)[T]>,
): MetadataRecord {
  const full: Record<string, unknown> = {};
  for (const field of fieldDefaults(type)) {
    const given = (value as Record<string, unknown>)[field.name];
    full[field.name] = given === undefined && field.hasDefault ? field.default : given;
  }
  return { type, version, value: full } as unknown as MetadataRecord;
}

function uvarSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}

function putUvar(target: Uint8Array, at: number, value: number): number {
  let left = value;
  let position = at;
  while (left >= 0x80) {
    target[position++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  target[position++] = left;
  return position;
}

/** The value of a record in the metadata log or a snapshot. */
export function encodeRecord(record: MetadataRecord): Uint8Array {
  if (record.frame !== undefined) return record.frame;
  const schema = TYPES[record.type];
  // One call for the whole union: each member's value belongs to its own schema by construction.
  const body = encodeMessage(schema as typeof schemas.noOpRecord, record.version, record.value as never);
  const size = 1 + uvarSize(schema.apiKey) + uvarSize(record.version);
  const frame = new Uint8Array(size + body.length);
  let at = putUvar(frame, 0, FRAME_VERSION);
  at = putUvar(frame, at, schema.apiKey);
  at = putUvar(frame, at, record.version);
  frame.set(body, at);
  return frame;
}

function takeUvar(bytes: Uint8Array, cursor: { at: number }, what: string): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at];
    if (byte === undefined) throw new ProtocolError(`metadata record ends within its ${what}`);
    cursor.at++;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new ProtocolError(`metadata record has an overlong ${what}`);
}

/** Reads the value of one record. `bytes` are copied where the record outlives them. */
export function decodeRecord(bytes: Uint8Array): MetadataRecord {
  const cursor = { at: 0 };
  const frameVersion = takeUvar(bytes, cursor, 'frame version');
  if (frameVersion !== FRAME_VERSION) throw new ProtocolError(`unknown metadata frame version ${frameVersion}`);
  const key = takeUvar(bytes, cursor, 'type');
  const version = takeUvar(bytes, cursor, 'version');
  const type = TYPE_OF_KEY.get(key);
  if (type === undefined) throw new ProtocolError(`unknown metadata record type ${key}`);
  const schema = TYPES[type];
  const range = schema.validVersions;
  if (range === null || version < range.min || version > range.max) {
    throw new ProtocolError(`unknown version ${version} of ${schema.name}`);
  }
  if (!KEPT.has(type)) {
    const value = decodeMessage(schema as typeof schemas.noOpRecord, version, bytes, cursor.at);
    return { type, version, value } as unknown as MetadataRecord;
  }
  const frame = Buffer.from(bytes);
  const value = decodeMessage(schema as typeof schemas.noOpRecord, version, frame, cursor.at);
  return { type, version, value, frame } as unknown as MetadataRecord;
}

/** The record versions that a metadata.version prescribes. */
export function registerBrokerVersion(metadataVersion: number): number {
  if (metadataVersion >= MV.cordonedDirs) return 4;
  if (metadataVersion >= MV.directoryAssignment) return 3;
  return metadataVersion >= 8 ? 2 : 1;
}

export function partitionVersion(metadataVersion: number): number {
  if (metadataVersion >= MV.elr) return 2;
  return metadataVersion >= MV.directoryAssignment ? 1 : 0;
}

/** PartitionChange follows Partition. */
export const partitionChangeVersion = partitionVersion;
