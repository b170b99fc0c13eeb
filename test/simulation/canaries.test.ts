import { describe, expect, test } from 'vitest';
import { CANARIES } from './canaries.ts';
import { simulate } from './scenario.ts';

/** Seeds that a checker has to find its bug in. */
const SEEDS = 30;

describe('planted bugs', () => {
  test.each(CANARIES)('$name is caught', { timeout: 120_000 }, async ({ shape, says, plant }) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const undo = plant();
      const { failure } = await simulate(String(seed), { shape }).finally(undo);
      // The product may notice first that something is wrong with it: then another seed has to show the checker.
      if (failure !== null && says.test(failure)) return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing`);
  });
});
