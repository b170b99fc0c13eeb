/** OffsetCommit: how far a group has come. Topics go by name, and by id from version 10 on (KIP-848). */
import { type Uuid, ZERO_UUID } from '../../../base/uuid.ts';
import type { CommitTopic, PartitionsResult } from '../../../coordinator/group-offsets.ts';
import type { MetadataImage } from '../../../metadata/image.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import {
  type OffsetCommitRequest,
  offsetCommitRequest,
  offsetCommitResponse,
} from '../../../protocol/messages/offset-commit.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import { type GroupHandlerDeps, partitionExists } from './group-handler-deps.ts';

type Response = Encodable<typeof offsetCommitResponse>;
type PartitionCode = PartitionsResult['partitions'][number];

const TOPIC_IDS_FROM = 10;

export function offsetCommitRow(deps: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 8,
    name: 'OffsetCommit',
    request: offsetCommitRequest,
    response: offsetCommitResponse,
    minVersion: 2,
    maxVersion: 10,
    ordering: 'serial',
    handle: (request, { apiVersion }) => commit(deps, request, apiVersion),
    errorResponse: (request, errorCode) => ({
      topics: request.topics.map(({ name, topicId, partitions }) => ({
        name,
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      })),
    }),
  });
}

async function commit(deps: GroupHandlerDeps, request: OffsetCommitRequest, apiVersion: number): Promise<Response> {
  const { admitted, answer } = admit(deps.image(), request, apiVersion >= TOPIC_IDS_FROM);
  if (admitted.length > 0) {
    const results = await deps.coordinator.commitOffsets(apiVersion, {
      groupId: request.groupId,
      memberId: request.memberId,
      groupInstanceId: request.groupInstanceId,
      generationId: request.generationIdOrMemberEpoch,
      retentionTimeMs: request.retentionTimeMs,
      topics: admitted,
    });
    for (const { name, topicId, partitions } of results) answer.add(name, topicId, partitions);
  }
  return { topics: answer.topics };
}

/** What the coordinator is asked to keep, and the answers for what it is not: unknown topics and partitions. */
function admit(image: MetadataImage, request: OffsetCommitRequest, byId: boolean) {
  const answer = new CommitAnswer(byId);
  const admitted: CommitTopic[] = [];
  for (const topic of request.topics) {
    const known = byId ? image.topics.byId(topic.topicId) : image.topics.byName(topic.name);
    const refuse = (code: number) =>
      answer.add(
        topic.name,
        topic.topicId,
        topic.partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
      );
    if (known === undefined) {
      refuse(byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      continue;
    }
    const { name, id: topicId } = known;
    const partitions = topic.partitions.filter(({ partitionIndex }) => partitionExists(image, name, partitionIndex));
    for (const { partitionIndex } of topic.partitions) {
      if (partitionExists(image, name, partitionIndex)) continue;
      answer.add(name, topicId, [{ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]);
    }
    if (partitions.length > 0) admitted.push({ name, topicId, partitions });
  }
  return { admitted, answer };
}

/** One entry for each topic, refused partitions first. */
class CommitAnswer {
  readonly topics: { name: string; topicId: Uuid; partitions: PartitionCode[] }[] = [];
  readonly #byId: boolean;
  readonly #index = new Map<string, PartitionCode[]>();

  constructor(byId: boolean) {
    this.#byId = byId;
  }

  add(name: string, topicId: Uuid, partitions: readonly PartitionCode[]): void {
    const key = this.#byId ? topicId : name;
    const existing = this.#index.get(key);
    if (existing !== undefined) {
      existing.push(...partitions);
      return;
    }
    const own = [...partitions];
    this.#index.set(key, own);
    this.topics.push({ name, topicId: this.#byId ? topicId : ZERO_UUID, partitions: own });
  }
}
