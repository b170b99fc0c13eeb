import { describe, expect, it } from 'vitest';
import { isUnclear } from '../../../src/client/producer/failure.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';

const error = (code: number) => new KafkaError(code, 'no');

describe('whether a batch may be in the log after an answer', () => {
  it.each([
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.KAFKA_STORAGE_ERROR,
  ])('it may: error %i is given behind an append too, and another identity would write it twice', (code) => {
    expect(isUnclear(error(code))).toBe(true);
  });

  it.each([ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER])(
    'it may not: error %i comes before the append',
    (code) => {
      expect(isUnclear(error(code))).toBe(false);
    },
  );

  it('it may when nobody answered', () => {
    expect(isUnclear(new Error('connection reset'))).toBe(true);
  });
});
