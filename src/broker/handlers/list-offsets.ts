/**
 * ListOffsets: the offset at a time, or at one of the special times (earliest, latest, max timestamp, earliest local,
 * latest tiered, earliest pending upload). Clients see nothing above the high watermark; while a new leader's is still
 * that of an epoch before, they are told to come again rather than an offset that would go back.
 */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import {
  type ListOffsetsRequest,
  listOffsetsRequest,
  listOffsetsResponse,
} from '../../protocol/messages/list-offsets.ts';
import type { Encodable } from '../../protocol/schema.ts';
import type { Partition } from '../partition.ts';
import type { BrokerServices } from '../services.ts';

type Response = Encodable<typeof listOffsetsResponse>;
type PartitionAnswer = Response['topics'][number]['partitions'][number];
type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number];

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;

/** Who asks, where it is no follower. */
const CONSUMER = -1;
const DEBUGGING_TOOL = -2;

/** The first version that knows each special time. */
const KNOWN_SINCE: ReadonlyMap<number, number> = new Map([
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);

export function listOffsetsRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 2,
    name: 'ListOffsets',
    request: listOffsetsRequest,
    response: listOffsetsResponse,
    minVersion: 1,
    maxVersion: 11,
    ordering: 'serial',
    handle: (request, context) => ({
      topics: request.topics.map((topic) => {
        const { replicaId } = request;
        const repeated = repeatedIndexes(topic.partitions);
        return {
          name: topic.name,
          partitions: topic.partitions.map((partition) =>
            repeated.has(partition.partitionIndex)
              ? refusal(partition.partitionIndex, ErrorCode.INVALID_REQUEST)
              : answerPartition(services, topic.name, partition, { version: context.apiVersion, replicaId }),
          ),
        };
      }),
    }),
    errorResponse: (request, code) => ({
      topics: request.topics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.map((partition) => refusal(partition.partitionIndex, code)),
      })),
    }),
  });
}

function repeatedIndexes(partitions: readonly PartitionRequest[]): Set<number> {
  const seen = new Set<number>();
  const repeated = new Set<number>();
  for (const { partitionIndex } of partitions) {
    if (seen.has(partitionIndex)) repeated.add(partitionIndex);
    seen.add(partitionIndex);
  }
  return repeated;
}

interface Asker {
  readonly version: number;
  readonly replicaId: number;
}

function answerPartition(
  services: BrokerServices,
  topic: string,
  request: PartitionRequest,
  asker: Asker,
): PartitionAnswer {
  const { version } = asker;
  const index = request.partitionIndex;
  const partition = services.replicas.get(topic, index);
  if (!partition) return refusal(index, services.absentPartitionError(topic, index));
  const epoch = request.currentLeaderEpoch;
  const refused = asker.replicaId === DEBUGGING_TOOL ? partition.checkReplica(epoch) : partition.checkLeader(epoch);
  if (refused !== ErrorCode.NONE) return refusal(index, refused);
  const asked = boundedTime(request.timestamp);
  if (asked < LATEST && asked !== EARLIEST) {
    const since = KNOWN_SINCE.get(asked);
    if (since === undefined || version < since) return refusal(index, ErrorCode.UNSUPPORTED_VERSION);
  }
  try {
    const found = offsetAt(partition, asked, asker.replicaId === CONSUMER);
    if (found === null)
      return refusal(index, version >= 5 ? ErrorCode.OFFSET_NOT_AVAILABLE : ErrorCode.LEADER_NOT_AVAILABLE);
    const { timestamp, offset } = found;
    // Older versions have no place for the epoch, and it is not a field that may be dropped.
    const leaderEpoch = version >= 4 ? found.leaderEpoch : -1;
    return { partitionIndex: index, errorCode: ErrorCode.NONE, timestamp, offset, leaderEpoch };
  } catch (error) {
    if (error instanceof KafkaError) return refusal(index, error.code);
    services.logger.error(`Error while listing offsets of ${topic}-${index}`, error);
    return refusal(index, ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** Beyond 2^53 ms no record has a time, so the largest that a number holds exactly stands for all of them. */
function boundedTime(timestamp: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  if (timestamp > most) return Number.MAX_SAFE_INTEGER;
  return timestamp < -most ? -Number.MAX_SAFE_INTEGER : Number(timestamp);
}

interface OffsetAnswer {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

const NOTHING: OffsetAnswer = { timestamp: -1, offset: -1, leaderEpoch: -1 };

/** Null: not known yet. Consumers see what is committed; followers and tools that look at replicas see all there is. */
function offsetAt(partition: Partition, timestamp: number, isConsumer: boolean): OffsetAnswer | null {
  const { log } = partition;
  const end = isConsumer ? log.highWatermark : log.logEndOffset;
  const lags = isConsumer && partition.epochStartOffset !== null && partition.epochStartOffset > log.highWatermark;
  switch (timestamp) {
    case LATEST:
      return lags ? null : { timestamp: -1, offset: end, leaderEpoch: partition.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: epochAt(log, log.logStartOffset) };
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      // Nothing is tiered here.
      return NOTHING;
    default: {
      const found = timestamp === MAX_TIMESTAMP ? log.offsetOfMaxTimestamp() : log.offsetForTimestamp(timestamp);
      if (!found || found.offset >= end) return lags ? null : NOTHING;
      return { timestamp: found.timestamp, offset: found.offset, leaderEpoch: epochAt(log, found.offset) };
    }
  }
}

function epochAt(log: Partition['log'], offset: number): number {
  return log.leaderEpochAt(offset) ?? -1;
}

function refusal(partitionIndex: number, errorCode: number): PartitionAnswer {
  return { partitionIndex, errorCode };
}
