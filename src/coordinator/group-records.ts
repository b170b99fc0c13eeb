/**
 * The records of `__consumer_offsets` as this coordinator writes and reads them. A key begins with its type, a value
 * with its version, two bytes each. Written are OffsetCommitValue 4 (1 with an expire timestamp) and GroupMetadataValue 3,
 * as Kafka does from metadata.version 4.3 on; read is every version. Records of other kinds of groups pass as bytes.
 */
import { ZERO_UUID } from '../base/uuid.ts';
import { int16At, setInt16At } from '../protocol/batch.ts';
import { decodeMessage, encodeMessage } from '../protocol/codec.ts';
import {
  groupMetadataKey,
  groupMetadataValue,
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../protocol/records/group.ts';
import type { Message } from '../protocol/schema.ts';
import type { CommittedOffset, OffsetKey } from './committed-offset.ts';

const LEGACY_OFFSET_COMMIT = 0;
const OFFSET_COMMIT = 1;
const GROUP_METADATA = 2;
const GROUP_METADATA_VERSION = 3;
const OFFSET_COMMIT_VERSION = 4;
/** The one version that has an expire timestamp. */
const OFFSET_COMMIT_EXPIRING_VERSION = 1;

export interface OffsetCommitRecord extends OffsetKey {
  readonly kind: 'offset-commit';
  /** Null: a tombstone. Its recordOffset is not written. */
  readonly value: CommittedOffset | null;
}

/** The value of a classic group's record, of any version. */
export interface GroupMetadataValue {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly currentStateTimestamp: number;
  readonly members: readonly GroupMetadataMember[];
}

export interface GroupMetadataMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeout: number;
  readonly sessionTimeout: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

export interface GroupMetadataRecord {
  readonly kind: 'group-metadata';
  readonly group: string;
  readonly value: GroupMetadataValue | null;
}

/** A record of a consumer, share or streams group. */
export interface ForeignRecord {
  readonly kind: 'foreign';
  readonly type: ForeignGroupType;
  readonly group: string;
  readonly key: Buffer;
  readonly isTombstone: boolean;
}

export type ForeignGroupType = 'Consumer' | 'Share' | 'Streams';
export type GroupRecord = OffsetCommitRecord | GroupMetadataRecord | ForeignRecord;

export interface RecordBytes {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

export function encodeRecord(record: GroupRecord): RecordBytes {
  switch (record.kind) {
    case 'offset-commit':
      return {
        key: versioned(offsetCommitKey, OFFSET_COMMIT, 0, record),
        value: record.value === null ? null : encodeOffset(record.value),
      };
    case 'group-metadata':
      return {
        key: versioned(groupMetadataKey, GROUP_METADATA, 0, { group: record.group }),
        value:
          record.value === null
            ? null
            : versioned(groupMetadataValue, GROUP_METADATA_VERSION, GROUP_METADATA_VERSION, record.value),
      };
    case 'foreign':
      return { key: record.key, value: null };
  }
}

function encodeOffset(value: CommittedOffset): Buffer {
  const version = value.expireTimestampMs === -1 ? OFFSET_COMMIT_VERSION : OFFSET_COMMIT_EXPIRING_VERSION;
  return versioned(offsetCommitValue, version, version, {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestamp: value.commitTimestampMs,
    expireTimestamp: value.expireTimestampMs,
    topicId: value.topicId,
  });
}

/** `prefix` is the type of a key, the version of a value. */
function versioned<Out, In>(message: Message<Out, In>, prefix: number, version: number, value: NoInfer<In>): Buffer {
  const body = encodeMessage(message, version, value);
  const bytes = Buffer.allocUnsafe(2 + body.length);
  setInt16At(bytes, 0, prefix);
  body.copy(bytes, 2);
  return bytes;
}

/** Null for kinds of records that are not known. Throws a ProtocolError on bytes that are none of Kafka's. */
export function decodeRecord(key: Uint8Array, value: Uint8Array | null, recordOffset: number): GroupRecord | null {
  const type = int16At(key, 0);
  switch (type) {
    case LEGACY_OFFSET_COMMIT: {
      const decoded = decodeMessage(legacyOffsetCommitKey, 0, key, 2);
      return { kind: 'offset-commit', ...decoded, value: value === null ? null : decodeLegacy(value, recordOffset) };
    }
    case OFFSET_COMMIT: {
      const decoded = decodeMessage(offsetCommitKey, 0, key, 2);
      return { kind: 'offset-commit', ...decoded, value: value === null ? null : decodeOffset(value, recordOffset) };
    }
    case GROUP_METADATA: {
      const { group } = decodeMessage(groupMetadataKey, 0, key, 2);
      const decoded = value === null ? null : decodeMessage(groupMetadataValue, int16At(value, 0), value, 2);
      return { kind: 'group-metadata', group, value: decoded };
    }
    default:
      return foreign(type, key, value);
  }
}

function decodeOffset(bytes: Uint8Array, recordOffset: number): CommittedOffset {
  const value = decodeMessage(offsetCommitValue, int16At(bytes, 0), bytes, 2);
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId,
    recordOffset,
  };
}

function decodeLegacy(bytes: Uint8Array, recordOffset: number): CommittedOffset {
  const value = decodeMessage(legacyOffsetCommitValue, int16At(bytes, 0), bytes, 2);
  return {
    offset: value.offset,
    leaderEpoch: -1,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: -1,
    topicId: ZERO_UUID,
    recordOffset,
  };
}

/** All these keys begin with the group's id. */
function foreign(type: number, key: Uint8Array, value: Uint8Array | null): ForeignRecord | null {
  const groupType = foreignType(type);
  if (groupType === null) return null;
  const copy = Buffer.from(key);
  const group = copy.toString('utf8', 4, 4 + int16At(copy, 2));
  return { kind: 'foreign', type: groupType, group, key: copy, isTombstone: value === null };
}

function foreignType(type: number): ForeignGroupType | null {
  if ((type >= 3 && type <= 8) || type === 16) return 'Consumer';
  if (type >= 10 && type <= 15) return 'Share';
  if (type >= 17 && type <= 23) return 'Streams';
  return null;
}
