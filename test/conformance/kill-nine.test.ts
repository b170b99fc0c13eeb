/**
 * kill -9 at random moments, start-up included, under an idempotent producer: every acknowledged record is there once,
 * in order. Segments are small and recovery points fresh, so that kills meet rolls and checkpoints.
 *   KTS_TEST_KILLS (10), KTS_TEST_SEED
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Home, makeHome, type RunningNode, startNode, TARGET } from './support/node.ts';
import { RawProducer } from './support/raw-producer.ts';
import { createTopic, readNumbers } from './support/raw-reader.ts';

const KILLS = Number(process.env['KTS_TEST_KILLS'] ?? 10);
const SEED = Number(process.env['KTS_TEST_SEED'] ?? Date.now() % 100_000);
const TOPIC = 'drill';
const BIN = path.resolve(import.meta.dirname, '../../bin/kts.js');

let home: Home;
let node: RunningNode;

beforeAll(async () => {
  home = await makeHome({
    'log.segment.bytes': String(1024 * 1024),
    'log.flush.offset.checkpoint.interval.ms': '300',
    'log.initial.task.delay.ms': '50',
  });
  node = await startNode(home);
  await createTopic(home.bootstrap, TOPIC);
});

afterAll(() => {
  node?.child.kill('SIGKILL');
  home?.remove();
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

async function kill(running: RunningNode): Promise<void> {
  const gone = new Promise((resolve) => running.child.once('close', resolve));
  running.child.kill('SIGKILL');
  await gone;
}

/** A start that does not get far. */
async function killWhileStarting(afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [BIN, 'server-start', home.properties], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('close', resolve));
  await sleep(afterMs);
  child.kill('SIGKILL');
  await gone;
}

it(`holds every acknowledged record once and in order after ${KILLS} kills`, { timeout: 20 * 60_000 }, async () => {
  const random = seeded(SEED);
  const producer = new RawProducer({
    bootstrap: home.bootstrap,
    topic: TOPIC,
    batchSize: (batch) => 1 + ((batch * 7) % 40),
    value: (record) => Buffer.from(`${record} ${'x'.repeat(record % 200)}`),
  });
  const running = producer.run();
  running.catch(() => {});
  for (let kills = 0; kills < KILLS; kills++) {
    await sleep(random() * 700);
    await kill(node);
    if (TARGET === 'kts' && random() < 0.3) await killWhileStarting(random() * 400);
    node = await startNode(home);
  }
  const before = producer.acknowledged;
  await sleep(500);
  producer.stop();
  await running;
  expect(producer.acknowledged, `seed ${SEED}: the node serves after the last kill`).toBeGreaterThan(before);
  expect(producer.acknowledged).toBe(producer.sent);
  const numbers = await readNumbers(home.bootstrap, TOPIC);
  const wrong = numbers.findIndex((number, index) => number !== index);
  expect(wrong, `seed ${SEED}: record ${wrong} is ${numbers[wrong]}`).toBe(-1);
  expect(numbers).toHaveLength(producer.sent);
  const refusals = [...producer.refusals].map(([code, times]) => `${code}: ${times}`).join(', ');
  console.log(
    `kill -9 x ${KILLS}, seed ${SEED}: ${producer.acknowledged} records acknowledged, all there once, in order` +
      (refusals === '' ? '' : ` (refused and tried again: ${refusals})`),
  );
});
