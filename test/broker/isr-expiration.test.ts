import { expect, it } from 'vitest';
import { IsrExpiration } from '../../src/broker/isr-expiration.ts';
import { BrokerHarness } from './harness.ts';

it('proposes lagging members of every ISR out, half the allowed lag apart, until it is stopped', async () => {
  const broker = await BrokerHarness.start();
  try {
    broker.withTopics({ t: { replicas: [1, 2], isr: [1, 2] }, alone: {} });
    broker.append('t', 'a');
    const { replicas, time } = broker;
    const expiration = new IsrExpiration({ replicas, timers: time, maxLagMs: () => 30_000 });
    expiration.start();
    for (const passed of [15_000, 15_000]) {
      time.advance(passed);
      expect(broker.proposals).toEqual([]);
    }
    time.advance(15_000);
    expect(broker.proposals.map(({ isr }) => isr)).toEqual([[{ brokerId: 1, brokerEpoch: 7 }]]);
    expiration.stop();
    expect(time.timerCount).toBe(0);
  } finally {
    await broker.remove();
  }
});
