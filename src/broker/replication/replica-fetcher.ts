/**
 * One loop that fetches for all partitions that this broker follows at one leader: ask, take the answer in, ask again.
 *
 * Invariants: one request is under way at a time, and its answer is in the logs (and on the disk, where `flush.messages`
 * wants that) before the next tells the leader so; an answer is used only for a partition that still follows the same
 * epoch and stands where it stood. Trouble of one partition leaves the others alone. Memory is one answer.
 */
import type { Logger } from '../../base/logger.ts';
import { causeText } from '../../base/logger.ts';
import { reasonOf } from '../../network/link.ts';
import { ErrorCode, errorName } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { PartitionLog } from '../../storage/partition-log.ts';
import type { Partition } from '../partition.ts';
import { appendFetched, followOffsets, truncateFollower, truncateToDivergence } from '../partition-follower.ts';
import type { FetchSettings } from './fetcher-settings.ts';
import { FollowedPartition } from './followed-partition.ts';
import type { FetchAnswer, FetchQuestion, LeaderLink } from './leader-link.ts';
import { resetOutOfRange } from './out-of-range.ts';
import { ReplicaFetchSession, type SessionFetch } from './replica-fetch-session.ts';

type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number];

export interface ReplicaFetcherOptions {
  readonly leaderId: number;
  readonly fetcherId: number;
  readonly leader: LeaderLink;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly settings: () => FetchSettings;
  readonly quota: FollowerQuota;
  /** Writes the recovery points: a log was cut below its own. Resolves with the directories that were too full for it. */
  readonly checkpoint: () => Promise<ReadonlySet<string>>;
  /** Logs that were cut and of which the disk has still the higher recovery point, whichever loop has cut them. */
  readonly unwritten: WeakSet<PartitionLog>;
}

/** How much the throttled partitions of all fetchers together may take (KIP-73). */
export interface FollowerQuota {
  readonly isExceeded: boolean;
  record(bytes: number): void;
}

/** A leader learns of its election a moment after its followers: the first refusals say no more than that. */
const FIRST_BACKOFF_MS = 20;
/** What changes its leader together comes within this time. */
const HURRY_MS = 5;
/** How long throttled partitions are left out before it is looked again whether they may come in. */
const THROTTLED_MS = 100;
const NO_RECORDS = Buffer.alloc(0);

/** How long a partition is left out before it is tried again whether a full disk takes its recovery point. */
const CHECKPOINT_RETRY_MS = 500;
/** The same, for what is to be synced. */
const FLUSH_RETRY_MS = 500;

/** What an answer leaves to be done once all of its partitions were looked at. */
interface Afterwards {
  /** Flushes that the next question waits for. */
  readonly durable: { readonly followed: FollowedPartition; readonly flush: Promise<void> }[];
  readonly outOfRange: FollowedPartition[];
  readonly refused: FollowedPartition[];
  /** Below their recovery points. */
  readonly cut: FollowedPartition[];
}

export class ReplicaFetcher {
  readonly #options: ReplicaFetcherOptions;
  readonly #logger: Logger;
  readonly #session = new ReplicaFetchSession<FollowedPartition>();
  readonly #followed = new Map<Partition, FollowedPartition>();
  #isRunning = false;
  #stopped = false;
  /** Failed attempts in a row to get an answer from the leader at all. */
  #failures = 0;
  #pause: { readonly timer: TimerHandle; readonly end: () => void } | null = null;
  /** A request is under way at the leader, which may hold it back for replica.fetch.wait.max.ms. */
  #isAsking = false;
  #isTakenBack = false;
  #hurry: TimerHandle | null = null;

  constructor(options: ReplicaFetcherOptions) {
    this.#options = options;
    this.#logger = options.logger;
  }

  get partitionCount(): number {
    return this.#followed.size;
  }

  follow(partition: Partition, leaderEpoch: number): void {
    const known = this.#followed.get(partition);
    if (known?.leaderEpoch === leaderEpoch) return;
    const followed = known ?? new FollowedPartition(partition, leaderEpoch);
    followed.followEpoch(leaderEpoch);
    this.#followed.set(partition, followed);
    if (this.#options.unwritten.has(followed.log)) this.#leaveOut([followed], FIRST_BACKOFF_MS);
    else this.#admit(followed);
    if (this.#session.size > 0) this.#wake();
    // A partition's first leader has nothing to give yet.
    if (leaderEpoch > 0) this.#hurryUp();
  }

  /** From here on no answer touches the partition's log. */
  unfollow(partition: Partition): void {
    const followed = this.#followed.get(partition);
    if (followed === undefined) return;
    this.#followed.delete(partition);
    this.#session.drop(followed);
  }

  /** From here on it touches no log. Its loop ends by itself, at the latest when it would have given up a connection. */
  stop(): void {
    this.#stopped = true;
    for (const partition of [...this.#followed.keys()]) this.unfollow(partition);
    this.#hurry?.cancel();
    this.#options.leader.close();
    this.#pause?.end();
  }

  /** The loop runs while there is somebody to fetch for. */
  #wake(): void {
    this.#pause?.end();
    if (this.#isRunning || this.#stopped) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
      if (this.#session.size > 0) this.#wake();
    });
  }

  /**
   * A partition has changed its leader, and writes wait until all followers are back; the request under way knows nothing
   * of it, and the leader may sit on that for long. One connection has no way to take a request back but to end.
   */
  #hurryUp(): void {
    if (!this.#isAsking || this.#hurry !== null) return;
    this.#hurry = this.#options.runtime.timers.after(
      HURRY_MS,
      () => {
        this.#hurry = null;
        if (!this.#isAsking || !this.#session.hasMoved) return;
        this.#isTakenBack = true;
        this.#options.leader.drop();
      },
      { unref: true },
    );
  }

  async #run(): Promise<void> {
    // What else was begun to be followed in this turn goes with the first request.
    await new Promise<void>((go) => this.#options.runtime.timers.soon(go));
    while (!this.#stopped && this.#session.size > 0) {
      try {
        await this.#round();
      } catch (error) {
        this.#session.failed();
        this.#options.leader.drop();
        await this.#unreachable(error);
      }
    }
  }

  async #round(): Promise<void> {
    const { leader } = this.#options;
    await leader.open();
    if (this.#options.quota.isExceeded) this.#holdBack();
    if (this.#stopped || this.#session.size === 0) return;
    const answer = await this.#ask();
    if (answer === null || this.#stopped) return;
    this.#reached();
    if (answer.errorCode !== ErrorCode.NONE) return this.#refusedWhole(answer.errorCode);
    this.#session.answered(answer.sessionId);
    await this.#finish(this.#take(answer));
  }

  /** Null when the request was taken back. */
  async #ask(): Promise<FetchAnswer | null> {
    this.#isAsking = true;
    this.#isTakenBack = false;
    try {
      return await this.#options.leader.fetch(this.#question(this.#session.next()));
    } catch (error) {
      if (!this.#isTakenBack) throw error;
      this.#session.failed();
      return null;
    } finally {
      this.#isAsking = false;
    }
  }

  #question(fetch: SessionFetch<FollowedPartition>): FetchQuestion {
    const { waitMaxMs, minBytes, maxBytes, responseMaxBytes } = this.#options.settings();
    const topics = [...Map.groupBy(fetch.members, (member) => member.topicId)];
    const forgotten = [...Map.groupBy(fetch.forgotten, (member) => member.topicId)];
    return {
      maxWaitMs: waitMaxMs,
      minBytes,
      maxBytes: responseMaxBytes,
      isolationLevel: 0,
      sessionId: fetch.sessionId,
      sessionEpoch: fetch.sessionEpoch,
      topics: topics.map(([topicId, members]) => ({
        topicId,
        partitions: members.map((member) => partitionQuestion(member, maxBytes)),
      })),
      forgottenTopicsData: forgotten.map(([topicId, members]) => ({
        topicId,
        partitions: members.map(({ id }) => id),
      })),
    };
  }

  #take(answer: FetchAnswer): Afterwards {
    const after: Afterwards = { durable: [], outOfRange: [], refused: [], cut: [] };
    for (const topic of answer.responses) {
      for (const data of topic.partitions) {
        const followed = this.#session.find(topic.topicId, data.partitionIndex);
        if (followed?.isAnswered) this.#takePartition(followed, data, after);
      }
    }
    return after;
  }

  #takePartition(followed: FollowedPartition, data: PartitionAnswer, after: Afterwards): void {
    if (data.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      after.outOfRange.push(followed);
    } else if (data.errorCode === ErrorCode.FENCED_LEADER_EPOCH) {
      this.#logger.info(`${followed.name} waits for the leader after epoch ${followed.leaderEpoch}`);
      followed.isFenced = true;
      this.#session.drop(followed);
    } else if (data.errorCode !== ErrorCode.NONE) {
      this.#say(followed, `the leader answered ${errorName(data.errorCode)}`, isUsual(data.errorCode));
      after.refused.push(followed);
    } else {
      this.#takeData(followed, data, after);
    }
  }

  #takeData(followed: FollowedPartition, data: PartitionAnswer, after: Afterwards): void {
    const { recoveryPoint } = followed.log;
    try {
      const { gapAt } = followed.log;
      // A log that lacks records before its end was asked for from there on. Only now that the leader has them it is cut.
      if (data.divergingEpoch.epoch < 0 && gapAt !== null) {
        truncateFollower(followed.log, gapAt, this.#logger);
        this.#session.put(followed);
        this.#wasCut(followed, after);
        return;
      }
      if (data.divergingEpoch.epoch >= 0) this.#takeDivergence(followed, data);
      else this.#takeRecords(followed, data, after);
    } catch (error) {
      this.#say(followed, causeText(error), false);
      after.refused.push(followed);
    }
    this.#noteCut(followed, recoveryPoint, after);
  }

  #noteCut(followed: FollowedPartition, recoveryPoint: number, after: Afterwards): void {
    if (followed.log.recoveryPoint < recoveryPoint) this.#wasCut(followed, after);
  }

  #wasCut(followed: FollowedPartition, after: Afterwards): void {
    this.#options.unwritten.add(followed.log);
    after.cut.push(followed);
  }

  #takeDivergence(followed: FollowedPartition, data: PartitionAnswer): void {
    const { log } = followed;
    const { logEndOffset, latestEpoch } = log;
    truncateToDivergence(log, data.divergingEpoch, this.#logger);
    this.#session.put(followed);
    if (log.logEndOffset < logEndOffset || log.latestEpoch < latestEpoch) return;
    const { epoch, endOffset } = data.divergingEpoch;
    throw new KafkaError(
      ErrorCode.UNKNOWN_SERVER_ERROR,
      `the leader's epoch ${epoch} ends at ${endOffset}, which contradicts nothing of epoch ${latestEpoch} before ${logEndOffset}`,
    );
  }

  #takeRecords(followed: FollowedPartition, data: PartitionAnswer, after: Afterwards): void {
    const { log, partition } = followed;
    const records = (data.records as Buffer | null) ?? NO_RECORDS;
    const { bytes, durable } = appendFetched(log, records, followed.leaderEpoch);
    followOffsets(partition, data);
    if (durable !== null) after.durable.push({ followed, flush: durable });
    if (bytes > 0 && isThrottled(followed)) this.#options.quota.record(bytes);
    // Whoever deletes records waits for this log's start, which retention may have raised too.
    if (bytes > 0 || log.logStartOffset !== followed.toldLogStart) this.#session.put(followed);
    if (bytes === 0 && records.length > 0) {
      throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, `${records.length} bytes came without a batch to append`);
    }
    followed.fared(data.highWatermark - log.logEndOffset);
  }

  async #finish(after: Afterwards): Promise<void> {
    try {
      if (after.outOfRange.length > 0) await this.#reset(after);
    } finally {
      if (after.refused.length > 0) this.#delay(after.refused);
      if (after.cut.length > 0) await this.#checkpoint(after.cut);
    }
    if (after.durable.length > 0) await this.#settleFlushes(after.durable);
  }

  /** A flush that fails takes the directory away, and its partitions with it; but a full disk refuses it for a while only. */
  async #settleFlushes(durable: Afterwards['durable']): Promise<void> {
    const ends = await Promise.allSettled(durable.map(({ flush }) => flush));
    const refused = durable.filter((_, i) => ends[i]?.status === 'rejected').map(({ followed }) => followed);
    if (refused.length > 0) this.#leaveOut(refused, FLUSH_RETRY_MS);
  }

  async #reset(after: Afterwards): Promise<void> {
    const { leader } = this.#options;
    const before = after.outOfRange.map(({ log }) => log.recoveryPoint);
    const isCurrent = (followed: FollowedPartition) => this.#session.find(followed.topicId, followed.id) === followed;
    try {
      const refused = await resetOutOfRange({ leader, followed: after.outOfRange, isCurrent, logger: this.#logger });
      after.refused.push(...refused);
    } finally {
      for (const [i, followed] of after.outOfRange.entries()) {
        this.#noteCut(followed, before[i] as number, after);
        if (isCurrent(followed)) this.#session.put(followed);
      }
    }
  }

  /**
   * Recovery believes what lies below the recovery point, so nothing may be appended before the lower one is written. What
   * a full disk did not take is left out until it does; the others go on. Returns those that may.
   */
  async #checkpoint(cut: readonly FollowedPartition[]): Promise<readonly FollowedPartition[]> {
    const full = await this.#options.checkpoint();
    const [held, written] = [
      cut.filter(({ log }) => full.has(log.directory)),
      cut.filter(({ log }) => !full.has(log.directory)),
    ];
    for (const { log } of written) this.#options.unwritten.delete(log);
    if (held.length > 0) this.#leaveOut(held, CHECKPOINT_RETRY_MS);
    return written;
  }

  /** These partitions are left out of the next requests for a while, each longer with every refusal in a row. */
  #delay(refused: readonly FollowedPartition[]): void {
    const longest = this.#options.settings().backoffMs;
    const groups = Map.groupBy(refused, (followed) => Math.min(longest, FIRST_BACKOFF_MS * 2 ** followed.failures));
    for (const [delayMs, group] of groups) {
      for (const followed of group) followed.failures++;
      this.#leaveOut(group, delayMs);
    }
  }

  /** Replicas that are catching up wait while the quota is used up; what is in sync goes on. */
  #holdBack(): void {
    const held = [...this.#session.members()].filter((followed) => followed.lag !== 0 && isThrottled(followed));
    if (held.length > 0) this.#leaveOut(held, THROTTLED_MS);
  }

  #leaveOut(group: readonly FollowedPartition[], delayMs: number): void {
    for (const followed of group) this.#session.drop(followed);
    this.#options.runtime.timers.after(delayMs, () => this.#resume(group), { unref: true });
  }

  #resume(group: readonly FollowedPartition[]): void {
    if (this.#stopped) return;
    const wanted = group.filter((one) => this.#followed.get(one.partition) === one && !one.isFenced);
    const held = wanted.filter(({ log }) => this.#options.unwritten.has(log));
    if (held.length > 0) void this.#checkpoint(held).then((written) => written.length > 0 && this.#resume(written));
    for (const followed of wanted) if (!held.includes(followed)) this.#admit(followed);
    if (this.#session.size > 0 && this.#pause === null) this.#wake();
  }

  /**
   * To ask for more says that everything before lies on the disk, where `flush.messages` wants that: also what was recovered
   * after a crash, and what this broker wrote as the leader a moment ago.
   */
  #admit(followed: FollowedPartition): void {
    const { log } = followed;
    const durable = log.recoveryPoint < log.wholeEnd ? log.flushIfDue() : null;
    if (durable === null) {
      this.#session.put(followed);
      return;
    }
    this.#session.drop(followed);
    durable.then(
      () => {
        this.#resume([followed]);
        this.#hurryUp();
      },
      () => this.#leaveOut([followed], FLUSH_RETRY_MS),
    );
  }

  /** The leader refuses the request as a whole: mostly, because it has forgotten the session. */
  async #refusedWhole(code: number): Promise<void> {
    this.#session.refused();
    if (code === ErrorCode.FETCH_SESSION_ID_NOT_FOUND || code === ErrorCode.INVALID_FETCH_SESSION_EPOCH) return;
    await this.#unreachable(new KafkaError(code, errorName(code)));
  }

  async #unreachable(error: unknown): Promise<void> {
    if (this.#stopped) return;
    const { leaderId, settings } = this.#options;
    if (this.#failures === 0) {
      this.#logger.warn(`Broker ${leaderId} cannot be followed now: ${reasonOf(error)}`);
    }
    const delayMs = Math.min(settings().backoffMs, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#failures++;
    await this.#sleep(delayMs);
  }

  #reached(): void {
    if (this.#failures > 0) this.#logger.info(`Broker ${this.#options.leaderId} is followed again`);
    this.#failures = 0;
  }

  /** Ends early when the metadata has news. */
  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#pause = null;
        timer.cancel();
        resolve();
      };
      const timer = this.#options.runtime.timers.after(delayMs, end, { unref: true });
      this.#pause = { timer, end };
    });
  }

  #say(followed: FollowedPartition, text: string, isUsual: boolean): void {
    if (!followed.isNews(text)) return;
    const line = `Fetching ${followed.name} from broker ${this.#options.leaderId}: ${text}`;
    if (isUsual) this.#logger.info(line);
    else this.#logger.error(line);
  }
}

function partitionQuestion(followed: FollowedPartition, maxBytes: number) {
  const { log } = followed;
  followed.askedOffset = log.wholeEnd;
  followed.askedEpoch = followed.leaderEpoch;
  followed.toldLogStart = log.logStartOffset;
  return {
    partition: followed.id,
    currentLeaderEpoch: followed.leaderEpoch,
    fetchOffset: log.wholeEnd,
    lastFetchedEpoch: log.gapAt === null ? log.latestEpoch : log.leaderEpochCache.epochFor(log.gapAt - 1),
    logStartOffset: log.logStartOffset,
    partitionMaxBytes: maxBytes,
  };
}

function isThrottled({ partition }: FollowedPartition): boolean {
  const throttled = partition.settings().followerThrottled;
  return throttled === 'all' || throttled.has(partition.id);
}

/** What a leader answers while the metadata has not reached it yet, or this broker. */
function isUsual(code: number): boolean {
  return (
    code === ErrorCode.NOT_LEADER_OR_FOLLOWER ||
    code === ErrorCode.UNKNOWN_LEADER_EPOCH ||
    code === ErrorCode.UNKNOWN_TOPIC_ID ||
    code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  );
}
