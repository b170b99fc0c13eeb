/** DescribeLogDirs: the directories, what they hold, and how full their disks are (KIP-113, KIP-827). */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  type DescribeLogDirsRequest,
  describeLogDirsRequest,
  describeLogDirsResponse,
} from '../../protocol/messages/describe-log-dirs.ts';
import type { PartitionLog } from '../../storage/partition-log.ts';
import type { Partition } from '../partition.ts';
import type { BrokerServices } from '../services.ts';

export function describeLogDirsRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 35,
    name: 'DescribeLogDirs',
    request: describeLogDirsRequest,
    response: describeLogDirsResponse,
    minVersion: 1,
    maxVersion: 5,
    ordering: 'serial',
    handle: (request) => {
      const replicas = wantedPartitions(services, request).flatMap((partition) => replicasOf(services, partition));
      const hosted = Map.groupBy(replicas, ({ log }) => log.directory);
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        results: services.logs.directories.map((directory) => {
          if (directory.offline) {
            return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: directory.path, topics: [] };
          }
          const space = services.runtime.files.freeBytesSync(directory.path);
          return {
            errorCode: ErrorCode.NONE,
            logDir: directory.path,
            topics: topicsOf(hosted.get(directory.path) ?? []),
            totalBytes: space.totalBytes,
            usableBytes: space.usableBytes,
            isCordoned: false,
          };
        }),
      };
    },
    errorResponse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, results: [] }),
  });
}

function wantedPartitions(services: BrokerServices, request: DescribeLogDirsRequest): Partition[] {
  if (request.topics === null) return [...services.replicas.all()];
  const wanted: Partition[] = [];
  for (const { topic, partitions } of request.topics) {
    for (const index of partitions) {
      const partition = services.replicas.get(topic, index);
      if (partition) wanted.push(partition);
    }
  }
  return wanted;
}

interface LocalReplica {
  readonly partition: Partition;
  readonly log: PartitionLog;
  /** The end that the log is to reach: the high watermark, or that of the log whose place it is to take. */
  readonly goal: number;
}

/** The log, and another one in another directory while the replica moves. */
function replicasOf(services: BrokerServices, partition: Partition): LocalReplica[] {
  const { log } = partition;
  const future = services.logs.futureLog(partition.topic, partition.id);
  const present = { partition, log, goal: log.highWatermark };
  return future === null ? [present] : [present, { partition, log: future, goal: log.logEndOffset }];
}

function topicsOf(replicas: readonly LocalReplica[]) {
  const byTopic = Map.groupBy(replicas, ({ partition }) => partition.topic);
  return [...byTopic].map(([name, hosted]) => ({
    name,
    partitions: hosted.map(({ partition, log, goal }) => ({
      partitionIndex: partition.id,
      partitionSize: log.sizeInBytes,
      offsetLag: Math.max(0, goal - log.logEndOffset),
      isFutureKey: log !== partition.log,
    })),
  }));
}
