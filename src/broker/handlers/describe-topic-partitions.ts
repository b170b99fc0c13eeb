/** DescribeTopicPartitions (KIP-966): topics with their eligible leader replicas, in pages. */
import { ZERO_UUID } from '../../base/uuid.ts';
import type { MetadataImage, TopicImage } from '../../metadata/image.ts';
import { type ApiRow, apiRow, type RequestContext } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  type DescribeTopicPartitionsRequest,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
} from '../../protocol/messages/describe-topic-partitions.ts';
import type { Encodable } from '../../protocol/schema.ts';
import { OPERATIONS_NOT_ASKED, TOPIC_OPERATIONS } from '../authorized-operations.ts';
import { isInternalTopic, partitionAnswer } from '../cluster-nodes.ts';
import type { BrokerServices } from '../services.ts';

type Response = Encodable<typeof describeTopicPartitionsResponse>;
type TopicAnswer = Response['topics'][number];

export function describeTopicPartitionsRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 75,
    name: 'DescribeTopicPartitions',
    request: describeTopicPartitionsRequest,
    response: describeTopicPartitionsResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: (request, context) => describePage(services, request, context),
    errorResponse: (request, code) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => failedTopic(topic.name, code)),
      nextCursor: null,
    }),
  });
}

function describePage(
  services: BrokerServices,
  request: DescribeTopicPartitionsRequest,
  context: RequestContext,
): Response {
  const image = services.image();
  const { cursor } = request;
  const asked = request.topics.length > 0 ? request.topics.map((topic) => topic.name) : [...image.topics.names()];
  const names = [...new Set(asked)].sort().filter((name) => cursor === null || name >= cursor.topicName);
  let left = Math.max(
    1,
    Math.min(request.responsePartitionLimit, services.config.number('max.request.partition.size.limit')),
  );
  const topics: TopicAnswer[] = [];
  for (const name of names) {
    const topic = image.topics.byName(name);
    if (!topic) {
      if (request.topics.length > 0) topics.push(failedTopic(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
      continue;
    }
    const from = cursor !== null && cursor.topicName === name ? Math.max(0, cursor.partitionIndex) : 0;
    if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: from } };
    const upTo = Math.min(topic.partitions.length, from + left);
    topics.push(topicAnswer(image, topic, { from, upTo, listenerName: context.listenerName }));
    left -= upTo - from;
    if (upTo < topic.partitions.length) {
      return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: upTo } };
    }
  }
  return { throttleTimeMs: 0, topics, nextCursor: null };
}

function topicAnswer(
  image: MetadataImage,
  topic: TopicImage,
  page: { readonly from: number; readonly upTo: number; readonly listenerName: string },
): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.slice(page.from, page.upTo).map((partition) => ({
      ...partitionAnswer(image, partition, page.listenerName),
      eligibleLeaderReplicas: partition.elr,
      lastKnownElr: partition.lastKnownElr,
    })),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

function failedTopic(name: string, errorCode: number): TopicAnswer {
  return {
    errorCode,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  };
}
