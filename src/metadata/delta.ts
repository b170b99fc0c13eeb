/**
 * What a run of metadata records changes: replay collects it over a base image, `apply` gives the image after it. The
 * base stays as it was. Brokers read from the delta what they must react to.
 *
 * A record that does not fit (a change of an unknown partition) is a broken log: replay throws, and the node must not
 * go on with a state of which it knows that it is wrong.
 */

import type { Uuid } from '../base/uuid.ts';
import { brokenLog } from './broken-log.ts';
import { replayBrokerRecord, replayControllerRecord } from './broker-replay.ts';
import { METADATA_VERSION } from './features.ts';
import {
  type BrokerRegistration,
  type ConfigMap,
  type ConfigResource,
  ConfigResourceType,
  type ControllerRegistration,
  configKey,
  configResourceOf,
  type KeptRecords,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
} from './image.ts';
import { replayKeptRecord } from './kept-replay.ts';
import type { MetadataRecord } from './records.ts';
import { replayTopicRecord } from './topic-replay.ts';

/** What happened to one topic that existed before or was created. */
export interface TopicDelta {
  /** Null when the topic is new. */
  readonly before: TopicImage | null;
  readonly name: string;
  readonly id: Uuid;
  /** By partition id: the new state of each partition that was created or changed. */
  readonly partitions: ReadonlyMap<number, PartitionImage>;
}

export interface MutableTopicDelta extends TopicDelta {
  readonly partitions: Map<number, PartitionImage>;
}

export type KeptKind = 'clientQuotas' | 'acls' | 'scram' | 'delegationTokens';

export interface ApplyOptions {
  readonly offset: number;
  readonly epoch: number;
  readonly timestampMs: number;
}

export class MetadataDelta {
  readonly base: MetadataImage;
  /** The offset of the record that is replayed; broker registrations remember theirs. */
  recordOffset = -1;
  readonly features = new Map<string, number>();
  readonly brokers = new Map<number, BrokerRegistration | null>();
  readonly controllers = new Map<number, ControllerRegistration | null>();
  /** By topic id. */
  readonly topics = new Map<Uuid, MutableTopicDelta>();
  /** Topics of the base image that are gone, by id. */
  readonly deletedTopics = new Map<Uuid, TopicImage>();
  /** By configKey, then by config name; null deletes. */
  readonly configs = new Map<string, Map<string, string | null>>();
  readonly kept: Record<KeptKind, Map<string, MetadataRecord | undefined>> = {
    clientQuotas: new Map(),
    acls: new Map(),
    scram: new Map(),
    delegationTokens: new Map(),
  };
  nextProducerId: number | undefined;
  readonly #idByNewName = new Map<string, Uuid>();

  constructor(base: MetadataImage) {
    this.base = base;
  }

  replay(record: MetadataRecord, offset = -1): void {
    this.recordOffset = offset;
    switch (record.type) {
      case 'topic':
      case 'partition':
      case 'partitionChange':
      case 'removeTopic':
      case 'clearElr':
        replayTopicRecord(this, record);
        return;
      case 'registerBroker':
      case 'unregisterBroker':
      case 'fenceBroker':
      case 'unfenceBroker':
      case 'brokerRegistrationChange':
        replayBrokerRecord(this, record);
        return;
      case 'registerController':
        replayControllerRecord(this, record);
        return;
      case 'config':
        this.#replayConfig(configKey(record.value.resourceType, record.value.resourceName), record.value);
        return;
      case 'featureLevel':
        this.features.set(record.value.name, record.value.featureLevel);
        return;
      case 'producerIds':
        this.nextProducerId = record.value.nextProducerId;
        return;
      case 'noOp':
      case 'zkMigrationState':
      // The loader and the controller hold transactions together; by the time of replay they have done their work.
      case 'beginTransaction':
      case 'endTransaction':
      case 'abortTransaction':
        return;
      default:
        replayKeptRecord(this, record);
    }
  }

  #replayConfig(key: string, record: { readonly name: string; readonly value: string | null }): void {
    let changes = this.configs.get(key);
    if (changes === undefined) {
      changes = new Map();
      this.configs.set(key, changes);
    }
    changes.set(record.name, record.value);
  }

  // What replay asks about the state so far.

  broker(id: number): BrokerRegistration | undefined {
    const changed = this.brokers.get(id);
    return changed === undefined ? this.base.brokers.get(id) : (changed ?? undefined);
  }

  /** The delta of a living topic, made on demand; undefined when there is no such topic. */
  topicDelta(id: Uuid): MutableTopicDelta | undefined {
    const present = this.topics.get(id);
    if (present !== undefined) return present;
    if (this.deletedTopics.has(id)) return undefined;
    const before = this.base.topics.byId(id);
    if (before === undefined) return undefined;
    const delta: MutableTopicDelta = { before, name: before.name, id, partitions: new Map() };
    this.topics.set(id, delta);
    return delta;
  }

  topicIdByName(name: string): Uuid | undefined {
    const created = this.#idByNewName.get(name);
    if (created !== undefined) return created;
    const before = this.base.topics.byName(name);
    return before === undefined || this.deletedTopics.has(before.id) ? undefined : before.id;
  }

  partition(topicId: Uuid, partitionId: number): PartitionImage | undefined {
    const delta = this.topics.get(topicId);
    const changed = delta?.partitions.get(partitionId);
    if (changed !== undefined || delta !== undefined) return changed ?? delta?.before?.partitions[partitionId];
    return this.deletedTopics.has(topicId) ? undefined : this.base.topics.partitionById(topicId, partitionId);
  }

  addTopic(name: string, id: Uuid): void {
    if (this.topicIdByName(name) !== undefined) throw brokenLog(`topic ${name} is created twice`);
    this.topics.set(id, { before: null, name, id, partitions: new Map() });
    this.#idByNewName.set(name, id);
  }

  removeTopic(id: Uuid): void {
    const delta = this.topics.get(id);
    const before = delta === undefined ? this.base.topics.byId(id) : delta.before;
    const name = delta?.name ?? before?.name;
    if (name === undefined || this.deletedTopics.has(id)) throw brokenLog(`an unknown topic ${id} is removed`);
    this.topics.delete(id);
    if (this.#idByNewName.get(name) === id) this.#idByNewName.delete(name);
    if (before !== null && before !== undefined) this.deletedTopics.set(id, before);
    this.#deleteConfigs(configKey(ConfigResourceType.TOPIC, name));
  }

  /** Configs of a removed topic go without records of their own. */
  #deleteConfigs(key: string): void {
    const changes = new Map<string, string | null>();
    for (const name of this.base.configs.get(key)?.keys() ?? []) changes.set(name, null);
    if (changes.size > 0) this.configs.set(key, changes);
    else this.configs.delete(key);
  }

  // What readers of a finished delta ask.

  get isEmpty(): boolean {
    return (
      this.features.size === 0 &&
      this.brokers.size === 0 &&
      this.controllers.size === 0 &&
      this.topics.size === 0 &&
      this.deletedTopics.size === 0 &&
      this.configs.size === 0 &&
      this.nextProducerId === undefined &&
      Object.values(this.kept).every((changes) => changes.size === 0)
    );
  }

  changedConfigs(): ConfigResource[] {
    return [...this.configs.keys()].map(configResourceOf);
  }

  get metadataVersionChanged(): boolean {
    return this.features.has(METADATA_VERSION);
  }

  // The image after it.

  apply(at: ApplyOptions): MetadataImage {
    const base = this.base;
    return {
      offset: at.offset,
      epoch: at.epoch,
      timestampMs: at.timestampMs,
      features: this.#applyFeatures(),
      brokers: applyNullable(base.brokers, this.brokers),
      controllers: applyNullable(base.controllers, this.controllers),
      topics: base.topics.with([...this.deletedTopics.values()], [...this.topics.values()].map(applyTopic)),
      configs: base.configs.with(this.#applyConfigs()),
      nextProducerId: this.nextProducerId ?? base.nextProducerId,
      clientQuotas: this.#applyKept('clientQuotas'),
      acls: this.#applyKept('acls'),
      scram: this.#applyKept('scram'),
      delegationTokens: this.#applyKept('delegationTokens'),
    };
  }

  #applyKept(kind: KeptKind): KeptRecords {
    return this.base[kind].with(this.kept[kind]);
  }

  #applyFeatures(): ReadonlyMap<string, number> {
    if (this.features.size === 0) return this.base.features;
    const levels = new Map(this.base.features);
    for (const [name, level] of this.features) {
      if (level === 0) levels.delete(name);
      else levels.set(name, level);
    }
    return levels;
  }

  #applyConfigs(): Map<string, ConfigMap | undefined> {
    const changed = new Map<string, ConfigMap | undefined>();
    for (const [key, changes] of this.configs) {
      const after = new Map(this.base.configs.get(key) ?? []);
      for (const [name, value] of changes) {
        if (value === null) after.delete(name);
        else after.set(name, value);
      }
      changed.set(key, after.size === 0 ? undefined : after);
    }
    return changed;
  }
}

function applyNullable<V>(
  base: ReadonlyMap<number, V>,
  changes: ReadonlyMap<number, V | null>,
): ReadonlyMap<number, V> {
  if (changes.size === 0) return base;
  const after = new Map(base);
  for (const [id, value] of changes) {
    if (value === null) after.delete(id);
    else after.set(id, value);
  }
  return after;
}

function applyTopic(delta: TopicDelta): TopicImage {
  const partitions = delta.before === null ? [] : delta.before.partitions.slice();
  for (const id of [...delta.partitions.keys()].sort((a, b) => a - b)) {
    if (id > partitions.length) throw brokenLog(`topic ${delta.name} lacks partition ${partitions.length}`);
    partitions[id] = delta.partitions.get(id) as PartitionImage;
  }
  return { name: delta.name, id: delta.id, partitions };
}
