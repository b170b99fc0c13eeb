import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { BrokerHarness } from '../harness.ts';

const INIT_PRODUCER_ID = 22;

let broker: BrokerHarness;

beforeEach(async () => {
  broker = await BrokerHarness.start();
});

afterEach(() => broker.remove());

function init(version = 5, request: object = {}) {
  const current = version >= 3 ? { producerId: -1, producerEpoch: -1 } : {};
  const asked = { transactionalId: null, transactionTimeoutMs: 60_000, ...current, ...request };
  return broker.ask(INIT_PRODUCER_ID, version, asked).answer;
}

describe('InitProducerId', () => {
  it.each([0, 1, 2, 3, 4, 5])('v%i gives a fresh id in epoch 0', async (version) => {
    expect(await init(version)).toMatchObject({ errorCode: 0, producerId: 1000, producerEpoch: 0 });
    expect(await init(version)).toMatchObject({ errorCode: 0, producerId: 1001, producerEpoch: 0 });
  });

  it('gives a fresh id also to a producer that has one', async () => {
    const answer = await init(4, { producerId: 77, producerEpoch: 3 });
    expect(answer).toMatchObject({ errorCode: 0, producerId: 1000, producerEpoch: 0 });
  });

  it.each(['tx', ''])('refuses transactional id "%s" for good, at once', async (transactionalId) => {
    const fatal = transactionalId === '' ? ErrorCode.INVALID_REQUEST : ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(await init(5, { transactionalId })).toMatchObject({ errorCode: fatal, producerId: -1, producerEpoch: -1 });
  });

  it('refuses half of an identity', async () => {
    expect((await init(4, { producerId: 77 })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await init(4, { producerEpoch: 1 })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});
