/**
 * Incremental fetch sessions (KIP-227). A session remembers which partitions a client fetches and what it was last
 * told of each, so that a request names only changes and an answer holds only partitions with news.
 *
 * Pure bookkeeping: it reads no log and sends nothing. The number of sessions is bounded; a new one pushes out the
 * least recently used only after that one has been idle for `evictionMs`. A follower's pushes out a consumer's at once:
 * replication names thousands of partitions, twice a second and more.
 */
import type { Uuid } from '../base/uuid.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { Partition } from './partition.ts';

/** One partition as a fetch request names it. `topic` is the name, or '' in requests by id; `topicId` the reverse. */
export interface FetchPartitionRequest {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly maxBytes: number;
}

/** What decides whether a partition is worth naming in an incremental answer. */
export interface PartitionNews {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly hasRecords: boolean;
  readonly diverging: boolean;
  /** The client is sent to another replica. */
  readonly sentElsewhere: boolean;
}

/** A partition that is fetched, in a session or in one request. */
export interface FetchMember {
  /** Empty outside a session. */
  readonly key: string;
  request: FetchPartitionRequest;
  /** What the request names, once it was found here; whoever reads it looks again when it is closed. */
  partition: Partition | null;
  /** What the client was last told; -1 before that. */
  highWatermark: number;
  logStartOffset: number;
}

export interface ForgottenPartitions {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partitions: readonly number[];
}

export const INITIAL_EPOCH = 0;
export const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fffffff;

function keyOf(topic: string, topicId: Uuid, partition: number, byId: boolean): string {
  return `${byId ? topicId : topic}:${partition}`;
}

function memberOf(key: string, request: FetchPartitionRequest): FetchMember {
  return { key, request, partition: null, highWatermark: -1, logStartOffset: -1 };
}

/** One client's session. Partitions are served in the order in which they last had records: those go to the end. */
export class FetchSession {
  readonly id: number;
  readonly byTopicId: boolean;
  readonly isFollower: boolean;
  epoch = 1;
  lastUsedMs: number;
  readonly #partitions = new Map<string, FetchMember>();
  /** Their values as a list, until the order changes. */
  #members: readonly FetchMember[] | null = null;

  constructor(id: number, request: SessionRequest, nowMs: number) {
    this.id = id;
    this.byTopicId = request.byTopicId;
    this.isFollower = request.isFollower;
    this.lastUsedMs = nowMs;
  }

  get size(): number {
    return this.#partitions.size;
  }

  update(requested: readonly FetchPartitionRequest[], forgotten: readonly ForgottenPartitions[]): void {
    if (requested.length > 0 || forgotten.length > 0) this.#members = null;
    for (const request of requested) {
      const key = keyOf(request.topic, request.topicId, request.partition, this.byTopicId);
      const known = this.#partitions.get(key);
      if (known) known.request = request;
      else this.#partitions.set(key, memberOf(key, request));
    }
    for (const topic of forgotten) {
      for (const partition of topic.partitions) {
        this.#partitions.delete(keyOf(topic.topic, topic.topicId, partition, this.byTopicId));
      }
    }
  }

  members(): readonly FetchMember[] {
    this.#members ??= [...this.#partitions.values()];
    return this.#members;
  }

  /** Whether the answer must name the partition; remembers what it says and moves partitions with records to the end. */
  noteAnswer(member: FetchMember, news: PartitionNews): boolean {
    const changed =
      news.hasRecords ||
      news.diverging ||
      news.sentElsewhere ||
      news.highWatermark !== member.highWatermark ||
      news.logStartOffset !== member.logStartOffset;
    member.highWatermark = news.highWatermark;
    member.logStartOffset = news.logStartOffset;
    if (news.errorCode !== ErrorCode.NONE) {
      // An error is repeated until it is gone.
      member.highWatermark = -1;
      return true;
    }
    if (news.hasRecords && this.#partitions.delete(member.key)) {
      this.#partitions.set(member.key, member);
      this.#members = null;
    }
    return changed;
  }
}

export interface SessionRequest {
  readonly sessionId: number;
  readonly epoch: number;
  readonly byTopicId: boolean;
  /** Sent by another broker. */
  readonly isFollower: boolean;
  readonly partitions: readonly FetchPartitionRequest[];
  readonly forgotten: readonly ForgottenPartitions[];
}

/** How one request is to be served. `session` null with `incremental` false: without a session. */
export interface FetchContext {
  readonly errorCode: number;
  readonly session: FetchSession | null;
  /** Only partitions with news are named. */
  readonly incremental: boolean;
  readonly members: readonly FetchMember[];
}

export interface FetchSessionLimits {
  /** `max.incremental.fetch.session.cache.slots`. */
  readonly slots: number;
  readonly evictionMs: number;
}

export class FetchSessionCache {
  readonly #sessions = new Map<number, FetchSession>();
  readonly #limits: FetchSessionLimits;
  readonly #randomInt: (limit: number) => number;

  constructor(limits: FetchSessionLimits, randomInt: (limit: number) => number) {
    this.#limits = limits;
    this.#randomInt = randomInt;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Finds or makes the session of a request. Epoch rules as in KIP-227. */
  open(request: SessionRequest, nowMs: number): FetchContext {
    if (request.epoch === INITIAL_EPOCH || request.epoch === FINAL_EPOCH) return this.#openFull(request, nowMs);
    const session = this.#sessions.get(request.sessionId);
    if (!session) return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== request.epoch) return failed(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.byTopicId !== request.byTopicId) return failed(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    session.update(request.partitions, request.forgotten);
    if (session.size === 0) {
      this.#sessions.delete(session.id);
      return { errorCode: ErrorCode.NONE, session: null, incremental: false, members: [] };
    }
    session.epoch = session.epoch === MAX_EPOCH ? 1 : session.epoch + 1;
    this.#touch(session, nowMs);
    return contextOf(session, true);
  }

  #openFull(request: SessionRequest, nowMs: number): FetchContext {
    if (request.sessionId !== 0) this.#sessions.delete(request.sessionId);
    const members = request.partitions.map((partition) => memberOf('', partition));
    const sessionless = { errorCode: ErrorCode.NONE, session: null, incremental: false, members };
    if (request.epoch === FINAL_EPOCH || request.partitions.length === 0) return sessionless;
    if (!this.#makeRoom(request.isFollower, nowMs)) return sessionless;
    const session = new FetchSession(this.#freeId(), request, nowMs);
    session.update(request.partitions, []);
    this.#sessions.set(session.id, session);
    return contextOf(session, false);
  }

  #makeRoom(forFollower: boolean, nowMs: number): boolean {
    if (this.#sessions.size < this.#limits.slots) return true;
    const oldest = this.#sessions.values().next().value;
    if (!oldest) return false;
    const isIdle = nowMs - oldest.lastUsedMs >= this.#limits.evictionMs;
    const doomed = isIdle ? oldest : forFollower ? this.#oldestOfConsumers() : undefined;
    return doomed !== undefined && this.#sessions.delete(doomed.id);
  }

  #oldestOfConsumers(): FetchSession | undefined {
    for (const session of this.#sessions.values()) if (!session.isFollower) return session;
    return undefined;
  }

  /** The map is kept in order of use, so the first entry is the least recently used. */
  #touch(session: FetchSession, nowMs: number): void {
    session.lastUsedMs = nowMs;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  #freeId(): number {
    for (;;) {
      const id = 1 + this.#randomInt(MAX_EPOCH - 1);
      if (!this.#sessions.has(id)) return id;
    }
  }
}

function contextOf(session: FetchSession, incremental: boolean): FetchContext {
  return { errorCode: ErrorCode.NONE, session, incremental, members: session.members() };
}

function failed(errorCode: number): FetchContext {
  return { errorCode, session: null, incremental: false, members: [] };
}
