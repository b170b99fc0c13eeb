import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { decodeRecord, encodeRecord } from '../../src/coordinator/group-records.ts';
import { partitionFor } from '../../src/coordinator/partition-for.ts';
import { baseTimestampAt } from '../../src/protocol/batch.ts';
import { buildBatch, buildControlBatch } from '../../src/protocol/batch-builder.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import {
  elect,
  type Harness,
  heartbeat,
  join,
  joinRequest,
  loaded,
  MemoryLogs,
  NEWEST,
  PARTITIONS,
  SimulatedTime,
  settled,
  stableGroup,
  startCoordinator,
  stateOf,
  subscription,
  sync,
} from './harness.ts';
import { kafkaBatches } from './kafka-logs.ts';

const commitOf = (offset: number, extra: object = {}) => ({
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  generationId: -1,
  retentionTimeMs: -1,
  topics: [
    {
      name: 't',
      topicId: ZERO_UUID,
      partitions: [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' }],
    },
  ],
  ...extra,
});

async function offsetOf({ coordinator }: Harness, groupId = 'g', topic = 't', requireStable = false, partition = 0) {
  const topics = [{ name: topic, topicId: ZERO_UUID, partitionIndexes: [partition] }];
  return (await coordinator.fetchOffsets(groupId, topics, requireStable))[0]?.partitions[0];
}

const filters = { states: new Set<string>(), types: new Set<string>() };

describe('a log that Kafka wrote', () => {
  async function fromKafka(): Promise<Harness> {
    const logs = new MemoryLogs();
    for (const partition of [18, 26, 27, 47]) logs.batches.set(partition, kafkaBatches(partition));
    return startCoordinator({}, { logs });
  }

  it('gives its groups and offsets', async () => {
    const harness = await fromKafka();
    const listed = harness.coordinator
      .listGroups(filters)
      .map(({ groupId, groupState, groupType }) => [groupId, groupState, groupType]);
    expect(listed.sort()).toEqual([
      ['fix', 'Empty', 'Classic'],
      ['fixstatic', 'Empty', 'Classic'],
      ['newproto', 'Empty', 'Consumer'],
      ['two', 'Empty', 'Classic'],
    ]);
    expect(await offsetOf(harness, 'fix', 'g1')).toMatchObject({ committedOffset: 10, committedLeaderEpoch: 0 });
    expect(await offsetOf(harness, 'newproto', 'g1')).toMatchObject({ committedOffset: 5 });
    expect(await offsetOf(harness, 'simple', 'g1')).toMatchObject({ committedOffset: -1 });
    expect(await harness.coordinator.fetchOffsets('two', null, false)).toMatchObject([{ name: 'g2' }]);
  });

  it('goes on where it ended: the next generation follows', async () => {
    const harness = await fromKafka();
    const joined = join(harness, { groupId: 'two' });
    await harness.time.advance(10_000);
    expect(joined.value.generationId).toBe(3);
  });

  it('with a group of the new protocol lets classic members take it over, its records deleted', async () => {
    const harness = await fromKafka();
    expect(harness.coordinator.describeGroups(6, ['newproto'])).toMatchObject([
      { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: 'Group newproto is not a classic group.' },
    ]);
    const joined = join(harness, { groupId: 'newproto' });
    await harness.time.advance(10_000);
    expect(joined.value.errorCode).toBe(0);
    expect(await offsetOf(harness, 'newproto', 'g1')).toMatchObject({ committedOffset: 5 });
    const written = harness.logs
      .raw(18)
      .slice(10)
      .map(({ key, value }) => [key.readInt16BE(0), value === null]);
    expect(written).toEqual([
      [3, true],
      [6, true],
      [2, false],
    ]);
    expect(harness.coordinator.listGroups({ ...filters, types: new Set(['consumer']) })).toEqual([]);
  });

  it('with a group of the new protocol can be rid of it', async () => {
    const harness = await fromKafka();
    expect(await harness.coordinator.deleteGroups(['newproto'])).toEqual(new Map([['newproto', 0]]));
    expect(await offsetOf(harness, 'newproto', 'g1')).toMatchObject({ committedOffset: -1 });
    expect(harness.coordinator.listGroups(filters).some(({ groupId }) => groupId === 'newproto')).toBe(false);
  });
});

describe('the same session as Kafka’s', () => {
  it('writes Kafka’s records, byte for byte', async () => {
    const expected = kafkaBatches(47);
    const time = new SimulatedTime();
    const harness = await startCoordinator({ initialRebalanceDelayMs: 100 }, { time });
    const values = expected.map((batch) => {
      const [record] = new MemoryLogsOf(batch).raw();
      return decodeRecord(record?.key as Buffer, record?.value ?? null, 0);
    });
    const stamp = (index: number) => {
      const record = values[index];
      if (record?.kind !== 'group-metadata' || record.value === null) throw new Error('a group record');
      return record.value;
    };
    const member = stamp(1).members[0];
    if (!member) throw new Error('a member');
    const protocols = [{ name: 'range', metadata: member.subscription }];
    time.now = stamp(0).currentStateTimestamp;
    const told = await harness.coordinator.joinGroup(
      { ...NEWEST, clientId: 'cid' },
      joinRequest({ groupId: 'fix', sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 300_000, protocols }),
    );
    time.now = stamp(1).currentStateTimestamp - 100;
    const joined = join(
      harness,
      { groupId: 'fix', memberId: told.memberId, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 300_000, protocols },
      { ...NEWEST, clientId: 'cid' },
    );
    await time.advance(100);
    const { memberId } = joined.value;
    const assignment = Buffer.from(member.assignment).toString('latin1');
    await new Promise((resolve) => setImmediate(resolve));
    const syncing = harness.coordinator.syncGroup({
      groupId: 'fix',
      generationId: 1,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: new Map([[memberId, Buffer.from(assignment, 'latin1')]]),
    });
    expect((await syncing).errorCode).toBe(0);
    time.now = baseTimestampAt(expected[2] as Buffer, 0) - 13;
    await harness.coordinator.commitOffsets(10, {
      ...commitOf(10),
      groupId: 'fix',
      memberId,
      generationId: 1,
      topics: [
        {
          name: 'g1',
          topicId: '70GhYGlKSs-8W0IMJkO5EQ',
          partitions: [{ partitionIndex: 0, committedOffset: 10, committedLeaderEpoch: 0, committedMetadata: '' }],
        },
      ],
    });
    time.now = stamp(3).currentStateTimestamp;
    await harness.coordinator.leaveGroup('fix', [{ memberId, groupInstanceId: null, reason: null }]);
    const hex = (records: { key: Buffer; value: Buffer | null }[]) =>
      records.map(
        ({ key, value }) => `${key.toString('hex')} ${value?.toString('latin1').replaceAll(memberId, member.memberId)}`,
      );
    expect(hex(harness.logs.raw(47))).toEqual(hex(expected.flatMap((batch) => new MemoryLogsOf(batch).raw())));
  });
});

/** One batch, to be read like a log. */
class MemoryLogsOf {
  readonly #logs = new MemoryLogs();
  constructor(batch: Buffer) {
    this.#logs.of(0).push(batch);
  }
  raw() {
    return this.#logs.raw(0);
  }
}

describe('open transactions in a log', () => {
  const record = (offset: number, partition: number, committedOffset: number) => ({
    ...encodeRecord({
      kind: 'offset-commit',
      group: 'g',
      topic: 't',
      partition,
      value: {
        offset: committedOffset,
        leaderEpoch: -1,
        metadata: '',
        commitTimestampMs: 1,
        expireTimestampMs: -1,
        topicId: ZERO_UUID,
        recordOffset: offset,
      },
    }),
    timestamp: 1,
  });
  const txn = (baseOffset: number, producerId: number, partition: number, offset: number) =>
    buildBatch([record(baseOffset, partition, offset)], {
      baseOffset,
      producerId,
      producerEpoch: 0,
      isTransactional: true,
    });
  const marker = (baseOffset: number, producerId: number, type: number) =>
    buildControlBatch([{ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) }], 1, {
      baseOffset,
      producerId,
      producerEpoch: 0,
      isTransactional: true,
    });

  it('count when committed, are dropped when aborted, and are unstable until then', async () => {
    const logs = new MemoryLogs();
    logs.batches.set(partitionFor('g', PARTITIONS), [
      txn(0, 7, 0, 70),
      txn(1, 8, 1, 80),
      txn(2, 9, 2, 90),
      txn(3, 7, 3, 73),
      buildBatch([record(4, 3, 100)], { baseOffset: 4 }),
      marker(5, 7, 1),
      marker(6, 8, 0),
    ]);
    const harness = await startCoordinator({}, { logs });
    const of = async (partition: number, requireStable = false) => {
      const answer = await offsetOf(harness, 'g', 't', requireStable, partition);
      return [answer?.committedOffset, answer?.errorCode];
    };
    expect(await of(0)).toEqual([70, 0]);
    expect(await of(1)).toEqual([-1, 0]);
    expect(await of(2)).toEqual([-1, 0]);
    expect(await of(2, true)).toEqual([-1, ErrorCode.UNSTABLE_OFFSET_COMMIT]);
    // Committed plainly after the transaction wrote it: the younger record stands.
    expect(await of(3)).toEqual([100, 0]);
    await harness.time.advance(30 * 86_400_000);
    expect(stateOf(harness)).toBe('Empty');
    expect(await harness.coordinator.deleteGroups(['g'])).toEqual(new Map([['g', 0]]));
    expect(await of(2, true)).toEqual([-1, 0]);
  });
});

describe('leadership', () => {
  it('that is elsewhere, or not loaded yet, is told', async () => {
    const harness = await startCoordinator();
    const partition = partitionFor('g', PARTITIONS);
    harness.coordinator.onResigned(partition, 1);
    expect((await join(harness).done).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    await expect(offsetOf(harness)).rejects.toMatchObject({ code: ErrorCode.NOT_COORDINATOR });
    await expect(harness.coordinator.commitOffsets(9, commitOf(1))).rejects.toMatchObject({ code: 16 });
    expect(harness.coordinator.describeGroups(6, ['g'])).toMatchObject([{ errorCode: 16, groupState: '' }]);
    expect(await harness.coordinator.deleteGroups(['g'])).toEqual(new Map([['g', 16]]));
    expect(harness.coordinator.listGroups(filters)).toEqual([]);
    harness.logs.of(partition).push(buildBatch([]), buildBatch([]));
    elect(harness, 2);
    expect((await join(harness).done).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    expect(() => harness.coordinator.listGroups(filters)).toThrow(expect.objectContaining({ code: 14 }));
    const unknown = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
    expect(await harness.coordinator.heartbeat(unknown)).toBe(0);
    await loaded(harness);
    expect(await harness.coordinator.heartbeat(unknown)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('that goes sends on those who wait; a late notice of an older one is ignored', async () => {
    const harness = await startCoordinator();
    elect(harness, 5);
    await loaded(harness);
    const waiting = join(harness);
    await settled();
    const partition = partitionFor('g', PARTITIONS);
    harness.coordinator.onResigned(partition, 4);
    await settled();
    expect(waiting.isWaiting).toBe(true);
    harness.coordinator.onResigned(partition, 6);
    expect((await waiting.done).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    await harness.time.advance(600_000);
    expect(harness.logs.records('g')).toHaveLength(1);
  });

  it('comes back with the members that the log knows, and a session for each', async () => {
    const harness = await startCoordinator();
    const [leader, follower] = await stableGroup(harness, 2);
    if (!leader || !follower) throw new Error('two members');
    const partition = partitionFor('g', PARTITIONS);
    harness.coordinator.onResigned(partition);
    harness.coordinator.onElected(partition, 3, harness.logs.loader(partition));
    await loaded(harness);
    expect(stateOf(harness)).toBe('Stable');
    expect(await heartbeat(harness, leader)).toBe(0);
    const synced = await sync(harness, follower).done;
    expect(Buffer.from(synced.assignment).toString()).toBe(`of ${follower.memberId}`);
    await harness.time.advance(9_000);
    expect(await heartbeat(harness, leader)).toBe(0);
    await harness.time.advance(1_001);
    expect(stateOf(harness)).toBe('PreparingRebalance');
  });

  it('that stays through a new epoch keeps what is loaded', async () => {
    const harness = await startCoordinator();
    await harness.coordinator.joinGroup(NEWEST, joinRequest());
    const waiting = join(harness);
    await settled();
    elect(harness, 9);
    await harness.time.advance(20_000);
    expect(waiting.value.errorCode).toBe(0);
  });

  it('over a group that is larger than allowed by now makes it rebalance', async () => {
    const harness = await startCoordinator();
    await stableGroup(harness, 3);
    const again = await startCoordinator({ maxSize: 2 }, { logs: harness.logs });
    await settled();
    expect(stateOf(again)).toBe('PreparingRebalance');
  });

  it('ends with the shutdown', async () => {
    const harness = await startCoordinator();
    const waiting = join(harness);
    await settled();
    harness.coordinator.shutdown();
    expect((await waiting.done).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect((await join(harness).done).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    await expect(offsetOf(harness)).rejects.toMatchObject({ code: 15 });
    expect(harness.time.timerCount).toBe(0);
  });
});

describe('commits that take their time, or fail', () => {
  it('hold answers back, and what clients see', async () => {
    const harness = await startCoordinator();
    harness.logs.isHolding = true;
    const told = harness.coordinator.joinGroup(NEWEST, joinRequest());
    expect((await told).errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED);
    expect(stateOf(harness)).toBe('Dead');
    expect(harness.coordinator.listGroups(filters)).toEqual([]);
    await harness.logs.release();
    expect(stateOf(harness)).toBe('Empty');
    const deleting = harness.coordinator.deleteGroups(['g']);
    await settled();
    expect(stateOf(harness)).toBe('Empty');
    expect(harness.coordinator.listGroups(filters)).toHaveLength(1);
    await harness.logs.release();
    expect(await deleting).toEqual(new Map([['g', 0]]));
    expect(stateOf(harness)).toBe('Dead');
  });

  it('make a group Stable only then', async () => {
    const harness = await startCoordinator();
    const joined = join(harness);
    await harness.time.advance(10_000);
    harness.logs.isHolding = true;
    const syncing = sync(harness, joined.value, { assignments: { [joined.value.memberId]: 'a' } });
    await settled();
    expect(syncing.isWaiting).toBe(true);
    expect(stateOf(harness)).toBe('CompletingRebalance');
    await harness.logs.release();
    expect(Buffer.from(syncing.value.assignment).toString()).toBe('a');
    expect(stateOf(harness)).toBe('Stable');
  });

  it('do nothing to the generation that has begun in the meantime', async () => {
    const harness = await startCoordinator();
    const first = join(harness);
    await harness.time.advance(10_000);
    harness.logs.isHolding = true;
    const { memberId } = first.value;
    const syncing = sync(harness, first.value, { assignments: { [memberId]: 'a' } });
    await settled();
    const again = join(harness, { memberId, protocols: [{ name: 'range', metadata: subscription('u') }] });
    expect((await syncing.done).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect((await again.done).generationId).toBe(2);
    await harness.logs.release();
    expect(stateOf(harness)).toBe('CompletingRebalance');
    const members = harness.coordinator.describeGroups(6, ['g'])[0]?.members;
    expect(members?.[0]?.memberAssignment).toHaveLength(0);
  });

  it('are answered after offsets.commit.timeout.ms, and count when they come later', async () => {
    const harness = await startCoordinator({ offsetCommitTimeoutMs: 5_000 });
    harness.logs.isHolding = true;
    const committing = harness.coordinator.commitOffsets(9, commitOf(4)).catch((error: { code: number }) => error.code);
    await harness.time.advance(5_001);
    expect(await committing).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect((await offsetOf(harness))?.committedOffset).toBe(-1);
    await harness.logs.release();
    expect((await offsetOf(harness))?.committedOffset).toBe(4);
  });

  it.each([
    [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_COORDINATOR],
    [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR],
    [ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.COORDINATOR_NOT_AVAILABLE],
    [ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR],
  ])('refused by the log with %i are %i for the client, and change nothing', async (refusal, told) => {
    const harness = await startCoordinator();
    await harness.coordinator.commitOffsets(9, commitOf(1));
    harness.logs.refusal = refusal;
    await expect(harness.coordinator.commitOffsets(9, commitOf(2))).rejects.toMatchObject({ code: told });
    expect(await harness.coordinator.deleteGroups(['g'])).toEqual(new Map([['g', told]]));
    expect((await offsetOf(harness, 'g', 't', true))?.committedOffset).toBe(1);
    // An old client joins a new group, whose record cannot be written: no group is left behind.
    const joining = join(harness, { groupId: 'new' }, { ...NEWEST, apiVersion: 1 });
    expect((await joining.done).errorCode).toBe(told);
    harness.logs.refusal = null;
    expect(stateOf(harness, 'new')).toBe('Dead');
    await harness.time.advance(10_000);
    expect(harness.logs.records('new').filter(({ group }) => group === 'new')).toEqual([]);
  });

  it('of an assignment that is refused make the group join again', async () => {
    const harness = await startCoordinator();
    const joins = [join(harness), join(harness)];
    await harness.time.advance(10_000);
    const [leader, follower] = joins.map(({ value }) => value).sort((a) => (a.memberId === a.leader ? -1 : 1));
    if (!leader || !follower) throw new Error('two members');
    const waiting = sync(harness, follower);
    harness.logs.refusal = ErrorCode.NOT_ENOUGH_REPLICAS;
    expect((await sync(harness, leader, { assignments: {} }).done).errorCode).toBe(15);
    expect((await waiting.done).errorCode).toBe(15);
    await settled();
    expect(stateOf(harness)).toBe('PreparingRebalance');
  });

  it('that are lost take everything since with them: the state is that of the log again', async () => {
    const harness = await startCoordinator();
    await harness.coordinator.commitOffsets(9, commitOf(1));
    const [member] = await stableGroup(harness, 1, 'other');
    harness.logs.isHolding = true;
    const results = [2, 3].map((offset) =>
      harness.coordinator.commitOffsets(9, commitOf(offset)).catch((error: { code: number }) => error.code),
    );
    const deleting = harness.coordinator.deleteGroups(['g']);
    await settled();
    await harness.logs.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await Promise.all(results)).toEqual([16, 16]);
    expect(await deleting).toEqual(new Map([['g', 16]]));
    harness.logs.isHolding = false;
    await loaded(harness);
    expect((await offsetOf(harness, 'g', 't', true))?.committedOffset).toBe(1);
    expect(stateOf(harness)).toBe('Empty');
    if (member) expect(await heartbeat(harness, member, 'other')).toBe(0);
    await harness.coordinator.commitOffsets(9, commitOf(7));
    expect((await offsetOf(harness))?.committedOffset).toBe(7);
  });

  it('are committed in order even when their notices are not', async () => {
    const harness = await startCoordinator();
    harness.logs.isHolding = true;
    const order: number[] = [];
    for (const offset of [1, 2, 3]) {
      void harness.coordinator.commitOffsets(9, commitOf(offset)).then(() => order.push(offset));
    }
    await settled();
    await harness.logs.release();
    expect(order).toEqual([1, 2, 3]);
  });
});

describe('deleting groups', () => {
  it('needs them to be there and empty, and takes their offsets', async () => {
    const harness = await startCoordinator();
    await harness.coordinator.commitOffsets(9, commitOf(1));
    await stableGroup(harness, 1, 'used');
    const deleted = await harness.coordinator.deleteGroups(['g', 'used', 'none', 'g']);
    expect(Object.fromEntries(deleted)).toEqual({
      g: 0,
      used: ErrorCode.NON_EMPTY_GROUP,
      none: ErrorCode.GROUP_ID_NOT_FOUND,
    });
    expect(harness.logs.records('g').slice(-2)).toMatchObject([
      { kind: 'offset-commit', value: null },
      { kind: 'group-metadata', value: null },
    ]);
  });
});

describe('describing and listing', () => {
  it('tell state, protocol and members', async () => {
    const harness = await startCoordinator();
    const [leader] = await stableGroup(harness, 1);
    if (!leader) throw new Error('a leader');
    const [stable] = harness.coordinator.describeGroups(6, ['g']);
    expect(stable).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [{ memberId: leader.memberId, clientId: 'c', clientHost: '/127.0.0.1', groupInstanceId: null }],
    });
    expect(Buffer.from(stable?.members[0]?.memberAssignment ?? []).toString()).toBe(`of ${leader.memberId}`);
    expect(stable?.members[0]?.memberMetadata).toHaveLength(13);
    join(harness, { memberId: leader.memberId });
    join(harness);
    await settled();
    const [preparing] = harness.coordinator.describeGroups(6, ['g']);
    expect(preparing).toMatchObject({ groupState: 'PreparingRebalance', protocolData: '' });
    expect(preparing?.members[0]?.memberMetadata).toHaveLength(0);
    expect(harness.coordinator.describeGroups(6, ['x'])).toMatchObject([
      { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: 'Group x not found.', groupState: 'Dead' },
    ]);
    expect(harness.coordinator.describeGroups(5, ['x'])).toMatchObject([{ errorCode: 0, errorMessage: null }]);
  });

  it('filter by state and type', async () => {
    const harness = await startCoordinator();
    await stableGroup(harness, 1);
    await harness.coordinator.commitOffsets(9, commitOf(1, { groupId: 'h' }));
    const ids = (states: string[], types: string[] = []) =>
      harness.coordinator
        .listGroups({ states: new Set(states), types: new Set(types) })
        .map(({ groupId }) => groupId)
        .sort();
    expect(ids([])).toEqual(['g', 'h']);
    expect(ids(['stable'])).toEqual(['g']);
    expect(ids(['empty', 'dead'])).toEqual(['h']);
    expect(ids([], ['classic'])).toEqual(['g', 'h']);
    expect(ids([], ['share'])).toEqual([]);
  });
});

describe('a log that cannot be read', () => {
  it('leaves its groups without a coordinator, and the others with theirs', async () => {
    const logs = new MemoryLogs();
    const damaged = buildBatch([{ key: Buffer.from([0, 1, 0, 9, 1]), value: null }]);
    logs.batches.set(partitionFor('g', PARTITIONS), [damaged]);
    const harness = await startCoordinator({}, { logs });
    expect((await join(harness).done).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    const other = join(harness, { groupId: 'other' });
    await harness.time.advance(10_000);
    expect(other.value.errorCode).toBe(0);
  });

  it('passes over records of unknown types', async () => {
    const logs = new MemoryLogs();
    const unknown = buildBatch([{ key: Buffer.from([0, 99, 0]), value: Buffer.alloc(3) }]);
    logs.batches.set(partitionFor('g', PARTITIONS), [unknown]);
    const harness = await startCoordinator({}, { logs });
    const joined = join(harness);
    await harness.time.advance(10_000);
    expect(joined.value.errorCode).toBe(0);
  });
});
