/** Which replicas send and receive under a throttle: of what is under way, and of what is planned beside it. */
import { expect, it } from 'vitest';
import { movements } from '../../../src/console/reassign/throttles.ts';

const under = [
  { topic: 'a', partition: 0, replicas: [4, 5, 1, 2], adding: [4, 5], removing: [1, 2] },
  { topic: 'b', partition: 1, replicas: [1, 3], adding: [3], removing: [] },
];

it('go from where the replicas are to where they shall be', () => {
  const planned = [{ topic: 'c', partition: 0, replicas: [2, 3] }];
  expect(movements([], planned, new Map([['c-0', [1, 2]]]))).toEqual([
    { topic: 'c', partition: 0, sources: [1, 2], destinations: [3] },
  ]);
});

it('of a second plan for the same partition begin where the first one began', () => {
  const planned = [{ topic: 'a', partition: 0, replicas: [6, 1] }];
  expect(movements(under, planned, new Map([['a-0', [4, 5, 1, 2]]]))).toEqual([
    { topic: 'a', partition: 0, sources: [1, 2], destinations: [6] },
    { topic: 'b', partition: 1, sources: [1], destinations: [3] },
  ]);
});
