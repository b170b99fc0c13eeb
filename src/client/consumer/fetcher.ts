/**
 * Fetches from the leaders of the assigned partitions. One request per leader is under way; the next one goes out before
 * the answer is decoded, with offsets read from the batches' headers. What nobody has taken yet is bounded: a slow
 * reader stops the fetching. Positions move only forward with what was handed out, or by `seek`.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { type FetchResponse, fetchRequest, fetchResponse } from '../../protocol/messages/fetch.ts';
import { api } from '../api.ts';
import { pause } from '../backoff.ts';
import { type ClusterView, UnreachableError } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { LinkError } from '../link.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../offsets.ts';
import { type FetchedPartition, nextOffsetOf } from './fetched.ts';
import type { ConsumerSettings } from './settings.ts';

const FETCH = api(fetchRequest, fetchResponse);
const FIRST_VERSION_WITH_IDS = 13;
/** Answers that may wait to be taken. */
const MAX_WAITING = 2;
const FULL_SESSION_EPOCH = -1;

interface Assigned {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: to be looked up by the reset policy. */
  position: number | undefined;
  leaderEpoch: number;
  paused: boolean;
  /** Not before this time, after an error. */
  retryAtMs: number;
  failures: number;
}

export interface StartOffset extends TopicPartition {
  /** Left out: by the reset policy. */
  readonly offset?: number | undefined;
  readonly leaderEpoch?: number;
}

export class Fetcher {
  readonly #cluster: ClusterView;
  readonly #settings: ConsumerSettings;
  /** Long polls hold up what comes behind them. */
  readonly #channel: string;
  #assigned = new Map<string, Assigned>();
  /** Grows with every assignment and seek: answers to older requests are dropped. */
  #generation = 0;
  readonly #busy = new Set<number>();
  readonly #waiting: FetchedPartition[] = [];
  #waitingAnswers = 0;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #resetting = false;
  #closed = false;

  constructor(cluster: ClusterView, settings: ConsumerSettings) {
    this.#channel = cluster.newChannel('fetch');
    this.#cluster = cluster;
    this.#settings = settings;
  }

  assign(partitions: readonly StartOffset[]): void {
    this.#generation++;
    this.#waiting.length = 0;
    this.#waitingAnswers = 0;
    this.#assigned = new Map();
    for (const { topic, partition, offset, leaderEpoch } of partitions) {
      this.#assigned.set(partitionKey(topic, partition), {
        topic,
        partition,
        position: offset,
        leaderEpoch: leaderEpoch ?? -1,
        paused: false,
        retryAtMs: 0,
        failures: 0,
      });
    }
    // Whoever waits in `next` began before there was anything to fetch.
    this.#wake?.();
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#assigned.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  seek(topic: string, partition: number, offset: number): void {
    const assigned = this.#assigned.get(partitionKey(topic, partition));
    if (assigned === undefined) throw new RangeError(`${topic}-${partition} is not assigned`);
    this.#generation++;
    assigned.position = offset;
    const kept = this.#waiting.filter((f) => f.topic !== topic || f.partition !== partition);
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    this.#wake?.();
  }

  setPaused(partition: TopicPartition, paused: boolean): void {
    const assigned = this.#assigned.get(partitionKey(partition.topic, partition.partition));
    if (assigned !== undefined) assigned.paused = paused;
    if (!paused) this.#wake?.();
  }

  /** The next piece of a partition; undefined when none came within the time. */
  async next(timeoutMs: number): Promise<FetchedPartition | undefined> {
    const deadline = this.#cluster.deadline(timeoutMs);
    for (;;) {
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        this.#failure = undefined;
        throw failure;
      }
      const fetched = this.#waiting.shift();
      if (fetched !== undefined) {
        if (this.#waiting.length === 0) this.#waitingAnswers = 0;
        this.#pump();
        return fetched;
      }
      this.#pump();
      if (deadline.passed || this.#closed) return undefined;
      const timer = this.#cluster.runtime.timers.after(deadline.leftMs, () => this.#wake?.());
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
      timer.cancel();
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  #pump(): void {
    if (this.#closed || this.#waitingAnswers >= MAX_WAITING) return;
    const byLeader = new Map<number, Assigned[]>();
    let unplaced = false;
    const now = this.#cluster.runtime.clock.monotonicMs();
    for (const assigned of this.#assigned.values()) {
      if (assigned.paused || assigned.retryAtMs > now) continue;
      if (assigned.position === undefined) {
        unplaced = true;
        continue;
      }
      const leader = this.#cluster.partition(assigned.topic, assigned.partition)?.leader ?? -1;
      const list = byLeader.get(leader);
      if (list === undefined) byLeader.set(leader, [assigned]);
      else list.push(assigned);
    }
    if (unplaced) this.#reset();
    for (const [leader, list] of byLeader) {
      if (this.#busy.has(leader)) continue;
      this.#busy.add(leader);
      void (leader < 0 ? this.#lookUp(leader, list) : this.#fetch(leader, list));
    }
  }

  /** Partitions whose leader is not known. */
  async #lookUp(leader: number, list: readonly Assigned[]): Promise<void> {
    try {
      await this.#cluster.refresh([...new Set(list.map((a) => a.topic))]);
      for (const assigned of list) {
        const known = this.#cluster.partition(assigned.topic, assigned.partition);
        if (known === undefined || known.leader < 0) this.#postpone(assigned);
      }
    } catch (error) {
      this.#trouble(list, error);
    } finally {
      this.#busy.delete(leader);
      this.#pump();
    }
  }

  #postpone(assigned: Assigned): void {
    if (this.#closed) return;
    const { retryBackoffMs, retryBackoffMaxMs } = this.#cluster.settings;
    const ms = Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** Math.min(assigned.failures++, 10));
    assigned.retryAtMs = this.#cluster.runtime.clock.monotonicMs() + ms;
    void pause(this.#cluster.runtime, ms + 1).then(() => this.#pump());
  }

  /** A broker that is away is tried again; anything else is told. */
  #trouble(list: readonly Assigned[], error: unknown): void {
    const away = error instanceof LinkError || error instanceof UnreachableError;
    if (!away) this.#fail(error instanceof Error ? error : new Error(String(error)));
    for (const assigned of list) this.#postpone(assigned);
  }

  async #fetch(leader: number, list: readonly Assigned[]): Promise<void> {
    const generation = this.#generation;
    const { fetchMaxWaitMs, fetchMinBytes, fetchMaxBytes, partitionMaxBytes, readCommitted } = this.#settings;
    const topics = new Map<string, Assigned[]>();
    for (const assigned of list) topics.set(assigned.topic, [...(topics.get(assigned.topic) ?? []), assigned]);
    const idOf = (topic: string) => this.#cluster.topic(topic)?.id ?? ZERO_UUID;
    const named = [...topics.keys()].some((topic) => idOf(topic) === ZERO_UUID);
    try {
      const response = await this.#cluster.call(
        FETCH,
        {
          maxWaitMs: fetchMaxWaitMs,
          minBytes: fetchMinBytes,
          maxBytes: fetchMaxBytes,
          isolationLevel: readCommitted ? 1 : 0,
          sessionId: 0,
          sessionEpoch: FULL_SESSION_EPOCH,
          topics: [...topics].map(([topic, partitions]) => ({
            topic,
            topicId: idOf(topic),
            partitions: partitions.map((a) => ({
              partition: a.partition,
              currentLeaderEpoch: this.#cluster.partition(topic, a.partition)?.leaderEpoch ?? -1,
              fetchOffset: a.position as number,
              lastFetchedEpoch: -1,
              logStartOffset: -1,
              partitionMaxBytes,
            })),
          })),
          forgottenTopicsData: [],
        },
        {
          node: leader,
          channel: this.#channel,
          deadline: this.#cluster.deadline(this.#cluster.settings.requestTimeoutMs + fetchMaxWaitMs),
          timeoutMs: this.#cluster.settings.requestTimeoutMs + fetchMaxWaitMs,
          ...(named ? { maxVersion: FIRST_VERSION_WITH_IDS - 1 } : {}),
        },
      );
      if (generation === this.#generation) this.#take(response);
    } catch (error) {
      if (generation === this.#generation) {
        this.#trouble(list, error);
        void this.#cluster.refresh([...topics.keys()]).catch(() => undefined);
      }
    } finally {
      this.#busy.delete(leader);
      this.#pump();
      if (this.#waiting.length > 0) this.#wake?.();
    }
  }

  #take(response: FetchResponse): void {
    if (response.errorCode !== 0) {
      if (!errorRow(response.errorCode).retriable) this.#fail(toKafkaError(response.errorCode));
      for (const assigned of this.#assigned.values()) this.#postpone(assigned);
      return;
    }
    let added = false;
    const stale = new Set<string>();
    for (const topic of response.responses) {
      const name = topic.topic !== '' ? topic.topic : (this.#cluster.topicName(topic.topicId) ?? '');
      for (const part of topic.partitions) {
        const assigned = this.#assigned.get(partitionKey(name, part.partitionIndex));
        if (assigned === undefined || assigned.position === undefined) continue;
        if (part.errorCode !== 0) this.#partitionError(assigned, part.errorCode, stale);
        else if (part.records !== null && part.records.length > 0) added = this.#add(assigned, part) || added;
      }
    }
    if (added) this.#waitingAnswers++;
    if (stale.size > 0) void this.#cluster.refresh([...stale]).catch(() => undefined);
  }

  #add(assigned: Assigned, part: FetchResponse['responses'][number]['partitions'][number]): boolean {
    const offset = assigned.position as number;
    const records = part.records as Buffer;
    const nextOffset = nextOffsetOf(records, offset);
    if (nextOffset === offset) return false;
    assigned.position = nextOffset;
    assigned.failures = 0;
    this.#waiting.push({
      topic: assigned.topic,
      partition: assigned.partition,
      offset,
      nextOffset,
      highWatermark: part.highWatermark,
      records,
      leaderEpoch: this.#cluster.partition(assigned.topic, assigned.partition)?.leaderEpoch ?? -1,
      aborted: this.#settings.readCommitted ? (part.abortedTransactions ?? []) : [],
    });
    return true;
  }

  #partitionError(assigned: Assigned, code: number, stale: Set<string>): void {
    if (code === ErrorCode.OFFSET_OUT_OF_RANGE) {
      if (this.#settings.offsetReset === 'none') {
        const where = `${assigned.topic}-${assigned.partition}=${assigned.position}`;
        this.#fail(toKafkaError(code, `Fetch position out of range with no reset policy for partitions: {${where}}`));
        this.#postpone(assigned);
      } else assigned.position = undefined;
    } else if (errorRow(code).retriable) {
      stale.add(assigned.topic);
      this.#postpone(assigned);
    } else {
      this.#postpone(assigned);
      this.#fail(toKafkaError(code));
    }
  }

  /** Looks positions up by the reset policy. */
  #reset(): void {
    if (this.#resetting) return;
    const list = [...this.#assigned.values()].filter((a) => a.position === undefined);
    const policy = this.#settings.offsetReset;
    if (policy === 'none') {
      const names = list.map((a) => `${a.topic}-${a.partition}`).join(', ');
      for (const assigned of list) this.#postpone(assigned);
      this.#fail(
        toKafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, `Undefined offset with no reset policy for partitions: [${names}]`),
      );
      return;
    }
    this.#resetting = true;
    void this.#lookUpOffsets(list, policy).finally(() => {
      this.#resetting = false;
      this.#pump();
    });
  }

  async #lookUpOffsets(
    list: readonly Assigned[],
    policy: 'earliest' | 'latest' | { readonly durationMs: number },
  ): Promise<void> {
    const byTime = typeof policy === 'object';
    const timestamp = byTime
      ? this.#cluster.runtime.clock.nowMs() - policy.durationMs
      : policy === 'earliest'
        ? OffsetSpec.earliest
        : OffsetSpec.latest;
    const options = { readCommitted: this.#settings.readCommitted };
    try {
      const ask = (at: number, partitions: readonly Assigned[]) =>
        listOffsets(
          this.#cluster,
          partitions.map(({ topic, partition }) => ({ topic, partition, timestamp: at })),
          options,
        );
      const answers = await ask(timestamp, list);
      const young = list.filter((a) => answers.get(partitionKey(a.topic, a.partition))?.offset === -1);
      const ends = byTime && young.length > 0 ? await ask(OffsetSpec.latest, young) : undefined;
      for (const assigned of list) {
        const key = partitionKey(assigned.topic, assigned.partition);
        const answer = ends?.get(key) ?? answers.get(key);
        if (answer === undefined || answer.errorCode !== 0) this.#postpone(assigned);
        else assigned.position ??= answer.offset;
      }
    } catch (error) {
      this.#trouble(list, error);
    }
  }
}
