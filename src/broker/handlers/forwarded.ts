/**
 * Requests that only the active controller may answer. The broker passes them on as they came, in an Envelope, and the
 * client gets the controller's own answer (KIP-590).
 */
import { createAclsRow, deleteAclsRow, describeAclsRow } from '../../network/acl-rows.ts';
import { type ApiRow, apiRow, type HandlerResult, type RequestContext } from '../../network/handler.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from '../../protocol/messages/add-raft-voter.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '../../protocol/messages/alter-partition-reassignments.ts';
import { createAclsResponse } from '../../protocol/messages/create-acls.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../../protocol/messages/create-partitions.ts';
import { createTopicsRequest, createTopicsResponse } from '../../protocol/messages/create-topics.ts';
import { deleteAclsResponse } from '../../protocol/messages/delete-acls.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../protocol/messages/delete-topics.ts';
import { describeQuorumRequest, describeQuorumResponse } from '../../protocol/messages/describe-quorum.ts';
import { electLeadersRequest, electLeadersResponse } from '../../protocol/messages/elect-leaders.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '../../protocol/messages/list-partition-reassignments.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from '../../protocol/messages/remove-raft-voter.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from '../../protocol/messages/unregister-broker.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../../protocol/messages/update-features.ts';
import type { Decoded, Encodable, Message } from '../../protocol/schema.ts';
import type { BrokerServices } from '../services.ts';

interface ForwardedApi<Req extends Message, Res extends Message> {
  readonly name: string;
  readonly versions: readonly [min: number, max: number];
  readonly request: Req;
  readonly response: Res;
  readonly errorResponse: (request: Decoded<Req>, code: number, message: string | null) => Encodable<Res>;
}

function forwardedRow<Req extends Message, Res extends Message>(
  services: BrokerServices,
  api: ForwardedApi<Req, Res>,
): ApiRow {
  return apiRow<Req, Res>({
    apiKey: api.request.apiKey,
    name: api.name,
    request: api.request,
    response: api.response,
    minVersion: api.versions[0],
    maxVersion: api.versions[1],
    ordering: 'serial',
    handle: (_request: Decoded<Req>, context: RequestContext) =>
      // What decoding gave is what encoding takes: every field is there.
      services.controller.forward(context, api.response) as Promise<HandlerResult<Encodable<Res>>>,
    errorResponse: api.errorResponse,
  });
}

export function forwardedRows(services: BrokerServices): ApiRow[] {
  return [
    ...topicRows(services),
    ...partitionRows(services),
    ...clusterRows(services),
    ...voterRows(services),
    ...aclRows(services),
  ];
}

function topicRows(services: BrokerServices): ApiRow[] {
  return [
    forwardedRow(services, {
      name: 'CreateTopics',
      versions: [2, 7],
      request: createTopicsRequest,
      response: createTopicsResponse,
      errorResponse: (request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        topics: request.topics.map(({ name }) => ({ name, errorCode, errorMessage, configs: null })),
      }),
    }),
    forwardedRow(services, {
      name: 'DeleteTopics',
      versions: [1, 6],
      request: deleteTopicsRequest,
      response: deleteTopicsResponse,
      errorResponse: (request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        responses: [
          ...request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage })),
          ...request.topicNames.map((name) => ({ name, errorCode, errorMessage })),
        ],
      }),
    }),
    forwardedRow(services, {
      name: 'CreatePartitions',
      versions: [0, 3],
      request: createPartitionsRequest,
      response: createPartitionsResponse,
      errorResponse: (request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
      }),
    }),
  ];
}

function partitionRows(services: BrokerServices): ApiRow[] {
  return [
    forwardedRow(services, {
      name: 'ElectLeaders',
      versions: [0, 2],
      request: electLeadersRequest,
      response: electLeadersResponse,
      errorResponse: (request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        errorCode,
        replicaElectionResults: (request.topicPartitions ?? []).map(({ topic, partitions }) => ({
          topic,
          partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
        })),
      }),
    }),
    forwardedRow(services, {
      name: 'AlterPartitionReassignments',
      versions: [0, 1],
      request: alterPartitionReassignmentsRequest,
      response: alterPartitionReassignmentsResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        errorCode,
        errorMessage,
        responses: [],
      }),
    }),
    forwardedRow(services, {
      name: 'ListPartitionReassignments',
      versions: [0, 0],
      request: listPartitionReassignmentsRequest,
      response: listPartitionReassignmentsResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        errorCode,
        errorMessage,
        topics: [],
      }),
    }),
  ];
}

function clusterRows(services: BrokerServices): ApiRow[] {
  return [
    forwardedRow(services, {
      name: 'DescribeQuorum',
      versions: [0, 2],
      request: describeQuorumRequest,
      response: describeQuorumResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, topics: [], nodes: [] }),
    }),
    forwardedRow(services, {
      name: 'UnregisterBroker',
      versions: [0, 0],
      request: unregisterBrokerRequest,
      response: unregisterBrokerResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
    }),
    forwardedRow(services, {
      name: 'UpdateFeatures',
      versions: [0, 2],
      request: updateFeaturesRequest,
      response: updateFeaturesResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({
        throttleTimeMs: 0,
        errorCode,
        errorMessage,
        results: [],
      }),
    }),
  ];
}

function voterRows(services: BrokerServices): ApiRow[] {
  return [
    forwardedRow(services, {
      name: 'AddRaftVoter',
      versions: [0, 1],
      request: addRaftVoterRequest,
      response: addRaftVoterResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
    }),
    forwardedRow(services, {
      name: 'RemoveRaftVoter',
      versions: [0, 0],
      request: removeRaftVoterRequest,
      response: removeRaftVoterResponse,
      errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
    }),
  ];
}

/** A broker says by itself that it has no authorizer; whether rules are kept is for the controller to say. */
function aclRows({ controller }: BrokerServices): ApiRow[] {
  return [
    describeAclsRow(),
    createAclsRow((_request, context) => controller.forward(context, createAclsResponse)),
    deleteAclsRow((_request, context) => controller.forward(context, deleteAclsResponse)),
  ];
}
