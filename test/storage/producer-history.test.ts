import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { batch, logConfig, openLog, removeDirectory, temporaryDirectory, testContext } from './support.ts';

const PRODUCER = { producerId: 7, producerEpoch: 0 };
const numbered = (baseSequence: number) => batch({ ...PRODUCER, baseSequence });
const ONE = numbered(0).length;

describe('producer state after a clean stop', () => {
  it('knows the last five batches, also behind later ones', async () => {
    const directory = temporaryDirectory();
    const config = logConfig({ segmentBytes: 3 * ONE, indexIntervalBytes: 1 });
    const log = openLog(testContext(), directory, { config });
    for (let sequence = 0; sequence < 6; sequence++) log.appendAsLeader(numbered(sequence), 0);
    await log.close();
    const again = openLog(testContext(), directory, { config, clean: true, recoveryPoint: 6 });
    expect(again.producers.get(7)?.batches).toHaveLength(1);
    expect(again.appendAsLeader(numbered(6), 0)).toMatchObject({ duplicate: false, baseOffset: 6 });
    for (let sequence = 2; sequence < 7; sequence++) {
      expect(again.appendAsLeader(numbered(sequence), 0)).toMatchObject({ duplicate: true, baseOffset: sequence });
    }
    expect(() => again.appendAsLeader(numbered(8), 0)).toThrow(
      expect.objectContaining({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER }),
    );
    again.abandon();
    removeDirectory(directory);
  });
});

describe('producer state after an unclean stop', () => {
  let directory: string;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  afterEach(() => {
    removeDirectory(directory);
  });

  /** Batches 0 to 5, of which the segment at `rollAt` holds the last ones, and then a crash. */
  function crash(rollAt: number, recoveryPoint: number) {
    const config = logConfig({ segmentBytes: rollAt * ONE, indexIntervalBytes: 1 });
    const log = openLog(testContext(), directory, { config });
    for (let sequence = 0; sequence < 6; sequence++) log.appendAsLeader(numbered(sequence), 0);
    log.abandon();
    return openLog(testContext(), directory, { config, clean: false, recoveryPoint });
  }

  it.each([
    { rollAt: 5, recoveryPoint: 0 },
    { rollAt: 5, recoveryPoint: 5 },
    { rollAt: 4, recoveryPoint: 4 },
    { rollAt: 3, recoveryPoint: 6 },
    { rollAt: 6, recoveryPoint: 6 },
    { rollAt: 1, recoveryPoint: 6 },
  ])(
    'knows the last five batches, whatever rolled among them ($rollAt, $recoveryPoint)',
    ({ rollAt, recoveryPoint }) => {
      const log = crash(rollAt, recoveryPoint);
      for (let sequence = 1; sequence < 6; sequence++) {
        expect(log.appendAsLeader(numbered(sequence), 0)).toMatchObject({ duplicate: true, baseOffset: sequence });
      }
      expect(() => log.appendAsLeader(numbered(0), 0)).toThrow(
        expect.objectContaining({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER }),
      );
      expect(log.appendAsLeader(numbered(6), 0)).toMatchObject({ duplicate: false, baseOffset: 6 });
      log.abandon();
    },
  );

  it('forgets the batches of an older epoch', () => {
    const config = logConfig({ segmentBytes: 3 * ONE });
    const log = openLog(testContext(), directory, { config });
    for (let sequence = 0; sequence < 2; sequence++) log.appendAsLeader(numbered(sequence), 0);
    log.appendAsLeader(batch({ ...PRODUCER, producerEpoch: 1, baseSequence: 0 }), 0);
    log.appendAsLeader(batch({ ...PRODUCER, producerEpoch: 1, baseSequence: 1 }), 0);
    log.abandon();
    const again = openLog(testContext(), directory, { config, clean: false });
    expect(() => again.appendAsLeader(numbered(1), 0)).toThrow(
      expect.objectContaining({ code: ErrorCode.INVALID_PRODUCER_EPOCH }),
    );
    expect(again.producers.get(7)?.batches).toHaveLength(2);
    again.abandon();
  });
});
