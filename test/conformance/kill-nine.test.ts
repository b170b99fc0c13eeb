/** kill -9 at random moments under an idempotent producer: every acknowledged record is there once, in order. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Home, kts, makeHome, type RunningNode, startNode } from './support/node.ts';
import { RawProducer } from './support/raw-producer.ts';

const KILLS = Number(process.env['KTS_TEST_KILLS'] ?? 10);
const TOPIC = 'drill';

let home: Home;
let node: RunningNode;

beforeAll(async () => {
  home = await makeHome({ 'log.segment.bytes': String(1024 * 1024) });
  node = await startNode(home);
  await kts(['topics', '--bootstrap-server', home.bootstrap, '--create', '--topic', TOPIC, '--partitions', '1']);
});

afterAll(async () => {
  node?.child.kill('SIGKILL');
  home?.remove();
});

it(`holds every acknowledged record once and in order after ${KILLS} kills`, { timeout: 20 * 60_000 }, async () => {
  const seed = Number(process.env['KTS_TEST_SEED'] ?? Date.now() % 100_000);
  let state = seed;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  const producer = new RawProducer({
    bootstrap: home.bootstrap,
    topic: TOPIC,
    batchSize: (batch) => 1 + ((batch * 7) % 40),
    value: (record) => Buffer.from(`${record} ${'x'.repeat(record % 200)}`),
  });
  const running = producer.run();
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(random() * 700);
    const gone = new Promise((resolve) => node.child.once('close', resolve));
    node.child.kill('SIGKILL');
    await gone;
    node = await startNode(home);
  }
  const before = producer.acknowledged;
  await sleep(500);
  producer.stop();
  await running;
  expect(producer.acknowledged, `seed ${seed}: the node serves after the last kill`).toBeGreaterThan(before);
  expect(producer.acknowledged).toBe(producer.sent);
  const args = ['--topic', TOPIC, '--partition', '0', '--offset', 'earliest', '--max-messages', String(producer.sent)];
  const text = await kts(['console-consumer', '--bootstrap-server', home.bootstrap, ...args, '--timeout-ms', '20000']);
  const numbers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
  const wrong = numbers.findIndex((number, index) => number !== index);
  expect(wrong, `seed ${seed}: record ${wrong} is ${numbers[wrong]}`).toBe(-1);
  expect(numbers).toHaveLength(producer.sent);
  console.log(
    `kill -9 x ${KILLS}, seed ${seed}: ${producer.acknowledged} records acknowledged, all there once, in order`,
  );
});
