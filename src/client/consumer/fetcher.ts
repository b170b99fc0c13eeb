/**
 * Fetches from the leaders of the assigned partitions. One request per broker is under way; the next one goes out before
 * the answer is decoded, with offsets read from the batches' headers. What nobody has taken yet is bounded: a slow reader
 * stops the fetching. Positions move only with what was handed out, by `seek`, or where a log was cut.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import { api } from '../../network/api.ts';
import { FramePool } from '../../network/frame-pool.ts';
import { BATCH_INCOMPLETE, wholeBatchSize } from '../../protocol/batch.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type FetchResponse, fetchRequest, fetchResponse } from '../../protocol/messages/fetch.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import { groupByTopic } from '../admin-groups.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { partitionKey, type TopicPartition } from '../offsets.ts';
import { FetchSession, type Plan, type Wanted } from './fetch-session.ts';
import { endOf, type FetchedPartition } from './fetched.ts';
import { PartitionState, type Place } from './partition-state.ts';
import { type FetchCommitted, PositionFinder } from './position-finder.ts';
import type { ConsumerSettings, OffsetReset } from './settings.ts';
import { checkPositions, truncated } from './truncation.ts';

const FETCH = api(fetchRequest, fetchResponse);
const FIRST_VERSION_WITH_IDS = 13;
/** Answers that may wait to be taken. */
const MAX_WAITING = 2;
const CLOSING_EPOCH = -1;
const CLOSE_TIMEOUT_MS = 500;

export interface StartOffset extends TopicPartition {
  /** Left out: the group's, if there is a group and it has one, else by the reset policy. */
  readonly offset?: number | undefined;
  readonly leaderEpoch?: number;
}

export interface FetcherOptions {
  readonly cluster: ClusterView;
  readonly settings: ConsumerSettings;
  readonly fetchCommitted: FetchCommitted | undefined;
  /** Something happened that whoever waits for records may want to look at. */
  readonly wake: () => void;
}

/** How many pieces of it wait to be taken, and how many somebody may still look at. */
interface Answer {
  left: number;
  inUse: number;
}

interface Piece {
  readonly state: PartitionState;
  readonly fetched: FetchedPartition;
  readonly answer: Answer;
}

type PartitionData = FetchResponse['responses'][number]['partitions'][number];

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #cluster: ClusterView;
  readonly #finder: PositionFinder;
  /** Long polls hold up what comes behind them. */
  readonly #channel: string;
  readonly #sessions = new Map<number, FetchSession>();
  readonly #busy = new Set<number>();
  #states = new Map<string, PartitionState>();
  #waiting: Piece[] = [];
  #waitingAnswers = 0;
  #waitingBytes = 0;
  /** A request was due, and too much waited to be taken. */
  #isHeld = false;
  #isFinding = false;
  #retry: { readonly timer: TimerHandle; readonly atMs: number } | undefined;
  #failure: Error | undefined;
  #closed = false;
  /** Of the answers whose reader says when he is done with them. */
  readonly #frames = new FramePool();
  readonly #answers = new WeakMap<FetchedPartition, Answer>();
  #isRecycling = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.#finder = new PositionFinder(options);
    this.#channel = options.cluster.newChannel('fetch');
  }

  get states(): ReadonlyMap<string, PartitionState> {
    return this.#states;
  }

  state({ topic, partition }: TopicPartition): PartitionState {
    const state = this.#states.get(partitionKey(topic, partition));
    if (state === undefined) throw new RangeError(`${topic}-${partition} is not assigned`);
    return state;
  }

  /** `keep`: partitions that stay go on where they are. */
  assign(partitions: readonly StartOffset[], keep = false): void {
    const before = this.#states;
    this.#states = new Map();
    for (const { topic, partition, offset, leaderEpoch = -1 } of partitions) {
      const key = partitionKey(topic, partition);
      const known = keep ? before.get(key) : undefined;
      const state = known ?? new PartitionState({ topic, partition });
      if (offset !== undefined) state.moveTo({ offset, leaderEpoch });
      else if (known === undefined) state.isCommittedKnown = this.#options.fetchCommitted === undefined;
      this.#states.set(key, state);
    }
    this.#keepPieces(({ state }) => this.#states.get(partitionKey(state.topic, state.partition)) === state);
    this.#pump();
    this.#options.wake();
  }

  #keepPieces(isKept: (piece: Piece) => boolean): void {
    const pieces = this.#waiting;
    this.#waiting = pieces.filter(isKept);
    if (this.#waiting.length < pieces.length) for (const piece of pieces) if (!isKept(piece)) this.#left(piece);
  }

  /** The piece waits no longer. */
  #left({ fetched, answer }: Piece): void {
    this.#waitingBytes -= fetched.records.length;
    if (--answer.left === 0) this.#waitingAnswers--;
  }

  /** What was fetched ahead is fetched again when it is wanted. */
  rewind(state: PartitionState): void {
    state.fetchOffset = state.position?.offset;
    this.#keepPieces((piece) => piece.state !== state);
  }

  seek(state: PartitionState, place: Place): void {
    state.moveTo(place);
    state.validEpoch = -1;
    this.rewind(state);
    this.#pump();
    this.#options.wake();
  }

  /** Looks the position up anew, by the policy that is given for this one time, or by the configured one. */
  reset(state: PartitionState, reset: OffsetReset | undefined): void {
    state.forget(reset);
    this.rewind(state);
    this.#pump();
    this.#options.wake();
  }

  setPaused(state: PartitionState, paused: boolean): void {
    state.paused = paused;
    if (paused) this.rewind(state);
    this.#pump();
    if (!paused) this.#options.wake();
  }

  /** The next piece that fits its partition's position. */
  take(): { readonly state: PartitionState; readonly fetched: FetchedPartition } | undefined {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece === undefined) return undefined;
      this.#left(piece);
      if (this.#isHeld) this.#pump();
      if (piece.state.position?.offset === piece.fetched.offset) return piece;
      this.rewind(piece.state);
      this.#pump();
    }
  }

  /** From here on pieces are given back by `recycle`. */
  startRecycling(): void {
    this.#isRecycling = true;
  }

  /** The piece's bytes will not be looked at again: their memory takes a later answer. */
  recycle(fetched: FetchedPartition): void {
    const answer = this.#answers.get(fetched);
    if (answer === undefined || !this.#answers.delete(fetched)) return;
    if (--answer.inUse === 0) this.#frames.give(Buffer.from(fetched.records.buffer as ArrayBuffer));
  }

  #allocate = (bytes: number): Buffer => (this.#isRecycling ? this.#frames.take(bytes) : Buffer.allocUnsafeSlow(bytes));

  /** Throws what went wrong in the background, once. */
  throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  close(): void {
    this.#closed = true;
    this.#retry?.timer.cancel();
    for (const [node, session] of this.#sessions) {
      if (!session.isOpen || this.#busy.has(node) || this.#cluster.isClosed) continue;
      const plan = { sessionId: session.id, sessionEpoch: CLOSING_EPOCH, wanted: [], forgotten: [] };
      // A courtesy: the broker would forget the session by itself.
      this.#request(node, plan, CLOSE_TIMEOUT_MS).catch(() => undefined);
    }
    this.#options.wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#options.wake();
  }

  // ---- what is to be done ----

  #pump(): void {
    if (this.#closed) return;
    const { settings } = this.#options;
    this.#isHeld = this.#waitingAnswers >= MAX_WAITING || this.#waitingBytes >= settings.fetchMaxBytes;
    const now = this.#cluster.runtime.clock.monotonicMs();
    const byNode = new Map<number, PartitionState[]>();
    const unplaced: PartitionState[] = [];
    const unled: PartitionState[] = [];
    const unchecked = new Map<number, PartitionState[]>();
    for (const state of this.#states.values()) {
      if (state.retryAtMs > now) continue;
      if (state.position === undefined) unplaced.push(state);
      else if (!state.paused && !state.isValidating) this.#place(state, now, { byNode, unled, unchecked });
    }
    if (unplaced.length > 0) void this.#find(unplaced);
    if (unled.length > 0) void this.#lookUp(unled);
    for (const [node, states] of unchecked) void this.#check(node, states);
    if (this.#isHeld) return;
    for (const [node, states] of byNode) if (!this.#busy.has(node)) void this.#fetch(node, states);
  }

  #place(
    state: PartitionState,
    nowMs: number,
    to: {
      readonly byNode: Map<number, PartitionState[]>;
      readonly unled: PartitionState[];
      readonly unchecked: Map<number, PartitionState[]>;
    },
  ): void {
    const view = this.#cluster.partition(state.topic, state.partition);
    if (view === undefined || view.leader < 0) {
      to.unled.push(state);
      return;
    }
    if (view.leaderEpoch !== state.validEpoch) {
      if (state.position !== undefined && state.position.leaderEpoch >= 0 && view.leaderEpoch >= 0) {
        add(to.unchecked, view.leader, state);
        return;
      }
      state.validEpoch = view.leaderEpoch;
    }
    if (state.replica !== undefined && state.replica.untilMs <= nowMs) state.replica = undefined;
    add(to.byNode, state.replica?.node ?? view.leader, state);
  }

  async #find(states: readonly PartitionState[]): Promise<void> {
    if (this.#isFinding) return;
    this.#isFinding = true;
    try {
      await this.#finder.find(states);
      for (const state of states) if (state.position === undefined) this.#postpone(state);
    } catch (error) {
      this.#trouble(states, error);
    } finally {
      this.#isFinding = false;
      this.#pump();
      this.#options.wake();
    }
  }

  /** Partitions whose leader is not known. */
  async #lookUp(states: readonly PartitionState[]): Promise<void> {
    for (const state of states) this.#postpone(state);
    await Promise.all([...new Set(states.map(({ topic }) => topic))].map((topic) => this.#update(topic)));
    for (const state of states) {
      if ((this.#cluster.partition(state.topic, state.partition)?.leader ?? -1) >= 0) state.retryAtMs = 0;
    }
    this.#pump();
  }

  #update(topic: string): Promise<void> {
    return this.#cluster.update(topic).catch(() => undefined);
  }

  /** The leader is another, or the same again: what was read from the former one may be gone. */
  async #check(node: number, states: readonly PartitionState[]): Promise<void> {
    for (const state of states) {
      state.isValidating = true;
      this.rewind(state);
    }
    try {
      const verdicts = await checkPositions(this.#cluster, node, states);
      for (const state of states) {
        const { verdict, epoch } = verdicts.get(state) ?? { verdict: 'again', epoch: -1 };
        if (verdict === 'again') {
          this.#postpone(state);
          void this.#update(state.topic);
          continue;
        }
        state.validEpoch = epoch;
        if (verdict !== 'valid') this.#cut(state, verdict.cutAt);
      }
    } catch (error) {
      const isUnknown = error instanceof KafkaError && error.code === ErrorCode.UNSUPPORTED_VERSION;
      if (!isUnknown) this.#trouble(states, error);
      // Nobody can tell: it is taken to be there.
      else for (const state of states) state.validEpoch = this.#epochOf(state);
    } finally {
      for (const state of states) state.isValidating = false;
      this.#pump();
    }
  }

  #epochOf({ topic, partition }: TopicPartition): number {
    return this.#cluster.partition(topic, partition)?.leaderEpoch ?? -1;
  }

  #cut(state: PartitionState, cutAt: Place | undefined): void {
    if (this.#options.settings.offsetReset === 'none') {
      this.#fail(truncated(state, cutAt));
      this.#postpone(state);
    } else if (cutAt === undefined) state.forget(undefined);
    else {
      state.moveTo(cutAt);
      this.rewind(state);
    }
  }

  #postpone(state: PartitionState): void {
    if (this.#closed) return;
    const ms = this.#cluster.backoffMs(state.failures++);
    state.retryAtMs = this.#cluster.runtime.clock.monotonicMs() + ms;
    this.#retryIn(ms);
  }

  /** One timer: the earliest. */
  #retryIn(ms: number): void {
    const { clock, timers } = this.#cluster.runtime;
    const atMs = clock.monotonicMs() + ms;
    if (this.#retry !== undefined && this.#retry.atMs <= atMs) return;
    this.#retry?.timer.cancel();
    const timer = timers.after(ms + 1, () => {
      this.#retry = undefined;
      this.#pump();
      let next = Number.POSITIVE_INFINITY;
      const now = clock.monotonicMs();
      for (const { retryAtMs } of this.#states.values()) if (retryAtMs > now && retryAtMs < next) next = retryAtMs;
      if (Number.isFinite(next)) this.#retryIn(next - now);
    });
    this.#retry = { timer, atMs };
  }

  /** A broker that is away is tried again; anything else is told. */
  #trouble(states: readonly PartitionState[], error: unknown): void {
    if (this.#closed || this.#cluster.isClosed) return;
    const mayPass = isUnreachable(error) || (error instanceof KafkaError && errorRow(error.code).retriable);
    if (!mayPass) this.#fail(error);
    for (const state of states) this.#postpone(state);
    for (const topic of new Set(states.map((state) => state.topic))) void this.#update(topic);
  }

  // ---- fetching ----

  async #fetch(node: number, states: readonly PartitionState[]): Promise<void> {
    this.#busy.add(node);
    let session = this.#sessions.get(node);
    if (session === undefined) {
      session = new FetchSession();
      this.#sessions.set(node, session);
    }
    const wanted: Wanted[] = states.map((state) => ({
      topic: state.topic,
      topicId: this.#cluster.topic(state.topic)?.id ?? ZERO_UUID,
      partition: state.partition,
      offset: state.fetchOffset as number,
      leaderEpoch: this.#epochOf(state),
    }));
    try {
      const { fetchMaxWaitMs } = this.#options.settings;
      const patience = this.#cluster.settings.requestTimeoutMs + fetchMaxWaitMs;
      const response = await this.#request(node, session.plan(wanted), patience);
      session.answered(response.errorCode, response.sessionId);
      if (response.errorCode !== 0) this.#sessionError(response.errorCode, states);
      else this.#take(response, wanted);
    } catch (error) {
      session.failed();
      for (const state of states) state.replica = undefined;
      this.#trouble(states, error);
    } finally {
      this.#busy.delete(node);
      this.#pump();
      if (this.#waiting.length > 0) this.#options.wake();
    }
  }

  #request(
    node: number,
    { sessionId, sessionEpoch, wanted, forgotten }: Plan,
    timeoutMs: number,
  ): Promise<FetchResponse> {
    const { fetchMaxWaitMs, fetchMinBytes, fetchMaxBytes, partitionMaxBytes, readCommitted, rack } =
      this.#options.settings;
    const isNamed = [...wanted, ...forgotten].some(({ topicId }) => topicId === ZERO_UUID);
    return this.#cluster.call(
      FETCH,
      {
        maxWaitMs: fetchMaxWaitMs,
        minBytes: fetchMinBytes,
        maxBytes: fetchMaxBytes,
        isolationLevel: readCommitted ? 1 : 0,
        sessionId,
        sessionEpoch,
        topics: groupByTopic(wanted).map(([topic, partitions]) => ({
          topic,
          topicId: (partitions[0] as Wanted).topicId,
          partitions: partitions.map(({ partition, leaderEpoch, offset }) => ({
            partition,
            currentLeaderEpoch: leaderEpoch,
            fetchOffset: offset,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes,
          })),
        })),
        forgottenTopicsData: groupByTopic(forgotten).map(([topic, partitions]) => ({
          topic,
          topicId: (partitions[0] as Wanted).topicId,
          partitions: partitions.map(({ partition }) => partition),
        })),
        rackId: rack,
      },
      {
        node,
        once: true,
        channel: this.#channel,
        allocate: this.#allocate,
        deadline: this.#cluster.deadline(timeoutMs),
        timeoutMs,
        ...(isNamed ? { maxVersion: FIRST_VERSION_WITH_IDS - 1 } : {}),
      },
    );
  }

  /** A session that the broker lost is opened anew at once. */
  #sessionError(code: number, states: readonly PartitionState[]): void {
    const isSession =
      code === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ||
      code === ErrorCode.INVALID_FETCH_SESSION_EPOCH ||
      code === ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    if (!isSession) this.#trouble(states, toKafkaError(code));
    else if (code === ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR) this.#trouble(states, toKafkaError(code));
  }

  #take(response: FetchResponse, wanted: readonly Wanted[]): void {
    const asked = new Map(wanted.map((entry) => [partitionKey(entry.topic, entry.partition), entry]));
    const answer: Answer = { left: 0, inUse: 0 };
    for (const topic of response.responses) {
      const name = topic.topic !== '' ? topic.topic : (this.#cluster.topicName(topic.topicId) ?? '');
      for (const data of topic.partitions) {
        const key = partitionKey(name, data.partitionIndex);
        const state = this.#states.get(key);
        // Moved, paused or lost meanwhile: the answer is to another question.
        if (state === undefined || state.paused || state.isValidating) continue;
        if (state.fetchOffset !== asked.get(key)?.offset) continue;
        if (data.errorCode !== 0) this.#partitionError(state, data);
        else this.#add(state, data, answer);
      }
    }
    if (answer.left > 0) this.#waitingAnswers++;
  }

  #add(state: PartitionState, data: PartitionData, answer: Answer): void {
    state.failures = 0;
    state.highWatermark = data.highWatermark;
    state.lastStableOffset = data.lastStableOffset;
    state.logStartOffset = data.logStartOffset;
    if (data.preferredReadReplica >= 0) {
      const untilMs = this.#cluster.runtime.clock.monotonicMs() + this.#cluster.settings.metadataMaxAgeMs;
      state.replica = { node: data.preferredReadReplica, untilMs };
      return;
    }
    const { records } = data;
    if (records === null || records.length === 0) return;
    const offset = state.fetchOffset as number;
    const end = endOf(records, offset);
    if (end.offset === offset && wholeBatchSize(records, 0, records.length) === BATCH_INCOMPLETE) {
      this.#fail(tooLarge(state, offset));
      this.#postpone(state);
      return;
    }
    state.fetchOffset = end.offset;
    const fetched = {
      topic: state.topic,
      partition: state.partition,
      offset,
      nextOffset: end.offset,
      highWatermark: data.highWatermark,
      records,
      leaderEpoch: end.leaderEpoch,
      aborted: this.#options.settings.readCommitted ? (data.abortedTransactions ?? []) : [],
    };
    this.#waiting.push({ state, fetched, answer });
    if (this.#isRecycling) this.#answers.set(fetched, answer);
    answer.left++;
    answer.inUse++;
    this.#waitingBytes += records.length;
  }

  #partitionError(state: PartitionState, { errorCode, currentLeader }: PartitionData): void {
    const { replica } = state;
    state.replica = undefined;
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // A replica that lags behind is no reason to move; and what waits to be taken comes first.
      if (replica !== undefined) return;
      if (state.fetchOffset !== state.position?.offset) this.#postpone(state);
      else this.#outOfRange(state);
      return;
    }
    this.#postpone(state);
    if (!errorRow(errorCode).retriable && errorCode !== ErrorCode.UNKNOWN_SERVER_ERROR) {
      this.#fail(toKafkaError(errorCode));
      return;
    }
    const isNews =
      currentLeader.leaderId >= 0 &&
      this.#cluster.learnLeader(state.topic, state.partition, currentLeader.leaderId, currentLeader.leaderEpoch);
    if (!isNews) void this.#update(state.topic);
  }

  #outOfRange(state: PartitionState): void {
    if (this.#options.settings.offsetReset === 'none') {
      const where = `${state.topic}-${state.partition}=${state.position?.offset}`;
      const text = `Fetch position out of range with no reset policy for partitions: {${where}}`;
      this.#postpone(state);
      this.#fail(toKafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, text));
    } else state.forget(undefined);
  }
}

function tooLarge({ topic, partition }: TopicPartition, offset: number): Error {
  const text = `The batch of ${topic}-${partition} at offset ${offset} is larger than the fetch size, and the broker sent a part of it`;
  return toKafkaError(ErrorCode.MESSAGE_TOO_LARGE, text);
}

function add<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
