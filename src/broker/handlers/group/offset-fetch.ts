/**
 * OffsetFetch: what groups have committed. One group up to version 7, several from 8 on; topics by id from 10 on. Inside,
 * every version is a list of groups, each with its topics or, for everything, none.
 */
import { type Uuid, ZERO_UUID } from '../../../base/uuid.ts';
import type { FetchedTopic, FetchTopic } from '../../../coordinator/group-offsets.ts';
import type { MetadataImage } from '../../../metadata/image.ts';
import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode } from '../../../protocol/error-codes.ts';
import { KafkaError } from '../../../protocol/kafka-error.ts';
import {
  type OffsetFetchRequest,
  offsetFetchRequest,
  offsetFetchResponse,
} from '../../../protocol/messages/offset-fetch.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

type Response = Encodable<typeof offsetFetchResponse>;

/** From here on an error of the group is one field; before, it stands at every partition. */
const GROUP_ERROR_FROM = 2;
const SEVERAL_GROUPS_FROM = 8;
const TOPIC_IDS_FROM = 10;

interface Ask {
  readonly groupId: string;
  /** Null: everything. */
  readonly topics: readonly FetchTopic[] | null;
}

interface Fetched {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: readonly FetchedTopic[];
}

export function offsetFetchRow(deps: GroupHandlerDeps): ApiRow {
  return apiRow({
    apiKey: 9,
    name: 'OffsetFetch',
    request: offsetFetchRequest,
    response: offsetFetchResponse,
    minVersion: 1,
    maxVersion: 10,
    ordering: 'serial',
    handle: async (request, { apiVersion }) => {
      const asks = asksOf(request, apiVersion);
      const groups = await Promise.all(asks.map((ask) => fetchGroup(deps, ask, apiVersion, request.requireStable)));
      return shaped(groups, apiVersion);
    },
    errorResponse: (request, code, _message, { apiVersion }) =>
      shaped(
        asksOf(request, apiVersion).map((ask) => groupError(ask, code, apiVersion)),
        apiVersion,
      ),
  });
}

function asksOf(request: OffsetFetchRequest, apiVersion: number): Ask[] {
  if (apiVersion >= SEVERAL_GROUPS_FROM) {
    return request.groups.map(({ groupId, topics }) => ({ groupId, topics }));
  }
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitionIndexes }));
  return [{ groupId: request.groupId, topics: topics ?? null }];
}

async function fetchGroup(
  deps: GroupHandlerDeps,
  ask: Ask,
  apiVersion: number,
  requireStable: boolean,
): Promise<Fetched> {
  const image = deps.image();
  const byId = apiVersion >= TOPIC_IDS_FROM;
  const { known, unknown } = byId ? namedTopics(image, ask.topics) : { known: ask.topics, unknown: [] };
  try {
    const topics = await deps.coordinator.fetchOffsets(ask.groupId, known, requireStable);
    const identified = byId && ask.topics === null ? withIds(image, topics) : topics;
    return { groupId: ask.groupId, errorCode: ErrorCode.NONE, topics: [...identified, ...unknown] };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return groupError(ask, fetchError(error.code, requireStable), apiVersion);
  }
}

/** Consumers before 3.9 know neither of these two; NOT_COORDINATOR makes them look for the coordinator and try again. */
function fetchError(code: number, requireStable: boolean): number {
  const isOfTheLog = code === ErrorCode.COORDINATOR_NOT_AVAILABLE || code === ErrorCode.REQUEST_TIMED_OUT;
  return requireStable && isOfTheLog ? ErrorCode.NOT_COORDINATOR : code;
}

function namedTopics(image: MetadataImage, topics: readonly FetchTopic[] | null) {
  const known: FetchTopic[] = [];
  const unknown: FetchedTopic[] = [];
  for (const topic of topics ?? []) {
    const name = image.topics.byId(topic.topicId)?.name;
    if (name === undefined) unknown.push(failed(topic, ErrorCode.UNKNOWN_TOPIC_ID));
    else known.push({ ...topic, name });
  }
  return { known: topics === null ? null : known, unknown };
}

/** A topic that is gone has no id to be told by; its offsets are left out. */
function withIds(image: MetadataImage, topics: readonly FetchedTopic[]): FetchedTopic[] {
  return topics.flatMap((topic) => {
    const topicId: Uuid | undefined = image.topics.byName(topic.name)?.id;
    return topicId === undefined ? [] : [{ ...topic, topicId }];
  });
}

function groupError({ groupId, topics }: Ask, errorCode: number, apiVersion: number): Fetched {
  if (apiVersion >= GROUP_ERROR_FROM) return { groupId, errorCode, topics: [] };
  return { groupId, errorCode: ErrorCode.NONE, topics: (topics ?? []).map((topic) => failed(topic, errorCode)) };
}

function failed({ name, topicId, partitionIndexes }: FetchTopic, errorCode: number): FetchedTopic {
  return {
    name,
    topicId,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })),
  };
}

function shaped(groups: readonly Fetched[], apiVersion: number): Response {
  if (apiVersion >= SEVERAL_GROUPS_FROM) return { groups };
  const [group] = groups;
  return {
    errorCode: group?.errorCode ?? ErrorCode.NONE,
    topics: (group?.topics ?? []).map(({ name, partitions }) => ({ name, partitions })),
  };
}
