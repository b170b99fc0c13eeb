/**
 * From the moment a record is due at a producer to the moment a consumer has it: one record a request, open loop, 2,000 a
 * second, to a partition with three replicas. The producer does not wait for answers, the consumer asks again at once.
 */

import type { TestCluster } from '../../test/cluster/support/nodes.ts';
import { fetchOnce } from '../../test/cluster/support/read-back.ts';
import { Wire } from '../../test/cluster/support/wire.ts';
import { produceFrame } from '../harness/producing.ts';
import { WireConnection } from '../harness/wire.ts';

const PER_SECOND = 2_000;
const WARM_UP = 2_000;
const FETCH_WAIT_MS = 500;

/** Sorted, in ms. */
export async function endToEnd(cluster: TestCluster, topic: string, records: number, line: string): Promise<number[]> {
  const leader = await leaderOf(cluster, topic);
  const producer = await WireConnection.connect(Number(leader.split(':')[1]));
  const consumer = await Wire.open(leader);
  const total = records + WARM_UP;
  const times: number[] = [];
  const frame = produceFrame({ topic, records: 1, recordBytes: line.length });
  const began = performance.now() + 200;
  const dueAt = (index: number) => began + (index * 1_000) / PER_SECOND;
  const consumed = (async () => {
    for (let next = 0; next < total; ) {
      const { errorCode, numbers } = await fetchOnce(consumer, topic, 0, next, FETCH_WAIT_MS);
      if (errorCode !== 0) throw new Error(`a Fetch was answered with error ${errorCode}`);
      const now = performance.now();
      for (const { offset } of numbers) if (offset >= WARM_UP) times.push(now - dueAt(offset));
      next = (numbers.at(-1)?.offset ?? next - 1) + 1;
    }
  })();
  let sent = 0;
  const produced = new Promise<void>((resolve, reject) => {
    const turn = () => {
      while (sent < total && dueAt(sent) <= performance.now()) {
        sent++;
        producer.send(frame, () => {});
      }
      if (sent < total) setImmediate(turn);
      else resolve();
    };
    producer.closed.catch(reject);
    turn();
  });
  try {
    await Promise.all([produced, consumed]);
  } finally {
    producer.close();
    consumer.close();
  }
  return times.sort((a, b) => a - b);
}

/** The broker that is asked may not have heard of the topic yet. */
async function leaderOf(cluster: TestCluster, topic: string): Promise<string> {
  for (;;) {
    const leader = await cluster.probe.leaderAddress(topic, 0);
    if (leader !== undefined) return leader;
  }
}
