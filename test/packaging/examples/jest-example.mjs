/* global test, expect */
import { startBroker } from 'kts/broker';
import { roundTrip } from './round-trip.mjs';

test('a record makes the round trip', async () => {
  await using broker = await startBroker();
  expect(await roundTrip(broker)).toBe('hello');
});
