/** An idempotent producer across clean stops, with five batches in flight: each record is there once, in order. */

import { afterEach, expect, it, vi } from 'vitest';
import { RawProducer } from '../conformance/support/raw-producer.ts';
import { freePort } from '../support/free-port.ts';
import { Home, type TestNode } from './node-harness.ts';

let home: Home;

afterEach(() => home.remove());

async function numbers(node: TestNode): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const { errorCode, values } = await node.read('t', 0, found.length);
    expect(errorCode).toBe(0);
    if (values.length === 0) return found;
    found.push(...values.map(Number));
  }
}

it('answers what was appended before it stops, so that nothing is refused or written twice', {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:0`;
  home = new Home({ properties: { listeners, 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}` } });
  let node = await home.start();
  await node.createTopic('t', { 'segment.bytes': '1048576' });
  const producer = new RawProducer({
    bootstrap: `127.0.0.1:${port}`,
    topic: 't',
    batchSize: (batch) => 1 + (batch % 9),
    value: (record) => Buffer.from(String(record)),
  });
  const producing = producer.run();
  producing.catch(() => {});
  for (let restarts = 0; restarts < 5; restarts++) {
    const before = producer.acknowledged;
    await vi.waitUntil(() => producer.acknowledged > before + 200, { timeout: 15_000 });
    await node.stop();
    node = await home.start();
  }
  producer.stop();
  await producing;
  expect(producer.acknowledged).toBe(producer.sent);
  expect(await numbers(node)).toEqual(Array.from({ length: producer.sent }, (_, n) => n));
});
