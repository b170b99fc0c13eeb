/**
 * Brokers that refuse, hang, lose requests and answers, die and come back: whatever happens, acknowledged records are in
 * the log once and in order, and every record ends within its delivery timeout.
 *   KTS_TEST_SEED
 */
import { describe, expect, it } from 'vitest';
import { Producer } from '../../../src/client/producer/producer.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { FakeCluster, type Fate } from '../support/fake-cluster.ts';

const SEEDS =
  process.env['KTS_TEST_SEED'] === undefined
    ? Array.from({ length: Number(process.env['KTS_TEST_RUNS'] ?? 40) }, (_, i) => 11 + i * 7)
    : [Number(process.env['KTS_TEST_SEED'])];
const RECORDS = 300;
const DELIVERY_TIMEOUT_MS = 20_000;

const REFUSALS: readonly Fate[] = [
  { code: ErrorCode.NOT_LEADER_OR_FOLLOWER },
  { code: ErrorCode.NOT_ENOUGH_REPLICAS },
  { code: ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND, done: true },
  { code: ErrorCode.REQUEST_TIMED_OUT, done: true },
  { code: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS },
  { code: ErrorCode.INVALID_RECORD },
];

function faults(cluster: FakeCluster, share: number): void {
  cluster.fate = ({ name }) => {
    if (name === 'Metadata' || cluster.random.int(100) >= share) return 'answer';
    const kind = cluster.random.int(10);
    if (kind < 3) return 'loseAnswer';
    if (kind < 5) return 'lose';
    if (kind === 5) return 'hang';
    return REFUSALS[cluster.random.int(REFUSALS.length - (name === 'Produce' ? 0 : 1))] as Fate;
  };
}

async function drill(seed: number) {
  const cluster = new FakeCluster({ brokers: 2, seed });
  const topic = cluster.topic('t', 3);
  faults(cluster, 30);
  const view = cluster.view({ requestTimeoutMs: 3_000 });
  const producer = new Producer(view, {
    batchBytes: 200,
    lingerMs: cluster.random.int(3) * 5,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    requestTimeoutMs: 3_000,
  });
  const acknowledged: { record: number; partition: number; offset: number }[] = [];
  let ended = 0;
  const sends: Promise<void>[] = [];
  for (let record = 0; record < RECORDS; record++) {
    const begun = cluster.time.monotonicMs();
    const partition = record % 3;
    sends.push(
      producer
        .send({ topic: 't', partition, value: String(record) })
        .then(
          ({ offset }) => {
            acknowledged.push({ record, partition, offset });
          },
          () => undefined,
        )
        .then(() => {
          ended++;
          // The waits for metadata come before the batch begins.
          expect(cluster.time.monotonicMs() - begun).toBeLessThanOrEqual(DELIVERY_TIMEOUT_MS + 60_000);
        }),
    );
    await cluster.run(cluster.random.int(40));
    if (cluster.random.int(60) === 0) {
      cluster.kill(1);
      await cluster.run(cluster.random.int(3_000), 100);
      cluster.restart(1);
    }
  }
  faults(cluster, 0);
  await cluster.until(producer.close(), 300_000, 100);
  await Promise.all(sends);
  view.close();
  return { topic, acknowledged, ended };
}

describe('an idempotent producer', () => {
  it.each(SEEDS)('keeps what was acknowledged once and in order (seed %i)', async (seed) => {
    const { topic, acknowledged, ended } = await drill(seed);
    expect(ended).toBe(RECORDS);
    for (const [partition, { log }] of topic.partitions.entries()) {
      const values = log.values().map(Number);
      expect(new Set(values).size, 'no record twice').toBe(values.length);
      expect(values, 'in order').toEqual([...values].sort((a, b) => a - b));
      for (const { record, offset } of acknowledged.filter((one) => one.partition === partition)) {
        expect(values[offset], `record ${record}`).toBe(record);
      }
    }
    expect(acknowledged.length).toBeGreaterThan(RECORDS / 2);
  });
});
