/** A leader where every record is synced before it counts. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { batch, logConfig } from '../storage/support.ts';
import { turn } from './harness.ts';
import { FollowerWorld } from './replication/follower-world.ts';

let world: FollowerWorld;

beforeEach(() => {
  world = new FollowerWorld();
});
afterEach(() => world.end());

const LEADING = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1], leaderRecoveryState: 0 };

it('what a full disk refuses to sync is not committed, until somebody asks for it again', async () => {
  const log = world.ownLog('t', { config: logConfig({ flushMessages: 1 }) });
  const partition = world.partition(log);
  partition.applyState({ ...LEADING, partitionEpoch: 0 });
  const codes: number[] = [];
  const append = () => {
    const { lastOffset } = partition.append(batch(), true);
    partition.onCommitted(lastOffset, (code) => codes.push(code));
  };
  const flush = log.flush.bind(log);
  log.flush = () => Promise.reject(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'the disk is full'));
  append();
  await turn();
  expect(codes).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
  partition.applyState({ ...LEADING, partitionEpoch: 1 });
  expect(log.highWatermark).toBe(0);
  log.flush = flush;
  append();
  while (codes.length < 2) await turn();
  expect(codes[1]).toBe(ErrorCode.NONE);
  expect([log.highWatermark, log.recoveryPoint]).toEqual([2, 2]);
});
