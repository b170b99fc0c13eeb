import { beforeEach, expect, it } from 'vitest';
import { ReplicaFetchSession, type SessionMember } from '../../../src/broker/replication/replica-fetch-session.ts';

const member = (id: number): SessionMember => ({ topic: 't', topicId: 'T', id });

let session: ReplicaFetchSession<SessionMember>;

beforeEach(() => {
  session = new ReplicaFetchSession();
});

/** `id/epoch members -forgotten`. */
function next(): string {
  const { sessionId, sessionEpoch, members, forgotten } = session.next();
  const names = [...members.map(({ id }) => id), ...forgotten.map(({ id }) => -id)];
  return `${sessionId}/${sessionEpoch} ${names.join(' ')}`.trim();
}

it('names everything first, then what has moved', () => {
  const [one, two] = [member(1), member(2)];
  session.put(one);
  session.put(two);
  expect(next()).toBe('0/0 1 2');
  session.answered(7);
  expect(next()).toBe('7/1');
  session.answered(7);
  session.put(two);
  expect(next()).toBe('7/2 2');
});

it('forgets what it leaves, also before the first answer', () => {
  const [one, two] = [member(1), member(2)];
  session.put(one);
  session.put(two);
  next();
  session.drop(two);
  session.answered(7);
  expect(next()).toBe('7/1 -2');
  session.drop(one);
  session.answered(7);
  expect(next()).toBe('7/2 -1');
});

it('never names a partition as new and forgotten at once', () => {
  const one = member(1);
  session.put(one);
  next();
  session.answered(7);
  session.drop(one);
  session.put(one);
  expect(next()).toBe('7/1 1');
  session.drop(member(1));
  expect(session.size).toBe(1);
});

it('begins anew after a request whose fate is not known, and lets the leader end the old session', () => {
  const one = member(1);
  session.put(one);
  next();
  session.answered(7);
  next();
  session.failed();
  session.drop(one);
  session.put(member(2));
  expect(next()).toBe('7/0 2');
  session.answered(8);
  expect(next()).toBe('8/1');
});

it('goes without a session where the leader keeps none or knows none', () => {
  session.put(member(1));
  next();
  session.answered(0);
  expect(next()).toBe('0/0 1');
  session.answered(9);
  next();
  session.refused();
  expect(next()).toBe('0/0 1');
});
