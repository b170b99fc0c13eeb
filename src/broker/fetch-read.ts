/**
 * One look at everything a fetch asks for: positions and sizes only, no record is read. The bytes follow when the answer
 * is encoded, straight from the files into the frame.
 */
import type { Logger } from '../base/logger.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { RecordsSource } from '../protocol/schema.ts';
import type { PartitionLog } from '../storage/partition-log.ts';
import type { FetchMember, FetchPartitionRequest } from './fetch-session.ts';
import type { Partition } from './partition.ts';

export interface PartitionRead {
  readonly member: FetchMember;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** Null: nothing to send. */
  readonly records: RecordsSource | null;
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | null;
  /** The replica that the consumer should ask instead, or -1. */
  readonly preferredReplica: number;
}

/**
 * Who fetches, and what follows from that: followers read to the end of the leader's log and are recorded by it,
 * consumers read what is committed, from any replica where the version lets them (KIP-392).
 */
export interface FetchReader {
  /** The broker that follows; negative for everybody else. */
  readonly replicaId: number;
  /** -1 before version 15. */
  readonly brokerEpoch: number;
  readonly leaderOnly: boolean;
  /** The replica that a consumer should rather ask, -1 for the leader. Null where nobody is sent elsewhere. */
  readonly preferredReplica: ((partition: Partition, fetchOffset: number) => number) | null;
  /** Replication takes more of this partition than it may. Null where nothing is throttled. */
  readonly isThrottled: ((partition: Partition) => boolean) | null;
}

export interface FetchLook {
  readonly reads: readonly PartitionRead[];
  readonly bytes: number;
  /** Must be answered at once: an error, a diverging epoch, or nothing to wait for. */
  readonly urgent: boolean;
}

export interface FetchLookup {
  /** The hosted partition, or the wire error code that says why there is none. */
  find(request: FetchPartitionRequest): Partition | number;
  readonly logger: Logger;
  readonly reader: FetchReader;
}

export interface FetchLimits {
  /** Most bytes of the whole answer; the first batch is sent even when it is larger. */
  readonly maxBytes: number;
  /** The request has just come, at this (monotonic) time: the leader takes note of where its follower is. Else null. */
  readonly arrivedMs: number | null;
}

interface Budget {
  readonly bytesLeft: number;
  /** Nothing is in the answer yet. */
  readonly first: boolean;
  readonly arrivedMs: number | null;
}

export interface FetchPlan {
  readonly members: readonly FetchMember[];
  /** Only partitions with news are looked at closely: the reader knows the rest. */
  readonly incremental: boolean;
}

export function lookAtPartitions(lookup: FetchLookup, plan: FetchPlan, limits: FetchLimits): FetchLook {
  const reads: PartitionRead[] = [];
  let bytes = 0;
  let urgent = false;
  for (const member of plan.members) {
    if (plan.incremental && isQuiet(member, lookup.reader, limits.arrivedMs)) continue;
    const budget = { bytesLeft: limits.maxBytes - bytes, first: bytes === 0, arrivedMs: limits.arrivedMs };
    const read = lookAtPartition(lookup, member, budget);
    if (read.errorCode !== ErrorCode.NONE || read.diverging || read.preferredReplica >= 0) urgent = true;
    if (read.records) bytes += read.records.sizeInBytes;
    reads.push(read);
  }
  return { reads, bytes, urgent };
}

/**
 * The reader is at the end of the log and was told all there is to tell. A session of a thousand partitions has news of
 * few, and is looked at with every batch that is appended to one.
 */
function isQuiet(member: FetchMember, reader: FetchReader, arrivedMs: number | null): boolean {
  const { partition, request } = member;
  if (partition === null || reader.preferredReplica !== null) return false;
  const { log } = partition;
  if (request.fetchOffset !== log.logEndOffset || member.logStartOffset !== log.logStartOffset) return false;
  if (!agrees(log, request)) return false;
  const epoch = request.currentLeaderEpoch;
  if ((reader.leaderOnly ? partition.checkLeader(epoch) : partition.checkReplica(epoch)) !== ErrorCode.NONE)
    return false;
  const follows = reader.replicaId >= 0 && arrivedMs !== null;
  if (follows && noteFollower(partition, request, reader, arrivedMs) !== ErrorCode.NONE) return false;
  return member.highWatermark === log.highWatermark;
}

/** The reader's log is this one's up to where it reads. */
function agrees(log: PartitionLog, { fetchOffset, lastFetchedEpoch }: FetchPartitionRequest): boolean {
  if (lastFetchedEpoch < 0 || lastFetchedEpoch === log.latestEpoch) return true;
  const end = log.endOffsetForEpoch(lastFetchedEpoch);
  return end.leaderEpoch === lastFetchedEpoch && end.endOffset >= fetchOffset;
}

/** The partition that a request names, or the wire error code that says why there is none. */
export function findMember(lookup: FetchLookup, member: FetchMember): Partition | number {
  if (member.partition?.isClosed === false) return member.partition;
  const found = lookup.find(member.request);
  member.partition = typeof found === 'number' ? null : found;
  return found;
}

function lookAtPartition(lookup: FetchLookup, member: FetchMember, budget: Budget): PartitionRead {
  const partition = findMember(lookup, member);
  if (typeof partition === 'number') return failedRead(member, partition);
  const { reader } = lookup;
  const epoch = member.request.currentLeaderEpoch;
  const refused = reader.leaderOnly ? partition.checkLeader(epoch) : partition.checkReplica(epoch);
  if (refused !== ErrorCode.NONE) return failedRead(member, refused);
  try {
    return readPartition(partition, member, reader, budget);
  } catch (error) {
    if (error instanceof KafkaError) {
      sayOnce(lookup.logger, partition, error);
      return failedRead(member, error.code);
    }
    lookup.logger.error(`Error processing fetch of partition ${partition.topic}-${partition.id}`, error);
    return failedRead(member, ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** What was last said of a partition's damage: its consumers come back for it until somebody has mended it. */
const said = new WeakMap<Partition, string>();

/** Damage and failing disks are for whoever runs the node; that an offset is out of range is the client's affair. */
function sayOnce(logger: Logger, partition: Partition, error: KafkaError): void {
  if (error.code !== ErrorCode.CORRUPT_MESSAGE && error.code !== ErrorCode.KAFKA_STORAGE_ERROR) return;
  if (said.get(partition) === error.message) return;
  said.set(partition, error.message);
  logger.error(`Error processing fetch of partition ${partition.name}`, error);
}

function readPartition(partition: Partition, member: FetchMember, reader: FetchReader, budget: Budget): PartitionRead {
  const { log } = partition;
  const { request } = member;
  const { fetchOffset, lastFetchedEpoch } = request;
  const diverging = lastFetchedEpoch >= 0 ? divergence(log, fetchOffset, lastFetchedEpoch) : null;
  if (diverging === null && (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset)) {
    return failedRead(member, ErrorCode.OFFSET_OUT_OF_RANGE);
  }
  const follows = reader.replicaId >= 0;
  if (follows && diverging === null && budget.arrivedMs !== null) {
    const refused = noteFollower(partition, request, reader, budget.arrivedMs);
    if (refused !== ErrorCode.NONE) return failedRead(member, refused);
  }
  const { highWatermark, logStartOffset } = log;
  const preferredReplica =
    diverging === null && reader.preferredReplica !== null ? reader.preferredReplica(partition, fetchOffset) : -1;
  const maxOffset = follows ? log.logEndOffset : highWatermark;
  const maxBytes = Math.min(request.maxBytes, budget.bytesLeft);
  let records: RecordsSource | null = null;
  if (fetchOffset < maxOffset && diverging === null && preferredReplica < 0 && (maxBytes > 0 || budget.first)) {
    if (reader.isThrottled?.(partition) !== true) {
      const result = log.read(fetchOffset, Math.max(0, maxBytes), { maxOffset, minOneBatch: budget.first });
      if (result.sizeInBytes > 0) records = result;
    }
  }
  const errorCode = ErrorCode.NONE;
  return {
    member,
    errorCode,
    highWatermark,
    logStartOffset,
    records,
    diverging,
    preferredReplica,
  };
}

/** Where the epochs of the reader and this log part ways, null where they agree; throws where it cannot be told. */
function divergence(log: PartitionLog, fetchOffset: number, lastFetchedEpoch: number): PartitionRead['diverging'] {
  const end = log.endOffsetForEpoch(lastFetchedEpoch);
  if (end.endOffset < 0 || fetchOffset < log.logStartOffset) {
    throw new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, `the end of epoch ${lastFetchedEpoch} is not known`);
  }
  if (end.leaderEpoch >= lastFetchedEpoch && end.endOffset >= fetchOffset) return null;
  return { epoch: end.leaderEpoch, endOffset: end.endOffset };
}

/** The leader records how far its follower has come, which may commit records and change the ISR. */
function noteFollower(
  partition: Partition,
  request: FetchPartitionRequest,
  reader: FetchReader,
  nowMs: number,
): number {
  const { replicaId, brokerEpoch } = reader;
  const { fetchOffset, logStartOffset } = request;
  const code = partition.remoteFetched({ replicaId, brokerEpoch, fetchOffset, logStartOffset, nowMs });
  // Without an epoch in the request nobody can say whose view of the assignment is old.
  if (code === ErrorCode.UNKNOWN_LEADER_EPOCH && request.currentLeaderEpoch < 0) {
    return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }
  return code;
}

function failedRead(member: FetchMember, errorCode: number): PartitionRead {
  return {
    member,
    errorCode,
    highWatermark: -1,
    logStartOffset: -1,
    records: null,
    diverging: null,
    preferredReplica: -1,
  };
}

/** The key under which answers of one topic are gathered: its id, or its name in requests before ids. */
export function topicKey(request: FetchPartitionRequest): string {
  return request.topicId === ZERO_UUID ? request.topic : request.topicId;
}
