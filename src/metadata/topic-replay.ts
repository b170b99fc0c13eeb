/** Replay of the records that make, change and remove topics and their partitions. */
import { brokenLog } from './broken-log.ts';
import type { MetadataDelta } from './delta.ts';
import type { TopicImage } from './image.ts';
import { applyPartitionChange, partitionFromRecord } from './partition.ts';
import type { MetadataRecord } from './records.ts';

export type TopicRecordUnion = Extract<
  MetadataRecord,
  { type: 'topic' | 'partition' | 'partitionChange' | 'removeTopic' | 'clearElr' }
>;

export function replayTopicRecord(delta: MetadataDelta, record: TopicRecordUnion): void {
  switch (record.type) {
    case 'topic':
      delta.addTopic(record.value.name, record.value.topicId);
      return;
    case 'removeTopic':
      delta.removeTopic(record.value.topicId);
      return;
    case 'partition': {
      const { topicId, partitionId } = record.value;
      const topic = delta.topicDelta(topicId);
      if (topic === undefined) throw brokenLog(`partition ${partitionId} belongs to an unknown topic ${topicId}`);
      topic.partitions.set(partitionId, partitionFromRecord(record.value));
      return;
    }
    case 'partitionChange': {
      const { topicId, partitionId } = record.value;
      const before = delta.partition(topicId, partitionId);
      const topic = delta.topicDelta(topicId);
      if (before === undefined || topic === undefined) {
        throw brokenLog(`a change of an unknown partition ${topicId}-${partitionId}`);
      }
      topic.partitions.set(partitionId, applyPartitionChange(before, record.value));
      return;
    }
    case 'clearElr':
      replayClearElr(delta, record.value.topicName);
  }
}

/** An empty name means all topics. To a partition that had eligible replicas it is a change like any other. */
function replayClearElr(delta: MetadataDelta, name: string): void {
  if (name !== '') {
    const id = delta.topicIdByName(name);
    if (id === undefined) throw brokenLog(`ClearElr names an unknown topic ${name}`);
    clearElrOf(delta, id);
    return;
  }
  for (const id of [...delta.topics.keys()]) clearElrOf(delta, id);
  for (const topic of delta.base.topics.values()) {
    if (!delta.deletedTopics.has(topic.id) && hasElr(topic)) clearElrOf(delta, topic.id);
  }
}

function hasElr(topic: TopicImage): boolean {
  return topic.partitions.some((partition) => partition.elr.length > 0 || partition.lastKnownElr.length > 0);
}

function clearElrOf(delta: MetadataDelta, id: string): void {
  const topic = delta.topicDelta(id);
  if (topic === undefined) return;
  const count = Math.max(topic.before?.partitions.length ?? 0, ...[...topic.partitions.keys()].map((p) => p + 1));
  for (let partitionId = 0; partitionId < count; partitionId++) {
    const before = delta.partition(id, partitionId);
    if (before === undefined || (before.elr.length === 0 && before.lastKnownElr.length === 0)) continue;
    topic.partitions.set(partitionId, {
      ...before,
      elr: [],
      lastKnownElr: [],
      partitionEpoch: before.partitionEpoch + 1,
    });
  }
}
