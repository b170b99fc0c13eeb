import { describe, expect, it } from 'vitest';
import type { JoinResult } from '../../src/coordinator/classic-member.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import {
  type Harness,
  join,
  joinRequest,
  NEWEST,
  settled,
  startCoordinator,
  stateOf,
  subscription,
  sync,
} from './harness.ts';

/** A stable group of static members `i0`, `i1` …; the leader first. */
async function staticGroup(harness: Harness, size: number): Promise<{ joined: JoinResult; instance: string }[]> {
  const joins = Array.from({ length: size }, (_, i) => join(harness, { groupInstanceId: `i${i}` }));
  await harness.time.advance(10_000);
  const members = joins.map(({ value }, i) => ({ joined: value, instance: `i${i}` }));
  members.sort((a, b) => Number(b.joined.memberId === b.joined.leader) - Number(a.joined.memberId === a.joined.leader));
  const assignments = Object.fromEntries(members.map(({ joined, instance }) => [joined.memberId, `of ${instance}`]));
  const syncs = members.map(({ joined, instance }, i) =>
    sync(harness, joined, { groupInstanceId: instance, assignments: i === 0 ? assignments : {} }),
  );
  await Promise.all(syncs.map(({ done }) => done));
  return members;
}

describe('static members', () => {
  it('join without being told an id first; their ids begin with the instance id', async () => {
    const harness = await startCoordinator();
    const [only] = await staticGroup(harness, 1);
    expect(only?.joined.memberId).toMatch(/^i0-/);
    expect(only?.joined.members).toMatchObject([{ groupInstanceId: 'i0' }]);
  });

  it('that restart take their place back without a rebalance, and fence the former one', async () => {
    const harness = await startCoordinator();
    const [leader, follower] = await staticGroup(harness, 2);
    if (!leader || !follower) throw new Error('two members');
    const back = await join(harness, { groupInstanceId: follower.instance }).done;
    expect(back).toMatchObject({
      errorCode: 0,
      generationId: 1,
      skipAssignment: false,
      leader: leader.joined.memberId,
    });
    expect(back.memberId).not.toBe(follower.joined.memberId);
    expect(back.members).toEqual([]);
    expect(stateOf(harness)).toBe('Stable');
    const synced = await sync(harness, back, { groupInstanceId: follower.instance }).done;
    expect(Buffer.from(synced.assignment).toString()).toBe(`of ${follower.instance}`);
    const { generationId } = back;
    const former = {
      groupId: 'g',
      generationId,
      memberId: follower.joined.memberId,
      groupInstanceId: follower.instance,
    };
    expect(await harness.coordinator.heartbeat(former)).toBe(ErrorCode.FENCED_INSTANCE_ID);
    const fenced = await harness.coordinator.joinGroup(NEWEST, joinRequest({ ...former }));
    expect(fenced.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    const record = harness.logs.records('g').at(-1);
    expect(record).toMatchObject({ kind: 'group-metadata', value: { generation: 1 } });
    expect(JSON.stringify(record)).toContain(back.memberId);
  });

  it('that restart as the leader are told to skip the assignment, or with old clients taken for followers', async () => {
    for (const apiVersion of [9, 8]) {
      const harness = await startCoordinator();
      const [leader] = await staticGroup(harness, 2);
      if (!leader) throw new Error('a leader');
      const back = await join(harness, { groupInstanceId: leader.instance }, { ...NEWEST, apiVersion }).done;
      expect(back.errorCode).toBe(0);
      if (apiVersion === 9) {
        expect(back).toMatchObject({ skipAssignment: true, leader: back.memberId });
        expect(back.members).toHaveLength(2);
      } else {
        expect(back).toMatchObject({ skipAssignment: false, leader: leader.joined.memberId, members: [] });
      }
      expect(stateOf(harness)).toBe('Stable');
    }
  });

  it('that restart with another choice of protocol start a rebalance', async () => {
    const harness = await startCoordinator();
    const joined = join(harness, {
      groupInstanceId: 'i',
      protocols: [
        { name: 'range', metadata: subscription('t') },
        { name: 'sticky', metadata: subscription('t') },
      ],
    });
    await harness.time.advance(10_000);
    await sync(harness, joined.value, { groupInstanceId: 'i', assignments: {} }).done;
    const back = await join(harness, {
      groupInstanceId: 'i',
      protocols: [{ name: 'sticky', metadata: subscription('t') }],
    }).done;
    expect(back).toMatchObject({ generationId: 2, protocolName: 'sticky' });
  });

  it('that restart while the group syncs start a rebalance; who waits there is fenced', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness, { groupInstanceId: 'i0' }), join(harness, { groupInstanceId: 'i1' })];
    await harness.time.advance(10_000);
    const [one, two] = joins.map(({ value }) => value);
    if (!one || !two) throw new Error('two members');
    const isFirstLeader = one.leader === one.memberId;
    const [follower, instance] = isFirstLeader ? [two, 'i1'] : [one, 'i0'];
    const waiting = sync(harness, follower, { groupInstanceId: instance });
    await settled();
    const back = join(harness, { groupInstanceId: instance });
    expect((await waiting.done).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(stateOf(harness)).toBe('PreparingRebalance');
    const leader = isFirstLeader ? one : two;
    const other = join(harness, { memberId: leader.memberId, groupInstanceId: isFirstLeader ? 'i0' : 'i1' });
    expect((await back.done).generationId).toBe(2);
    expect((await other.done).generationId).toBe(2);
  });

  it('that restart while waiting to join are fenced there and wait in their new place', async () => {
    const harness = await startCoordinator();
    const first = join(harness, { groupInstanceId: 'i' });
    await settled();
    const second = join(harness, { groupInstanceId: 'i' });
    expect((await first.done).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    await harness.time.advance(10_000);
    expect(second.value).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(second.value.members).toHaveLength(1);
  });

  it('keep their place when they do not rejoin, until their session ends', async () => {
    const harness = await startCoordinator();
    const [leader, follower] = await staticGroup(harness, 2);
    if (!leader || !follower) throw new Error('two members');
    const again = join(harness, {
      memberId: leader.joined.memberId,
      groupInstanceId: leader.instance,
      sessionTimeoutMs: 300_000,
    });
    const { memberId } = follower.joined;
    for (let i = 0; i < 12; i++) {
      await harness.time.advance(5_000);
      await harness.coordinator.heartbeat({
        groupId: 'g',
        generationId: 1,
        memberId,
        groupInstanceId: follower.instance,
      });
    }
    expect(again.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(again.value.members).toHaveLength(2);
  });

  it('go back to their former id when the new one cannot be written', async () => {
    const harness = await startCoordinator();
    const [leader] = await staticGroup(harness, 1);
    if (!leader) throw new Error('a leader');
    harness.logs.refusal = ErrorCode.NOT_ENOUGH_REPLICAS;
    const refused = await join(harness, { groupInstanceId: leader.instance }).done;
    expect(refused).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, memberId: '' });
    harness.logs.refusal = null;
    const { memberId, generationId } = leader.joined;
    const alive = { groupId: 'g', generationId, memberId, groupInstanceId: leader.instance };
    expect(await harness.coordinator.heartbeat(alive)).toBe(0);
    const described = harness.coordinator.describeGroups(6, ['g'])[0];
    expect(described?.members).toMatchObject([{ memberId, groupInstanceId: leader.instance }]);
  });
});

describe('leaving', () => {
  it('is told for each member: by id, by instance, unknown, fenced, and not yet joined', async () => {
    const harness = await startCoordinator();
    const members = await staticGroup(harness, 3);
    const told = await harness.coordinator.joinGroup(NEWEST, joinRequest());
    const id = (instance: string) => members.find((member) => member.instance === instance)?.joined.memberId ?? '';
    const left = await harness.coordinator.leaveGroup('g', [
      { memberId: '', groupInstanceId: 'i0', reason: 'by the administrator' },
      { memberId: id('i1'), groupInstanceId: 'i1', reason: null },
      { memberId: id('i1'), groupInstanceId: 'i2', reason: null },
      { memberId: 'x', groupInstanceId: null, reason: null },
      { memberId: '', groupInstanceId: null, reason: null },
      { memberId: '', groupInstanceId: 'i9', reason: null },
      { memberId: told.memberId, groupInstanceId: null, reason: null },
    ]);
    expect(left.errorCode).toBe(0);
    expect(left.members.map(({ errorCode }) => errorCode)).toEqual([
      0,
      0,
      ErrorCode.FENCED_INSTANCE_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
      0,
    ]);
    expect(left.members.map(({ groupInstanceId }) => groupInstanceId)).toEqual([
      'i0',
      'i1',
      'i2',
      null,
      null,
      'i9',
      null,
    ]);
    expect(stateOf(harness)).toBe('PreparingRebalance');
  });

  it('of an unknown group is unknown for each member', async () => {
    const harness = await startCoordinator();
    const left = await harness.coordinator.leaveGroup('x', [{ memberId: 'm', groupInstanceId: null, reason: null }]);
    expect(left).toEqual({
      errorCode: 0,
      members: [{ memberId: 'm', groupInstanceId: null, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }],
    });
    expect((await harness.coordinator.leaveGroup('', [])).errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
  });

  it('as the last member empties the group at once, answering what waits', async () => {
    const harness = await startCoordinator();
    const [only] = await staticGroup(harness, 1);
    if (!only) throw new Error('a member');
    const { memberId } = only.joined;
    const left = harness.coordinator.leaveGroup('g', [{ memberId, groupInstanceId: null, reason: null }]);
    expect((await left).errorCode).toBe(0);
    expect(stateOf(harness)).toBe('Empty');
    expect(harness.logs.records('g').at(-1)).toMatchObject({ value: { generation: 2, members: [] } });
  });

  it('while the first rebalance is delayed does not cut the delay short', async () => {
    const harness = await startCoordinator();
    const first = join(harness);
    const second = join(harness);
    await settled();
    const memberId = harness.coordinator.describeGroups(6, ['g'])[0]?.members[0]?.memberId ?? '';
    await harness.coordinator.leaveGroup('g', [{ memberId, groupInstanceId: null, reason: null }]);
    const [gone, stays] = first.isWaiting ? [second, first] : [first, second];
    expect(gone.value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    await harness.time.advance(2_000);
    expect(stays.isWaiting).toBe(true);
    await harness.time.advance(10_000);
    expect(stays.value).toMatchObject({ generationId: 1 });
  });
});
