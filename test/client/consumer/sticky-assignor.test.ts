/** Sticky assignments are balanced and move little; cooperative ones give nothing that somebody still reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, type AssignmentMember, cooperativeSticky } from '../../../src/client/consumer/assignors.ts';
import {
  readGeneration,
  readOwned,
  sticky,
  writeGeneration,
  writeOwned,
} from '../../../src/client/consumer/sticky-assignor.ts';
import { partitionKey, type TopicPartition } from '../../../src/client/offsets.ts';

function member(memberId: string, topics: readonly string[], owned: readonly TopicPartition[] = [], generation = 1) {
  return { memberId, instanceId: null, topics, owned, generation } satisfies AssignmentMember;
}

function sizes(assignment: Assignment): number[] {
  return [...assignment.values()].map((list) => list.length).sort();
}

function moved(before: Assignment, after: Assignment): number {
  let count = 0;
  for (const [memberId, list] of after) {
    const had = new Set((before.get(memberId) ?? []).map((one) => partitionKey(one.topic, one.partition)));
    for (const one of list) if (!had.has(partitionKey(one.topic, one.partition))) count++;
  }
  return count;
}

describe('sticky', () => {
  const topics = ['t', 'u'];
  const counts = new Map([
    ['t', 7],
    ['u', 5],
  ]);

  it('moves only what a newcomer needs', () => {
    const before = sticky([member('a', topics), member('b', topics)], counts);
    expect(sizes(before)).toEqual([6, 6]);
    const known = [...before].map(([id, list]) => member(id, topics, list));
    const after = sticky([...known, member('c', topics)], counts);
    expect(sizes(after)).toEqual([4, 4, 4]);
    expect(moved(before, after)).toBe(4);
  });

  it('gives what a leaver had to the others, who keep theirs', () => {
    const before = sticky(
      ['a', 'b', 'c'].map((id) => member(id, topics)),
      counts,
    );
    const after = sticky(
      ['a', 'b'].map((id) => member(id, topics, before.get(id))),
      counts,
    );
    expect(sizes(after)).toEqual([6, 6]);
    expect(moved(before, after)).toBe(4);
  });

  it('believes the later of two who claim a partition, and neither of equal ones', () => {
    const one = [{ topic: 't', partition: 0 }];
    const later = sticky([member('a', ['t'], one, 3), member('b', ['t'], one, 4)], new Map([['t', 1]]));
    expect(later.get('b')).toEqual(one);
    const equal = sticky([member('a', ['t'], one, 4), member('b', ['t'], one, 4)], new Map([['t', 1]]));
    expect(sizes(equal)).toEqual([0, 1]);
  });

  it('is complete, fair and steady for any members', () => {
    const subscription = fc.subarray(['t', 'u', 'v'], { minLength: 1 });
    fc.assert(
      fc.property(fc.array(subscription, { minLength: 1, maxLength: 7 }), fc.nat(9), (subscriptions, count) => {
        const all = new Map(['t', 'u', 'v'].map((topic) => [topic, count]));
        const members = subscriptions.map((list, i) => member(`m${i}`, list));
        const first = sticky(members, all);
        const keys = [...first.values()].flat().map((one) => partitionKey(one.topic, one.partition));
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.length).toBe(new Set(subscriptions.flat()).size * count);
        for (const giver of members) {
          for (const taker of members) {
            const canGive = (first.get(giver.memberId) ?? []).some((one) => taker.topics.includes(one.topic));
            const gap = (first.get(giver.memberId)?.length ?? 0) - (first.get(taker.memberId)?.length ?? 0);
            if (canGive) expect(gap).toBeLessThanOrEqual(1);
          }
        }
        const again = sticky(
          members.map((one) => ({ ...one, owned: first.get(one.memberId) ?? [] })),
          all,
        );
        expect(moved(first, again)).toBe(0);
      }),
    );
  });
});

describe('cooperative-sticky', () => {
  it('gives a partition to its next reader only when the former one has let go', () => {
    const counts = new Map([['t', 4]]);
    const owned = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition }));
    const first = cooperativeSticky([member('a', ['t'], owned), member('b', ['t'])], counts);
    expect(sizes(first)).toEqual([0, 2]);
    const second = cooperativeSticky([member('a', ['t'], first.get('a'), 2), member('b', ['t'], [], 2)], counts);
    expect(sizes(second)).toEqual([2, 2]);
    expect(second.get('a')).toEqual(first.get('a'));
  });
});

describe("what members tell in the layout of Java's assignors", () => {
  it('comes back as it was', () => {
    const owned = [
      { topic: 'tä', partition: 3 },
      { topic: 'u', partition: 0 },
    ];
    expect(readOwned(writeOwned(owned, 7))).toEqual({ owned, generation: 7 });
    expect(readGeneration(writeGeneration(9))).toEqual({ generation: 9 });
  });

  it('is nothing where it cannot be read', () => {
    expect(readOwned(Buffer.from([0, 0, 0, 9, 0]))).toEqual({});
    expect(readGeneration(Buffer.alloc(2))).toEqual({});
  });
});
