/**
 * ListOffsets: the offset at a time, or at one of the special times (earliest, latest, max timestamp, earliest local,
 * latest tiered, earliest pending upload). Clients see nothing above the high watermark.
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
        const repeated = repeatedIndexes(topic.partitions);
        return {
          name: topic.name,
          partitions: topic.partitions.map((partition) =>
            repeated.has(partition.partitionIndex)
              ? refusal(partition.partitionIndex, ErrorCode.INVALID_REQUEST)
              : answerPartition(services, topic.name, partition, context.apiVersion),
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

function answerPartition(
  services: BrokerServices,
  topic: string,
  request: PartitionRequest,
  version: number,
): PartitionAnswer {
  const index = request.partitionIndex;
  const partition = services.replicas.get(topic, index);
  if (!partition) return refusal(index, services.absentPartitionError(topic, index));
  const refused = partition.checkLeader(request.currentLeaderEpoch);
  if (refused !== ErrorCode.NONE) return refusal(index, refused);
  const asked = boundedTime(request.timestamp);
  if (asked < LATEST && asked !== EARLIEST) {
    const since = KNOWN_SINCE.get(asked);
    if (since === undefined || version < since) return refusal(index, ErrorCode.UNSUPPORTED_VERSION);
  }
  try {
    const found = offsetAt(partition, asked);
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

function offsetAt(partition: Partition, timestamp: number): OffsetAnswer {
  const { log } = partition;
  switch (timestamp) {
    case LATEST:
      return { timestamp: -1, offset: log.highWatermark, leaderEpoch: partition.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: epochAt(log, log.logStartOffset) };
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      // Nothing is tiered here.
      return NOTHING;
    default: {
      const found = timestamp === MAX_TIMESTAMP ? log.offsetOfMaxTimestamp() : log.offsetForTimestamp(timestamp);
      if (!found || found.offset >= log.highWatermark) return NOTHING;
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
