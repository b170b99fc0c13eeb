/** Raft's messages in Kafka's requests and responses: which fields carry what. Every one is about one partition. */
import { METADATA_TOPIC_ID, ZERO_UUID } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { AddRaftVoterRequest, AddRaftVoterResponse } from '../protocol/messages/add-raft-voter.ts';
import type { BeginQuorumEpochRequest, BeginQuorumEpochResponse } from '../protocol/messages/begin-quorum-epoch.ts';
import type { EndQuorumEpochRequest } from '../protocol/messages/end-quorum-epoch.ts';
import type { FetchRequest, FetchResponse } from '../protocol/messages/fetch.ts';
import type { FetchSnapshotRequest, FetchSnapshotResponse } from '../protocol/messages/fetch-snapshot.ts';
import type { RemoveRaftVoterRequest } from '../protocol/messages/remove-raft-voter.ts';
import type { UpdateRaftVoterRequest, UpdateRaftVoterResponse } from '../protocol/messages/update-raft-voter.ts';
import type { VoteRequest, VoteResponse } from '../protocol/messages/vote.ts';
import type {
  AddVoterAsk,
  BeginAsk,
  EndAsk,
  FetchAsk,
  RaftAnswer,
  RemoveVoterAsk,
  SnapshotAsk,
  UpdateVoterAsk,
  VoteAsk,
} from '../raft/messages.ts';
import type { OffsetAndEpoch } from '../raft/raft-log.ts';
import { METADATA_TOPIC } from './metadata-log.ts';

const NO_BYTES = new Uint8Array(0);

/** The one partition that a request may be about; null when it is about anything else. */
function only<P>(
  topics: readonly { readonly partitions: readonly P[] }[],
  isMetadata: (topic: never, partition: never) => boolean,
): P | null {
  const [topic, ...otherTopics] = topics;
  const [partition, ...others] = topic?.partitions ?? [];
  if (topic === undefined || partition === undefined || otherTopics.length > 0 || others.length > 0) return null;
  return isMetadata(topic as never, partition as never) ? partition : null;
}

const byTopicName = (topic: { topicName: string }, partition: { partitionIndex: number }): boolean =>
  topic.topicName === METADATA_TOPIC && partition.partitionIndex === 0;

/** An answer that could not be read as one about the metadata log. */
function unreadable(errorCode: number): RaftAnswer {
  const code = errorCode === ErrorCode.NONE ? ErrorCode.UNKNOWN_SERVER_ERROR : errorCode;
  return { errorCode: code, errorMessage: null, leaderId: -1, epoch: -1, nodes: [] };
}

interface ElectionResponse {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
      readonly leaderId: number;
      readonly leaderEpoch: number;
    }[];
  }[];
  readonly nodeEndpoints: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
}

function nodesOf(endpoints: ElectionResponse['nodeEndpoints']): RaftAnswer['nodes'] {
  return endpoints.map(({ nodeId: id, host, port }) => ({ id, host, port }));
}

function electionAnswer(response: ElectionResponse): RaftAnswer {
  const partition = only(response.topics, byTopicName);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return unreadable(response.errorCode);
  const { errorCode, leaderId, leaderEpoch: epoch } = partition;
  return { errorCode, errorMessage: null, leaderId, epoch, nodes: nodesOf(response.nodeEndpoints) };
}

function nodeEndpoints(answer: RaftAnswer) {
  return answer.nodes.map(({ id: nodeId, host, port }) => ({ nodeId, host, port }));
}

/** Only these are of a request as a whole. */
function topLevelError(code: number): boolean {
  return code === ErrorCode.INCONSISTENT_CLUSTER_ID || code === ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
}

// Vote.

export function voteRequestOf(ask: VoteAsk) {
  const partition = {
    partitionIndex: 0,
    replicaEpoch: ask.epoch,
    replicaId: ask.candidate.id,
    replicaDirectoryId: ask.candidate.directoryId,
    voterDirectoryId: ask.voter.directoryId,
    lastOffsetEpoch: ask.lastEpoch,
    lastOffset: ask.endOffset,
    preVote: ask.preVote,
  };
  return {
    clusterId: ask.clusterId,
    voterId: ask.voter.id,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
  };
}

export function voteAskOf(request: VoteRequest): VoteAsk | null {
  const partition = only(request.topics, byTopicName);
  if (partition === null) return null;
  return {
    kind: 'vote',
    clusterId: request.clusterId,
    voter: { id: request.voterId, directoryId: partition.voterDirectoryId },
    epoch: partition.replicaEpoch,
    candidate: { id: partition.replicaId, directoryId: partition.replicaDirectoryId },
    lastEpoch: partition.lastOffsetEpoch,
    endOffset: partition.lastOffset,
    preVote: partition.preVote,
  };
}

export function voteResponseOf(answer: RaftAnswer): Parameters<typeof voteAnswerOf>[0] {
  if (topLevelError(answer.errorCode)) return { errorCode: answer.errorCode, topics: [], nodeEndpoints: [] };
  const { errorCode, leaderId, epoch: leaderEpoch, granted = false } = answer;
  const partition = { partitionIndex: 0, errorCode, leaderId, leaderEpoch, voteGranted: granted };
  return {
    errorCode: ErrorCode.NONE,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
    nodeEndpoints: nodeEndpoints(answer),
  };
}

export function voteAnswerOf(response: VoteResponse): RaftAnswer {
  const granted = response.topics[0]?.partitions[0]?.voteGranted ?? false;
  return { ...electionAnswer(response), granted };
}

// BeginQuorumEpoch and EndQuorumEpoch.

export function beginRequestOf(ask: BeginAsk) {
  const { voter, leaderId, epoch: leaderEpoch, endpoints: leaderEndpoints } = ask;
  const partition = { partitionIndex: 0, voterDirectoryId: voter.directoryId, leaderId, leaderEpoch };
  return {
    clusterId: ask.clusterId,
    voterId: voter.id,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
    leaderEndpoints,
  };
}

export function beginAskOf(request: BeginQuorumEpochRequest): BeginAsk | null {
  const partition = only(request.topics, byTopicName);
  if (partition === null) return null;
  return {
    kind: 'begin',
    clusterId: request.clusterId,
    voter: { id: request.voterId, directoryId: partition.voterDirectoryId },
    leaderId: partition.leaderId,
    epoch: partition.leaderEpoch,
    endpoints: request.leaderEndpoints,
  };
}

export function endRequestOf(ask: EndAsk) {
  const partition = {
    partitionIndex: 0,
    leaderId: ask.leaderId,
    leaderEpoch: ask.epoch,
    preferredSuccessors: ask.candidates.map(({ id }) => id),
    preferredCandidates: ask.candidates.map(({ id, directoryId }) => ({
      candidateId: id,
      candidateDirectoryId: directoryId,
    })),
  };
  return {
    clusterId: ask.clusterId,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
    leaderEndpoints: [],
  };
}

export function endAskOf(request: EndQuorumEpochRequest): EndAsk | null {
  const partition = only(request.topics, byTopicName);
  if (partition === null) return null;
  const byId = partition.preferredSuccessors.map((id) => ({ id, directoryId: ZERO_UUID }));
  const byKey = partition.preferredCandidates.map(({ candidateId: id, candidateDirectoryId: directoryId }) => ({
    id,
    directoryId,
  }));
  return {
    kind: 'end',
    clusterId: request.clusterId,
    leaderId: partition.leaderId,
    epoch: partition.leaderEpoch,
    candidates: byKey.length > 0 ? byKey : byId,
  };
}

/** Both answer alike. */
export function epochResponseOf(answer: RaftAnswer): BeginQuorumEpochResponse {
  if (topLevelError(answer.errorCode)) return { errorCode: answer.errorCode, topics: [], nodeEndpoints: [] };
  const { errorCode, leaderId, epoch: leaderEpoch } = answer;
  return {
    errorCode: ErrorCode.NONE,
    topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0, errorCode, leaderId, leaderEpoch }] }],
    nodeEndpoints: nodeEndpoints(answer),
  };
}

export const epochAnswerOf: (response: BeginQuorumEpochResponse) => RaftAnswer = electionAnswer;

// Fetch.

export function fetchRequestOf(ask: FetchAsk) {
  const partition = {
    partition: 0,
    currentLeaderEpoch: ask.epoch,
    fetchOffset: ask.offset,
    lastFetchedEpoch: ask.lastEpoch,
    logStartOffset: -1,
    partitionMaxBytes: 0,
    replicaDirectoryId: ask.replica.directoryId,
    ...(ask.highWatermark === null ? {} : { highWatermark: BigInt(ask.highWatermark) }),
  };
  return {
    clusterId: ask.clusterId,
    replicaState: { replicaId: ask.replica.id, replicaEpoch: -1 },
    maxWaitMs: ask.maxWaitMs,
    minBytes: 0,
    maxBytes: ask.maxBytes,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    forgottenTopicsData: [],
  };
}

const byTopicId = (topic: { topic: string; topicId: string }, partition: object): boolean => {
  const index =
    'partition' in partition ? partition.partition : (partition as { partitionIndex?: number }).partitionIndex;
  return (topic.topicId === METADATA_TOPIC_ID || topic.topic === METADATA_TOPIC) && index === 0;
};

export function fetchAskOf(request: FetchRequest): FetchAsk | null {
  const partition = only(request.topics, byTopicId);
  if (partition === null) return null;
  const { highWatermark } = partition;
  const id = request.replicaState.replicaId >= 0 ? request.replicaState.replicaId : request.replicaId;
  return {
    kind: 'fetch',
    clusterId: request.clusterId,
    replica: { id, directoryId: partition.replicaDirectoryId },
    epoch: partition.currentLeaderEpoch,
    offset: partition.fetchOffset,
    lastEpoch: partition.lastFetchedEpoch,
    highWatermark: highWatermark > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(highWatermark),
    maxBytes: request.maxBytes,
    maxWaitMs: request.maxWaitMs,
  };
}

const toTag = (end: OffsetAndEpoch | null) => ({ epoch: end?.epoch ?? -1, endOffset: end?.offset ?? -1 });

export function fetchResponseOf(answer: RaftAnswer) {
  const head = { throttleTimeMs: 0, sessionId: 0 };
  if (topLevelError(answer.errorCode)) {
    return { ...head, errorCode: answer.errorCode, responses: [], nodeEndpoints: [] };
  }
  const { fetched } = answer;
  const partition = {
    partitionIndex: 0,
    errorCode: answer.errorCode,
    highWatermark: fetched?.highWatermark ?? -1,
    lastStableOffset: -1,
    logStartOffset: fetched?.logStartOffset ?? -1,
    divergingEpoch: toTag(fetched?.diverging ?? null),
    currentLeader: { leaderId: answer.leaderId, leaderEpoch: answer.epoch },
    snapshotId: fetched?.snapshotId ?? { endOffset: -1, epoch: -1 },
    abortedTransactions: [],
    preferredReadReplica: -1,
    records: fetched?.records ?? NO_BYTES,
  };
  return {
    ...head,
    errorCode: ErrorCode.NONE,
    responses: [{ topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    nodeEndpoints: nodeEndpoints(answer).map((node) => ({ ...node, rack: null })),
  };
}

export function fetchAnswerOf(response: FetchResponse): RaftAnswer {
  const partition = only(response.responses, byTopicId);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return unreadable(response.errorCode);
  const { divergingEpoch, snapshotId, currentLeader } = partition;
  return {
    errorCode: partition.errorCode,
    errorMessage: null,
    leaderId: currentLeader.leaderId,
    epoch: currentLeader.leaderEpoch,
    nodes: nodesOf(response.nodeEndpoints),
    fetched: {
      highWatermark: partition.highWatermark,
      logStartOffset: partition.logStartOffset,
      diverging: divergingEpoch.epoch < 0 ? null : { epoch: divergingEpoch.epoch, offset: divergingEpoch.endOffset },
      snapshotId: snapshotId.endOffset < 0 || snapshotId.epoch < 0 ? null : snapshotId,
      records: (partition.records as Uint8Array | null) ?? NO_BYTES,
    },
  };
}

// FetchSnapshot.

export function snapshotRequestOf(ask: SnapshotAsk) {
  const partition = {
    partition: 0,
    currentLeaderEpoch: ask.epoch,
    snapshotId: ask.id,
    position: ask.position,
    replicaDirectoryId: ask.replica.directoryId,
  };
  return {
    clusterId: ask.clusterId,
    replicaId: ask.replica.id,
    maxBytes: ask.maxBytes,
    topics: [{ name: METADATA_TOPIC, partitions: [partition] }],
  };
}

const byName = (topic: { name: string }, partition: object): boolean => {
  const index = 'partition' in partition ? partition.partition : (partition as { index?: number }).index;
  return topic.name === METADATA_TOPIC && index === 0;
};

export function snapshotAskOf(request: FetchSnapshotRequest): SnapshotAsk | null {
  const partition = only(request.topics, byName);
  if (partition === null) return null;
  return {
    kind: 'snapshot',
    clusterId: request.clusterId,
    replica: { id: request.replicaId, directoryId: partition.replicaDirectoryId },
    epoch: partition.currentLeaderEpoch,
    id: partition.snapshotId,
    position: partition.position,
    maxBytes: request.maxBytes,
  };
}

export function snapshotResponseOf(ask: SnapshotAsk, answer: RaftAnswer) {
  if (topLevelError(answer.errorCode)) {
    return { throttleTimeMs: 0, errorCode: answer.errorCode, topics: [], nodeEndpoints: [] };
  }
  const { slice } = answer;
  const partition = {
    index: 0,
    errorCode: answer.errorCode,
    snapshotId: ask.id,
    currentLeader: { leaderId: answer.leaderId, leaderEpoch: answer.epoch },
    size: slice?.size ?? 0,
    position: slice?.position ?? 0,
    unalignedRecords: slice?.bytes ?? NO_BYTES,
  };
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    topics: [{ name: METADATA_TOPIC, partitions: [partition] }],
    nodeEndpoints: nodeEndpoints(answer),
  };
}

export function snapshotAnswerOf(response: FetchSnapshotResponse): RaftAnswer {
  const partition = only(response.topics, byName);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return unreadable(response.errorCode);
  const { errorCode, snapshotId: id, currentLeader, size, position } = partition;
  const bytes = (partition.unalignedRecords as Uint8Array | null) ?? NO_BYTES;
  return {
    errorCode,
    errorMessage: null,
    leaderId: currentLeader.leaderId,
    epoch: currentLeader.leaderEpoch,
    nodes: nodesOf(response.nodeEndpoints),
    slice: { id, size, position, bytes },
  };
}

// Membership.

export function addVoterAskOf(request: AddRaftVoterRequest): AddVoterAsk {
  return {
    kind: 'addVoter',
    clusterId: request.clusterId,
    voter: { id: request.voterId, directoryId: request.voterDirectoryId },
    endpoints: request.listeners,
    timeoutMs: request.timeoutMs,
    ackWhenCommitted: request.ackWhenCommitted,
  };
}

export function addVoterRequestOf(ask: AddVoterAsk) {
  return {
    clusterId: ask.clusterId,
    timeoutMs: ask.timeoutMs,
    voterId: ask.voter.id,
    voterDirectoryId: ask.voter.directoryId,
    listeners: ask.endpoints,
    ackWhenCommitted: ask.ackWhenCommitted,
  };
}

export function removeVoterAskOf(request: RemoveRaftVoterRequest): RemoveVoterAsk {
  const voter = { id: request.voterId, directoryId: request.voterDirectoryId };
  return { kind: 'removeVoter', clusterId: request.clusterId, voter };
}

export function removeVoterRequestOf(ask: RemoveVoterAsk) {
  return { clusterId: ask.clusterId, voterId: ask.voter.id, voterDirectoryId: ask.voter.directoryId };
}

/** Neither tells of the leader. */
export function voterAnswerOf({ errorCode, errorMessage }: AddRaftVoterResponse): RaftAnswer {
  return { errorCode, errorMessage, leaderId: -1, epoch: -1, nodes: [] };
}

/** Both answer alike. */
export function voterResponseOf(answer: RaftAnswer) {
  return { throttleTimeMs: 0, errorCode: answer.errorCode, errorMessage: answer.errorMessage };
}

export function updateVoterAskOf(request: UpdateRaftVoterRequest): UpdateVoterAsk {
  const { minSupportedVersion: min, maxSupportedVersion: max } = request.kRaftVersionFeature;
  return {
    kind: 'updateVoter',
    clusterId: request.clusterId,
    epoch: request.currentLeaderEpoch,
    voter: { id: request.voterId, directoryId: request.voterDirectoryId },
    endpoints: request.listeners,
    kraftVersion: { min, max },
  };
}

export function updateVoterRequestOf(ask: UpdateVoterAsk) {
  return {
    clusterId: ask.clusterId,
    currentLeaderEpoch: ask.epoch,
    voterId: ask.voter.id,
    voterDirectoryId: ask.voter.directoryId,
    listeners: ask.endpoints,
    kRaftVersionFeature: { minSupportedVersion: ask.kraftVersion.min, maxSupportedVersion: ask.kraftVersion.max },
  };
}

export function updateVoterResponseOf(answer: RaftAnswer) {
  const leader = answer.nodes[0];
  const currentLeader = {
    leaderId: answer.leaderId,
    leaderEpoch: answer.epoch,
    host: leader?.host ?? '',
    port: leader?.port ?? 0,
  };
  return { throttleTimeMs: 0, errorCode: answer.errorCode, currentLeader };
}

export function updateVoterAnswerOf({ errorCode, currentLeader }: UpdateRaftVoterResponse): RaftAnswer {
  const { leaderId, leaderEpoch: epoch, host, port } = currentLeader;
  return { errorCode, errorMessage: null, leaderId, epoch, nodes: [{ id: leaderId, host, port }] };
}
