/**
 * The consumer: partitions assigned by hand or by a group, read in pieces (`nextPiece`, without an object per record) or
 * as records (`poll`). What was handed out and marked counts as consumed; only that is committed.
 */
import { KtsError } from '../../base/kts-error.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { RecordHeader } from '../../protocol/record.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import { commitOffsets, fetchOffsets } from '../admin-groups.ts';
import { type ClusterView, UnreachableError } from '../cluster-view.ts';
import { Coordinators } from '../coordinator.ts';
import { LinkError } from '../link.ts';
import { partitionKey, type TopicPartition } from '../offsets.ts';
import { type FetchedPartition, visitRecords } from './fetched.ts';
import { Fetcher, type StartOffset } from './fetcher.ts';
import { GroupMember } from './group-member.ts';
import { type ConsumerSettings, DEFAULT_CONSUMER_SETTINGS } from './settings.ts';

export interface ConsumerRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

interface Consumed extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
}

export class Consumer {
  readonly cluster: ClusterView;
  readonly settings: ConsumerSettings;
  readonly #fetcher: Fetcher;
  readonly #coordinators: Coordinators;
  #member: GroupMember | undefined;
  #consumed = new Map<string, Consumed>();
  #committed = new Map<string, number>();
  #commitTimer: TimerHandle | undefined;
  #failure: Error | undefined;
  #closed = false;

  constructor(cluster: ClusterView, settings: Partial<ConsumerSettings> = {}) {
    this.cluster = cluster;
    this.settings = { ...DEFAULT_CONSUMER_SETTINGS, ...settings };
    this.#fetcher = new Fetcher(cluster, this.settings);
    this.#coordinators = new Coordinators(cluster);
  }

  get assignment(): readonly TopicPartition[] {
    return this.#fetcher.assignment;
  }

  /** Partitions by hand. An offset left out is the group's, if there is one, else the reset policy's. */
  assign(partitions: readonly StartOffset[]): void {
    this.#fetcher.assign(partitions);
  }

  seek(topic: string, partition: number, offset: number): void {
    this.#fetcher.seek(topic, partition, offset);
    this.#consumed.delete(partitionKey(topic, partition));
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#fetcher.setPaused(partition, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#fetcher.setPaused(partition, false);
  }

  /** As a member of the group: these topics, or those whose names match. */
  subscribe(topics: readonly string[] | RegExp): void {
    const groupId = this.settings.groupId;
    if (groupId === undefined) throw new KtsError('a subscription needs a group', { hint: 'set groupId, or assign' });
    this.#member = new GroupMember({
      cluster: this.cluster,
      coordinators: this.#coordinators,
      settings: this.settings,
      groupId,
      topics: () => this.#subscribedTopics(topics),
      onAssigned: (partitions) => this.#assigned(groupId, partitions),
      onRevoked: async () => {
        if (this.settings.autoCommit) await this.#commitQuietly();
        this.#fetcher.assign([]);
        this.#consumed.clear();
      },
      onFailure: (error) => {
        this.#failure ??= error;
      },
    });
    this.#member.start();
    if (this.settings.autoCommit) this.#scheduleCommit();
  }

  async #subscribedTopics(topics: readonly string[] | RegExp): Promise<readonly string[]> {
    if (!(topics instanceof RegExp)) {
      await this.cluster.refresh(topics, { create: this.settings.allowAutoCreate });
      return topics;
    }
    const response = await this.cluster.refresh(null);
    return response.topics.flatMap((t) => (t.name !== null && !t.isInternal && topics.test(t.name) ? [t.name] : []));
  }

  async #assigned(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    const offsets = await fetchOffsets(this.cluster, this.#coordinators, groupId, { partitions, requireStable: true });
    this.#committed = new Map([...offsets].map(([key, committed]) => [key, committed.offset]));
    this.#fetcher.assign(
      partitions.map((p) => ({ ...p, offset: offsets.get(partitionKey(p.topic, p.partition))?.offset })),
    );
  }

  /** The next piece of a partition; undefined when none came within the time. Mark it when its records are done. */
  async nextPiece(timeoutMs: number): Promise<FetchedPartition | undefined> {
    this.#throwFailure();
    const piece = await this.#fetcher.next(timeoutMs);
    this.#throwFailure();
    return piece;
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }

  /** All records of the piece before `offset` are done. */
  markConsumed(piece: FetchedPartition, offset: number): void {
    const { topic, partition, leaderEpoch } = piece;
    this.#consumed.set(partitionKey(topic, partition), { topic, partition, offset, leaderEpoch });
  }

  /** The records that are there, or that come within the time; they count as consumed with the next call. */
  async poll(timeoutMs: number): Promise<ConsumerRecord[]> {
    const piece = await this.nextPiece(timeoutMs);
    if (piece === undefined) return [];
    const { topic, partition } = piece;
    const records: ConsumerRecord[] = [];
    const next = visitRecords(piece, this.settings.checkCrcs, (record) => {
      const { offset, timestamp, key, value, headers } = record;
      records.push({ topic, partition, offset, timestamp, key, value, headers });
    });
    this.markConsumed(piece, Math.max(next, piece.nextOffset));
    return records;
  }

  /** Commits what is consumed. */
  async commit(): Promise<void> {
    const groupId = this.settings.groupId;
    if (groupId === undefined) throw new KtsError('without a group there is nothing to commit to');
    const open = [...this.#consumed].filter(([key, c]) => this.#committed.get(key) !== c.offset);
    if (open.length === 0) return;
    const member = this.#member?.identity;
    const outcomes = await commitOffsets(
      this.#coordinators,
      groupId,
      open.map(([, consumed]) => consumed),
      member === undefined ? {} : { member },
    );
    for (const { error } of outcomes.values()) if (error !== null) throw error;
    for (const [key, consumed] of open) this.#committed.set(key, consumed.offset);
  }

  /** A commit that fails because the group moves on is no loss: the next owner begins at the last one. */
  async #commitQuietly(): Promise<void> {
    try {
      await this.commit();
    } catch (error) {
      const moved =
        error instanceof KafkaError &&
        (errorRow(error.code).retriable ||
          error.code === ErrorCode.REBALANCE_IN_PROGRESS ||
          error.code === ErrorCode.ILLEGAL_GENERATION ||
          error.code === ErrorCode.UNKNOWN_MEMBER_ID);
      const away = error instanceof LinkError || error instanceof UnreachableError;
      if (!moved && !away) this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  #scheduleCommit(): void {
    this.#commitTimer = this.cluster.runtime.timers.after(
      this.settings.autoCommitIntervalMs,
      () => {
        const commit = this.#member?.isActive ? this.#commitQuietly() : Promise.resolve();
        void commit.finally(() => {
          if (!this.#closed) this.#scheduleCommit();
        });
      },
      { unref: true },
    );
  }

  /** Ends at once: nothing is committed, and the group learns it when the session ends. */
  abort(): void {
    this.#closed = true;
    this.#commitTimer?.cancel();
    this.#fetcher.close();
    this.#member?.stop();
  }

  /** Commits (unless that is the caller's), leaves the group, stops. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commitTimer?.cancel();
    this.#fetcher.close();
    if (this.#member !== undefined) {
      if (this.settings.autoCommit && this.#member.isActive) await this.#commitQuietly();
      await this.#member.leave();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    while (!this.#closed) yield* await this.poll(1_000);
  }
}
