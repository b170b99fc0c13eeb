/** The cluster itself, as an administrator sees it: nodes, quorum, features, log directories. */
import { KTS_VERSION } from '../base/versions.ts';
import { api } from '../network/api.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/messages/api-versions.ts';
import { describeClusterRequest, describeClusterResponse } from '../protocol/messages/describe-cluster.ts';
import { describeLogDirsRequest, describeLogDirsResponse } from '../protocol/messages/describe-log-dirs.ts';
import {
  type DescribeQuorumResponse,
  describeQuorumRequest,
  describeQuorumResponse,
} from '../protocol/messages/describe-quorum.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../protocol/messages/update-features.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const API_VERSIONS = api(apiVersionsRequest, apiVersionsResponse);
const DESCRIBE_CLUSTER = api(describeClusterRequest, describeClusterResponse);
const DESCRIBE_LOG_DIRS = api(describeLogDirsRequest, describeLogDirsResponse);
const DESCRIBE_QUORUM = api(describeQuorumRequest, describeQuorumResponse);
const UPDATE_FEATURES = api(updateFeaturesRequest, updateFeaturesResponse);
const METADATA_TOPIC = '__cluster_metadata';
const CONTROLLERS = 2;

export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly isFenced: boolean;
}

export interface ClusterDescription {
  readonly clusterId: string;
  /** -1: none, as far as the broker that answered knows. */
  readonly controllerId: number;
  readonly nodes: readonly ClusterNode[];
}

export async function describeCluster(
  cluster: ClusterView,
  options: {
    readonly includeFenced?: boolean;
    /** The nodes of the quorum, which controllers alone know. */
    readonly ofControllers?: boolean;
  } = {},
): Promise<ClusterDescription> {
  const includeFencedBrokers = options.includeFenced ?? false;
  const response = await cluster.call(
    DESCRIBE_CLUSTER,
    {
      includeClusterAuthorizedOperations: false,
      ...(options.ofControllers ? { endpointType: CONTROLLERS } : {}),
      ...(includeFencedBrokers ? { includeFencedBrokers } : {}),
    },
    // As Kafka's client calls it.
    { doing: 'listNodes' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  const nodes = response.brokers.map(({ brokerId: id, host, port, rack, isFenced }) => ({
    id,
    host,
    port,
    rack,
    isFenced,
  }));
  return { clusterId: response.clusterId, controllerId: response.controllerId, nodes };
}

type ReplicaState = DescribeQuorumResponse['topics'][number]['partitions'][number]['currentVoters'][number];

export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly ReplicaState[];
  readonly observers: readonly ReplicaState[];
}

export async function describeQuorum(cluster: ClusterView): Promise<QuorumDescription> {
  const response = await cluster.call(
    DESCRIBE_QUORUM,
    { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] },
    { doing: 'describeMetadataQuorum' },
  );
  const partition = response.topics[0]?.partitions[0];
  const code = response.errorCode !== 0 ? response.errorCode : (partition?.errorCode ?? -1);
  if (partition === undefined || code !== 0) throw toKafkaError(code, response.errorMessage || partition?.errorMessage);
  const { leaderId, leaderEpoch, highWatermark, currentVoters: voters, observers } = partition;
  return { leaderId, leaderEpoch, highWatermark, voters, observers };
}

export interface Feature {
  readonly name: string;
  /** 0 and undefined: not in use. */
  readonly level: number | undefined;
  readonly minSupported: number;
  readonly maxSupported: number;
}

export async function describeFeatures(cluster: ClusterView): Promise<Feature[]> {
  const software = { clientSoftwareName: 'kts', clientSoftwareVersion: KTS_VERSION };
  const response = await cluster.call(API_VERSIONS, software, { doing: 'describeFeatures' });
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
  const levels = new Map(response.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  return response.supportedFeatures.map(({ name, minVersion, maxVersion }) => {
    return { name, level: levels.get(name), minSupported: minVersion, maxSupported: maxVersion };
  });
}

export interface FeatureUpdate {
  readonly name: string;
  /** 0 takes the feature out of use. */
  readonly level: number;
  /** How far down it may go. Default `upgrade`: not at all. */
  readonly kind?: 'upgrade' | 'safe downgrade' | 'unsafe downgrade';
}

const UPGRADE_TYPES = { upgrade: 1, 'safe downgrade': 2, 'unsafe downgrade': 3 } as const;

export async function updateFeatures(
  cluster: ClusterView,
  updates: readonly FeatureUpdate[],
  options: { readonly validateOnly?: boolean } = {},
): Promise<void> {
  const response = await cluster.call(
    UPDATE_FEATURES,
    {
      timeoutMs: cluster.settings.requestTimeoutMs,
      featureUpdates: updates.map(({ name, level, kind = 'upgrade' }) => {
        return { feature: name, maxVersionLevel: level, upgradeType: UPGRADE_TYPES[kind] };
      }),
      validateOnly: options.validateOnly ?? false,
    },
    { node: 'controller', doing: 'updateFeatures' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  for (const { errorCode, errorMessage } of response.results) {
    if (errorCode !== 0) throw toKafkaError(errorCode, errorMessage);
  }
}

export interface LogDirectoryReplica {
  readonly topic: string;
  readonly partition: number;
  readonly sizeBytes: number;
  /** How far it is behind, in records. */
  readonly offsetLag: number;
  /** It will take the place of the replica in another directory. */
  readonly isFuture: boolean;
}

export interface LogDirectory {
  readonly brokerId: number;
  readonly path: string;
  readonly errorCode: number;
  /** -1: the broker does not tell. */
  readonly totalBytes: number;
  readonly usableBytes: number;
  readonly replicas: readonly LogDirectoryReplica[];
}

/** Of these brokers, of all when none are named; all topics unless some are named. */
export async function describeLogDirs(
  cluster: ClusterView,
  options: { readonly brokers?: readonly number[]; readonly topics?: readonly string[] } = {},
): Promise<LogDirectory[]> {
  await cluster.refresh(options.topics ?? [], { doing: 'describeLogDirs' });
  const brokers = options.brokers ?? cluster.brokers.map(({ id }) => id);
  const topics = options.topics?.map((topic) => ({
    topic,
    partitions: (cluster.topic(topic)?.partitions ?? []).map(({ partition }) => partition),
  }));
  const answers = await Promise.all(
    brokers.map(async (brokerId) => {
      const options = { node: brokerId, doing: 'describeLogDirs' };
      const response = await cluster.call(DESCRIBE_LOG_DIRS, { topics: topics ?? null }, options);
      if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
      return response.results.map(({ errorCode, logDir, topics, totalBytes, usableBytes }) => ({
        brokerId,
        path: logDir,
        errorCode,
        totalBytes,
        usableBytes,
        replicas: topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => {
            return {
              topic: name,
              partition: partitionIndex,
              sizeBytes: partitionSize,
              offsetLag,
              isFuture: isFutureKey,
            };
          }),
        ),
      }));
    }),
  );
  return answers.flat();
}
