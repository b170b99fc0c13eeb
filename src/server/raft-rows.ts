/** The requests that the nodes of a quorum send to each other, on the controller's listener. */
import { type ApiRow, apiRow } from '../network/handler.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from '../protocol/messages/add-raft-voter.ts';
import { beginQuorumEpochRequest, beginQuorumEpochResponse } from '../protocol/messages/begin-quorum-epoch.ts';
import { endQuorumEpochRequest, endQuorumEpochResponse } from '../protocol/messages/end-quorum-epoch.ts';
import { fetchRequest, fetchResponse } from '../protocol/messages/fetch.ts';
import { fetchSnapshotRequest, fetchSnapshotResponse } from '../protocol/messages/fetch-snapshot.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from '../protocol/messages/remove-raft-voter.ts';
import { updateRaftVoterRequest, updateRaftVoterResponse } from '../protocol/messages/update-raft-voter.ts';
import { voteRequest, voteResponse } from '../protocol/messages/vote.ts';
import type { RaftAnswer, RaftAsk } from '../raft/messages.ts';
import {
  addVoterAskOf,
  beginAskOf,
  endAskOf,
  epochResponseOf,
  fetchAskOf,
  fetchResponseOf,
  removeVoterAskOf,
  snapshotAskOf,
  snapshotResponseOf,
  updateVoterAskOf,
  updateVoterResponseOf,
  voteAskOf,
  voteResponseOf,
  voterResponseOf,
} from './raft-wire.ts';

export interface RaftRowsOptions {
  handle(ask: RaftAsk): RaftAnswer | Promise<RaftAnswer>;
}

function failure(errorCode: number, errorMessage: string | null = null): RaftAnswer {
  return { errorCode, errorMessage, leaderId: -1, epoch: -1, nodes: [] };
}

const emptyElection = (errorCode: number) => ({ errorCode, topics: [], nodeEndpoints: [] });
const emptyFetch = (errorCode: number) => ({
  throttleTimeMs: 0,
  errorCode,
  sessionId: 0,
  responses: [],
  nodeEndpoints: [],
});
const emptySnapshot = (errorCode: number) => ({ throttleTimeMs: 0, errorCode, topics: [], nodeEndpoints: [] });

function electionRows(raft: RaftRowsOptions): ApiRow[] {
  return [
    apiRow({
      apiKey: 52,
      name: 'Vote',
      request: voteRequest,
      response: voteResponse,
      minVersion: 0,
      maxVersion: 2,
      ordering: 'serial',
      handle: async (request) => {
        const ask = voteAskOf(request);
        return ask === null ? emptyElection(ErrorCode.INVALID_REQUEST) : voteResponseOf(await raft.handle(ask));
      },
      errorResponse: (_request, errorCode) => emptyElection(errorCode),
    }),
    apiRow({
      apiKey: 53,
      name: 'BeginQuorumEpoch',
      request: beginQuorumEpochRequest,
      response: beginQuorumEpochResponse,
      minVersion: 0,
      maxVersion: 1,
      ordering: 'serial',
      handle: async (request) => {
        const ask = beginAskOf(request);
        return ask === null ? emptyElection(ErrorCode.INVALID_REQUEST) : epochResponseOf(await raft.handle(ask));
      },
      errorResponse: (_request, errorCode) => emptyElection(errorCode),
    }),
    apiRow({
      apiKey: 54,
      name: 'EndQuorumEpoch',
      request: endQuorumEpochRequest,
      response: endQuorumEpochResponse,
      minVersion: 0,
      maxVersion: 1,
      ordering: 'serial',
      handle: async (request) => {
        const ask = endAskOf(request);
        return ask === null ? emptyElection(ErrorCode.INVALID_REQUEST) : epochResponseOf(await raft.handle(ask));
      },
      errorResponse: (_request, errorCode) => emptyElection(errorCode),
    }),
  ];
}

function replicationRows(raft: RaftRowsOptions): ApiRow[] {
  return [
    apiRow({
      apiKey: 1,
      name: 'Fetch',
      request: fetchRequest,
      response: fetchResponse,
      minVersion: 4,
      maxVersion: 18,
      ordering: 'serial',
      handle: async (request) => {
        const ask = fetchAskOf(request);
        return ask === null ? emptyFetch(ErrorCode.INVALID_REQUEST) : fetchResponseOf(await raft.handle(ask));
      },
      errorResponse: (_request, errorCode) => emptyFetch(errorCode),
    }),
    apiRow({
      apiKey: 59,
      name: 'FetchSnapshot',
      request: fetchSnapshotRequest,
      response: fetchSnapshotResponse,
      minVersion: 0,
      maxVersion: 1,
      ordering: 'serial',
      handle: async (request) => {
        const ask = snapshotAskOf(request);
        return ask === null
          ? emptySnapshot(ErrorCode.INVALID_REQUEST)
          : snapshotResponseOf(ask, await raft.handle(ask));
      },
      errorResponse: (_request, errorCode) => emptySnapshot(errorCode),
    }),
  ];
}

function membershipRows(raft: RaftRowsOptions): ApiRow[] {
  return [
    apiRow({
      apiKey: 80,
      name: 'AddRaftVoter',
      request: addRaftVoterRequest,
      response: addRaftVoterResponse,
      minVersion: 0,
      maxVersion: 1,
      ordering: 'serial',
      handle: async (request) => voterResponseOf(await raft.handle(addVoterAskOf(request))),
      errorResponse: (_request, errorCode, message) => voterResponseOf(failure(errorCode, message)),
    }),
    apiRow({
      apiKey: 81,
      name: 'RemoveRaftVoter',
      request: removeRaftVoterRequest,
      response: removeRaftVoterResponse,
      minVersion: 0,
      maxVersion: 0,
      ordering: 'serial',
      handle: async (request) => voterResponseOf(await raft.handle(removeVoterAskOf(request))),
      errorResponse: (_request, errorCode, message) => voterResponseOf(failure(errorCode, message)),
    }),
    apiRow({
      apiKey: 82,
      name: 'UpdateRaftVoter',
      request: updateRaftVoterRequest,
      response: updateRaftVoterResponse,
      minVersion: 0,
      maxVersion: 0,
      ordering: 'serial',
      handle: async (request) => updateVoterResponseOf(await raft.handle(updateVoterAskOf(request))),
      errorResponse: (_request, errorCode) => updateVoterResponseOf(failure(errorCode)),
    }),
  ];
}

export function raftRows(raft: RaftRowsOptions): ApiRow[] {
  return [...electionRows(raft), ...replicationRows(raft), ...membershipRows(raft)];
}
