/**
 * What somebody would write by hand for the messages of bench/codec.ts, with Buffer's own methods and a buffer that is
 * known to be large enough: the rival of the generated code. Only what these messages need.
 */

interface State {
  bytes: Buffer;
  at: number;
}

const scratch: State = { bytes: Buffer.alloc(4 * 1024 * 1024), at: 0 };

function putVarint(s: State, value: number): void {
  let left = value;
  while (left > 127) {
    s.bytes[s.at++] = (left & 127) | 128;
    left >>>= 7;
  }
  s.bytes[s.at++] = left;
}

function putInt16(s: State, value: number): void {
  s.at = s.bytes.writeInt16BE(value, s.at);
}

function putInt32(s: State, value: number): void {
  s.at = s.bytes.writeInt32BE(value, s.at);
}

function putInt64(s: State, value: number): void {
  s.at = s.bytes.writeInt32BE(Math.floor(value / 4294967296), s.at);
  s.at = s.bytes.writeUInt32BE(value >>> 0, s.at);
}

function putString(s: State, value: string | null): void {
  putVarint(s, value === null ? 0 : Buffer.byteLength(value) + 1);
  if (value !== null) s.at += s.bytes.write(value, s.at);
}

function putBytes(s: State, value: Uint8Array | null): void {
  putVarint(s, value === null ? 0 : value.length + 1);
  if (value === null) return;
  s.bytes.set(value, s.at);
  s.at += value.length;
}

export type Allocate = (size: number) => Buffer;

function finish(s: State, allocate: Allocate): Buffer {
  const frame = allocate(s.at);
  s.bytes.copy(frame, 0, 0, s.at);
  return frame;
}

function getVarint(s: State): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = s.bytes[s.at++] as number;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}

function getInt16(s: State): number {
  s.at += 2;
  return s.bytes.readInt16BE(s.at - 2);
}

function getInt32(s: State): number {
  s.at += 4;
  return s.bytes.readInt32BE(s.at - 4);
}

function getInt64(s: State): number {
  s.at += 8;
  return s.bytes.readInt32BE(s.at - 8) * 4294967296 + s.bytes.readUInt32BE(s.at - 4);
}

function getString(s: State): string | null {
  const length = getVarint(s) - 1;
  if (length < 0) return null;
  s.at += length;
  return s.bytes.toString('utf8', s.at - length, s.at);
}

function getBytes(s: State): Buffer | null {
  const length = getVarint(s) - 1;
  if (length < 0) return null;
  s.at += length;
  return s.bytes.subarray(s.at - length, s.at);
}

function getArray<T>(s: State, element: () => T): T[] {
  const count = getVarint(s) - 1;
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(element());
  return values;
}

/** None of the benched messages carries tags. */
function skipTags(s: State): void {
  if (getVarint(s) !== 0) throw new Error('tags are not expected here');
}

function putArray<T>(s: State, values: readonly T[], element: (value: T) => void): void {
  putVarint(s, values.length + 1);
  for (const value of values) element(value);
}

export interface Produce {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: readonly {
    readonly name: string;
    readonly partitionData: readonly { readonly index: number; readonly records: Buffer | null }[];
  }[];
}

export function encodeProduce(value: Produce, allocate: Allocate): Buffer {
  const s = scratch;
  s.at = 0;
  putString(s, value.transactionalId);
  putInt16(s, value.acks);
  putInt32(s, value.timeoutMs);
  putArray(s, value.topicData, (topic) => {
    putString(s, topic.name);
    putArray(s, topic.partitionData, (partition) => {
      putInt32(s, partition.index);
      putBytes(s, partition.records);
      putVarint(s, 0);
    });
    putVarint(s, 0);
  });
  putVarint(s, 0);
  return finish(s, allocate);
}

export function decodeProduce(bytes: Buffer): Produce {
  const s: State = { bytes, at: 0 };
  const transactionalId = getString(s);
  const acks = getInt16(s);
  const timeoutMs = getInt32(s);
  const topicData = getArray(s, () => {
    const name = getString(s) as string;
    const partitionData = getArray(s, () => {
      const partition = { index: getInt32(s), records: getBytes(s) };
      skipTags(s);
      return partition;
    });
    skipTags(s);
    return { name, partitionData };
  });
  skipTags(s);
  return { transactionalId, acks, timeoutMs, topicData };
}

export interface Fetch {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
      readonly highWatermark: number;
      readonly lastStableOffset: number;
      readonly logStartOffset: number;
      readonly abortedTransactions: null;
      readonly preferredReadReplica: number;
      readonly records: Buffer | null;
    }[];
  }[];
}

export function encodeFetch(value: Fetch, allocate: Allocate): Buffer {
  const s = scratch;
  s.at = 0;
  putInt32(s, value.throttleTimeMs);
  putInt16(s, value.errorCode);
  putInt32(s, value.sessionId);
  putArray(s, value.responses, (topic) => {
    putString(s, topic.topic);
    putArray(s, topic.partitions, (partition) => {
      putInt32(s, partition.partitionIndex);
      putInt16(s, partition.errorCode);
      putInt64(s, partition.highWatermark);
      putInt64(s, partition.lastStableOffset);
      putInt64(s, partition.logStartOffset);
      putVarint(s, 0);
      putInt32(s, partition.preferredReadReplica);
      putBytes(s, partition.records);
      putVarint(s, 0);
    });
    putVarint(s, 0);
  });
  putVarint(s, 0);
  return finish(s, allocate);
}

export function decodeFetch(bytes: Buffer): Fetch {
  const s: State = { bytes, at: 0 };
  const throttleTimeMs = getInt32(s);
  const errorCode = getInt16(s);
  const sessionId = getInt32(s);
  const responses = getArray(s, () => {
    const topic = getString(s) as string;
    const partitions = getArray(s, () => {
      const partitionIndex = getInt32(s);
      const partitionError = getInt16(s);
      const highWatermark = getInt64(s);
      const lastStableOffset = getInt64(s);
      const logStartOffset = getInt64(s);
      if (getVarint(s) > 1) throw new Error('aborted transactions are not expected here');
      const preferredReadReplica = getInt32(s);
      const records = getBytes(s);
      skipTags(s);
      return {
        partitionIndex,
        errorCode: partitionError,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        abortedTransactions: null,
        preferredReadReplica,
        records,
      };
    });
    skipTags(s);
    return { topic, partitions };
  });
  skipTags(s);
  return { throttleTimeMs, errorCode, sessionId, responses };
}

export interface Metadata {
  readonly throttleTimeMs: number;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
  }[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string | null;
    readonly topicId: string;
    readonly isInternal: boolean;
    readonly partitions: readonly {
      readonly errorCode: number;
      readonly partitionIndex: number;
      readonly leaderId: number;
      readonly leaderEpoch: number;
      readonly replicaNodes: readonly number[];
      readonly isrNodes: readonly number[];
      readonly offlineReplicas: readonly number[];
    }[];
    readonly topicAuthorizedOperations: number;
  }[];
}

export function encodeMetadata(value: Metadata, allocate: Allocate): Buffer {
  const s = scratch;
  s.at = 0;
  putInt32(s, value.throttleTimeMs);
  putArray(s, value.brokers, (broker) => {
    putInt32(s, broker.nodeId);
    putString(s, broker.host);
    putInt32(s, broker.port);
    putString(s, broker.rack);
    putVarint(s, 0);
  });
  putString(s, value.clusterId);
  putInt32(s, value.controllerId);
  putArray(s, value.topics, (topic) => {
    putInt16(s, topic.errorCode);
    putString(s, topic.name);
    s.at += s.bytes.write(topic.topicId, s.at, 'base64url');
    s.bytes[s.at++] = topic.isInternal ? 1 : 0;
    putArray(s, topic.partitions, (partition) => {
      putInt16(s, partition.errorCode);
      putInt32(s, partition.partitionIndex);
      putInt32(s, partition.leaderId);
      putInt32(s, partition.leaderEpoch);
      putArray(s, partition.replicaNodes, (node) => putInt32(s, node));
      putArray(s, partition.isrNodes, (node) => putInt32(s, node));
      putArray(s, partition.offlineReplicas, (node) => putInt32(s, node));
      putVarint(s, 0);
    });
    putInt32(s, topic.topicAuthorizedOperations);
    putVarint(s, 0);
  });
  putVarint(s, 0);
  return finish(s, allocate);
}

export function decodeMetadata(bytes: Buffer): Metadata {
  const s: State = { bytes, at: 0 };
  const nodes = () => getArray(s, () => getInt32(s));
  const throttleTimeMs = getInt32(s);
  const brokers = getArray(s, () => {
    const broker = { nodeId: getInt32(s), host: getString(s) as string, port: getInt32(s), rack: getString(s) };
    skipTags(s);
    return broker;
  });
  const clusterId = getString(s);
  const controllerId = getInt32(s);
  const topics = getArray(s, () => {
    const errorCode = getInt16(s);
    const name = getString(s);
    s.at += 16;
    const topicId = s.bytes.toString('base64url', s.at - 16, s.at);
    const isInternal = s.bytes[s.at++] !== 0;
    const partitions = getArray(s, () => {
      const partition = {
        errorCode: getInt16(s),
        partitionIndex: getInt32(s),
        leaderId: getInt32(s),
        leaderEpoch: getInt32(s),
        replicaNodes: nodes(),
        isrNodes: nodes(),
        offlineReplicas: nodes(),
      };
      skipTags(s);
      return partition;
    });
    const topicAuthorizedOperations = getInt32(s);
    skipTags(s);
    return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations };
  });
  skipTags(s);
  return { throttleTimeMs, brokers, clusterId, controllerId, topics };
}
