/**
 * The time of one-record requests at 5,000 a second, open loop: each is sent when it is due, whether the ones before are
 * answered or not, and its time counts from when it was due. The generator spins, because a timer is a hundred times
 * coarser than what is measured.
 */
import type { Broker } from '../harness/broker.ts';
import { checkProduced, produceFirst, produceFrame } from '../harness/producing.ts';
import type { SharedLoad } from '../harness/session.ts';
import { WireConnection } from '../harness/wire.ts';

const PER_SECOND = 5000;

async function openLoop(broker: Broker, topic: string, requests: number): Promise<Float64Array> {
  const connection = await WireConnection.connect(broker.port);
  try {
    const frame = produceFrame({ topic, records: 1, recordBytes: 100 });
    await produceFirst(connection, frame);
    const times = new Float64Array(requests);
    const started = performance.now();
    const dueAt = (index: number) => started + (index * 1000) / PER_SECOND;
    let sent = 0;
    let answered = 0;
    const done = new Promise<void>((resolve, reject) => {
      const onAnswer = (answer: Buffer) => {
        times[answered] = performance.now() - dueAt(answered);
        answered++;
        try {
          checkProduced(answer);
        } catch (error) {
          reject(error);
        }
      };
      const turn = () => {
        while (sent < requests && dueAt(sent) <= performance.now()) {
          sent++;
          connection.send(frame, onAnswer);
        }
        if (answered === requests) resolve();
        else setImmediate(turn);
      };
      turn();
      connection.closed.catch(reject);
    });
    await done;
    return times;
  } finally {
    connection.close();
  }
}

export const latency: SharedLoad = {
  rows: [
    {
      key: 'latency-p50',
      title: 'one-record requests at 5k/s, p50, µs',
      better: 'less',
      ratio: 'share',
      must: { ratio: 0.7 },
      aim: { ratio: 0.45 },
    },
    {
      key: 'latency-p99',
      title: 'one-record requests at 5k/s, p99, µs',
      better: 'less',
      ratio: 'share',
      must: { ratio: 1 },
      aim: { ratio: 0.5 },
    },
  ],
  run: async (broker, session) => {
    const topic = session.topicName();
    await broker.createTopic(topic);
    try {
      const times = (await openLoop(broker, topic, session.count(50_000))).sort();
      const at = (share: number) => (times[Math.floor(times.length * share)] as number) * 1000;
      return { 'latency-p50': at(0.5), 'latency-p99': at(0.99) };
    } finally {
      await broker.deleteTopic(topic);
    }
  },
};
