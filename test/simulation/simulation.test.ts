/** A fixed set of seeds over clusters of every shape; `npm run simulate` has all the others. */
import { describe, expect, test } from 'vitest';
import { simulate } from './scenario.ts';
import { SHAPES } from './shapes.ts';

const SEEDS = 8;

describe.each(SHAPES)('a cluster of shape %s', (shape) => {
  const seeds = Array.from({ length: SEEDS }, (_, i) => String(i + 1));
  test.each(seeds)('keeps its promises under seed %s', { timeout: 120_000 }, async (seed) => {
    const { failure, counts } = await simulate(seed, { shape });
    expect(failure).toBeNull();
    expect(counts['acked']).toBeGreaterThan(0);
  });
});
