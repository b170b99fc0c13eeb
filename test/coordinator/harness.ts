/**
 * A coordinator over logs in memory, under a clock that the test moves. Commits can be held back, appends refused, and
 * the leadership taken away and given back.
 */
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import type { JoinResult, SyncResult } from '../../src/coordinator/classic-member.ts';
import { DEFAULT_GROUP_CONFIG, type GroupCoordinatorConfig } from '../../src/coordinator/group-config.ts';
import { GroupCoordinator } from '../../src/coordinator/group-coordinator.ts';
import { decodeRecord, type GroupRecord } from '../../src/coordinator/group-records.ts';
import type { JoinRequest } from '../../src/coordinator/join-group.ts';
import { partitionFor } from '../../src/coordinator/partition-for.ts';
import type { AppendedBatch, PartitionLoader, PartitionWriter } from '../../src/coordinator/partition-writer.ts';
import type { Requester } from '../../src/coordinator/shard-context.ts';
import { lastOffsetDeltaAt, patchBaseOffset } from '../../src/protocol/batch.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { forEachRecord } from '../../src/protocol/record.ts';
import type { Clock, Random, TimerHandle, Timers } from '../../src/runtime/runtime.ts';

export const PARTITIONS = 50;

export class SimulatedTime implements Clock, Timers {
  now = 1_700_000_000_000;
  readonly #timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  #next = 0;

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const id = this.#next++;
    this.#timers.set(id, { atMs: this.now + delayMs, run });
    return { cancel: () => this.#timers.delete(id) };
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves on, timer by timer, with everything between them done. */
  async advance(ms: number): Promise<void> {
    const endMs = this.now + ms;
    for (;;) {
      await settled();
      let earliest: number | undefined;
      for (const [id, { atMs }] of this.#timers) {
        if (atMs <= endMs && (earliest === undefined || atMs < (this.#timers.get(earliest)?.atMs as number)))
          earliest = id;
      }
      if (earliest === undefined) break;
      const timer = this.#timers.get(earliest);
      this.#timers.delete(earliest);
      this.now = Math.max(this.now, timer?.atMs ?? 0);
      timer?.run();
    }
    this.now = endMs;
    await settled();
  }

  /** The process was stopped: time passes, and nothing runs. */
  async stallFor(ms: number): Promise<void> {
    this.now += ms;
    await this.advance(0);
  }
}

/** Everything that can happen without time passing has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  return {
    bytes: (size) => Uint8Array.from({ length: size }, () => next() >>> 24),
    int: (limit) => Math.floor((next() / 2 ** 32) * limit),
  };
}

interface HeldCommit {
  readonly resolve: () => void;
  readonly reject: (error: KafkaError) => void;
}

export class MemoryLogs implements PartitionWriter {
  readonly batches = new Map<number, Buffer[]>();
  /** Commits wait for `release`. */
  isHolding = false;
  /** What the next appends are refused with. */
  refusal: number | null = null;
  maxBytes = 1_048_588;
  #held: HeldCommit[] = [];
  /** Batches before this index are committed, by partition. */
  readonly #committed = new Map<number, number>();

  append(partition: number, batch: Uint8Array, leaderEpoch: number): AppendedBatch {
    if (this.refusal !== null) throw new KafkaError(this.refusal, 'refused by the test');
    const log = this.of(partition);
    const offset = nextOffset(log);
    const bytes = Buffer.from(batch);
    patchBaseOffset(bytes, 0, offset);
    log.push(bytes);
    void leaderEpoch;
    const end = log.length;
    const commit = () => this.#committed.set(partition, Math.max(end, this.#committed.get(partition) ?? 0));
    if (!this.isHolding) {
      commit();
      return { offset, committed: Promise.resolve() };
    }
    const committed = new Promise<void>((resolve, reject) => {
      this.#held.push({
        resolve: () => {
          commit();
          resolve();
        },
        reject,
      });
    });
    return { offset, committed };
  }

  maxBatchBytes(): number {
    return this.maxBytes;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  /** Lets the oldest commits (all without a count) happen. */
  async release(count = this.#held.length): Promise<void> {
    for (const { resolve } of this.#held.splice(0, count)) resolve();
    await settled();
  }

  /** What is not committed is cut off; those who wait for it are told so. */
  async lose(code: number): Promise<void> {
    for (const [partition, log] of this.batches) log.length = this.#committed.get(partition) ?? 0;
    for (const { reject } of this.#held.splice(0)) reject(new KafkaError(code, 'lost by the test'));
    await settled();
  }

  of(partition: number): Buffer[] {
    let log = this.batches.get(partition);
    if (log === undefined) {
      log = [];
      this.batches.set(partition, log);
    }
    return log;
  }

  loader(partition: number): PartitionLoader {
    const log = this.of(partition);
    return async function* () {
      for (const batch of [...log]) {
        await settled();
        yield batch;
      }
    };
  }

  /** The records of a group's partition, decoded. */
  records(groupId: string): GroupRecord[] {
    const records: GroupRecord[] = [];
    for (const { key, value, offset } of this.raw(partitionFor(groupId, PARTITIONS))) {
      const record = decodeRecord(key, value, offset);
      if (record !== null) records.push(record);
    }
    return records;
  }

  raw(partition: number): { key: Buffer; value: Buffer | null; offset: number }[] {
    const records: { key: Buffer; value: Buffer | null; offset: number }[] = [];
    for (const batch of this.of(partition)) {
      forEachRecord(batch, 0, ({ bytes, keyStart, keyLength, valueStart, valueLength, offset }) => {
        const key = Buffer.from(bytes.subarray(keyStart, keyStart + keyLength));
        const value = valueLength < 0 ? null : Buffer.from(bytes.subarray(valueStart, valueStart + valueLength));
        records.push({ key, value, offset });
      });
    }
    return records;
  }
}

function nextOffset(log: readonly Buffer[]): number {
  let next = 0;
  for (const batch of log) next += lastOffsetDeltaAt(batch, 0) + 1;
  return next;
}

export interface Harness {
  readonly time: SimulatedTime;
  readonly logs: MemoryLogs;
  readonly coordinator: GroupCoordinator;
  config: GroupCoordinatorConfig;
}

/** A coordinator that leads every partition. */
export async function startCoordinator(
  overrides: Partial<GroupCoordinatorConfig> = {},
  from: Partial<Pick<Harness, 'time' | 'logs'>> & { seed?: number } = {},
): Promise<Harness> {
  const time = from.time ?? new SimulatedTime();
  const logs = from.logs ?? new MemoryLogs();
  const harness = { time, logs, config: { ...DEFAULT_GROUP_CONFIG, ...overrides } } as Harness & {
    coordinator: GroupCoordinator;
  };
  harness.coordinator = new GroupCoordinator({
    nodeId: 1,
    clock: time,
    timers: time,
    random: seededRandom(from.seed ?? 1),
    logger: SILENT_LOGGER,
    config: () => harness.config,
    writer: logs,
    partitionCount: () => PARTITIONS,
  });
  elect(harness, 0);
  await loaded(harness);
  return harness;
}

export function elect({ coordinator, logs }: Harness, leaderEpoch: number): void {
  for (let p = 0; p < PARTITIONS; p++) coordinator.onElected(p, leaderEpoch, logs.loader(p));
}

export async function loaded({ coordinator }: Harness): Promise<void> {
  for (;;) {
    try {
      coordinator.listGroups({ states: new Set(), types: new Set() });
      return;
    } catch {
      await settled();
    }
  }
}

export const NEWEST: Requester = { apiVersion: 9, clientId: 'c', clientHost: '/127.0.0.1' };
export const OLD: Requester = { ...NEWEST, apiVersion: 3 };

export function subscription(...topics: string[]): Uint8Array {
  const parts = [Buffer.from([0, 1, 0, 0, 0, topics.length])];
  for (const topic of topics) parts.push(Buffer.from([0, topic.length]), Buffer.from(topic));
  return Buffer.concat([...parts, Buffer.from([0xff, 0xff, 0xff, 0xff])]);
}

export function joinRequest(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupId: 'g',
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('t') }],
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    reason: null,
    ...overrides,
  };
}

/** A request that may wait: what it was answered, if it was. */
export class Pending<Result> {
  result: Result | undefined;
  readonly done: Promise<Result>;

  constructor(promise: Promise<Result>) {
    this.done = promise.then((result) => {
      this.result = result;
      return result;
    });
  }

  get isWaiting(): boolean {
    return this.result === undefined;
  }

  get value(): Result {
    if (this.result === undefined) throw new Error('the request still waits');
    return this.result;
  }
}

/** Joins; a member that is told its id joins again with it. */
export function join(
  { coordinator }: Harness,
  request: Partial<JoinRequest> = {},
  requester: Requester = NEWEST,
): Pending<JoinResult> {
  const full = joinRequest(request);
  const attempt = async (): Promise<JoinResult> => {
    const first = await coordinator.joinGroup(requester, full);
    if (first.errorCode !== 79) return first;
    return coordinator.joinGroup(requester, { ...full, memberId: first.memberId });
  };
  return new Pending(attempt());
}

export function sync(
  { coordinator }: Harness,
  joined: JoinResult,
  options: { groupId?: string; groupInstanceId?: string | null; assignments?: Record<string, string> } = {},
): Pending<SyncResult> {
  return new Pending(
    coordinator.syncGroup({
      groupId: options.groupId ?? 'g',
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: options.groupInstanceId ?? null,
      protocolType: joined.protocolType,
      protocolName: joined.protocolName,
      assignments: new Map(
        Object.entries(options.assignments ?? {}).map(([memberId, text]) => [memberId, Buffer.from(text)]),
      ),
    }),
  );
}

/** A stable group with this many dynamic members; the leader first. */
export async function stableGroup(harness: Harness, size: number, groupId = 'g'): Promise<JoinResult[]> {
  const joins = Array.from({ length: size }, () => join(harness, { groupId }));
  await harness.time.advance(harness.config.initialRebalanceDelayMs * 2 + 1);
  const results = await Promise.all(joins.map(({ done }) => done));
  results.sort((a, b) => Number(b.memberId === b.leader) - Number(a.memberId === a.leader));
  const assignments = Object.fromEntries(results.map(({ memberId }) => [memberId, `of ${memberId}`]));
  const syncs = results.map((result) =>
    sync(harness, result, { groupId, assignments: result.memberId === result.leader ? assignments : {} }),
  );
  await Promise.all(syncs.map(({ done }) => done));
  return results;
}

export function heartbeat({ coordinator }: Harness, joined: JoinResult, groupId = 'g'): Promise<number> {
  const { generationId, memberId } = joined;
  return coordinator.heartbeat({ groupId, generationId, memberId, groupInstanceId: null });
}

export function stateOf({ coordinator }: Harness, groupId = 'g'): string {
  return coordinator.describeGroups(5, [groupId])[0]?.groupState ?? '';
}
