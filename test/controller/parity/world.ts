/**
 * A cluster of brokers that are nothing but their requests to the controller, and what that controller answers and
 * writes, as text. Ids that are drawn at random and offsets are replaced by what they stand for, so that two controllers
 * that do the same give the same text.
 */
import { ZERO_UUID } from '../../../src/base/uuid.ts';
import { EMPTY_IMAGE, type MetadataImage, type PartitionImage } from '../../../src/metadata/image.ts';
import { imageAfter } from '../../../src/metadata/image-builder.ts';
import { type MetadataRecord, recordName } from '../../../src/metadata/records.ts';
import { type Api, api } from '../../../src/network/api.ts';
import { errorName } from '../../../src/protocol/error-codes.ts';
import {
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
} from '../../../src/protocol/messages/allocate-producer-ids.ts';
import { alterConfigsRequest, alterConfigsResponse } from '../../../src/protocol/messages/alter-configs.ts';
import { alterPartitionRequest, alterPartitionResponse } from '../../../src/protocol/messages/alter-partition.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '../../../src/protocol/messages/alter-partition-reassignments.ts';
import {
  assignReplicasToDirsRequest,
  assignReplicasToDirsResponse,
} from '../../../src/protocol/messages/assign-replicas-to-dirs.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from '../../../src/protocol/messages/broker-heartbeat.ts';
import {
  brokerRegistrationRequest,
  brokerRegistrationResponse,
} from '../../../src/protocol/messages/broker-registration.ts';
import {
  controllerRegistrationRequest,
  controllerRegistrationResponse,
} from '../../../src/protocol/messages/controller-registration.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../../../src/protocol/messages/create-partitions.ts';
import { createTopicsRequest, createTopicsResponse } from '../../../src/protocol/messages/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../../src/protocol/messages/delete-topics.ts';
import { describeClusterRequest, describeClusterResponse } from '../../../src/protocol/messages/describe-cluster.ts';
import { electLeadersRequest, electLeadersResponse } from '../../../src/protocol/messages/elect-leaders.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../../../src/protocol/messages/incremental-alter-configs.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '../../../src/protocol/messages/list-partition-reassignments.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from '../../../src/protocol/messages/unregister-broker.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../../../src/protocol/messages/update-features.ts';
import type { Encodable } from '../../../src/protocol/schema.ts';

export const CLUSTER_ID = 'Z2m4mKBFQvmNMZ2rQ0aQ3A';
/** The one that is asked. */
export const CONTROLLER = 1;
export const SESSION_TIMEOUT_MS = 4_000;

export const APIS = {
  createTopics: api(createTopicsRequest, createTopicsResponse),
  deleteTopics: api(deleteTopicsRequest, deleteTopicsResponse),
  createPartitions: api(createPartitionsRequest, createPartitionsResponse),
  electLeaders: api(electLeadersRequest, electLeadersResponse),
  incrementalAlterConfigs: api(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse),
  alterPartitionReassignments: api(alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse),
  listPartitionReassignments: api(listPartitionReassignmentsRequest, listPartitionReassignmentsResponse),
  alterPartition: api(alterPartitionRequest, alterPartitionResponse),
  updateFeatures: api(updateFeaturesRequest, updateFeaturesResponse),
  alterConfigs: api(alterConfigsRequest, alterConfigsResponse),
  controllerRegistration: api(controllerRegistrationRequest, controllerRegistrationResponse),
  describeCluster: api(describeClusterRequest, describeClusterResponse),
  brokerRegistration: api(brokerRegistrationRequest, brokerRegistrationResponse),
  brokerHeartbeat: api(brokerHeartbeatRequest, brokerHeartbeatResponse),
  unregisterBroker: api(unregisterBrokerRequest, unregisterBrokerResponse),
  allocateProducerIds: api(allocateProducerIdsRequest, allocateProducerIdsResponse),
  assignReplicasToDirs: api(assignReplicasToDirsRequest, assignReplicasToDirsResponse),
} as const;

/** What a cluster is formatted for, and the levels that Kafka's format command gives it. */
export interface Release {
  readonly name: string;
  readonly levels: Readonly<Record<string, number>>;
  /** 0 in a static quorum, which is what there was before 3.9. */
  readonly kraftVersion: number;
}

const OFF = {
  'eligible.leader.replicas.version': 0,
  'group.version': 0,
  'share.version': 0,
  'streams.version': 0,
  'transaction.version': 0,
};

export const RELEASES: readonly Release[] = [
  { name: '4.3', levels: {}, kraftVersion: 1 },
  {
    name: '4.0',
    levels: { ...OFF, 'metadata.version': 25, 'group.version': 1, 'transaction.version': 2 },
    kraftVersion: 1,
  },
  { name: '3.5', levels: { ...OFF, 'metadata.version': 11 }, kraftVersion: 0 },
];

/** A controller: Apache Kafka's over the wire, or ours in this process. */
export interface Target {
  send<In, Out>(which: Api<In, Out>, version: number, value: In): Promise<Out>;
  /** What was written since the last call, in order. */
  takeRecords(): Promise<readonly MetadataRecord[]>;
  /** Lets time pass until the sessions of those are over. `heartbeat` keeps the others alive. */
  silence(ids: readonly number[], heartbeat: () => Promise<void>): Promise<void>;
}

/** A directory id for a broker, readable in traces. */
export function dir(brokerId: number, index = 0): string {
  return `DIR${index}broker${brokerId}`.padEnd(21, 'x').concat('A');
}

const RANGES = [
  ['eligible.leader.replicas.version', 0, 1],
  ['group.version', 0, 1],
  ['kraft.version', 0, 1],
  ['metadata.version', 7, 30],
  ['share.version', 0, 1],
  ['streams.version', 0, 1],
  ['transaction.version', 0, 2],
] as const;

export const FEATURES = RANGES.map(([name, minSupportedVersion, maxSupportedVersion]) => ({
  name,
  minSupportedVersion,
  maxSupportedVersion,
}));

/** Far ahead of any log: the broker has applied all there is. */
const CAUGHT_UP = 1_000_000_000;

type HeartbeatFields = Partial<Encodable<typeof brokerHeartbeatRequest>>;
type RegistrationFields = Partial<Encodable<typeof brokerRegistrationRequest>>;
type NewTopic = Encodable<typeof createTopicsRequest>['topics'][number];
type ConfigChange = readonly [name: string, operation: number, value: string | null];

interface IsrChange {
  readonly partition?: number;
  /** Members, with the broker epoch where it is not the current one. */
  readonly isr: readonly (number | readonly [id: number, epoch: number])[];
  readonly leader?: number;
  readonly leaderEpoch?: number;
  readonly partitionEpoch?: number;
  readonly recovery?: number;
  readonly version?: number;
  readonly brokerEpoch?: number;
  readonly topicId?: string;
}

/** Left out of the text: drawn at random, or said by the request. */
const HIDDEN = new Set(['throttleTimeMs', 'features', 'endPoints', 'incarnationId', 'isMigratingZkBroker', 'configs']);

const UNKNOWN_TOPIC_ID = 'UNKNOWNxxxxxxxxxxxxxxA';

export class World {
  readonly #target: Target;
  readonly lines: string[] = [];
  readonly epochs = new Map<number, number>();
  /** How each broker that lives sends its heartbeats. */
  readonly #beats = new Map<number, HeartbeatFields>();
  #image: MetadataImage = EMPTY_IMAGE;
  #incarnations = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** What the controller wrote to begin with. */
  async begin(): Promise<void> {
    this.step('the first records of the log');
    await this.#note('nothing', undefined);
  }

  step(name: string): void {
    this.lines.push('', `# ${name}`);
  }

  partition(topic: string, partition = 0): PartitionImage {
    const found = this.#image.topics.partition(topic, partition);
    if (found === undefined) throw new Error(`there is no partition ${topic}-${partition}`);
    return found;
  }

  partitionCount(topic: string): number {
    return this.#image.topics.byName(topic)?.partitions.length ?? 0;
  }

  topicId(name: string): string {
    return this.#image.topics.byName(name)?.id ?? UNKNOWN_TOPIC_ID;
  }

  /** Sends, and writes down answer and records under `what`. */
  async send<In, Out>(what: string, which: Api<In, Out>, version: number, value: In): Promise<Out> {
    const answer = await this.#target.send(which, version, value);
    await this.#note(what, answer);
    return answer;
  }

  async #note(what: string, answer: unknown): Promise<void> {
    const before = this.#image;
    const records = (await this.#target.takeRecords()).filter((record) => !isMeaningless(record, before));
    this.lines.push(`> ${what}`);
    if (answer !== undefined) this.lines.push(`< ${this.#text(answer)}`);
    this.#image = imageAfter(before, records, { baseOffset: before.offset + 1, epoch: 1, timestampMs: 0 });
    for (const line of inKnownOrder(records, (record) => this.#nameOf(record, before))) {
      this.lines.push(`+ ${this.#recordText(line, before)}`);
    }
  }

  #nameOf(record: MetadataRecord, before: MetadataImage): string {
    if (record.type !== 'partitionChange') return '';
    const { topicId, partitionId } = record.value;
    const topic = this.#image.topics.byId(topicId) ?? before.topics.byId(topicId);
    return `${topic?.name}-${String(partitionId).padStart(4, '0')}`;
  }

  #recordText(record: MetadataRecord, before: MetadataImage): string {
    const fields = Object.entries(record.value).filter(([key, value]) => !isUnset(record, key, value));
    const version = record.version === 0 ? '' : ` v${record.version}`;
    return `${recordName(record.type).replace(/Record$/, '')}${version} ${this.#text(Object.fromEntries(fields), before)}`;
  }

  #text(value: unknown, before: MetadataImage = this.#image): string {
    const topicName = (id: string): string =>
      this.#image.topics.byId(id)?.name ?? before.topics.byId(id)?.name ?? (id === ZERO_UUID ? '-' : '?');
    return JSON.stringify(value, (key, inner: unknown) => {
      if (HIDDEN.has(key)) return undefined;
      if (key === 'topicId') return topicName(String(inner));
      if (key === 'errorCode') return inner === 0 ? undefined : errorName(Number(inner));
      if (key === 'topicConfigErrorCode') return inner === 0 ? undefined : errorName(Number(inner));
      if (key === 'brokerEpoch') return undefined;
      // The one that answers is known by where it listens.
      if (key === 'brokers') return (inner as { brokerId: number }[]).filter(({ brokerId }) => brokerId !== CONTROLLER);
      if (key === 'errorMessage' && inner === null) return undefined;
      // All topics and partitions, in no order.
      if (key === 'replicaElectionResults') return sortedBy(inner as { topic: string }[], ({ topic }) => topic);
      if (key === 'partitionResult') return sortedBy(inner as { partitionId: number }[], (one) => one.partitionId);
      return inner;
    });
  }

  // Brokers.

  async register(id: number, more: RegistrationFields = {}): Promise<void> {
    const { previousBrokerEpoch, ...said } = more;
    const former =
      previousBrokerEpoch === undefined ? '' : previousBrokerEpoch === this.epochs.get(id) ? ' clean' : ' unclean';
    const answer = await this.send(`register ${id}${former} ${shown(said)}`, APIS.brokerRegistration, 4, {
      brokerId: id,
      clusterId: CLUSTER_ID,
      incarnationId: `INCARNATION${++this.#incarnations}`.padEnd(21, 'x').concat('A'),
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9090 + id, securityProtocol: 0 }],
      features: FEATURES,
      rack: null,
      isMigratingZkBroker: false,
      logDirs: [dir(id)],
      previousBrokerEpoch: -1,
      ...more,
    });
    if (answer.errorCode === 0) this.epochs.set(id, answer.brokerEpoch);
  }

  async heartbeat(id: number, more: HeartbeatFields = {}): Promise<void> {
    const beat = { wantFence: false, cordonedLogDirs: [], currentMetadataOffset: CAUGHT_UP, ...more };
    const answer = await this.send(`heartbeat ${id} ${shown(more)}`, APIS.brokerHeartbeat, 2, this.#beat(id, beat));
    if (answer.errorCode === 0) this.#beats.set(id, { ...beat, wantShutDown: false });
    if (answer.shouldShutDown) this.#beats.delete(id);
  }

  #beat(id: number, fields: HeartbeatFields) {
    return {
      brokerId: id,
      brokerEpoch: this.epochs.get(id) ?? -1,
      currentMetadataOffset: CAUGHT_UP,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      ...fields,
    };
  }

  /** Registers and unfences; the first heartbeat after that tells the cordoned directories. */
  async join(id: number, more: RegistrationFields = {}): Promise<void> {
    await this.register(id, more);
    await this.heartbeat(id);
  }

  /** Those are not heard of any more, until they are fenced. */
  async silence(...ids: number[]): Promise<void> {
    for (const id of ids) this.#beats.delete(id);
    await this.#target.silence(ids, async () => {
      for (const [id, beat] of this.#beats) await this.#target.send(APIS.brokerHeartbeat, 2, this.#beat(id, beat));
    });
    await this.#note(`silence of ${ids}`, undefined);
  }

  async unregister(id: number): Promise<void> {
    this.#beats.delete(id);
    await this.send(`unregister ${id}`, APIS.unregisterBroker, 0, { brokerId: id });
  }

  // Topics.

  async createTopic(name: string, assignments: readonly (readonly number[])[], more: Partial<NewTopic> = {}) {
    const topic = {
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] })),
      configs: [],
      ...more,
    };
    const what = `create ${name} ${JSON.stringify(assignments)} ${shown(more)}`;
    await this.send(what, APIS.createTopics, 7, { topics: [topic], timeoutMs: 5_000, validateOnly: false });
  }

  async deleteTopic(name: string): Promise<void> {
    const topics = [{ name, topicId: ZERO_UUID }];
    await this.send(`delete ${name}`, APIS.deleteTopics, 6, { topics, topicNames: [], timeoutMs: 5_000 });
  }

  async addPartitions(name: string, count: number, assignments: readonly (readonly number[])[] | null): Promise<void> {
    const topic = {
      name,
      count,
      assignments: assignments === null ? null : assignments.map((brokerIds) => ({ brokerIds: [...brokerIds] })),
    };
    const request = { topics: [topic], timeoutMs: 5_000, validateOnly: false };
    await this.send(`partitions ${name} ${count} ${JSON.stringify(assignments)}`, APIS.createPartitions, 3, request);
  }

  async alterConfigs(resourceType: number, resourceName: string, ...changes: readonly ConfigChange[]): Promise<void> {
    const configs = changes.map(([name, configOperation, value]) => ({ name, configOperation, value }));
    const resources = [{ resourceType, resourceName, configs }];
    const what = `configs ${resourceType} '${resourceName}' ${JSON.stringify(changes)}`;
    await this.send(what, APIS.incrementalAlterConfigs, 1, { resources, validateOnly: false });
  }

  // Partitions.

  /** The leader proposes an ISR, with the epochs that are right unless others are given. */
  async alterIsr(topic: string, change: IsrChange): Promise<void> {
    const { partition: partitionIndex = 0, isr, version = 3, recovery = 0, topicId = this.topicId(topic) } = change;
    const known = this.#image.topics.partition(topic, partitionIndex);
    const leader = change.leader ?? known?.leader ?? 1;
    const members = isr.map((member) => (typeof member === 'number' ? ([member, undefined] as const) : member));
    const proposal = {
      partitionIndex,
      leaderEpoch: change.leaderEpoch ?? known?.leaderEpoch ?? 0,
      newIsr: version >= 3 ? [] : members.map(([id]) => id),
      newIsrWithEpochs:
        version < 3
          ? []
          : members.map(([id, epoch]) => ({ brokerId: id, brokerEpoch: epoch ?? this.epochs.get(id) ?? -1 })),
      leaderRecoveryState: recovery,
      partitionEpoch: change.partitionEpoch ?? known?.partitionEpoch ?? 0,
    };
    await this.send(`isr ${topic} ${JSON.stringify(change)}`, APIS.alterPartition, version, {
      brokerId: leader,
      brokerEpoch: change.brokerEpoch ?? this.epochs.get(leader) ?? -1,
      topics: [{ topicId, partitions: [proposal] }],
    });
  }

  async elect(electionType: number, topicPartitions: readonly (readonly [string, readonly number[]])[] | null) {
    const asked = topicPartitions?.map(([topic, partitions]) => ({ topic, partitions: [...partitions] })) ?? null;
    const what = `elect ${electionType} ${JSON.stringify(topicPartitions)}`;
    await this.send(what, APIS.electLeaders, 2, { electionType, topicPartitions: asked, timeoutMs: 5_000 });
  }

  /** Null cancels. */
  async reassign(topic: string, partitionIndex: number, replicas: readonly number[] | null, allowRfChange = true) {
    const what = `reassign ${topic}-${partitionIndex} ${JSON.stringify(replicas)}${allowRfChange ? '' : ' of the same number'}`;
    await this.send(what, APIS.alterPartitionReassignments, 1, {
      timeoutMs: 5_000,
      allowReplicationFactorChange: allowRfChange,
      topics: [{ name: topic, partitions: [{ partitionIndex, replicas: replicas === null ? null : [...replicas] }] }],
    });
  }

  async listReassignments(topics: readonly (readonly [string, readonly number[]])[] | null): Promise<void> {
    const asked =
      topics?.map(([name, partitionIndexes]) => ({ name, partitionIndexes: [...partitionIndexes] })) ?? null;
    const what = `reassignments ${JSON.stringify(topics)}`;
    await this.send(what, APIS.listPartitionReassignments, 0, { timeoutMs: 5_000, topics: asked });
  }

  async assignDir(brokerId: number, directory: string, topic: string, partitions: readonly number[]): Promise<void> {
    const topics = [
      { topicId: this.topicId(topic), partitions: partitions.map((partitionIndex) => ({ partitionIndex })) },
    ];
    await this.send(`assign ${brokerId} ${directory} ${topic} ${partitions}`, APIS.assignReplicasToDirs, 0, {
      brokerId,
      brokerEpoch: this.epochs.get(brokerId) ?? -1,
      directories: [{ id: directory, topics }],
    });
  }

  async updateFeature(feature: string, maxVersionLevel: number, upgradeType: number): Promise<void> {
    const what = `feature ${feature} ${maxVersionLevel} by ${upgradeType}`;
    const featureUpdates = [{ feature, maxVersionLevel, upgradeType, allowDowngrade: false }];
    await this.send(what, APIS.updateFeatures, 2, { timeoutMs: 5_000, featureUpdates, validateOnly: false });
  }
}

function sortedBy<T>(list: readonly T[], keyOf: (one: T) => string | number): T[] {
  return list.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function shown(more: object): string {
  return Object.keys(more).length === 0 ? '' : JSON.stringify(more);
}

/**
 * What time alone makes: the registration of a controller by itself, and the second fencing of a broker, which Kafka
 * writes when a session ends that was granted its shutdown before.
 */
function isMeaningless(record: MetadataRecord, before: MetadataImage): boolean {
  if (record.type === 'noOp') return true;
  if (record.type === 'registerController') return record.value.controllerId === CONTROLLER;
  if (record.type !== 'brokerRegistrationChange' || record.value.fenced !== 1) return false;
  return before.brokers.get(record.value.brokerId)?.fenced === true;
}

/** Defaults say nothing; in a change neither do the fields that it leaves. */
function isUnset(record: MetadataRecord, key: string, value: unknown): boolean {
  if (value === null) return record.type !== 'config';
  if (record.type === 'partitionChange')
    return value === (key === 'leader' ? -2 : key === 'leaderRecoveryState' ? -1 : null);
  if (record.type === 'brokerRegistrationChange' && Array.isArray(value))
    return key === 'logDirs' && value.length === 0;
  return false;
}

/** Changes of different partitions follow no order that could be known: Kafka walks through a hash of their random ids. */
function inKnownOrder(
  records: readonly MetadataRecord[],
  nameOf: (record: MetadataRecord) => string,
): MetadataRecord[] {
  const result: MetadataRecord[] = [];
  let run: MetadataRecord[] = [];
  const flush = (): void => {
    result.push(...run.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)));
    run = [];
  };
  for (const record of records) {
    if (record.type === 'partitionChange') run.push(record);
    else {
      flush();
      result.push(record);
    }
  }
  flush();
  return result;
}
