/**
 * Kafka's own tools print against kts what they print against Apache Kafka, case by case. The cases and Kafka's answers
 * are the scripts in tool-parity/; each script has a fresh node. Recording runs the same against Apache Kafka and
 * writes what it prints into the scripts:
 *
 *     KTS_TEST_TARGET=kafka KTS_TEST_RECORD=1 npm run conformance -- tool-parity
 *
 * A case in which kts is meant to differ says why (`differs:`) and holds both; KTS_TEST_RECORD=1 without the target
 * writes kts's side of those cases, and of those only. A script's name behind `-t` picks it.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { ScriptRunner } from './support/script-runner.ts';
import { hasCompiler, ToolLoop } from './support/tool-loop.ts';
import { type Case, type Outcome, parseScript, printScript } from './support/tool-script.ts';

const SCRIPTS = path.join(import.meta.dirname, 'tool-parity');
const RECORD = process.env['KTS_TEST_RECORD'] !== undefined;
/** Kafka's broker tells of a change a moment after the answer; a recording must not catch it in between. */
const RECORD_PAUSE_MS = 400;

function expectation(one: Case): Outcome {
  const outcome = TARGET === 'kts' && one.fields.has('differs') ? one.kts : one.kafka;
  if (outcome === null) throw new Error(`the case ${one.id} has not been recorded`);
  return outcome;
}

/** A topic that goes while it is fetched: whether its id is asked for once more before its name is missed is chance. */
const BY_CHANCE = /^.*Received unknown topic ID error in fetch for partition .*\n/gm;

function atAnyInstant(printed: Outcome): Outcome {
  return { ...printed, stderr: printed.stderr.replace(BY_CHANCE, '') };
}

async function record(one: Case, runner: ScriptRunner): Promise<void> {
  if (TARGET === 'kafka') {
    await sleep(RECORD_PAUSE_MS);
    one.kafka = await runner.run(one, null);
    return;
  }
  const outcome = await runner.run(one, one.kts ?? one.kafka);
  if (one.fields.has('differs')) one.kts = outcome;
}

const available = hasCompiler();
const names = fs.readdirSync(SCRIPTS).filter((name) => name.endsWith('.txt'));

describe.skipIf(!available)("Kafka's tools, case by case", () => {
  let tools: ToolLoop;

  beforeAll(() => {
    tools = new ToolLoop();
  });

  afterAll(() => tools?.close());

  describe.each(names)('%s', (name) => {
    const file = path.join(SCRIPTS, name);
    const script = parseScript(fs.readFileSync(file, 'utf8'));
    let home: Home;
    let node: RunningNode;
    let runner: ScriptRunner;

    beforeAll(async () => {
      home = await makeHome(script.properties);
      node = await startNode(home);
      runner = new ScriptRunner(tools, home);
    });

    afterAll(async () => {
      if (RECORD) fs.writeFileSync(file, printScript(script));
      // A node of Kafka's that has failed inside does not stop by itself.
      if (RECORD) node?.child.kill('SIGKILL');
      await node?.stop();
      home?.remove();
    });

    it.each(script.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
      if (RECORD) return record(one, runner);
      const expected = expectation(one);
      const printed = atAnyInstant(await runner.run(one, expected));
      // Now and then the log of a tool loses its line in the loop that runs them all: then it is asked once more.
      const isLost = printed.stderr === '' && expected.stderr !== '' && printed.stdout === expected.stdout;
      expect(isLost ? atAnyInstant(await runner.run(one, expected)) : printed).toEqual(expected);
    });
  });
});
