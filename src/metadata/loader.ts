/**
 * Follows the metadata log and tells publishers of each new image. It sees committed records only, so what it publishes
 * never goes back. Publishers are told in the order of their registration; a new one starts with the image there is.
 */
import type { CommittedBatch, LeaderAndEpoch, RaftListener, SnapshotReader } from '../raft/raft-client.ts';
import { MetadataDelta } from './delta.ts';
import { EMPTY_IMAGE, type MetadataImage } from './image.ts';
import { ImageBuilder, type ImageStep } from './image-builder.ts';
import type { MetadataRecord } from './records.ts';
import { metadataRecordsOf } from './snapshot-records.ts';

export interface MetadataPublisher {
  /** `delta.base` is the image before; an empty delta says only that the offset moved. */
  onMetadataUpdate(delta: MetadataDelta, image: MetadataImage, manifest: UpdateManifest): void;
  onControllerChange?(leader: LeaderAndEpoch): void;
}

export interface UpdateManifest {
  /** The bytes of log that led here; 0 for a snapshot. */
  readonly logBytes: number;
  readonly fromSnapshot: boolean;
  /** False for the image before a transaction that begins within the batch. */
  readonly endOfBatch: boolean;
}

export class MetadataLoader implements RaftListener {
  readonly #builder = new ImageBuilder();
  readonly #publishers: MetadataPublisher[] = [];
  #leader: LeaderAndEpoch = { leaderId: -1, epoch: -1 };
  #caughtUpListeners: { readonly offset: number; readonly run: () => void }[] = [];

  get image(): MetadataImage {
    return this.#builder.image;
  }

  get leader(): LeaderAndEpoch {
    return this.#leader;
  }

  addPublisher(publisher: MetadataPublisher): () => void {
    this.#publishers.push(publisher);
    const image = this.#builder.image;
    if (image.offset >= 0) {
      publisher.onMetadataUpdate(deltaFromNothing(image), image, { logBytes: 0, fromSnapshot: true, endOfBatch: true });
    }
    publisher.onControllerChange?.(this.#leader);
    return () => {
      const index = this.#publishers.indexOf(publisher);
      if (index >= 0) this.#publishers.splice(index, 1);
    };
  }

  /** Resolves once the published image contains `offset`. */
  whenApplied(offset: number): Promise<void> {
    if (this.image.offset >= offset) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#caughtUpListeners.push({ offset, run: resolve });
    return promise;
  }

  onSnapshot(snapshot: SnapshotReader): void {
    const before = this.#builder.image;
    const step = this.#builder.applySnapshot(snapshot);
    // Publishers must hear of what is gone as well; only a node that was left behind loads a snapshot over an image.
    const delta = before.offset < 0 ? step.delta : deltaBetween(before, step.image);
    this.#publish({ delta, image: step.image }, { logBytes: 0, fromSnapshot: true, endOfBatch: true });
  }

  onCommit(batch: CommittedBatch): void {
    const steps = this.#builder.applyBatch(batch);
    for (const [index, step] of steps.entries()) {
      const logBytes = index === 0 ? batch.sizeInBytes : 0;
      this.#publish(step, { logBytes, fromSnapshot: false, endOfBatch: step.image.offset === batch.lastOffset });
    }
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    this.#leader = leader;
    for (const publisher of this.#publishers) publisher.onControllerChange?.(leader);
  }

  #publish(step: ImageStep, manifest: UpdateManifest): void {
    for (const publisher of this.#publishers) publisher.onMetadataUpdate(step.delta, step.image, manifest);
    if (this.#caughtUpListeners.length === 0) return;
    const reached = this.#caughtUpListeners.filter((waiting) => waiting.offset <= step.image.offset);
    this.#caughtUpListeners = this.#caughtUpListeners.filter((waiting) => waiting.offset > step.image.offset);
    for (const waiting of reached) waiting.run();
  }
}

function deltaFromNothing(image: MetadataImage): MetadataDelta {
  const delta = new MetadataDelta(EMPTY_IMAGE);
  for (const record of metadataRecordsOf(image)) delta.replay(record);
  return delta;
}

/** What leads from one image to another that did not come about by replay. */
export function deltaBetween(before: MetadataImage, after: MetadataImage): MetadataDelta {
  const delta = new MetadataDelta(before);
  for (const topic of before.topics.values()) {
    if (after.topics.byId(topic.id) === undefined) delta.removeTopic(topic.id);
  }
  for (const id of before.brokers.keys()) if (!after.brokers.has(id)) delta.brokers.set(id, null);
  for (const [key, configs] of before.configs) {
    for (const name of configs.keys()) {
      if (after.configs.get(key)?.has(name)) continue;
      const changes = delta.configs.get(key) ?? new Map<string, string | null>();
      delta.configs.set(key, changes.set(name, null));
    }
  }
  for (const name of before.features.keys()) if (!after.features.has(name)) delta.features.set(name, 0);
  for (const kind of KEPT_KINDS) {
    for (const key of before[kind].keys()) if (!after[kind].has(key)) delta.kept[kind].set(key, undefined);
  }
  for (const record of metadataRecordsOf(after)) if (!isKnown(before, record)) delta.replay(record);
  return delta;
}

const KEPT_KINDS = ['clientQuotas', 'acls', 'scram', 'delegationTokens'] as const;

/** Every change of a partition raises its epoch: one that has the same epoch is the same. */
function isKnown(before: MetadataImage, record: MetadataRecord): boolean {
  if (record.type === 'topic') return before.topics.byId(record.value.topicId) !== undefined;
  if (record.type !== 'partition') return false;
  const { topicId, partitionId, partitionEpoch } = record.value;
  return before.topics.partitionById(topicId, partitionId)?.partitionEpoch === partitionEpoch;
}
