/** A seed is a run: everything that happens in it happens again, or no failure could be looked into. */
import { expect, test } from 'vitest';
import { simulate } from './scenario.ts';

test.each(['1', '2', '3'])('seed %s runs the same twice', async (seed) => {
  const once = await simulate(seed);
  const again = await simulate(seed);
  expect(again).toEqual(once);
  expect(once.events).toBeGreaterThan(1_000);
});

test('another seed is another run', async () => {
  expect((await simulate('1')).hash).not.toBe((await simulate('2')).hash);
});

test('to look at a run does not change it', async () => {
  const lines: string[] = [];
  const traced = await simulate('3', { trace: (line) => lines.push(line) });
  expect(traced.hash).toBe((await simulate('3')).hash);
  expect(lines.length).toBeGreaterThan(traced.events);
});
