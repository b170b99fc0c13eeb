/**
 * The consumer: partitions assigned by hand or by a group, read as records (`poll`, `for await`) or in pieces (`nextPiece`,
 * without an object per record). What was handed out counts as consumed with the next call, so that a commit never runs
 * ahead of the application.
 */
import { KtsError } from '../../base/kts-error.ts';
import type { RecordCursor } from '../../protocol/record.ts';
import type { CommittedOffset } from '../admin-groups.ts';
import type { ClusterView } from '../cluster-view.ts';
import { Coordinators } from '../coordinator.ts';
import {
  listOffsets,
  type OffsetAnswer,
  type OffsetQuery,
  OffsetSpec,
  partitionKey,
  type TopicPartition,
} from '../offsets.ts';
import { type CommitRight, Commits, notAMember } from './commits.ts';
import { type FetchedPartition, PieceReader } from './fetched.ts';
import { Fetcher, type StartOffset } from './fetcher.ts';
import { GroupSubscription } from './group-subscription.ts';
import type { PartitionState } from './partition-state.ts';
import type { ConsumerRecord, OffsetToCommit, RebalanceListener } from './record.ts';
import { type ConsumerSettings, DEFAULT_CONSUMER_SETTINGS } from './settings.ts';
import { Signal } from './signal.ts';

const ITERATOR_WAIT_MS = 1_000;
const CLOSE_TIMEOUT_MS = 30_000;

/** `wakeup` was called while a poll was under way, or before it. */
export class WakeupError extends KtsError {
  constructor() {
    super('the consumer was woken up');
  }
}

export class Consumer<K = Buffer, V = Buffer> implements AsyncDisposable {
  readonly cluster: ClusterView;
  readonly settings: ConsumerSettings;
  readonly #fetcher: Fetcher;
  readonly #commits: Commits;
  readonly #coordinators: Coordinators;
  readonly #signal: Signal;
  /** Handed out by `poll`; consumed when it is called again. */
  readonly #handed = new Set<PartitionState>();
  #subscription: GroupSubscription | undefined;
  #reading: { readonly state: PartitionState; readonly reader: PieceReader } | undefined;
  #failure: Error | undefined;
  #isPolling = false;
  #isWoken = false;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(cluster: ClusterView, settings: Partial<ConsumerSettings> = {}, onClose: () => void = () => undefined) {
    this.cluster = cluster;
    this.#onClose = onClose;
    this.settings = { ...DEFAULT_CONSUMER_SETTINGS, ...settings };
    this.#coordinators = new Coordinators(cluster);
    this.#signal = new Signal(cluster.runtime.timers);
    const onFailure = (error: Error) => {
      this.#failure ??= error;
      this.#signal.set();
    };
    const hasOffsets = this.settings.groupId !== undefined && !this.settings.isAlone;
    this.#fetcher = new Fetcher({
      cluster,
      settings: this.settings,
      fetchCommitted: hasOffsets ? (list) => this.#commits.committed(list) : undefined,
      wake: this.#signal.set,
    });
    this.#commits = new Commits({
      cluster,
      coordinators: this.#coordinators,
      settings: this.settings,
      states: () => this.#fetcher.states,
      right: () => this.#commitRight(),
      onLost: (isMemberGone) => this.#subscription?.lost(isMemberGone),
      onFailure,
    });
    this.#onFailure = onFailure;
  }

  readonly #onFailure: (error: Error) => void;
  readonly #onClose: () => void;

  #commitRight(): CommitRight {
    const subscription = this.#subscription;
    if (subscription === undefined) return {};
    const { identity, isRebalancing } = subscription;
    if (identity === undefined || isRebalancing) return { denied: notAMember(isRebalancing) };
    return { member: identity };
  }

  // ---- what is read ----

  get assignment(): readonly TopicPartition[] {
    return [...this.#fetcher.states.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  get subscription(): readonly string[] | RegExp | undefined {
    return this.#subscription?.topics;
  }

  /** Partitions by hand, instead of those of before. An offset left out is the group's, if there is one, else the reset policy's. */
  assign(partitions: readonly StartOffset[]): void {
    this.#checkOpen();
    if (this.#subscription !== undefined) throw new KtsError('a consumer either subscribes or assigns');
    this.#fetcher.assign(partitions, true);
  }

  /** As a member of the group: these topics, or those whose names match. Partitions come with the polls that follow. */
  subscribe(topics: readonly string[] | RegExp, listener: RebalanceListener = {}): void {
    this.#checkOpen();
    if (this.#subscription !== undefined) {
      this.#subscription.change(topics, listener);
      return;
    }
    if (this.#fetcher.states.size > 0) throw new KtsError('a consumer either subscribes or assigns');
    const options = {
      cluster: this.cluster,
      coordinators: this.#coordinators,
      settings: this.settings,
      fetcher: this.#fetcher,
      commits: this.#commits,
      onFailure: this.#onFailure,
      wake: this.#signal.set,
    };
    this.#subscription = new GroupSubscription(options, topics, listener);
  }

  /** Leaves the group, or drops what was assigned. */
  async unsubscribe(): Promise<void> {
    this.#consumeHanded();
    const subscription = this.#subscription;
    await subscription?.leave({ reason: 'the consumer unsubscribed from all topics' });
    this.#subscription = undefined;
    this.#fetcher.assign([]);
  }

  /** The group distributes its partitions anew with the next poll. */
  enforceRebalance(): void {
    this.#subscription?.rejoin();
  }

  // ---- positions ----

  /** The next record of the partition is the one at `offset`. */
  seek(topic: string, partition: number, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`${offset} is no offset`);
    const state = this.#fetcher.state({ topic, partition });
    this.#handed.delete(state);
    this.#fetcher.seek(state, { offset, leaderEpoch: -1 });
  }

  seekToBeginning(partitions: readonly TopicPartition[] = this.assignment): void {
    this.#resetTo(partitions, 'earliest');
  }

  seekToEnd(partitions: readonly TopicPartition[] = this.assignment): void {
    this.#resetTo(partitions, 'latest');
  }

  #resetTo(partitions: readonly TopicPartition[], reset: 'earliest' | 'latest'): void {
    for (const state of partitions.map((one) => this.#fetcher.state(one))) {
      this.#handed.delete(state);
      this.#fetcher.reset(state, reset);
    }
  }

  /** The offset of the next record that is handed out; waits until it is known. */
  async position(topic: string, partition: number): Promise<number> {
    const deadline = this.cluster.deadline();
    for (;;) {
      const { position } = this.#fetcher.state({ topic, partition });
      if (position !== undefined) return position.offset;
      this.#throwFailure();
      if (deadline.passed) throw new KtsError(`the position of ${topic}-${partition} could not be found in time`);
      await this.#signal.wait(Math.min(deadline.leftMs, ITERATOR_WAIT_MS));
    }
  }

  /** How many records lie before us, as far as the last answer told; undefined when none came yet. */
  currentLag(topic: string, partition: number): number | undefined {
    const { position, highWatermark, lastStableOffset } = this.#fetcher.state({ topic, partition });
    const end = this.settings.readCommitted ? lastStableOffset : highWatermark;
    return position === undefined || end < 0 ? undefined : Math.max(0, end - position.offset);
  }

  /** Nothing of these is handed out until `resume`. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) {
      const state = this.#fetcher.states.get(partitionKey(one.topic, one.partition));
      if (state === undefined) continue;
      if (this.#reading?.state === state) this.#reading = undefined;
      this.#fetcher.setPaused(state, true);
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) {
      const state = this.#fetcher.states.get(partitionKey(one.topic, one.partition));
      if (state !== undefined) this.#fetcher.setPaused(state, false);
    }
  }

  get paused(): readonly TopicPartition[] {
    return [...this.#fetcher.states.values()].filter(({ paused }) => paused);
  }

  beginningOffsets(partitions: readonly TopicPartition[]): Promise<Map<string, OffsetAnswer>> {
    return this.offsetsForTimes(partitions.map((one) => ({ ...one, timestamp: OffsetSpec.earliest })));
  }

  endOffsets(partitions: readonly TopicPartition[]): Promise<Map<string, OffsetAnswer>> {
    return this.offsetsForTimes(partitions.map((one) => ({ ...one, timestamp: OffsetSpec.latest })));
  }

  /** By `topic-partition`: the first record that is not older. */
  offsetsForTimes(queries: readonly OffsetQuery[]): Promise<Map<string, OffsetAnswer>> {
    return listOffsets(this.cluster, queries, { readCommitted: this.settings.readCommitted });
  }

  // ---- reading ----

  /** The next piece of a partition; undefined when none came within the time. Mark it when its records are done. */
  nextPiece(timeoutMs: number): Promise<FetchedPartition | undefined> {
    this.#fetcher.startRecycling();
    return this.#polling(timeoutMs, () => {
      const taken = this.#fetcher.take();
      if (taken === undefined) return undefined;
      const { state, fetched } = taken;
      state.position = { offset: fetched.nextOffset, leaderEpoch: fetched.leaderEpoch };
      return fetched;
    });
  }

  /** Nobody looks at the piece's bytes any more: their memory is used again. May be left out. */
  recycle(piece: FetchedPartition): void {
    this.#fetcher.recycle(piece);
  }

  /** All records of the piece before `offset` are done. */
  markConsumed(
    piece: Pick<FetchedPartition, 'topic' | 'partition' | 'nextOffset' | 'leaderEpoch'>,
    offset: number,
  ): void {
    const state = this.#fetcher.states.get(partitionKey(piece.topic, piece.partition));
    if (state === undefined || state.position === undefined) return;
    state.consumed = { offset, leaderEpoch: offset === piece.nextOffset ? piece.leaderEpoch : -1 };
  }

  /** The records that are there, or that come within the time; they count as consumed with the next call, or with `close`. */
  async poll(timeoutMs: number): Promise<ConsumerRecord<K, V>[]> {
    this.#consumeHanded();
    const records = (await this.#polling(timeoutMs, () => this.#collect())) ?? [];
    for (const record of records) this.#hand(record);
    return this.#consumedBy(records);
  }

  #hand({ topic, partition }: TopicPartition): void {
    const state = this.#fetcher.states.get(partitionKey(topic, partition));
    if (state !== undefined) this.#handed.add(state);
  }

  #consumeHanded(): void {
    for (const state of this.#handed) if (state.position !== undefined) state.consumed = state.position;
    this.#handed.clear();
  }

  #consumedBy(records: ConsumerRecord<K, V>[]): ConsumerRecord<K, V>[] {
    let seen = records as readonly ConsumerRecord<unknown, unknown>[];
    for (const { onConsume } of this.settings.interceptors) {
      try {
        if (onConsume !== undefined && seen.length > 0) seen = onConsume(seen);
      } catch {
        // As in Java's consumer: an interceptor cannot keep records from being read.
      }
    }
    return seen as ConsumerRecord<K, V>[];
  }

  /** What all ways of reading share: the group's rounds, commits that are due, and waiting. */
  async #polling<T>(timeoutMs: number, take: () => T | undefined): Promise<T | undefined> {
    this.#checkOpen();
    if (this.#isPolling) throw new KtsError('the consumer is polled by somebody else already');
    this.#isPolling = true;
    try {
      const deadline = this.cluster.deadline(timeoutMs);
      for (;;) {
        this.#throwFailure();
        this.#throwWakeup();
        await this.#subscription?.poll();
        this.#throwFailure();
        this.#commits.auto();
        const taken = this.#closed ? undefined : take();
        if (taken !== undefined || deadline.passed || this.#closed) return taken;
        await this.#signal.wait(deadline.leftMs);
      }
    } finally {
      this.#isPolling = false;
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new KtsError('the consumer is closed');
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    this.#fetcher.throwFailure();
  }

  #throwWakeup(): void {
    if (!this.#isWoken) return;
    this.#isWoken = false;
    throw new WakeupError();
  }

  /** Up to max.poll.records, out of as many pieces as that takes; undefined when nothing is there. */
  #collect(): ConsumerRecord<K, V>[] | undefined {
    const records: ConsumerRecord<K, V>[] = [];
    try {
      while (records.length < this.settings.maxPollRecords && this.#readOn(records));
    } catch (error) {
      // Those before it are good; the next poll comes to the same place again.
      if (records.length === 0) throw error;
    }
    return records.length === 0 ? undefined : records;
  }

  /** Reads on in the piece that was left, or in the next; false when there is none. */
  #readOn(records: ConsumerRecord<K, V>[]): boolean {
    let reading = this.#reading;
    if (reading === undefined || !this.#isCurrent(reading.state, reading.reader.nextOffset)) {
      const taken = this.#fetcher.take();
      this.#reading = undefined;
      if (taken === undefined) return false;
      reading = { state: taken.state, reader: new PieceReader(taken.fetched, this.settings.checkCrcs) };
    }
    this.#reading = reading;
    const { state, reader } = reading;
    const { piece } = reader;
    let offset = reader.nextOffset;
    try {
      while (records.length < this.settings.maxPollRecords) {
        const record = reader.next();
        if (record === undefined) {
          this.#reading = undefined;
          state.position = { offset: Math.max(reader.nextOffset, piece.nextOffset), leaderEpoch: piece.leaderEpoch };
          return true;
        }
        offset = record.offset;
        records.push(this.#record(piece, record, reader.leaderEpoch));
        offset = reader.nextOffset;
        state.position = { offset, leaderEpoch: reader.leaderEpoch };
      }
    } catch (error) {
      this.#reading = undefined;
      state.position = { offset, leaderEpoch: reader.leaderEpoch };
      this.#fetcher.rewind(state);
      throw error;
    }
    return true;
  }

  #isCurrent(state: PartitionState, offset: number): boolean {
    const isAssigned = this.#fetcher.states.get(partitionKey(state.topic, state.partition)) === state;
    return isAssigned && !state.paused && state.position?.offset === offset;
  }

  #record(piece: FetchedPartition, record: RecordCursor, leaderEpoch: number): ConsumerRecord<K, V> {
    const { keyDeserializer, valueDeserializer } = this.settings;
    const { topic, partition } = piece;
    const { offset, timestamp, headers } = record;
    const key = keyDeserializer === undefined ? record.key : keyDeserializer(topic, record.key);
    const value = valueDeserializer === undefined ? record.value : valueDeserializer(topic, record.value);
    return {
      topic,
      partition,
      offset,
      timestamp,
      timestampType: record.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
      leaderEpoch,
      key: key as K | null,
      value: value as V | null,
      headers,
    };
  }

  /**
   * Record by record until the consumer is closed. Each counts as consumed when the next one is asked for; whoever leaves
   * the loop gets the one in hand, and those behind it, again.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<K, V>, void, undefined> {
    while (!this.#closed) {
      this.#consumeHanded();
      const records = (await this.#polling(ITERATOR_WAIT_MS, () => this.#collect())) ?? [];
      const left = new Set(records);
      try {
        for (const record of this.#consumedBy(records)) {
          yield record;
          left.delete(record);
          this.done(record);
        }
        left.clear();
      } finally {
        this.#putBack(left);
      }
    }
  }

  /** The record and those before it in its partition are consumed: the next commit covers them. */
  done({
    topic,
    partition,
    offset,
    leaderEpoch,
  }: Pick<ConsumerRecord, 'topic' | 'partition' | 'offset' | 'leaderEpoch'>): void {
    const state = this.#fetcher.states.get(partitionKey(topic, partition));
    if (state !== undefined) state.consumed = { offset: offset + 1, leaderEpoch };
  }

  #putBack(records: ReadonlySet<ConsumerRecord<K, V>>): void {
    const seen = new Set<PartitionState>();
    for (const { topic, partition, offset } of records) {
      const state = this.#fetcher.states.get(partitionKey(topic, partition));
      if (state === undefined || seen.has(state)) continue;
      seen.add(state);
      if (this.#reading?.state === state) this.#reading = undefined;
      state.position = { offset, leaderEpoch: -1 };
      this.#fetcher.rewind(state);
    }
  }

  /** The poll that is under way, or else the next one, ends with a WakeupError. May be called at any time. */
  wakeup(): void {
    this.#isWoken = true;
    this.#signal.set();
  }

  // ---- commits ----

  /** Commits what is consumed, or these offsets; repeats until the coordinator takes them or refuses. */
  commit(offsets?: readonly OffsetToCommit[]): Promise<void> {
    return this.#commits.commit(offsets, undefined);
  }

  /** One try, in the order of the calls; the error is the caller's. */
  commitAsync(offsets?: readonly OffsetToCommit[], callback: (error: Error | null) => void = () => undefined): void {
    this.#commits.commit(offsets, undefined, true).then(
      () => callback(null),
      (error: Error) => callback(error),
    );
  }

  /** By `topic-partition`: what the group has committed. */
  committed(partitions: readonly TopicPartition[]): Promise<Map<string, CommittedOffset>> {
    return this.#commits.committed(partitions);
  }

  // ---- ends ----

  /** Ends at once: nothing is committed, and the group learns it when the session ends. */
  abort(): void {
    this.#closed = true;
    this.#fetcher.close();
    this.#subscription?.stop();
    this.#signal.set();
    this.#onClose();
  }

  /** Commits (unless that is the caller's), leaves the group, stops. A static member leaves only when it is told to. */
  close(options: { readonly timeoutMs?: number; readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close({ timeoutMs = CLOSE_TIMEOUT_MS, leaveGroup = false }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = undefined;
    this.#consumeHanded();
    this.#signal.set();
    const late = Promise.withResolvers<void>();
    const timer = this.cluster.runtime.timers.after(timeoutMs, late.resolve);
    const left = this.#leave(leaveGroup);
    await Promise.race([left, late.promise]).finally(() => timer.cancel());
    this.#fetcher.close();
    this.#subscription?.stop();
    this.#onClose();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #leave(evenStatic: boolean): Promise<void> {
    const reason = 'the consumer is being closed';
    if (this.#subscription === undefined) await this.#commits.last(this.cluster.deadline(CLOSE_TIMEOUT_MS));
    else await this.#subscription.leave({ evenStatic, reason });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
