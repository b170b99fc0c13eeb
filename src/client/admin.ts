/**
 * Everything an administrator does, over one view of the cluster. Methods for several things at once answer for each of
 * them where one may fail and another not; methods for one thing reject.
 */
import type { KafkaError } from '../protocol/kafka-error.ts';
import { type Acl, type AclFilter, createAcls, deleteAcls, describeAcls } from './admin-acls.ts';
import {
  type ClusterDescription,
  describeCluster,
  describeFeatures,
  describeLogDirs,
  describeQuorum,
  type Feature,
  type FeatureUpdate,
  type LogDirectory,
  type QuorumDescription,
  updateFeatures,
} from './admin-cluster.ts';
import {
  alterConfigs,
  type ConfigChange,
  describeConfigs,
  listConfigResources,
  type Resource,
  type ResourceConfigs,
  type ResourceType,
} from './admin-configs.ts';
import {
  type CommittedOffset,
  commitOffsets,
  deleteGroup,
  deleteOffsets,
  describeGroup,
  fetchOffsets,
  type GroupDescription,
  type ListedGroup,
  listGroups,
  type PartitionOutcomes,
  removeMembers,
} from './admin-groups.ts';
import {
  alterReassignments,
  alterReplicaLogDirs,
  deleteRecords,
  electLeaders,
  listReassignments,
  type OngoingReassignment,
  type PlacementOutcomes,
  type Reassignment,
  type RecordsToDelete,
  type ReplicaMove,
} from './admin-partitions.ts';
import {
  alterClientQuotas,
  type ClientQuotas,
  describeClientQuotas,
  type QuotaEntityPart,
  type QuotaFilterPart,
} from './admin-quotas.ts';
import {
  alterScramCredentials,
  describeScramCredentials,
  type ScramChanges,
  type UserScramCredentials,
} from './admin-scram.ts';
import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeTopicById,
  describeTopics,
  type ListedTopic,
  listTopics,
  type NewTopic,
  type Outcomes,
  type PartitionsChange,
  type TopicDescription,
  type TopicDescriptions,
} from './admin-topics.ts';
import type { ClusterView } from './cluster-view.ts';
import { Coordinators } from './coordinator.ts';
import { listOffsets, type OffsetAnswer, type OffsetQuery, type TopicPartition } from './offsets.ts';

export class Admin implements AsyncDisposable {
  readonly cluster: ClusterView;
  readonly #coordinators: Coordinators;
  readonly #onClose: () => void;

  constructor(cluster: ClusterView, onClose: () => void = () => undefined) {
    this.cluster = cluster;
    this.#coordinators = new Coordinators(cluster);
    this.#onClose = onClose;
  }

  // ---- topics ----

  createTopics(topics: readonly NewTopic[], options: { readonly validateOnly?: boolean } = {}): Promise<Outcomes> {
    return createTopics(this.cluster, topics, options);
  }

  deleteTopics(names: readonly string[]): Promise<Outcomes> {
    return deleteTopics(this.cluster, names);
  }

  createPartitions(changes: readonly PartitionsChange[]): Promise<Outcomes> {
    return createPartitions(this.cluster, changes);
  }

  listTopics(): Promise<ListedTopic[]> {
    return listTopics(this.cluster);
  }

  describeTopics(names: readonly string[]): Promise<TopicDescriptions> {
    return describeTopics(this.cluster, names);
  }

  describeTopicById(topicId: string): Promise<TopicDescription | KafkaError> {
    return describeTopicById(this.cluster, topicId);
  }

  // ---- partitions ----

  /** By `topic-partition`. */
  listOffsets(
    queries: readonly OffsetQuery[],
    options: { readonly readCommitted?: boolean } = {},
  ): Promise<Map<string, OffsetAnswer>> {
    return listOffsets(this.cluster, queries, options);
  }

  deleteRecords(records: readonly RecordsToDelete[]): Promise<Map<string, number | KafkaError>> {
    return deleteRecords(this.cluster, records);
  }

  electLeaders(
    kind: 'preferred' | 'unclean',
    partitions: readonly TopicPartition[] | null,
  ): Promise<PlacementOutcomes> {
    return electLeaders(this.cluster, kind, partitions);
  }

  alterPartitionReassignments(
    reassignments: readonly Reassignment[],
    options: { readonly keepReplicationFactor?: boolean } = {},
  ): Promise<PlacementOutcomes> {
    return alterReassignments(this.cluster, reassignments, options);
  }

  listPartitionReassignments(partitions: readonly TopicPartition[] | null = null): Promise<OngoingReassignment[]> {
    return listReassignments(this.cluster, partitions);
  }

  /** In the order of the moves: nothing, or why not. */
  alterReplicaLogDirs(moves: readonly ReplicaMove[]): Promise<(KafkaError | null)[]> {
    return alterReplicaLogDirs(this.cluster, moves);
  }

  // ---- configs ----

  describeConfigs(
    resources: readonly Resource[],
    options: { readonly synonyms?: boolean } = {},
  ): Promise<ResourceConfigs[]> {
    return describeConfigs(this.cluster, resources, options);
  }

  alterConfigs(changes: readonly ConfigChange[], options: { readonly validateOnly?: boolean } = {}): Promise<void> {
    return alterConfigs(this.cluster, changes, options);
  }

  listConfigResources(types: readonly ResourceType[] = []): Promise<Resource[]> {
    return listConfigResources(this.cluster, types);
  }

  // ---- quotas, credentials, rules of who may do what ----

  /** Of entities that consist of exactly these parts. */
  describeClientQuotas(filter: readonly QuotaFilterPart[]): Promise<ClientQuotas[]> {
    return describeClientQuotas(this.cluster, filter);
  }

  /** `null` takes a quota away. */
  alterClientQuotas(
    entity: readonly QuotaEntityPart[],
    changes: ReadonlyMap<string, number | null>,
    options: { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    return alterClientQuotas(this.cluster, entity, changes, options);
  }

  /** Of these users, of all when none are named. */
  describeScramCredentials(users: readonly string[] = []): Promise<UserScramCredentials[]> {
    return describeScramCredentials(this.cluster, users);
  }

  alterScramCredentials(user: string, changes: ScramChanges): Promise<void> {
    return alterScramCredentials(this.cluster, user, changes);
  }

  describeAcls(filter: AclFilter = {}): Promise<Acl[]> {
    return describeAcls(this.cluster, filter);
  }

  /** For each of them: nothing, or why not. */
  createAcls(acls: readonly Acl[]): Promise<(KafkaError | null)[]> {
    return createAcls(this.cluster, acls);
  }

  /** What each filter has deleted, or why it has not. */
  deleteAcls(filters: readonly AclFilter[]): Promise<(readonly Acl[] | KafkaError)[]> {
    return deleteAcls(this.cluster, filters);
  }

  // ---- groups ----

  listGroups(
    filter: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
  ): Promise<ListedGroup[]> {
    return listGroups(this.cluster, filter);
  }

  describeGroup(group: string): Promise<GroupDescription> {
    return describeGroup(this.cluster, this.#coordinators, group);
  }

  /** What the group has committed, by `topic-partition`. */
  groupOffsets(
    group: string,
    options: { readonly partitions?: readonly TopicPartition[]; readonly requireStable?: boolean } = {},
  ): Promise<Map<string, CommittedOffset>> {
    return fetchOffsets(this.cluster, this.#coordinators, group, options);
  }

  /** While the group has no members. */
  alterGroupOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number; readonly metadata?: string })[],
  ): Promise<PartitionOutcomes> {
    return commitOffsets(this.#coordinators, group, offsets);
  }

  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<PartitionOutcomes> {
    return deleteOffsets(this.#coordinators, group, partitions);
  }

  async deleteGroups(groups: readonly string[]): Promise<Map<string, KafkaError | null>> {
    const deleted = groups.map(async (group) => [group, await deleteGroup(this.#coordinators, group)] as const);
    return new Map(await Promise.all(deleted));
  }

  removeMembers(
    group: string,
    options: { readonly instanceIds?: readonly string[]; readonly reason?: string } = {},
  ): Promise<void> {
    return removeMembers(this.cluster, this.#coordinators, group, options);
  }

  // ---- the cluster ----

  describeCluster(options: { readonly includeFenced?: boolean } = {}): Promise<ClusterDescription> {
    return describeCluster(this.cluster, options);
  }

  describeQuorum(): Promise<QuorumDescription> {
    return describeQuorum(this.cluster);
  }

  describeFeatures(): Promise<Feature[]> {
    return describeFeatures(this.cluster);
  }

  updateFeatures(updates: readonly FeatureUpdate[], options: { readonly validateOnly?: boolean } = {}): Promise<void> {
    return updateFeatures(this.cluster, updates, options);
  }

  describeLogDirs(
    options: { readonly brokers?: readonly number[]; readonly topics?: readonly string[] } = {},
  ): Promise<LogDirectory[]> {
    return describeLogDirs(this.cluster, options);
  }

  async close(): Promise<void> {
    this.#onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
