/** Assignments are those of Kafka's assignors; every partition has exactly one reader. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssignmentMember, range, roundrobin } from '../../../src/client/consumer/assignors.ts';

function member(memberId: string, ...topics: string[]): AssignmentMember {
  return { memberId, instanceId: null, topics };
}

function text(assignment: ReturnType<typeof range>): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([id, list]) => [id, list.map((p) => `${p.topic}${p.partition}`).join(' ')]),
  );
}

describe('range', () => {
  it('gives neighbours to each, topic by topic, the rest to the first', () => {
    const members = [member('b', 't', 'u'), member('a', 't', 'u')];
    expect(
      text(
        range(
          members,
          new Map([
            ['t', 3],
            ['u', 3],
          ]),
        ),
      ),
    ).toEqual({ a: 't0 t1 u0 u1', b: 't2 u2' });
  });

  it('leaves members without a share when there are too few partitions', () => {
    expect(text(range([member('a', 't'), member('b', 't')], new Map([['t', 1]])))).toEqual({ a: 't0', b: '' });
  });

  it('orders static members by their instance', () => {
    const members = [
      { memberId: 'a', instanceId: 'z', topics: ['t'] },
      { memberId: 'b', instanceId: 'y', topics: ['t'] },
    ];
    expect(text(range(members, new Map([['t', 2]])))).toEqual({ b: 't0', a: 't1' });
  });
});

describe('roundrobin', () => {
  it('deals the partitions of all topics out one by one', () => {
    const members = [member('a', 't', 'u'), member('b', 't', 'u')];
    expect(
      text(
        roundrobin(
          members,
          new Map([
            ['t', 3],
            ['u', 3],
          ]),
        ),
      ),
    ).toEqual({ a: 't0 t2 u1', b: 't1 u0 u2' });
  });
});

describe.each([
  ['range', range],
  ['roundrobin', roundrobin],
] as const)('%s', (_, assignor) => {
  it('gives each partition to exactly one member that reads its topic', () => {
    const topics = fc.subarray(['t', 'u', 'v'], { minLength: 1 });
    fc.assert(
      fc.property(fc.array(topics, { minLength: 1, maxLength: 6 }), fc.nat(20), (subscriptions, count) => {
        const members = subscriptions.map((list, i) => member(`m${i}`, ...list));
        const counts = new Map(['t', 'u', 'v'].map((topic) => [topic, count]));
        const owners = new Map<string, string>();
        for (const [id, list] of assignor(members, counts)) {
          for (const { topic, partition } of list) {
            expect(owners.has(`${topic}${partition}`)).toBe(false);
            expect(members.find((m) => m.memberId === id)?.topics).toContain(topic);
            owners.set(`${topic}${partition}`, id);
          }
        }
        expect(owners.size).toBe(new Set(subscriptions.flat()).size * count);
      }),
    );
  });
});
