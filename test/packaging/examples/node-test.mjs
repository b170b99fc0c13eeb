import assert from 'node:assert/strict';
import test from 'node:test';
import { startBroker } from 'kts/broker';
import { roundTrip } from './round-trip.mjs';

test('a record makes the round trip', async () => {
  await using broker = await startBroker();
  assert.equal(await roundTrip(broker), 'hello');
});
