import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import type { CommitRequest } from '../../src/coordinator/group-offsets.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { type Harness, join, settled, stableGroup, startCoordinator, stateOf, subscription, sync } from './harness.ts';

const T1 = '70GhYGlKSs-8W0IMJkO5EQ';
const T2 = '1Fu4bu_CQDOXeN4tiCOU7w';
const DAY = 86_400_000;

function commitRequest(overrides: Partial<CommitRequest> & { topic?: string; topicId?: string; offset?: number } = {}) {
  const { topic = 't', topicId = T1, offset = 5, ...rest } = overrides;
  const partition = { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: 3, committedMetadata: 'm' };
  return {
    groupId: 'g',
    memberId: '',
    groupInstanceId: null,
    generationId: -1,
    retentionTimeMs: -1,
    topics: [{ name: topic, topicId, partitions: [partition] }],
    ...rest,
  };
}

async function commit(harness: Harness, overrides: Parameters<typeof commitRequest>[0] = {}, apiVersion = 9) {
  try {
    const [topic] = await harness.coordinator.commitOffsets(apiVersion, commitRequest(overrides));
    return topic?.partitions[0]?.errorCode;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

async function fetched(harness: Harness, requireStable = false, groupId = 'g', topic = 't') {
  const topics = [{ name: topic, topicId: ZERO_UUID, partitionIndexes: [0] }];
  return (await harness.coordinator.fetchOffsets(groupId, topics, requireStable))[0]?.partitions[0];
}

/** Hours pass in one step each, so that not every second of a week is lived through. */
async function days(harness: Harness, count: number, hourly: () => unknown = () => {}): Promise<void> {
  for (let hour = 0; hour < count * 24; hour++) {
    harness.time.now += 3_595_000;
    await harness.time.advance(5_000);
    await hourly();
  }
}

describe('committing offsets', () => {
  it('from outside makes a simple group, and is fetched back', async () => {
    const harness = await startCoordinator();
    expect(await commit(harness)).toBe(0);
    expect(await fetched(harness)).toEqual({
      partitionIndex: 0,
      committedOffset: 5,
      committedLeaderEpoch: 3,
      metadata: 'm',
      errorCode: 0,
    });
    expect(await harness.coordinator.fetchOffsets('g', null, false)).toMatchObject([
      { name: 't', topicId: ZERO_UUID, partitions: [{ partitionIndex: 0, committedOffset: 5 }] },
    ]);
    expect(harness.coordinator.listGroups({ states: new Set(), types: new Set() })).toEqual([
      { groupId: 'g', protocolType: '', groupState: 'Empty', groupType: 'Classic' },
    ]);
    expect(harness.logs.records('g')).toMatchObject([{ value: { topicId: T1, expireTimestampMs: -1 } }]);
  });

  it('of members is bound to their generation', async () => {
    const harness = await startCoordinator();
    const [member] = await stableGroup(harness, 1);
    const memberId = member?.memberId ?? '';
    expect(await commit(harness, { memberId, generationId: 1 })).toBe(0);
    expect(await commit(harness, { memberId, generationId: 2 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await commit(harness, { memberId: 'x', generationId: 1 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await commit(harness, { memberId, generationId: 1, groupInstanceId: 'i' })).toBe(25);
    expect(await commit(harness)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await commit(harness, { memberId })).toBe(ErrorCode.ILLEGAL_GENERATION);
  });

  it('to a group that does not exist with a generation is refused by the version’s error', async () => {
    const harness = await startCoordinator();
    expect(await commit(harness, { memberId: 'm', generationId: 1 }, 9)).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(await commit(harness, { memberId: 'm', generationId: 1 }, 8)).toBe(ErrorCode.ILLEGAL_GENERATION);
  });

  it('before the assignment is known is refused, during a rebalance allowed', async () => {
    const harness = await startCoordinator();
    const joined = join(harness);
    await harness.time.advance(10_000);
    const { memberId } = joined.value;
    expect(await commit(harness, { memberId, generationId: 1 })).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    await sync(harness, joined.value, { assignments: {} }).done;
    join(harness);
    await settled();
    expect(stateOf(harness)).toBe('PreparingRebalance');
    expect(await commit(harness, { memberId, generationId: 1 })).toBe(0);
  });

  it('keeps the member’s session alive', async () => {
    const harness = await startCoordinator();
    const [member] = await stableGroup(harness, 1);
    for (let i = 0; i < 5; i++) {
      await harness.time.advance(8_000);
      expect(await commit(harness, { memberId: member?.memberId ?? '', generationId: 1 })).toBe(0);
    }
    expect(stateOf(harness)).toBe('Stable');
  });

  it('with metadata that is too large is refused for that partition only', async () => {
    const harness = await startCoordinator({ offsetMetadataMaxBytes: 3 });
    const base = { committedOffset: 1, committedLeaderEpoch: -1 };
    const [topic] = await harness.coordinator.commitOffsets(9, {
      ...commitRequest(),
      topics: [
        {
          name: 't',
          topicId: T1,
          partitions: [
            { partitionIndex: 0, ...base, committedMetadata: 'four' },
            { partitionIndex: 1, ...base, committedMetadata: 'öäü' },
            { partitionIndex: 2, ...base, committedMetadata: null },
          ],
        },
      ],
    });
    expect(topic?.partitions.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.OFFSET_METADATA_TOO_LARGE, 0, 0]);
    expect(harness.logs.records('g')).toHaveLength(2);
  });

  it('of a topic made anew does not count for the new one', async () => {
    const harness = await startCoordinator();
    await commit(harness, { topicId: T1 });
    const ask = (topicId: string) =>
      harness.coordinator.fetchOffsets('g', [{ name: 't', topicId, partitionIndexes: [0] }], false);
    expect((await ask(T1))[0]?.partitions[0]?.committedOffset).toBe(5);
    expect((await ask(T2))[0]?.partitions[0]?.committedOffset).toBe(-1);
  });
});

describe('fetching offsets', () => {
  it('of an unknown group or partition answers -1 without error', async () => {
    const harness = await startCoordinator();
    expect(await fetched(harness)).toEqual({
      partitionIndex: 0,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: 0,
    });
    expect(await harness.coordinator.fetchOffsets('g', null, false)).toEqual([]);
    expect(await harness.coordinator.fetchOffsets('', null, false)).toEqual([]);
  });

  it('sees what is committed only; stable offsets wait for what is under way', async () => {
    const harness = await startCoordinator();
    await commit(harness, { offset: 1 });
    harness.logs.isHolding = true;
    const second = commit(harness, { offset: 2 });
    const first = await fetched(harness);
    expect(first?.committedOffset).toBe(1);
    const stable = fetched(harness, true);
    const third = commit(harness, { offset: 3 });
    await harness.logs.release(1);
    expect(await second).toBe(0);
    expect((await stable)?.committedOffset).toBe(2);
    expect((await fetched(harness))?.committedOffset).toBe(2);
    await harness.logs.release();
    expect(await third).toBe(0);
    expect((await fetched(harness))?.committedOffset).toBe(3);
  });
});

describe('deleting offsets', () => {
  it('spares topics that the group is subscribed to', async () => {
    const harness = await startCoordinator();
    const [member] = await stableGroup(harness, 1);
    const memberId = member?.memberId ?? '';
    await commit(harness, { memberId, generationId: 1, topic: 't' });
    await commit(harness, { memberId, generationId: 1, topic: 'u' });
    const deleted = await harness.coordinator.deleteOffsets('g', [
      { name: 't', partitions: [0] },
      { name: 'u', partitions: [0, 1] },
    ]);
    expect(deleted.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
      [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC],
      [0, 0],
    ]);
    expect((await fetched(harness))?.committedOffset).toBe(5);
    expect((await fetched(harness, false, 'g', 'u'))?.committedOffset).toBe(-1);
    expect(harness.logs.records('g').at(-1)).toMatchObject({ topic: 'u', partition: 0, value: null });
  });

  it('is refused for unknown groups, and for groups in use that are not consumers', async () => {
    const harness = await startCoordinator();
    const codeOf = (groupId: string) =>
      harness.coordinator.deleteOffsets(groupId, []).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
    expect(await codeOf('g')).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(await codeOf('')).toBe(ErrorCode.INVALID_GROUP_ID);
    join(harness, { protocolType: 'connect' });
    await settled();
    expect(await codeOf('g')).toBe(ErrorCode.NON_EMPTY_GROUP);
  });

  it('happens by itself when the topic is deleted, but not for a younger topic of that name', async () => {
    const harness = await startCoordinator();
    await commit(harness, { topic: 't', topicId: T1 });
    await commit(harness, { groupId: 'h', topic: 't', topicId: T2 });
    harness.coordinator.onTopicsDeleted([{ id: T1, name: 't' }]);
    await settled();
    expect((await fetched(harness))?.committedOffset).toBe(-1);
    expect((await fetched(harness, false, 'h'))?.committedOffset).toBe(5);
  });
});

describe('offsets that outlive their retention', () => {
  const retention = { offsetsRetentionMs: 7 * DAY };

  it('of simple groups go by their commit, and the group with the last one', async () => {
    const harness = await startCoordinator(retention);
    await commit(harness, { topic: 't' });
    await harness.time.advance(4 * DAY);
    await commit(harness, { topic: 'u' });
    await harness.time.advance(4 * DAY);
    expect((await fetched(harness))?.committedOffset).toBe(-1);
    expect((await fetched(harness, false, 'g', 'u'))?.committedOffset).toBe(5);
    await harness.time.advance(4 * DAY);
    expect(stateOf(harness)).toBe('Dead');
    expect(harness.logs.records('g').at(-1)).toMatchObject({ kind: 'group-metadata', value: null });
  });

  it('of groups with members go by when the group became empty', async () => {
    const harness = await startCoordinator(retention);
    const [member] = await stableGroup(harness, 1);
    const memberId = member?.memberId ?? '';
    await commit(harness, { memberId, generationId: 1 });
    await days(harness, 9, () =>
      harness.coordinator.heartbeat({ groupId: 'g', generationId: 1, memberId, groupInstanceId: null }),
    );
    expect(stateOf(harness)).toBe('Stable');
    expect((await fetched(harness))?.committedOffset).toBe(5);
    await harness.coordinator.leaveGroup('g', [{ memberId, groupInstanceId: null, reason: null }]);
    await harness.time.advance(6 * DAY);
    expect((await fetched(harness))?.committedOffset).toBe(5);
    await harness.time.advance(2 * DAY);
    expect((await fetched(harness))?.committedOffset).toBe(-1);
    expect(stateOf(harness)).toBe('Dead');
  });

  it('of topics that a stable consumer group does not subscribe to go by their commit', async () => {
    const harness = await startCoordinator({ ...retention, maxSessionTimeoutMs: 100 * DAY });
    const joined = join(harness, {
      sessionTimeoutMs: 20 * DAY,
      protocols: [{ name: 'range', metadata: subscription('t') }],
    });
    await harness.time.advance(10_000);
    await sync(harness, joined.value, { assignments: {} }).done;
    const { memberId } = joined.value;
    await commit(harness, { memberId, generationId: 1, topic: 't' });
    await commit(harness, { memberId, generationId: 1, topic: 'u' });
    await days(harness, 8);
    expect((await fetched(harness))?.committedOffset).toBe(5);
    expect((await fetched(harness, false, 'g', 'u'))?.committedOffset).toBe(-1);
    expect(stateOf(harness)).toBe('Stable');
  });

  it('go at the time that their commit asked for', async () => {
    const harness = await startCoordinator(retention);
    await commit(harness, { retentionTimeMs: DAY });
    await harness.time.advance(DAY - 700_000);
    expect((await fetched(harness))?.committedOffset).toBe(5);
    await harness.time.advance(1_400_000);
    expect((await fetched(harness))?.committedOffset).toBe(-1);
  });

  it('are written in batches of the allowed size', async () => {
    const harness = await startCoordinator(retention);
    const partitions = Array.from({ length: 500 }, (_, partitionIndex) => ({
      partitionIndex,
      committedOffset: 1,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }));
    await harness.coordinator.commitOffsets(9, {
      ...commitRequest(),
      topics: [{ name: 't', topicId: T1, partitions }],
    });
    const before = [...harness.logs.batches.values()].flat().length;
    harness.logs.maxBytes = 4_000;
    await harness.time.advance(8 * DAY);
    const written = [...harness.logs.batches.values()].flat().slice(before);
    expect(written.length).toBeGreaterThan(3);
    expect(Math.max(...written.map(({ length }) => length))).toBeLessThanOrEqual(4_000);
    expect(stateOf(harness)).toBe('Dead');
    // A commit is one batch or none.
    const refused = harness.coordinator.commitOffsets(9, {
      ...commitRequest(),
      topics: [{ name: 't', topicId: T1, partitions }],
    });
    await expect(refused).rejects.toMatchObject({ code: ErrorCode.UNKNOWN_SERVER_ERROR });
  });
});
