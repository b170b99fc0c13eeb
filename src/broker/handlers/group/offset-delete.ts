/** OffsetDelete: committed offsets of topics that nobody in the group subscribes to. */
import type { PartitionsResult } from '../../../coordinator/group-offsets.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import {
  type OffsetDeleteRequest,
  offsetDeleteRequest,
  offsetDeleteResponse,
} from '../../../protocol/messages/offset-delete.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import { type GroupHandlerDeps, partitionExists } from './group-handler-deps.ts';

type Response = Encodable<typeof offsetDeleteResponse>;
type PartitionCode = PartitionsResult['partitions'][number];

export function offsetDeleteRow(deps: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 47,
    name: 'OffsetDelete',
    request: offsetDeleteRequest,
    response: offsetDeleteResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: (request) => deleteOffsets(deps, request),
    errorResponse: (_request, errorCode) => ({ errorCode, throttleTimeMs: 0, topics: [] }),
  });
}

async function deleteOffsets(deps: GroupHandlerDeps, request: OffsetDeleteRequest): Promise<Response> {
  const image = deps.image();
  const asked: { name: string; partitions: number[] }[] = [];
  const answers = new Map<string, PartitionCode[]>();
  for (const { name, partitions } of request.topics) {
    const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
    const unknown = indexes.filter((index) => !partitionExists(image, name, index));
    add(
      answers,
      name,
      unknown.map((partitionIndex) => ({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })),
    );
    const known = indexes.filter((index) => partitionExists(image, name, index));
    if (known.length > 0) asked.push({ name, partitions: known });
  }
  // Asked also when nothing is left to delete: the group's own error comes first.
  for (const { name, partitions } of await deps.coordinator.deleteOffsets(request.groupId, asked)) {
    add(answers, name, partitions);
  }
  return {
    errorCode: ErrorCode.NONE,
    throttleTimeMs: 0,
    topics: Array.from(answers, ([name, partitions]) => ({ name, partitions })),
  };
}

function add(answers: Map<string, PartitionCode[]>, name: string, partitions: readonly PartitionCode[]): void {
  const existing = answers.get(name);
  if (existing === undefined) answers.set(name, [...partitions]);
  else existing.push(...partitions);
}
