/** The quorum seen from outside: DescribeQuorum and DescribeCluster. */
import { ENSEMBLE_LISTENER } from '../../config/zookeeper-config.ts';
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { describeClusterRequest, describeClusterResponse } from '../../protocol/messages/describe-cluster.ts';
import {
  type DescribeQuorumRequest,
  describeQuorumRequest,
  describeQuorumResponse,
} from '../../protocol/messages/describe-quorum.ts';
import type { QuorumDescription, ReplicaProgress } from '../../raft/raft-client.ts';
import type { ControllerDeps } from './deps.ts';

const METADATA_TOPIC = '__cluster_metadata';

/** Only the one partition of the metadata topic may be asked for, and alone. */
function asksForMetadata(request: DescribeQuorumRequest): boolean {
  const [topic, ...otherTopics] = request.topics;
  const [partition, ...otherPartitions] = topic?.partitions ?? [];
  if (otherTopics.length > 0 || otherPartitions.length > 0) return false;
  return topic?.topicName === METADATA_TOPIC && partition?.partitionIndex === 0;
}

function replica(progress: ReplicaProgress) {
  return {
    replicaId: progress.replicaId,
    replicaDirectoryId: progress.directoryId,
    logEndOffset: progress.logEndOffset,
    lastFetchTimestamp: progress.lastFetchTimestampMs,
    lastCaughtUpTimestamp: progress.lastCaughtUpTimestampMs,
  };
}

function described(quorum: QuorumDescription) {
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    topics: [
      {
        topicName: METADATA_TOPIC,
        partitions: [
          {
            partitionIndex: 0,
            errorCode: ErrorCode.NONE,
            errorMessage: null,
            leaderId: quorum.leaderId,
            leaderEpoch: quorum.leaderEpoch,
            highWatermark: quorum.highWatermark,
            currentVoters: quorum.voters.map(replica),
            observers: quorum.observers.map(replica),
          },
        ],
      },
    ],
    nodes: quorum.nodes.map(({ id, listeners }) => ({ nodeId: id, listeners })),
  };
}

function partitionError(request: DescribeQuorumRequest, errorCode: number, errorMessage: string | null) {
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    topics: request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode,
        errorMessage,
        leaderId: 0,
        leaderEpoch: 0,
        highWatermark: 0,
        currentVoters: [],
        observers: [],
      })),
    })),
    nodes: [],
  };
}

function describeQuorumRow({ raft }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 55,
    name: 'DescribeQuorum',
    request: describeQuorumRequest,
    response: describeQuorumResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: (request) => {
      if (!asksForMetadata(request)) {
        const message = 'This server does not host this topic-partition.';
        return partitionError(request, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
      }
      const quorum = raft.describeQuorum();
      if (quorum !== null) return described(quorum);
      const message =
        'For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests intended for any replica, this error indicates that the broker is not a replica of the topic partition.';
      return partitionError(request, ErrorCode.NOT_LEADER_OR_FOLLOWER, message);
    },
    errorResponse: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, topics: [], nodes: [] }),
  });
}

const ENDPOINT_BROKERS = 1;
const ENDPOINT_CONTROLLERS = 2;

function clusterError(errorCode: number, errorMessage: string | null) {
  return {
    throttleTimeMs: 0,
    errorCode,
    errorMessage,
    endpointType: ENDPOINT_BROKERS,
    clusterId: '',
    controllerId: -1,
    brokers: [],
  };
}

/** Where ZooKeeper was, people ask for brokers; Apache Kafka's controllers have no such listener. */
function clusterOfBrokers({ controller, raft }: ControllerDeps, withFenced: boolean) {
  const brokers = [];
  for (const broker of controller.committedImage.brokers.values()) {
    const endpoint = broker.endpoints.find(({ name }) => name === 'PLAINTEXT') ?? broker.endpoints[0];
    if ((broker.fenced && !withFenced) || endpoint === undefined) continue;
    const { host, port } = endpoint;
    brokers.push({ brokerId: broker.id, host, port, rack: broker.rack, isFenced: broker.fenced });
  }
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    endpointType: ENDPOINT_BROKERS,
    clusterId: controller.config.clusterId,
    controllerId: raft.leaderAndEpoch().leaderId,
    brokers,
  };
}

function describeClusterRow(deps: ControllerDeps): ApiRow {
  const { controller, raft } = deps;
  return apiRow({
    apiKey: 60,
    name: 'DescribeCluster',
    request: describeClusterRequest,
    response: describeClusterResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: ({ endpointType, includeFencedBrokers }, { listenerName }) => {
      const isAskedForBrokers = endpointType === ENDPOINT_BROKERS && listenerName === ENSEMBLE_LISTENER;
      if (isAskedForBrokers) return clusterOfBrokers(deps, includeFencedBrokers);
      if (endpointType === ENDPOINT_BROKERS) {
        const message =
          'The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint of type BROKER';
        return clusterError(ErrorCode.MISMATCHED_ENDPOINT_TYPE, message);
      }
      if (endpointType !== ENDPOINT_CONTROLLERS) {
        const message = `Unsupported endpoint type ${endpointType}`;
        return clusterError(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, message);
      }
      const brokers = [];
      for (const node of controller.committedImage.controllers.values()) {
        const endpoint = node.endpoints.find(({ name }) => name === listenerName);
        if (endpoint === undefined) continue;
        brokers.push({ brokerId: node.id, host: endpoint.host, port: endpoint.port, rack: null, isFenced: false });
      }
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        errorMessage: null,
        endpointType,
        clusterId: controller.config.clusterId,
        controllerId: raft.leaderAndEpoch().leaderId,
        brokers,
      };
    },
    errorResponse: (_request, errorCode, errorMessage) => clusterError(errorCode, errorMessage),
  });
}

export function quorumRows(deps: ControllerDeps): ApiRow[] {
  return [describeQuorumRow(deps), describeClusterRow(deps)];
}
