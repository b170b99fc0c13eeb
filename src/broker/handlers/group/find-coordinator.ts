/**
 * FindCoordinator: which broker coordinates a group. Transactions and share groups have no coordinator here yet; who asks
 * for one is told at once, with an error that clients give up on, instead of being sent round for a minute.
 */

import { type ApiRow, apiRow } from '../../../network/handler.ts';
import { ErrorCode, errorName } from '../../../protocol/error-codes.ts';
import {
  type FindCoordinatorRequest,
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '../../../protocol/messages/find-coordinator.ts';
import type { Encodable } from '../../../protocol/schema.ts';
import { CONSUMER_OFFSETS_TOPIC } from '../../auto-topic-creation.ts';
import { endpointOf, partitionAnswer } from '../../cluster-nodes.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';

type Response = Encodable<typeof findCoordinatorResponse>;

const GROUP = 0;
const TRANSACTION = 1;
/** From here on a request names several keys. */
const BATCHED_FROM = 4;

interface Found {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export function findCoordinatorRow(deps: GroupHandlerDeps): ApiRow {
  const find = coordinatorFinder(deps);
  return apiRow({
    apiKey: 10,
    name: 'FindCoordinator',
    request: findCoordinatorRequest,
    response: findCoordinatorResponse,
    minVersion: 0,
    maxVersion: 6,
    ordering: 'serial',
    handle: (request, context) =>
      shaped(request, context.apiVersion, (key) => find(request.keyType, key, context.listenerName)),
    errorResponse: (request, code, message, context) =>
      shaped(request, context.apiVersion, () => notFound(code, message ?? errorName(code))),
  });
}

function shaped(request: FindCoordinatorRequest, apiVersion: number, find: (key: string) => Found): Response {
  if (apiVersion < BATCHED_FROM) {
    const found = find(request.key);
    return { ...found, errorMessage: found.errorMessage ?? errorName(found.errorCode) };
  }
  return {
    coordinators: request.coordinatorKeys.map((key) => {
      const found = find(key);
      return { key, ...found, errorMessage: found.errorMessage ?? '' };
    }),
  };
}

function coordinatorFinder(deps: GroupHandlerDeps): (keyType: number, key: string, listenerName: string) => Found {
  let hasWarned = false;
  return (keyType, key, listenerName) => {
    if (keyType === GROUP) return findGroup(deps, key, listenerName);
    if (keyType !== TRANSACTION) return notFound(ErrorCode.INVALID_REQUEST, 'Share groups are not supported yet.');
    if (!hasWarned) {
      hasWarned = true;
      deps.logger.warn(`Transactions are not supported yet: the producer with transactional.id ${key} is refused.`);
    }
    // Of the errors that end a client's search, the one that Java and librdkafka both take as final.
    return notFound(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'Transactions are not supported yet.');
  };
}

function findGroup(deps: GroupHandlerDeps, groupId: string, listenerName: string): Found {
  const image = deps.image();
  const topic = image.topics.byName(CONSUMER_OFFSETS_TOPIC);
  if (topic === undefined) {
    deps.createOffsetsTopic();
    return notFound(ErrorCode.COORDINATOR_NOT_AVAILABLE, null);
  }
  const partition = topic.partitions[deps.coordinator.partitionFor(groupId)];
  const leaderId = partition === undefined ? -1 : partitionAnswer(image, partition, listenerName).leaderId;
  const leader = image.brokers.get(leaderId);
  const endpoint = leader === undefined ? undefined : endpointOf(leader, listenerName);
  if (endpoint === undefined) return notFound(ErrorCode.COORDINATOR_NOT_AVAILABLE, null);
  return { errorCode: ErrorCode.NONE, errorMessage: null, nodeId: leaderId, host: endpoint.host, port: endpoint.port };
}

function notFound(errorCode: number, errorMessage: string | null): Found {
  return { errorCode, errorMessage, nodeId: -1, host: '', port: -1 };
}
