/**
 * The recorded runs of Kafka's tools, played by our commands in the strict manner against Apache Kafka as the broker: with
 * the groups of the consumer protocol, which only it has.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replay } from '../commands/replay.ts';
import { DIFFERENT, EITHER } from '../commands/transcript-exceptions.ts';
import { reasonIn, SCENES } from '../commands/transcript-scenes.ts';
import { freshAddresses, scratchDirectory, type World, worldValues } from '../commands/transcript-world.ts';
import type { TranscriptCase } from '../support/transcripts.ts';
import { makeHome, startNode } from './support/node.ts';
import { javaArguments, KAFKA_JARS } from './support/tools.ts';

/** A consumer of Java's in a group of the newer protocol. */
async function newGroupMember(bootstrap: string, group: string, topic: string, clientId: string) {
  const words = ['--bootstrap-server', bootstrap, '--topic', topic, '--group', group, '--from-beginning'];
  const properties = ['group.protocol=consumer', `client.id=${clientId}`, 'auto.commit.interval.ms=100'];
  const given = properties.flatMap((property) => ['--command-property', property]);
  const child = spawn('java', javaArguments('console-consumer', [...words, ...given]), { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}

/** Rules are kept, and bind nobody here. */
const AUTHORIZER = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};

async function kafkaWorld(): Promise<World> {
  const home = await makeHome(AUTHORIZER, 'kafka');
  const node = await startNode(home, 'kafka');
  const scratch = scratchDirectory();
  const named = { ...(await freshAddresses()), CONTROLLER: home.controller };
  return {
    bootstrap: home.bootstrap,
    values: worldValues(home.bootstrap, named, scratch),
    scratch,
    hasNewGroups: true,
    hasQuotas: true,
    hasAuthorizer: true,
    newGroupMember: (group, topic, clientId) => newGroupMember(home.bootstrap, group, topic, clientId),
    [Symbol.asyncDispose]: async () => {
      await node.stop();
      home.remove();
      fs.rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Kafka's broker hears of a change a moment after the controller has answered: what only looks is asked again. */
const LOOKS = 20;

async function replayed(test: TranscriptCase, world: World) {
  const looks = test.argv.includes('--describe') || test.argv.includes('--list') ? LOOKS : 1;
  let difference = await replay(test, world.values);
  for (let look = 1; look < looks && difference !== undefined; look++) difference = await replay(test, world.values);
  return difference;
}

/** Those that a second broker with other properties would be needed for. */
const isPlayable = ({ argv }: TranscriptCase) => !argv.includes('<NO_AUTO>') && !argv.includes('<NO_AUTHORIZER>');

describe.runIf(KAFKA_JARS !== undefined)('the recorded runs, with Apache Kafka as the broker', () => {
  let world: World;

  beforeAll(async () => {
    world = await kafkaWorld();
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  describe.each(SCENES.filter((scene) => scene.isLocal !== true))('$title', (scene) => {
    beforeAll(() => scene.prepare?.(world));
    afterAll(() => scene.after?.());

    it.each(scene.cases.filter(isPlayable).map((test) => [test.id, test] as const))('%s', async (_, test) => {
      await scene.before?.(world, test);
      const adapted = (await scene.adapt?.(test, world)) ?? test;
      const isMeant = reasonIn(DIFFERENT, scene.file, test.id) !== undefined;
      const difference = isMeant ? await replay(adapted, world.values) : await replayed(adapted, world);
      if (reasonIn(EITHER, scene.file, test.id) !== undefined) return;
      if (isMeant) expect(difference).toBeDefined();
      else expect(difference).toBeUndefined();
    });
  });
});
