/**
 * The same requests of five brokers, step by step, to our controller and (recorded, parity/record.ts) to Apache Kafka
 * 4.3.1's: the same answers, the same records in the same order. In clusters of today and of former releases.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KtsTarget } from './parity/kts-target.ts';
import { playRandom, RANDOM } from './parity/random.ts';
import { play } from './parity/script.ts';
import { RELEASES, type Release, World } from './parity/world.ts';

/** By the name of the step. */
function steps(text: string): Map<string, string> {
  return new Map(
    text
      .trim()
      .split(/^# /m)
      .filter((part) => part !== '')
      .map((part) => [part.slice(0, part.indexOf('\n')), part.trim()]),
  );
}

function recorded(game: string): Map<string, string> {
  return steps(readFileSync(path.join(import.meta.dirname, `parity/expected-${game}.txt`), 'utf8'));
}

const games = [
  ...RELEASES.map((release) => ({ name: release.name, release, play })),
  {
    name: RANDOM.name,
    release: RELEASES[0] as Release,
    play: (world: World) => playRandom(world, RANDOM.seed, RANDOM.steps),
  },
];

describe.each(games)('$name', async (game) => {
  const expected = recorded(game.name);
  const world = new World(await KtsTarget.started(game.release));
  await game.play(world);
  const actual = steps(world.lines.join('\n'));

  it('has the steps that were recorded', () => {
    expect([...actual.keys()]).toEqual([...expected.keys()]);
  });

  it.each([...expected.keys()])('%s', (name) => {
    expect(actual.get(name)).toBe(expected.get(name));
  });
});
