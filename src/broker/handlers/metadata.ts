/**
 * Metadata: brokers, topics and their leaders, from the committed image. Topics that are missing and may be created are
 * created before the answer, so that a client's first batch finds a leader.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import type { MetadataImage, TopicImage } from '../../metadata/image.ts';
import { type ApiRow, apiRow, type RequestContext } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type MetadataRequest, metadataRequest, metadataResponse } from '../../protocol/messages/metadata.ts';
import type { Encodable } from '../../protocol/schema.ts';
import { CLUSTER_OPERATIONS, OPERATIONS_NOT_ASKED, TOPIC_OPERATIONS } from '../authorized-operations.ts';
import { aliveNodes, isInternalTopic, partitionAnswer, topicsByName } from '../cluster-nodes.ts';
import type { BrokerServices } from '../services.ts';

type Response = Encodable<typeof metadataResponse>;
type TopicAnswer = Response['topics'][number];

export function metadataRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 3,
    name: 'Metadata',
    request: metadataRequest,
    response: metadataResponse,
    minVersion: 0,
    maxVersion: 13,
    ordering: 'serial',
    handle: (request, context) => handleMetadata(services, request, context),
    errorResponse: (request, code) => ({
      brokers: [],
      topics: (request.topics ?? []).map((topic) => failedTopic(topic.name ?? '', topic.topicId, code)),
      errorCode: code,
    }),
  });
}

function handleMetadata(
  services: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
): Response | Promise<Response> {
  checkTopics(request, context.apiVersion);
  const missing = missingNames(services, request, context.apiVersion);
  if (missing.length === 0) return respond(services, request, context, new Map());
  return services.autoCreateTopics(missing, context).then((outcomes) => respond(services, request, context, outcomes));
}

/** The fields for topic ids came two versions before their meaning (KIP-516). */
function checkTopics(request: MetadataRequest, version: number): void {
  if (version < 10 || version >= 12) return;
  for (const { name, topicId } of request.topics ?? []) {
    if (name === null) {
      throw new KafkaError(ErrorCode.INVALID_REQUEST, `Topic name can not be null for version ${version}`);
    }
    if (topicId !== ZERO_UUID) {
      throw new KafkaError(ErrorCode.INVALID_REQUEST, `Topic IDs are not supported in requests for version ${version}`);
    }
  }
}

/** v0 asks for all topics with an empty list, later versions with null. */
function asksForAll(request: MetadataRequest, version: number): boolean {
  return request.topics === null || (version === 0 && request.topics.length === 0);
}

function missingNames(services: BrokerServices, request: MetadataRequest, version: number): string[] {
  if (!request.allowAutoTopicCreation || !services.config.autoCreateTopicsEnable) return [];
  if (request.topics === null || asksForAll(request, version)) return [];
  const { topics } = services.image();
  const names: string[] = [];
  for (const topic of request.topics) {
    if (topic.topicId === ZERO_UUID && topic.name !== null && !topics.byName(topic.name)) names.push(topic.name);
  }
  return names;
}

function respond(
  services: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
  created: ReadonlyMap<string, number>,
): Response {
  const image = services.image();
  const operations = request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : OPERATIONS_NOT_ASKED;
  const describe = (topic: TopicImage) => topicAnswer(image, topic, context, operations);
  let topics: TopicAnswer[];
  if (request.topics === null || asksForAll(request, context.apiVersion)) {
    topics = topicsByName(image).map(describe);
  } else {
    topics = request.topics.map((wanted) => {
      const byId = wanted.topicId !== ZERO_UUID;
      const found = byId ? image.topics.byId(wanted.topicId) : image.topics.byName(wanted.name ?? '');
      if (found) return describe(found);
      if (byId) return failedTopic(context.apiVersion >= 12 ? null : '', wanted.topicId, ErrorCode.UNKNOWN_TOPIC_ID);
      const code = created.get(wanted.name ?? '') ?? ErrorCode.NONE;
      return failedTopic(wanted.name, ZERO_UUID, code === ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : code);
    });
  }
  const brokers = aliveNodes(image, context.listenerName);
  return {
    brokers,
    clusterId: services.clusterId,
    // In KRaft clients may ask any broker for what the controller does, so any alive one is named.
    controllerId: brokers.some((broker) => broker.nodeId === services.nodeId)
      ? services.nodeId
      : (brokers[0]?.nodeId ?? -1),
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : OPERATIONS_NOT_ASKED,
  };
}

function topicAnswer(
  image: MetadataImage,
  topic: TopicImage,
  { listenerName, apiVersion }: RequestContext,
  operations: number,
): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map((partition) => partitionAnswer(image, partition, listenerName, apiVersion)),
    topicAuthorizedOperations: operations,
  };
}

function failedTopic(name: string | null, topicId: string, errorCode: number): TopicAnswer {
  return { errorCode, name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] };
}
