/**
 * Which offsets have outlived offsets.retention.minutes (KIP-211), and which groups go with their last one:
 * - of a group without members: counted from when it became empty (from each commit, when that is not known);
 * - of a stable consumer group: offsets of topics that nobody in it subscribes to, counted from their commit;
 * - of a group that never had members: counted from each commit.
 * An offset that was committed with a retention of its own expires at that time instead.
 */
import type { ClassicGroup } from './classic-group.ts';
import type { CommittedOffset } from './committed-offset.ts';
import type { GroupRecord } from './group-records.ts';
import type { CoordinatorResult, ShardContext } from './shard-context.ts';

export function expireOffsets(context: ShardContext): CoordinatorResult {
  const records: GroupRecord[] = [];
  const startMs = context.clock.monotonicMs();
  for (const group of context.groups.all()) {
    if (context.groups.get(group.groupId) !== group) continue;
    if (expireOffsetsOf(context, group, records) && group.state === 'Empty') {
      records.push({ kind: 'group-metadata', group: group.groupId, value: null });
    }
  }
  if (records.length > 0) {
    const tookMs = Math.round(context.clock.monotonicMs() - startMs);
    context.logger.info(
      `Generated ${records.length} tombstone records while cleaning up group metadata in ${tookMs} milliseconds.`,
    );
  }
  return { records, response: undefined, replay: true, isAtomic: false };
}

/** Adds the tombstones; true when nothing is left of the group's offsets. */
function expireOffsetsOf(context: ShardContext, group: ClassicGroup, records: GroupRecord[]): boolean {
  const { offsets, config, clock } = context;
  const { groupId } = group;
  const topics = offsets.ofGroup(groupId, 'latest');
  const hasOpenTransaction = offsets.transactional.isGroupOpen(groupId);
  if (topics.size === 0) return !hasOpenTransaction;
  const baseOf = retentionBase(group);
  if (baseOf === null) return false;
  const nowMs = clock.nowMs();
  let allExpired = true;
  for (const [topic, partitions] of topics) {
    if (group.isSubscribedTo(topic)) {
      allExpired = false;
      continue;
    }
    for (const [partition, offset] of partitions) {
      const key = { group: groupId, topic, partition };
      const isExpired =
        offset.expireTimestampMs === -1
          ? nowMs - baseOf(offset) >= config.offsetsRetentionMs
          : nowMs >= offset.expireTimestampMs;
      if (isExpired && !offsets.transactional.isOpen(key)) records.push({ kind: 'offset-commit', ...key, value: null });
      else allExpired = false;
    }
  }
  return allExpired && !hasOpenTransaction;
}

/** The time that retention counts from; null: nothing of this group expires now. */
function retentionBase(group: ClassicGroup): ((offset: CommittedOffset) => number) | null {
  const { stateTimestampMs } = group;
  if (group.protocolType === null) return (offset) => offset.commitTimestampMs;
  if (group.state === 'Empty') {
    return (offset) => (stateTimestampMs === -1 ? offset.commitTimestampMs : stateTimestampMs);
  }
  if (group.isConsumerGroup && group.subscribedTopics !== null && group.state === 'Stable') {
    return (offset) => offset.commitTimestampMs;
  }
  return null;
}
