import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import {
  type FetchMember,
  type FetchPartitionRequest,
  FetchSessionCache,
  type PartitionNews,
} from '../../src/broker/fetch-session.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';

function wanted(topic: string, partition: number, fetchOffset = 0): FetchPartitionRequest {
  const common = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1, maxBytes: 1000 };
  return { topic, topicId: ZERO_UUID, partition, fetchOffset, ...common };
}

const QUIET: PartitionNews = {
  errorCode: 0,
  highWatermark: 5,
  logStartOffset: 0,
  hasRecords: false,
  diverging: false,
  sentElsewhere: false,
};

function cacheOf(slots: number) {
  let next = 0;
  return new FetchSessionCache({ slots, evictionMs: 120_000 }, () => next++);
}

function full(cache: FetchSessionCache, partitions: FetchPartitionRequest[], nowMs = 0, sessionId = 0) {
  return cache.open({ sessionId, epoch: 0, byTopicId: false, isFollower: false, partitions, forgotten: [] }, nowMs);
}

describe('fetch sessions', () => {
  it('makes a session on a full request and none on a final one', () => {
    const cache = cacheOf(10);
    expect(full(cache, [wanted('a', 0)]).session?.id).toBe(1);
    const final = cache.open(
      { sessionId: 1, epoch: -1, byTopicId: false, isFollower: false, partitions: [wanted('a', 0)], forgotten: [] },
      0,
    );
    expect(final.session).toBeNull();
    expect(cache.size).toBe(0);
  });

  it('names in an incremental answer only partitions with news', () => {
    const cache = cacheOf(10);
    const first = full(cache, [wanted('a', 0), wanted('a', 1)]);
    const { session } = first;
    const [zero] = first.members as [FetchMember, FetchMember];
    expect(session?.noteAnswer(zero, QUIET)).toBe(true);
    const next = cache.open(
      { sessionId: 1, epoch: 1, byTopicId: false, isFollower: false, partitions: [], forgotten: [] },
      0,
    );
    expect(next.incremental).toBe(true);
    expect(next.members.map(({ request }) => request.partition)).toEqual([0, 1]);
    expect(session?.noteAnswer(zero, QUIET)).toBe(false);
    expect(session?.noteAnswer(zero, { ...QUIET, sentElsewhere: true })).toBe(true);
    expect(session?.noteAnswer(zero, { ...QUIET, highWatermark: 6 })).toBe(true);
    expect(session?.noteAnswer(zero, { ...QUIET, highWatermark: 6, hasRecords: true })).toBe(true);
    expect(session?.members().map(({ request }) => request.partition)).toEqual([1, 0]);
  });

  it('repeats an error until it is gone, and then tells that it is gone', () => {
    const cache = cacheOf(10);
    const { session, members } = full(cache, [wanted('a', 0)]);
    const member = members[0] as FetchMember;
    expect(session?.noteAnswer(member, QUIET)).toBe(true);
    const failed = { ...QUIET, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
    expect(session?.noteAnswer(member, failed)).toBe(true);
    expect(session?.noteAnswer(member, failed)).toBe(true);
    expect(session?.noteAnswer(member, QUIET)).toBe(true);
    expect(session?.noteAnswer(member, QUIET)).toBe(false);
  });

  it('refuses unknown sessions, wrong epochs and a change between names and ids', () => {
    const cache = cacheOf(10);
    full(cache, [wanted('a', 0)]);
    const ask = (sessionId: number, epoch: number, byTopicId = false) =>
      cache.open({ sessionId, epoch, byTopicId, isFollower: false, partitions: [], forgotten: [] }, 0).errorCode;
    expect(ask(9, 1)).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(ask(1, 2)).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    expect(ask(1, 1, true)).toBe(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    expect(ask(1, 1)).toBe(ErrorCode.NONE);
    expect(ask(1, 1)).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    expect(ask(1, 2)).toBe(ErrorCode.NONE);
  });

  it('ends a session whose last partition is forgotten', () => {
    const cache = cacheOf(10);
    full(cache, [wanted('a', 0)]);
    const forgotten = [{ topic: 'a', topicId: ZERO_UUID, partitions: [0] }];
    const ended = cache.open(
      { sessionId: 1, epoch: 1, byTopicId: false, isFollower: false, partitions: [], forgotten },
      0,
    );
    expect(ended.session).toBeNull();
    expect(cache.size).toBe(0);
  });

  it('is bounded: a new session pushes out only one that was idle long enough', () => {
    const cache = cacheOf(1);
    full(cache, [wanted('a', 0)], 0);
    expect(full(cache, [wanted('b', 0)], 119_999).session).toBeNull();
    expect(full(cache, [wanted('b', 0)], 120_000).session).not.toBeNull();
    expect(cache.size).toBe(1);
  });

  it("gives a follower a consumer's place, and not another follower's", () => {
    const cache = cacheOf(1);
    const follow = () =>
      cache.open(
        { sessionId: 0, epoch: 0, byTopicId: false, isFollower: true, partitions: [wanted('a', 0)], forgotten: [] },
        1,
      );
    full(cache, [wanted('a', 0)], 0);
    expect(follow().session).not.toBeNull();
    expect(follow().session).toBeNull();
  });
});
