/** Topics: CreateTopics, DeleteTopics, CreatePartitions. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../../protocol/messages/create-partitions.ts';
import {
  type CreateTopicsRequest,
  createTopicsRequest,
  createTopicsResponse,
} from '../../protocol/messages/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../protocol/messages/delete-topics.ts';
import { createPartitions } from '../topics/change-topics.ts';
import { type CreatedTopic, createTopics, failedTopic } from '../topics/create-topics.ts';
import { deleteTopicsHandler } from './delete-topics.ts';
import type { ControllerDeps } from './deps.ts';

const METADATA_TOPIC = '__cluster_metadata';

/** Names that occur more than once. */
export function duplicates(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  return twice;
}

const duplicateName = new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');

/** Refused before the controller looks: what a request must not say at all. */
function refusals(request: CreateTopicsRequest): Map<string, CreatedTopic> {
  const refused = new Map<string, CreatedTopic>();
  for (const name of duplicates(request.topics.map((topic) => topic.name))) {
    refused.set(name, failedTopic(name, duplicateName));
  }
  if (request.topics.some((topic) => topic.name === METADATA_TOPIC)) {
    const message = `Creation of internal topic ${METADATA_TOPIC} is prohibited.`;
    refused.set(METADATA_TOPIC, failedTopic(METADATA_TOPIC, new KafkaError(ErrorCode.INVALID_REQUEST, message)));
  }
  return refused;
}

function createTopicsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 19,
    name: 'CreateTopics',
    request: createTopicsRequest,
    response: createTopicsResponse,
    minVersion: 2,
    maxVersion: 7,
    ordering: 'serial',
    handle: async (request) => {
      const refused = refusals(request);
      const topics = request.topics.filter((topic) => !refused.has(topic.name));
      const created =
        topics.length === 0
          ? []
          : await controller.submit('createTopics', (context) => createTopics(context, { ...request, topics }));
      return { throttleTimeMs: 0, topics: [...refused.values(), ...created] };
    },
    errorResponse: (request, code, message) => ({
      throttleTimeMs: 0,
      topics: request.topics.map((topic) => failedTopic(topic.name, new KafkaError(code, message ?? ''))),
    }),
  });
}

function createPartitionsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 37,
    name: 'CreatePartitions',
    request: createPartitionsRequest,
    response: createPartitionsResponse,
    minVersion: 0,
    maxVersion: 3,
    ordering: 'serial',
    handle: async (request) => {
      const twice = duplicates(request.topics.map((topic) => topic.name));
      const topics = request.topics.filter((topic) => !twice.has(topic.name));
      const refused = [...twice].map((name) => ({
        name,
        errorCode: duplicateName.code,
        errorMessage: duplicateName.message,
      }));
      const results =
        topics.length === 0
          ? []
          : await controller.submit('createPartitions', (context) => createPartitions(context, { ...request, topics }));
      return { throttleTimeMs: 0, results: [...refused, ...results] };
    },
    errorResponse: (request, errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
    }),
  });
}

function deleteTopicsRow(deps: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 20,
    name: 'DeleteTopics',
    request: deleteTopicsRequest,
    response: deleteTopicsResponse,
    minVersion: 1,
    maxVersion: 6,
    ordering: 'serial',
    handle: async (request, { apiVersion }) => ({
      throttleTimeMs: 0,
      responses: await deleteTopicsHandler(deps, request, apiVersion),
    }),
    errorResponse: (request, errorCode, errorMessage, { apiVersion }) => ({
      throttleTimeMs: 0,
      responses:
        apiVersion >= 6
          ? request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage }))
          : request.topicNames.map((name) => ({ name, errorCode, errorMessage })),
    }),
  });
}

export function topicRows(deps: ControllerDeps): ApiRow[] {
  return [createTopicsRow(deps), deleteTopicsRow(deps), createPartitionsRow(deps)];
}
