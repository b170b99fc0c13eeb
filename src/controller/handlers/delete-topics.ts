/** DeleteTopics: names and ids of one request, each answered on its own. */
import { type Uuid, ZERO_UUID } from '../../base/uuid.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { DeleteTopicsRequest } from '../../protocol/messages/delete-topics.ts';
import { deleteTopics } from '../topics/change-topics.ts';
import type { ControllerDeps } from './deps.ts';

const FIRST_VERSION_WITH_DISABLED_ERROR = 3;
const FIRST_VERSION_WITH_IDS = 6;

interface DeletedTopic {
  readonly name: string | null;
  readonly topicId: Uuid;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const UNKNOWN_NAME = 'This server does not host this topic-partition.';
const UNKNOWN_ID = 'This server does not host this topic ID.';

interface Asked {
  readonly name: string | null;
  readonly topicId: Uuid;
}

function askedTopics(request: DeleteTopicsRequest, apiVersion: number): Asked[] {
  if (apiVersion >= FIRST_VERSION_WITH_IDS) return request.topics.slice();
  return request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function refuse(asked: Asked, errorCode: number, errorMessage: string): DeletedTopic {
  return { ...asked, errorCode, errorMessage };
}

/** A refusal, or the topic that is meant. */
function resolve(
  { controller }: ControllerDeps,
  asked: Asked,
  counts: { readonly names: Map<string, number>; readonly ids: Map<string, number> },
): DeletedTopic | { readonly name: string; readonly topicId: Uuid } {
  const { name, topicId } = asked;
  const byName = name !== null;
  const byId = topicId !== ZERO_UUID;
  if (byName && byId)
    return refuse(asked, ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.');
  if (!byName && !byId) return refuse(asked, ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.');
  if (byName && (counts.names.get(name) ?? 0) > 1) {
    return refuse(asked, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
  }
  if (byId && (counts.ids.get(topicId) ?? 0) > 1) {
    return refuse(asked, ErrorCode.INVALID_REQUEST, 'Duplicate topic id.');
  }
  const { topics } = controller.image;
  const topic = byName ? topics.byName(name) : topics.byId(topicId);
  if (topic !== undefined) return { name: topic.name, topicId: topic.id };
  return byName
    ? refuse(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_NAME)
    : refuse(asked, ErrorCode.UNKNOWN_TOPIC_ID, UNKNOWN_ID);
}

export async function deleteTopicsHandler(
  deps: ControllerDeps,
  request: DeleteTopicsRequest,
  apiVersion: number,
): Promise<DeletedTopic[]> {
  if (!deps.controller.config.deleteTopicEnable) {
    const code =
      apiVersion < FIRST_VERSION_WITH_DISABLED_ERROR ? ErrorCode.INVALID_REQUEST : ErrorCode.TOPIC_DELETION_DISABLED;
    throw new KafkaError(code, 'Topic deletion is disabled.');
  }
  const asked = askedTopics(request, apiVersion);
  const counts = {
    names: countBy(asked.flatMap(({ name }) => (name === null ? [] : [name]))),
    ids: countBy(asked.map(({ topicId }) => topicId)),
  };
  const resolved = asked.map((one) => resolve(deps, one, counts));
  const ids = resolved.flatMap((one) => ('errorCode' in one ? [] : [one.topicId]));
  const results = await deps.controller.submit('deleteTopics', (context) => deleteTopics(context, ids));
  return resolved.map((one) => {
    if ('errorCode' in one) return one;
    const errorCode = results.get(one.topicId) ?? ErrorCode.UNKNOWN_TOPIC_ID;
    return { ...one, errorCode, errorMessage: errorCode === ErrorCode.NONE ? null : UNKNOWN_ID };
  });
}
