/** Partitions and their leaders: AlterPartition, AssignReplicasToDirs, ElectLeaders, reassignments. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { alterPartitionRequest, alterPartitionResponse } from '../../protocol/messages/alter-partition.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '../../protocol/messages/alter-partition-reassignments.ts';
import {
  assignReplicasToDirsRequest,
  assignReplicasToDirsResponse,
} from '../../protocol/messages/assign-replicas-to-dirs.ts';
import { electLeadersRequest, electLeadersResponse } from '../../protocol/messages/elect-leaders.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '../../protocol/messages/list-partition-reassignments.ts';
import { alterPartition } from '../partitions/alter-partition.ts';
import { assignReplicasToDirs } from '../partitions/assign-directories.ts';
import { electLeaders } from '../partitions/elections.ts';
import { alterPartitionReassignments, listPartitionReassignments } from '../partitions/reassignments.ts';
import type { ControllerDeps } from './deps.ts';

const OK = { throttleTimeMs: 0, errorCode: ErrorCode.NONE } as const;

function electLeadersRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 43,
    name: 'ElectLeaders',
    request: electLeadersRequest,
    response: electLeadersResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: async (request) => ({
      ...OK,
      replicaElectionResults: await controller.submit('electLeaders', (context) => electLeaders(context, request)),
    }),
    // Version 0 has no place for it at the top.
    errorResponse: (request, errorCode, errorMessage, { apiVersion }) => ({
      throttleTimeMs: 0,
      errorCode: apiVersion >= 1 ? errorCode : ErrorCode.NONE,
      replicaElectionResults: (request.topicPartitions ?? []).map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
      })),
    }),
  });
}

function alterReassignmentsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 45,
    name: 'AlterPartitionReassignments',
    request: alterPartitionReassignmentsRequest,
    response: alterPartitionReassignmentsResponse,
    minVersion: 0,
    maxVersion: 1,
    ordering: 'serial',
    handle: async (request) => ({
      ...OK,
      errorMessage: null,
      allowReplicationFactorChange: request.allowReplicationFactorChange,
      responses: await controller.submit('alterPartitionReassignments', (context) =>
        alterPartitionReassignments(context, request),
      ),
    }),
    errorResponse: (_request, errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
      responses: [],
    }),
  });
}

function listReassignmentsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 46,
    name: 'ListPartitionReassignments',
    request: listPartitionReassignmentsRequest,
    response: listPartitionReassignmentsResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request) => ({
      ...OK,
      errorMessage: null,
      topics: await controller.submit('listPartitionReassignments', ({ image }) => ({
        records: [],
        response: listPartitionReassignments(image, request),
      })),
    }),
    errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage, topics: [] }),
  });
}

function alterPartitionRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 56,
    name: 'AlterPartition',
    request: alterPartitionRequest,
    response: alterPartitionResponse,
    minVersion: 2,
    maxVersion: 3,
    ordering: 'serial',
    handle: async (request, { apiVersion }) => ({
      ...OK,
      topics: await controller.submit('alterPartition', (context) => alterPartition(context, request, apiVersion)),
    }),
    errorResponse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, topics: [] }),
  });
}

function assignDirectoriesRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 73,
    name: 'AssignReplicasToDirs',
    request: assignReplicasToDirsRequest,
    response: assignReplicasToDirsResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request) => ({
      ...OK,
      directories: await controller.submit('assignReplicasToDirs', (context) => assignReplicasToDirs(context, request)),
    }),
    errorResponse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, directories: [] }),
  });
}

export function partitionRows(deps: ControllerDeps): ApiRow[] {
  return [
    electLeadersRow(deps),
    alterReassignmentsRow(deps),
    listReassignmentsRow(deps),
    alterPartitionRow(deps),
    assignDirectoriesRow(deps),
  ];
}
