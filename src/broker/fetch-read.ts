/**
 * One look at everything a fetch asks for: positions and sizes only, no record is read. The bytes follow when the answer
 * is encoded, straight from the files into the frame.
 */
import type { Logger } from '../base/logger.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { RecordsSource } from '../protocol/schema.ts';
import type { FetchPartitionRequest } from './fetch-session.ts';
import type { Partition } from './partition.ts';

export interface PartitionRead {
  readonly request: FetchPartitionRequest;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** Null: nothing to send. */
  readonly records: RecordsSource | null;
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | null;
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number } | null;
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
}

export interface FetchLimits {
  /** Most bytes of the whole answer; the first batch is sent even when it is larger. */
  readonly maxBytes: number;
}

export function lookAtPartitions(
  lookup: FetchLookup,
  requests: readonly FetchPartitionRequest[],
  limits: FetchLimits,
): FetchLook {
  const reads: PartitionRead[] = [];
  let bytes = 0;
  let urgent = false;
  for (const request of requests) {
    const read = lookAtPartition(lookup, request, { bytesLeft: limits.maxBytes - bytes, first: bytes === 0 });
    if (read.errorCode !== ErrorCode.NONE || read.diverging) urgent = true;
    if (read.records) bytes += read.records.sizeInBytes;
    reads.push(read);
  }
  return { reads, bytes, urgent };
}

function lookAtPartition(
  lookup: FetchLookup,
  request: FetchPartitionRequest,
  budget: { readonly bytesLeft: number; readonly first: boolean },
): PartitionRead {
  const partition = lookup.find(request);
  if (typeof partition === 'number') return failedRead(request, partition);
  const refused = partition.checkLeader(request.currentLeaderEpoch);
  if (refused !== ErrorCode.NONE) return failedRead(request, refused, partition);
  try {
    return readPartition(partition, request, budget);
  } catch (error) {
    if (error instanceof KafkaError) {
      sayOnce(lookup.logger, partition, error);
      return failedRead(request, error.code, partition);
    }
    lookup.logger.error(`Error processing fetch of partition ${partition.topic}-${partition.id}`, error);
    return failedRead(request, ErrorCode.UNKNOWN_SERVER_ERROR);
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

function readPartition(
  partition: Partition,
  request: FetchPartitionRequest,
  budget: { readonly bytesLeft: number; readonly first: boolean },
): PartitionRead {
  const { log } = partition;
  const { highWatermark, logStartOffset } = log;
  if (request.lastFetchedEpoch >= 0) {
    const end = log.endOffsetForEpoch(request.lastFetchedEpoch);
    if (end.endOffset < 0) return failedRead(request, ErrorCode.OFFSET_OUT_OF_RANGE);
    if (end.leaderEpoch < request.lastFetchedEpoch || end.endOffset < request.fetchOffset) {
      const diverging = { epoch: end.leaderEpoch, endOffset: end.endOffset };
      return { request, errorCode: 0, highWatermark, logStartOffset, records: null, diverging, currentLeader: null };
    }
  }
  if (request.fetchOffset < logStartOffset || request.fetchOffset > log.logEndOffset) {
    return failedRead(request, ErrorCode.OFFSET_OUT_OF_RANGE);
  }
  const maxBytes = Math.min(request.maxBytes, budget.bytesLeft);
  let records: RecordsSource | null = null;
  if (request.fetchOffset < highWatermark && (maxBytes > 0 || budget.first)) {
    const options = { maxOffset: highWatermark, minOneBatch: budget.first };
    const result = log.read(request.fetchOffset, Math.max(0, maxBytes), options);
    if (result.sizeInBytes > 0) records = result;
  }
  const { NONE } = ErrorCode;
  return { request, errorCode: NONE, highWatermark, logStartOffset, records, diverging: null, currentLeader: null };
}

function failedRead(request: FetchPartitionRequest, errorCode: number, partition?: Partition): PartitionRead {
  const tellsLeader = errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
  return {
    request,
    errorCode,
    highWatermark: -1,
    logStartOffset: -1,
    records: null,
    diverging: null,
    currentLeader: partition && tellsLeader ? { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch } : null,
  };
}

/** The key under which answers of one topic are gathered: its id, or its name in requests before ids. */
export function topicKey(request: FetchPartitionRequest): string {
  return request.topicId === ZERO_UUID ? request.topic : request.topicId;
}
