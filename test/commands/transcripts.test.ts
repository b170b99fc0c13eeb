/** The recorded runs of Kafka's tools, played in the strict manner against the embedded broker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TranscriptCase } from '../support/transcripts.ts';
import { replay } from './replay.ts';
import { DIFFERENT, EITHER } from './transcript-exceptions.ts';
import { isPlayed, reasonIn, SCENES } from './transcript-scenes.ts';
import { embeddedWorld, type World } from './transcript-world.ts';

let world: World;

beforeAll(async () => {
  world = await embeddedWorld();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe.each(SCENES)('$title', (scene) => {
  beforeAll(() => scene.prepare?.(world));
  afterAll(() => scene.after?.());

  const play = async (test: TranscriptCase) => {
    await scene.before?.(world, test);
    const difference = await replay((await scene.adapt?.(test, world)) ?? test, world.values);
    if (reasonIn(EITHER, scene.file, test.id) !== undefined) return;
    // A difference that is meant is still one.
    if (reasonIn(DIFFERENT, scene.file, test.id) !== undefined) expect(difference).toBeDefined();
    else expect(difference).toBeUndefined();
  };
  const run = scene.isConcurrent ? it.concurrent : it;
  const cases = scene.cases.filter((test) =>
    isPlayed(test, { hasNewGroups: false, hasQuotas: false, hasAuthorizer: false }),
  );
  run.each(cases.map((test) => [test.id, test] as const))('%s', (_, test) => play(test));
});
