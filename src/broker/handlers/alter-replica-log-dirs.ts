/** AlterReplicaLogDirs: replicas move to other log directories of this broker (KIP-113). */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  type AlterReplicaLogDirsRequest,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
} from '../../protocol/messages/alter-replica-log-dirs.ts';
import type { BrokerServices } from '../services.ts';

export function alterReplicaLogDirsRow(services: BrokerServices): ApiRow {
  const answer = (request: AlterReplicaLogDirsRequest, codeOf: (path: string, topic: string, id: number) => number) => {
    const byTopic = new Map<string, { partitionIndex: number; errorCode: number }[]>();
    for (const { path, topics } of request.dirs) {
      for (const { name, partitions } of topics) {
        const results = partitions.map((id) => ({ partitionIndex: id, errorCode: codeOf(path, name, id) }));
        byTopic.set(name, [...(byTopic.get(name) ?? []), ...results]);
      }
    }
    return { throttleTimeMs: 0, results: [...byTopic].map(([topicName, partitions]) => ({ topicName, partitions })) };
  };
  return apiRow({
    apiKey: 34,
    name: 'AlterReplicaLogDirs',
    request: alterReplicaLogDirsRequest,
    response: alterReplicaLogDirsResponse,
    minVersion: 1,
    maxVersion: 2,
    ordering: 'serial',
    handle: (request) => answer(request, (path, topic, id) => moveOne(services, path, { topic, id })),
    errorResponse: (request, code) => answer(request, () => code),
  });
}

function moveOne(services: BrokerServices, path: string, { topic, id }: { topic: string; id: number }): number {
  const directory = services.logs.directories.find((one) => one.path === path);
  if (directory === undefined) return ErrorCode.LOG_DIR_NOT_FOUND;
  if (directory.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
  const partition = services.replicas.get(topic, id);
  // Kafka also remembers the directory for a replica that comes later; here the controller's word decides.
  if (partition === undefined) return ErrorCode.REPLICA_NOT_AVAILABLE;
  return services.moves.begin(partition, path);
}
