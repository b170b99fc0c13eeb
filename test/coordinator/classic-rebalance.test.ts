import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import {
  heartbeat,
  join,
  joinRequest,
  NEWEST,
  OLD,
  settled,
  stableGroup,
  startCoordinator,
  stateOf,
  subscription,
  sync,
} from './harness.ts';

describe('the first rebalance', () => {
  it('waits for the delay, and again for who came in the meantime, up to the rebalance timeout', async () => {
    const harness = await startCoordinator({ initialRebalanceDelayMs: 3_000 });
    const first = join(harness, { rebalanceTimeoutMs: 7_000 });
    await harness.time.advance(2_000);
    expect(stateOf(harness)).toBe('PreparingRebalance');
    const second = join(harness, { rebalanceTimeoutMs: 7_000 });
    await harness.time.advance(2_000);
    const third = join(harness, { rebalanceTimeoutMs: 7_000 });
    // 3 s, extended by 3 s for the second, extended by the last second for the third.
    await harness.time.advance(2_999);
    expect(first.isWaiting).toBe(true);
    await harness.time.advance(1);
    const results = [first, second, third].map(({ value }) => value);
    expect(new Set(results.map(({ generationId }) => generationId))).toEqual(new Set([1]));
    expect(new Set(results.map(({ leader }) => leader)).size).toBe(1);
    expect(results.map(({ members }) => members.length).sort()).toEqual([0, 0, 3]);
    expect(stateOf(harness)).toBe('CompletingRebalance');
  });

  it('ends after the delay when nobody else comes', async () => {
    const harness = await startCoordinator({ initialRebalanceDelayMs: 3_000 });
    const only = join(harness);
    await harness.time.advance(2_999);
    expect(only.isWaiting).toBe(true);
    await harness.time.advance(1);
    expect(only.value).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolType: 'consumer',
      protocolName: 'range',
    });
    expect(only.value.members).toEqual([
      { memberId: only.value.memberId, groupInstanceId: null, metadata: subscription('t') },
    ]);
  });

  it('needs no delay when it is configured so', async () => {
    const harness = await startCoordinator({ initialRebalanceDelayMs: 0 });
    const only = join(harness);
    await harness.time.advance(0);
    expect(only.value.generationId).toBe(1);
  });
});

describe('joining', () => {
  it('tells new dynamic members their id first, from version 4 on', async () => {
    const harness = await startCoordinator();
    const told = await harness.coordinator.joinGroup(NEWEST, joinRequest());
    expect(told).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, generationId: -1 });
    expect(told.memberId).toMatch(/^c-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(stateOf(harness)).toBe('Empty');
    const old = join(harness, { groupId: 'old' }, OLD);
    await harness.time.advance(10_000);
    expect(old.value.errorCode).toBe(0);
  });

  it('forgets an id that nobody joins with after a session timeout', async () => {
    const harness = await startCoordinator();
    const told = await harness.coordinator.joinGroup(NEWEST, joinRequest({ sessionTimeoutMs: 10_000 }));
    await harness.time.advance(10_001);
    const late = await harness.coordinator.joinGroup(NEWEST, joinRequest({ memberId: told.memberId }));
    expect(late).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId: told.memberId });
  });

  it('holds a rebalance up for a member that was told its id', async () => {
    const harness = await startCoordinator();
    const [leader] = await stableGroup(harness, 1);
    await harness.coordinator.joinGroup(NEWEST, joinRequest());
    const again = join(harness, { memberId: leader?.memberId ?? '' });
    await harness.time.advance(9_000);
    expect(again.isWaiting).toBe(true);
    await harness.time.advance(1_001);
    expect(again.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it.each([
    ['an unknown group with a member id', { groupId: 'other', memberId: 'x' }, ErrorCode.UNKNOWN_MEMBER_ID],
    ['an unknown member id', { memberId: 'x' }, ErrorCode.UNKNOWN_MEMBER_ID],
    ['no group id', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
    ['a session that is too short', { sessionTimeoutMs: 5_999 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['a session that is too long', { sessionTimeoutMs: 1_800_001 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['another protocol type', { protocolType: 'connect' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['no common protocol', { protocols: [{ name: 'sticky', metadata: new Uint8Array(0) }] }, 23],
    ['an unknown instance', { memberId: 'x', groupInstanceId: 'i' }, ErrorCode.UNKNOWN_MEMBER_ID],
  ])('with %s is refused', async (_what, request, errorCode) => {
    const harness = await startCoordinator();
    await stableGroup(harness, 1);
    const refused = await harness.coordinator.joinGroup(NEWEST, joinRequest(request));
    expect(refused.errorCode).toBe(errorCode);
  });

  it.each([
    ['no protocol type', { protocolType: '' }],
    ['no protocols', { protocols: [] }],
  ])('an empty group with %s is refused', async (_what, request) => {
    const harness = await startCoordinator();
    const refused = await harness.coordinator.joinGroup(NEWEST, joinRequest(request));
    expect(refused.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  it('beyond group.max.size is refused, in each state', async () => {
    const harness = await startCoordinator({ maxSize: 2 });
    const members = await stableGroup(harness, 2);
    const refused = await join(harness).done;
    expect(refused).toMatchObject({ errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, memberId: '' });
    harness.config = { ...harness.config, maxSize: 1 };
    const [one, two] = members.map(({ memberId }) => join(harness, { memberId }));
    await settled();
    expect([one, two].map((each) => each?.result?.errorCode)).toContain(ErrorCode.GROUP_MAX_SIZE_REACHED);
  });

  it('again as a follower with the same metadata is answered at once with the running generation', async () => {
    const harness = await startCoordinator();
    const [, follower] = await stableGroup(harness, 2);
    const memberId = follower?.memberId ?? '';
    const again = await harness.coordinator.joinGroup(NEWEST, joinRequest({ memberId }));
    expect(again).toMatchObject({ errorCode: 0, generationId: 1, memberId, members: [], leader: follower?.leader });
    expect(stateOf(harness)).toBe('Stable');
  });

  it('again as the leader, or with other metadata, starts a rebalance', async () => {
    for (const role of [0, 1]) {
      const harness = await startCoordinator();
      const members = await stableGroup(harness, 2);
      const memberId = members[role]?.memberId ?? '';
      const metadata = role === 0 ? subscription('t') : subscription('u');
      const again = join(harness, { memberId, protocols: [{ name: 'range', metadata }] });
      await settled();
      expect(stateOf(harness)).toBe('PreparingRebalance');
      expect(await heartbeat(harness, members[1 - role] ?? again.value)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
      const other = join(harness, { memberId: members[1 - role]?.memberId ?? '' });
      expect((await again.done).generationId).toBe(2);
      expect((await other.done).generationId).toBe(2);
    }
  });

  it('again before the leader has synced is answered from the generation that waits', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness), join(harness)];
    await harness.time.advance(10_000);
    const leader = joins.map(({ value }) => value).find((result) => result.memberId === result.leader);
    const again = await harness.coordinator.joinGroup(NEWEST, joinRequest({ memberId: leader?.memberId ?? '' }));
    expect(again).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(again.members).toHaveLength(2);
    expect(stateOf(harness)).toBe('CompletingRebalance');
  });
});

describe('choosing a protocol', () => {
  it('takes the most votes among those that everybody supports', async () => {
    const harness = await startCoordinator();
    const of = (...names: string[]) => names.map((name) => ({ name, metadata: subscription('t') }));
    const joins = [
      join(harness, { protocols: of('range', 'sticky', 'mine') }),
      join(harness, { protocols: of('sticky', 'range') }),
      join(harness, { protocols: of('sticky', 'range', 'theirs') }),
    ];
    await harness.time.advance(10_000);
    expect(new Set(joins.map(({ value }) => value.protocolName))).toEqual(new Set(['sticky']));
  });
});

it('a member that names a protocol twice supports it once', async () => {
  const harness = await startCoordinator();
  const range = { name: 'range', metadata: subscription('t') };
  const joins = [join(harness, { protocols: [range, range] }), join(harness, { protocols: [range] })];
  await harness.time.advance(10_000);
  expect(joins.map(({ value }) => value.protocolName)).toEqual(['range', 'range']);
});

describe('syncing', () => {
  it('hands out the leader’s assignment to all, and nothing to those it left out', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness), join(harness)];
    await harness.time.advance(10_000);
    const [leader, follower] = joins.map(({ value }) => value).sort((a) => (a.memberId === a.leader ? -1 : 1));
    if (!leader || !follower) throw new Error('two members');
    const waiting = sync(harness, follower);
    await settled();
    expect(waiting.isWaiting).toBe(true);
    const done = sync(harness, leader, { assignments: { [leader.memberId]: 'all of it' } });
    expect(Buffer.from((await done.done).assignment).toString()).toBe('all of it');
    expect((await waiting.done).assignment).toHaveLength(0);
    expect(waiting.value).toMatchObject({ errorCode: 0, protocolType: 'consumer', protocolName: 'range' });
    expect(stateOf(harness)).toBe('Stable');
    expect(Buffer.from((await sync(harness, leader).done).assignment).toString()).toBe('all of it');
  });

  it.each([
    ['another generation', { generationId: 7 }, ErrorCode.ILLEGAL_GENERATION],
    ['an unknown member', { memberId: 'x' }, ErrorCode.UNKNOWN_MEMBER_ID],
    ['an unknown group', { groupId: 'x' }, ErrorCode.UNKNOWN_MEMBER_ID],
    ['no group', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
    ['another protocol type', { protocolType: 'connect' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['another protocol', { protocolName: 'sticky' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['an unknown instance', { groupInstanceId: 'i' }, ErrorCode.UNKNOWN_MEMBER_ID],
  ])('with %s is refused', async (_what, change, errorCode) => {
    const harness = await startCoordinator();
    const [leader] = await stableGroup(harness, 1);
    if (!leader) throw new Error('a leader');
    const request = {
      groupId: 'g',
      generationId: 1,
      memberId: leader.memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: new Map<string, Uint8Array>(),
    };
    expect((await harness.coordinator.syncGroup({ ...request, ...change })).errorCode).toBe(errorCode);
    // Old clients name no protocol, and that is no contradiction.
    expect((await harness.coordinator.syncGroup({ ...request, protocolName: null })).errorCode).toBe(0);
  });

  it('is ended by a new rebalance', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness), join(harness)];
    await harness.time.advance(10_000);
    const follower = joins.map(({ value }) => value).find((result) => result.memberId !== result.leader);
    if (!follower) throw new Error('a follower');
    const waiting = sync(harness, follower);
    await settled();
    join(harness);
    expect((await waiting.done).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect((await sync(harness, follower).done).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it('that does not come in time costs the membership', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness, { rebalanceTimeoutMs: 20_000 }), join(harness, { rebalanceTimeoutMs: 20_000 })];
    await harness.time.advance(10_000);
    const [leader, follower] = joins.map(({ value }) => value).sort((a) => (a.memberId === a.leader ? -1 : 1));
    if (!leader || !follower) throw new Error('two members');
    await sync(harness, leader, { assignments: {} }).done;
    for (let i = 0; i < 5; i++) {
      await harness.time.advance(4_000);
      await heartbeat(harness, leader);
      await heartbeat(harness, follower);
    }
    expect(stateOf(harness)).toBe('PreparingRebalance');
    expect(await heartbeat(harness, leader)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await heartbeat(harness, follower)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});

describe('sessions', () => {
  it('end without heartbeats, and the group goes on without the member', async () => {
    const harness = await startCoordinator();
    const [leader, follower] = await stableGroup(harness, 2);
    if (!leader || !follower) throw new Error('two members');
    await harness.time.advance(9_000);
    expect(await heartbeat(harness, leader)).toBe(0);
    await harness.time.advance(1_001);
    expect(await heartbeat(harness, leader)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await heartbeat(harness, follower)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const next = await join(harness, { memberId: leader.memberId }).done;
    expect(next).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(next.members).toHaveLength(1);
  });

  it('leave an empty group when the last one ends', async () => {
    const harness = await startCoordinator();
    await stableGroup(harness, 2);
    await harness.time.advance(10_001);
    expect(stateOf(harness)).toBe('Empty');
    expect(harness.logs.records('g').at(-1)).toMatchObject({
      value: { generation: 2, protocol: null, leader: null, protocolType: 'consumer', members: [] },
    });
  });

  it('do not end while the node itself was away', async () => {
    const harness = await startCoordinator();
    const [leader] = await stableGroup(harness, 1);
    if (!leader) throw new Error('a leader');
    await harness.time.stallFor(60_000);
    expect(stateOf(harness)).toBe('Stable');
    expect(await heartbeat(harness, leader)).toBe(0);
    await harness.time.advance(10_001);
    expect(stateOf(harness)).toBe('Empty');
  });

  it('do not end while a request of the member waits', async () => {
    const harness = await startCoordinator();
    const members = await stableGroup(harness, 2);
    const again = join(harness, { memberId: members[0]?.memberId ?? '' });
    for (let i = 0; i < 5; i++) {
      await harness.time.advance(8_000);
      if (members[1]) await heartbeat(harness, members[1]);
    }
    expect(again.isWaiting).toBe(true);
    await harness.time.advance(20_001);
    expect(again.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(again.value.members).toHaveLength(1);
  });

  it('a member that waits for its first generation is given up after five minutes', async () => {
    const harness = await startCoordinator();
    const members = await stableGroup(harness, 1);
    const waiting = join(harness, { rebalanceTimeoutMs: 1_000_000 });
    for (let i = 0; i < 60; i++) {
      await harness.time.advance(5_000);
      if (members[0]) await heartbeat(harness, members[0]);
    }
    expect(waiting.value).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId: '' });
  });
});

describe('rejoining', () => {
  it('that does not come within the rebalance timeout costs the membership', async () => {
    const harness = await startCoordinator();
    const members = await stableGroup(harness, 2);
    const [leader, follower] = members;
    if (!leader || !follower) throw new Error('two members');
    const again = join(harness, { memberId: leader.memberId });
    for (let i = 0; i < 12; i++) {
      await harness.time.advance(5_000);
      await heartbeat(harness, follower);
    }
    await harness.time.advance(1);
    expect(again.value).toMatchObject({ generationId: 2, leader: leader.memberId });
    expect(await heartbeat(harness, follower)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('elects a new leader when the old one has not come', async () => {
    const harness = await startCoordinator();
    const [leader, follower] = await stableGroup(harness, 2);
    if (!leader || !follower) throw new Error('two members');
    const again = join(harness, {
      memberId: follower.memberId,
      protocols: [{ name: 'range', metadata: subscription('u') }],
    });
    await harness.time.advance(60_000);
    expect(again.value).toMatchObject({ generationId: 2, leader: follower.memberId });
    expect(again.value.members).toHaveLength(1);
  });
});
