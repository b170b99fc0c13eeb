import { expect, it } from 'vitest';
import { hashMapOrder, hashSetOrder } from '../../src/controller/hash-order.ts';

/** What `new ArrayList<>(set)` gave under Java 21, for a set made of the first list, to which the second was added. */
const JAVA: [number[], number[], number[]][] = [
  [[4, 5], [], [4, 5]],
  [[7], [7, 0, 1], [0, 1, 7]],
  [
    [5, 2, 6],
    [7, 5, 3],
    [2, 3, 5, 6, 7],
  ],
  [
    [16, 32, 5, 29, 39],
    [39, 19],
    [16, 32, 19, 5, 39, 29],
  ],
  [
    [7, 38, 30, 11, 3],
    [7, 5],
    [3, 5, 38, 7, 11, 30],
  ],
  [[73, 679, 1891, 535, 492], [1818], [1891, 679, 535, 73, 1818, 492]],
  [[], [149772, 175795, 85387], [175795, 85387, 149772]],
  [
    [68383, 132909, 70297, 2866, 190628],
    [104604, 112294, 131322],
    [2866, 190628, 112294, 70297, 131322, 104604, 68383, 132909],
  ],
  [[31, 34, 0, 25, 2, 37, 8, 5, 18, 24, 16, 33, 7, 14], [], [0, 33, 34, 2, 37, 5, 7, 8, 14, 16, 18, 24, 25, 31]],
  [
    [
      124971, 109065, 27783, 104643, 136436, 175750, 5952, 110997, 140044, 178919, 27021, 94662, 4066, 149913, 90244,
      22523, 21544, 181180, 84008,
    ],
    [131137, 186379],
    [
      5952, 104643, 4066, 131137, 175750, 178919, 90244, 27783, 94662, 109065, 21544, 84008, 186379, 124971, 27021,
      140044, 110997, 136436, 149913, 22523, 181180,
    ],
  ],
];

it.each(JAVA)('%j and %j', (first, more, expected) => {
  expect(hashSetOrder(first, more)).toEqual(expected);
});

it('topic configs, as Kafka writes those of a new topic', () => {
  const names = ['retention.ms', 'segment.bytes', 'cleanup.policy', 'min.insync.replicas', 'max.message.bytes'];
  const ordered = hashMapOrder(new Map(names.map((name) => [name, name.length])));
  expect([...ordered.keys()]).toEqual([
    'cleanup.policy',
    'max.message.bytes',
    'min.insync.replicas',
    'retention.ms',
    'segment.bytes',
  ]);
  expect(ordered.get('segment.bytes')).toBe(13);
});
