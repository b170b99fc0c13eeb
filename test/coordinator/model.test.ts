/**
 * Clients that behave as consumers do, over a coordinator to which everything happens: members crash, restart, leave and
 * stall, appends are refused, commits come late, leadership moves. What must hold all the time is checked at each answer;
 * when the storm is over, everybody must be in one generation, and the log must say the same as the memory.
 */
import { describe, expect, it } from 'vitest';
import type { JoinResult } from '../../src/coordinator/classic-member.ts';
import { partitionFor } from '../../src/coordinator/partition-for.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import type { Random } from '../../src/runtime/runtime.ts';
import {
  elect,
  type Harness,
  joinRequest,
  loaded,
  NEWEST,
  PARTITIONS,
  seededRandom,
  settled,
  startCoordinator,
  subscription,
} from './harness.ts';

const TOPIC_PARTITIONS = 6;
const SESSION_MS = 6_000;
const TOPIC_ID = '70GhYGlKSs-8W0IMJkO5EQ';

/** What has been promised so far, over all clients. */
class Promises {
  /** Leader epoch and generation to the owner of each partition. */
  readonly #owners = new Map<string, Map<number, string>>();
  readonly committed = new Map<number, number>();
  /** Counts leaderships: a generation that was never written may be used again by the next leader. */
  epoch = 0;
  readonly failures: string[] = [];

  assigned(generationId: number, memberId: string, partitions: readonly number[]): void {
    const key = `${this.epoch}/${generationId}`;
    const owners = this.#owners.get(key) ?? new Map<number, string>();
    this.#owners.set(key, owners);
    for (const partition of partitions) {
      const owner = owners.get(partition);
      if (owner !== undefined && owner !== memberId) {
        this.failures.push(`partition ${partition} of generation ${key} belongs to ${owner} and ${memberId}`);
      }
      owners.set(partition, memberId);
    }
  }

  acknowledged(partition: number, offset: number): void {
    this.committed.set(partition, Math.max(offset, this.committed.get(partition) ?? -1));
  }
}

class Client {
  readonly #harness: Harness;
  readonly #promises: Promises;
  readonly #random: Random;
  readonly instance: string | null;
  memberId = '';
  generationId = -1;
  owned: number[] = [];
  isAlive = true;
  isStalled = false;

  constructor(harness: Harness, promises: Promises, random: Random, instance: string | null) {
    this.#harness = harness;
    this.#promises = promises;
    this.#random = random;
    this.instance = instance;
  }

  async run(): Promise<void> {
    while (this.isAlive) {
      if (this.isStalled) await this.#sleep(1_000);
      else if (this.generationId < 0) await this.#joinOnce();
      else await this.#beat();
    }
  }

  async leave(): Promise<void> {
    this.isAlive = false;
    await this.#harness.coordinator.leaveGroup('g', [
      { memberId: this.memberId, groupInstanceId: this.instance, reason: null },
    ]);
  }

  async #joinOnce(): Promise<void> {
    const protocols = [{ name: 'range', metadata: subscription(this.#random.int(4) === 0 ? 'u' : 't') }];
    const request = joinRequest({
      memberId: this.memberId,
      groupInstanceId: this.instance,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 10_000,
      protocols,
    });
    const { epoch } = this.#promises;
    const joined = await this.#harness.coordinator.joinGroup(NEWEST, request);
    if (!this.isAlive) return;
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.memberId = joined.memberId;
    else if (joined.errorCode !== ErrorCode.NONE) await this.#backOff(joined.errorCode);
    else if (epoch === this.#promises.epoch) await this.#syncOnce(joined);
  }

  async #syncOnce(joined: JoinResult): Promise<void> {
    this.memberId = joined.memberId;
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    if (isLeader && new Set(joined.members.map(({ memberId }) => memberId)).size !== joined.members.length) {
      this.#promises.failures.push(`generation ${joined.generationId} has a member twice`);
    }
    const { epoch } = this.#promises;
    const synced = await this.#harness.coordinator.syncGroup({
      groupId: 'g',
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: this.instance,
      protocolType: joined.protocolType,
      protocolName: joined.protocolName,
      assignments: isLeader ? assign(joined) : new Map(),
    });
    if (!this.isAlive) return;
    if (synced.errorCode !== ErrorCode.NONE) {
      await this.#backOff(synced.errorCode);
      return;
    }
    this.generationId = joined.generationId;
    this.owned = [...synced.assignment];
    // An instance that restarts takes over the partitions of its former self.
    if (epoch === this.#promises.epoch) {
      this.#promises.assigned(this.generationId, this.instance ?? this.memberId, this.owned);
    }
  }

  async #beat(): Promise<void> {
    await this.#sleep(500 + this.#random.int(1_500));
    if (!this.isAlive || this.isStalled) return;
    const { memberId, generationId, instance: groupInstanceId } = this;
    const partition = this.owned[this.#random.int(Math.max(1, this.owned.length))];
    if (partition !== undefined && this.#random.int(2) === 0) await this.#commit(partition);
    const code = await this.#harness.coordinator.heartbeat({ groupId: 'g', memberId, generationId, groupInstanceId });
    if (code !== ErrorCode.NONE) await this.#backOff(code);
  }

  async #commit(partitionIndex: number): Promise<void> {
    const committedOffset = (this.#promises.committed.get(partitionIndex) ?? 0) + 1;
    const partition = { partitionIndex, committedOffset, committedLeaderEpoch: 0, committedMetadata: null };
    const { memberId, generationId, instance: groupInstanceId } = this;
    try {
      const [topic] = await this.#harness.coordinator.commitOffsets(10, {
        groupId: 'g',
        memberId,
        groupInstanceId,
        generationId,
        retentionTimeMs: -1,
        topics: [{ name: 't', topicId: TOPIC_ID, partitions: [partition] }],
      });
      if (topic?.partitions[0]?.errorCode === 0) this.#promises.acknowledged(partitionIndex, committedOffset);
    } catch {
      // Whether it is there is not known; the next heartbeat tells what to do.
    }
  }

  async #backOff(code: number): Promise<void> {
    this.owned = [];
    this.generationId = -1;
    if (code === ErrorCode.UNKNOWN_MEMBER_ID || code === ErrorCode.ILLEGAL_GENERATION) this.memberId = '';
    // A fenced instance has been replaced by a younger one.
    if (code === ErrorCode.FENCED_INSTANCE_ID) this.isAlive = false;
    await this.#sleep(50);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#harness.time.after(ms, resolve));
  }
}

function assign({ members }: JoinResult): Map<string, Uint8Array> {
  const byMember = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  for (let p = 0; p < TOPIC_PARTITIONS; p++) byMember.get(members[p % members.length]?.memberId ?? '')?.push(p);
  return new Map(Array.from(byMember, ([memberId, partitions]) => [memberId, Uint8Array.from(partitions)]));
}

class Storm {
  readonly harness: Harness;
  readonly promises = new Promises();
  readonly #random: Random;
  clients: Client[] = [];
  #instances = 0;

  constructor(harness: Harness, random: Random) {
    this.harness = harness;
    this.#random = random;
  }

  start(instance: string | null): void {
    const client = new Client(this.harness, this.promises, this.#random, instance);
    this.clients.push(client);
    void client.run();
  }

  async step(): Promise<void> {
    this.clients = this.clients.filter(({ isAlive }) => isAlive);
    const victim = this.clients[this.#random.int(Math.max(1, this.clients.length))];
    const { logs } = this.harness;
    switch (this.#random.int(12)) {
      case 0:
      case 1:
        if (this.clients.length < 6) this.start(this.#random.int(3) === 0 ? `i${this.#instances++}` : null);
        break;
      case 2:
        if (victim) victim.isAlive = false;
        break;
      case 3:
        await Promise.race([victim?.leave(), settled()]);
        break;
      case 4:
        if (victim?.instance) {
          victim.isAlive = false;
          this.start(victim.instance);
        }
        break;
      case 5:
        if (victim) victim.isStalled = !victim.isStalled;
        break;
      case 6:
        logs.isHolding = !logs.isHolding;
        if (!logs.isHolding) await logs.release();
        break;
      case 7:
        logs.refusal = logs.refusal === null ? ErrorCode.NOT_ENOUGH_REPLICAS : null;
        break;
      case 8:
        if (this.#random.int(3) === 0) await this.#failOver();
        break;
      default:
        break;
    }
    await this.harness.time.advance(this.#random.int(4_000));
  }

  async calm(): Promise<void> {
    const { logs, time } = this.harness;
    logs.refusal = null;
    logs.isHolding = false;
    await logs.release();
    for (const client of this.clients) client.isStalled = false;
    if (!this.clients.some(({ isAlive }) => isAlive)) this.start(null);
    await time.advance(120_000);
  }

  async #failOver(): Promise<void> {
    const { coordinator, logs } = this.harness;
    await logs.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    coordinator.onResigned(partitionFor('g', PARTITIONS));
    this.promises.epoch++;
    elect(this.harness, this.promises.epoch);
    await loaded(this.harness);
  }
}

function described(harness: Harness) {
  const [group] = harness.coordinator.describeGroups(6, ['g']);
  const members = group?.members.map((member) => ({
    ...member,
    memberMetadata: Buffer.from(member.memberMetadata).toString('hex'),
    memberAssignment: Buffer.from(member.memberAssignment).toString('hex'),
  }));
  return { ...group, members: members?.sort((a, b) => (a.memberId < b.memberId ? -1 : 1)) };
}

describe('a group under a storm', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('keeps its promises and comes to rest (seed %i)', async (seed) => {
    const harness = await startCoordinator({ initialRebalanceDelayMs: 500 }, { seed });
    const storm = new Storm(harness, seededRandom(seed * 7919));
    for (let i = 0; i < 3; i++) storm.start(i === 0 ? 'i' : null);
    for (let i = 0; i < 120; i++) await storm.step();
    await storm.calm();
    expect(storm.promises.failures).toEqual([]);

    const alive = storm.clients.filter(({ isAlive }) => isAlive);
    const group = described(harness);
    expect(group.groupState).toBe('Stable');
    expect(group.members?.map(({ memberId }) => memberId)).toEqual(alive.map(({ memberId }) => memberId).sort());
    expect(new Set(alive.map(({ generationId }) => generationId)).size).toBe(1);
    expect(alive.flatMap(({ owned }) => owned).sort()).toEqual([0, 1, 2, 3, 4, 5]);

    const offsetsOf = (of: Harness) => of.coordinator.fetchOffsets('g', null, true);
    const offsets = await offsetsOf(harness);
    for (const { partitionIndex, committedOffset } of offsets[0]?.partitions ?? []) {
      expect(committedOffset).toBeGreaterThanOrEqual(storm.promises.committed.get(partitionIndex) ?? 0);
    }
    const replayed = await startCoordinator({}, { logs: harness.logs });
    expect(described(replayed)).toEqual(group);
    expect(await offsetsOf(replayed)).toEqual(offsets);
    for (const client of storm.clients) client.isAlive = false;
  });
});
