/**
 * A leading broker for followers under test: real logs, the rules of a leader in their shortest form, fetch sessions,
 * and whatever else a test wants it to answer. Requests and answers go through the codec.
 */
import type { Api } from '../../../src/network/api.ts';
import { type Link, LinkError, type LinkOptions } from '../../../src/network/link.ts';
import { decodeMessage, encodeMessage } from '../../../src/protocol/codec.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import type { FetchRequest } from '../../../src/protocol/messages/fetch.ts';
import type { ListOffsetsRequest } from '../../../src/protocol/messages/list-offsets.ts';
import type { Message } from '../../../src/protocol/schema.ts';
import type { PartitionLog } from '../../../src/storage/partition-log.ts';
import type { ManualTime } from '../../support/manual-time.ts';

export interface LedPartition {
  readonly log: PartitionLog;
  leaderEpoch: number;
  /** Answered instead of anything else; used up by one fetch when `once` is set. */
  refusal: { readonly code: number; readonly once: boolean } | null;
  /** Changes the records on their way. */
  spoil: ((records: Buffer) => Buffer) | null;
}

interface PartitionAnswer {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
  readonly abortedTransactions: null;
  readonly records: Buffer;
}

type Wanted = FetchRequest['topics'][number]['partitions'][number] & { readonly topicId: string };

const NO_RECORDS = Buffer.alloc(0);

class FakeSession {
  readonly id: number;
  epoch = 0;
  readonly wanted = new Map<string, Wanted>();
  readonly #told = new Map<string, string>();

  constructor(id: number) {
    this.id = id;
  }

  take(request: FetchRequest): void {
    for (const { topicId, partitions } of request.topics) {
      for (const one of partitions) this.wanted.set(`${topicId}:${one.partition}`, { ...one, topicId });
    }
    for (const { topicId, partitions } of request.forgottenTopicsData) {
      for (const one of partitions) this.wanted.delete(`${topicId}:${one}`);
    }
  }

  isNews({ topicId, partition }: Wanted, answer: PartitionAnswer): boolean {
    const key = `${topicId}:${partition}`;
    const before = this.#told.get(key);
    const now = `${answer.highWatermark} ${answer.logStartOffset}`;
    this.#told.set(key, now);
    return now !== before || answer.errorCode !== 0 || answer.records.length > 0 || answer.divergingEpoch !== undefined;
  }
}

export class FakeLeader {
  readonly address = { host: 'leader', port: 9092 };
  readonly fetches: FetchRequest[] = [];
  readonly listed: ListOffsetsRequest[] = [];
  /** Connections that were opened, with the name that the follower gave. */
  readonly connections: string[] = [];
  isReachable = true;
  /** Answered to the next fetch as a whole. */
  wholeRefusal = 0;
  readonly #time: ManualTime;
  readonly #led = new Map<string, LedPartition>();
  readonly #sessions = new Map<number, FakeSession>();
  readonly #links = new Set<FakeLink>();
  #nextSession = 100;
  #held: Promise<void> | null = null;
  #news: (() => void)[] = [];

  constructor(time: ManualTime) {
    this.#time = time;
  }

  lead(log: PartitionLog, leaderEpoch: number): LedPartition {
    const led: LedPartition = { log, leaderEpoch, refusal: null, spoil: null };
    this.#led.set(`${log.topicId}:${log.partition}`, led);
    log.assignEpochStartOffset(leaderEpoch);
    return led;
  }

  /** Appends as the leader; committed at once unless the test says otherwise. */
  append(led: LedPartition, bytes: Buffer, isCommitted = true): void {
    led.log.appendAsLeader(bytes, led.leaderEpoch);
    if (isCommitted) led.log.updateHighWatermark(led.log.logEndOffset);
    this.tell();
  }

  /** Whoever waits looks again. */
  tell(): void {
    for (const look of this.#news.splice(0)) look();
  }

  restart(): void {
    this.#sessions.clear();
    this.disconnect();
  }

  disconnect(): void {
    for (const link of [...this.#links]) link.fail(new LinkError('connection reset'));
  }

  get waiting(): number {
    return this.#news.length;
  }

  readonly openLink = async (options: LinkOptions): Promise<Link> => {
    this.connections.push(options.clientId);
    if (!this.isReachable) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const link = new FakeLink(this, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  };

  /** The answers to ListOffsets wait until the returned function is called. */
  holdListOffsets(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async answer(apiKey: number, request: unknown, link: FakeLink): Promise<object> {
    if (apiKey === 2) {
      await this.#held;
      return this.#listOffsets(request as ListOffsetsRequest);
    }
    return this.#fetch(request as FetchRequest, link);
  }

  async #fetch(request: FetchRequest, link: FakeLink): Promise<object> {
    this.fetches.push(request);
    if (this.wholeRefusal !== 0) {
      const errorCode = this.wholeRefusal;
      this.wholeRefusal = 0;
      return { throttleTimeMs: 0, errorCode, sessionId: 0, responses: [] };
    }
    const session = this.#session(request);
    if (typeof session === 'number') return { throttleTimeMs: 0, errorCode: session, sessionId: 0, responses: [] };
    const look = () => [...session.wanted.values()].map((wanted) => ({ wanted, answer: this.#look(wanted) }));
    let looks = look();
    const isUrgent = () =>
      looks.some(({ answer }) => answer.errorCode !== 0 || answer.records.length > 0 || answer.divergingEpoch);
    while (!isUrgent()) {
      const isDue = await this.#newsOr(request.maxWaitMs);
      if (!link.isOpen) break;
      looks = look();
      if (isDue) break;
    }
    const responses = looks
      .filter(({ wanted, answer }) => session.isNews(wanted, answer) || request.sessionEpoch === 0)
      .map(({ wanted, answer }) => ({ topicId: wanted.topicId, partitions: [answer] }));
    return { throttleTimeMs: 0, errorCode: 0, sessionId: session.id, responses };
  }

  /** KIP-227 in short: epoch 0 begins a session, and ends the one that the request names. */
  #session(request: FetchRequest): FakeSession | number {
    let session = this.#sessions.get(request.sessionId);
    if (request.sessionEpoch === 0) {
      this.#sessions.delete(request.sessionId);
      session = new FakeSession(this.#nextSession++);
      this.#sessions.set(session.id, session);
    } else if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    else if (session.epoch !== request.sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    session.epoch++;
    session.take(request);
    return session;
  }

  /** True when the time is over. */
  #newsOr(maxWaitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#time.after(maxWaitMs, () => resolve(true));
      this.#news.push(() => {
        timer.cancel();
        resolve(false);
      });
    });
  }

  #look(wanted: Wanted): PartitionAnswer {
    const led = this.#led.get(`${wanted.topicId}:${wanted.partition}`);
    const answer = { partitionIndex: wanted.partition, abortedTransactions: null, records: NO_RECORDS };
    const refused = { highWatermark: -1, logStartOffset: -1 };
    if (!led) return { ...answer, ...refused, errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
    const errorCode = check(led, wanted);
    if (errorCode !== 0) return { ...answer, ...refused, errorCode };
    const { log } = led;
    const now = { ...answer, errorCode, highWatermark: log.highWatermark, logStartOffset: log.logStartOffset };
    const end = log.endOffsetForEpoch(wanted.lastFetchedEpoch);
    if (
      wanted.lastFetchedEpoch >= 0 &&
      (end.leaderEpoch < wanted.lastFetchedEpoch || end.endOffset < wanted.fetchOffset)
    ) {
      return { ...now, divergingEpoch: { epoch: end.leaderEpoch, endOffset: end.endOffset } };
    }
    if (wanted.fetchOffset < log.logStartOffset || wanted.fetchOffset > log.logEndOffset) {
      return { ...answer, ...refused, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
    }
    const slice = log.read(wanted.fetchOffset, wanted.partitionMaxBytes, {
      maxOffset: log.logEndOffset,
      minOneBatch: true,
    });
    const records = slice.sizeInBytes > 0 ? slice.toBuffer() : NO_RECORDS;
    return { ...now, records: led.spoil ? led.spoil(records) : records };
  }

  #listOffsets(request: ListOffsetsRequest): object {
    this.listed.push(request);
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }) => {
        const led = [...this.#led.values()].find(({ log }) => log.topic === name && log.partition === partitionIndex);
        const offset = timestamp === -1n ? led?.log.logEndOffset : led?.log.logStartOffset;
        return {
          partitionIndex,
          errorCode: led ? 0 : 3,
          timestamp: -1,
          offset: offset ?? -1,
          leaderEpoch: led?.leaderEpoch ?? -1,
        };
      }),
    }));
    return { topics };
  }
}

function check(led: LedPartition, wanted: Wanted): number {
  const { refusal } = led;
  if (refusal) {
    if (refusal.once) led.refusal = null;
    return refusal.code;
  }
  if (wanted.currentLeaderEpoch < led.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  return wanted.currentLeaderEpoch > led.leaderEpoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
}

class FakeLink implements Link {
  readonly address = { host: 'leader', port: 9092 };
  readonly #leader: FakeLeader;
  readonly #closed: () => void;
  readonly #waiting = new Set<(error: Error) => void>();
  isOpen = true;

  constructor(leader: FakeLeader, closed: () => void) {
    this.#leader = leader;
    this.#closed = closed;
  }

  version(which: Api<unknown, unknown>): number | undefined {
    return which.request.validVersions?.max;
  }

  send<In, Out>(which: Api<In, Out>, version: number, value: In): Promise<Out> {
    const message = which.request as Message<unknown, unknown>;
    const request = decodeMessage(message, version, encodeMessage(message, version, value));
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new LinkError('closed'));
      this.#waiting.add(reject);
      this.#leader.answer(which.request.apiKey as number, request, this).then((answer) => {
        this.#waiting.delete(reject);
        const response = which.response as Message<unknown, unknown>;
        resolve(decodeMessage(response, version, encodeMessage(response, version, answer)) as Out);
      }, reject);
    });
  }

  fail(error: Error): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#closed();
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  close(): void {
    this.fail(new LinkError('the connection was closed'));
  }

  sendPrepared(): never {
    throw new Error('not of a follower');
  }

  sendPreparedUnanswered(): never {
    throw new Error('not of a follower');
  }
}
