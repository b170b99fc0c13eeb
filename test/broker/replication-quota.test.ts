import { describe, expect, it } from 'vitest';
import { isThrottled, ReplicationQuota, throttledPartitions } from '../../src/broker/replication-quota.ts';
import { ManualTime } from '../support/manual-time.ts';

describe('a replication quota', () => {
  const quotaOf = (limit: number) => {
    const time = new ManualTime();
    return { time, quota: new ReplicationQuota({ clock: time, limit: () => limit, windows: 3, windowMs: 1000 }) };
  };

  it('goes by the rate of the last windows, over one whole window at the least', () => {
    const { time, quota } = quotaOf(100);
    quota.record(100);
    expect(quota.bytesPerSecond).toBe(100);
    expect(quota.isExceeded).toBe(false);
    quota.record(1);
    expect(quota.isExceeded).toBe(true);
    time.sleep(2000);
    expect(quota.bytesPerSecond).toBe(50.5);
    quota.record(199);
    expect(quota.bytesPerSecond).toBe(150);
    time.sleep(1000);
    expect(quota.bytesPerSecond).toBe(199);
    time.sleep(2000);
    expect(quota.bytesPerSecond).toBe(0);
  });

  it('is never exceeded without a limit', () => {
    const { quota } = quotaOf(Number.POSITIVE_INFINITY);
    quota.record(1e12);
    expect(quota.isExceeded).toBe(false);
  });
});

describe('the replicas that a topic throttles', () => {
  it.each([
    [undefined, [false, false]],
    ['', [false, false]],
    ['none', [false, false]],
    ['*', [true, true]],
    ['0:1,1:2', [true, false]],
    ['0:2, 1:1', [false, true]],
  ])('%s', (value, expected) => {
    const throttled = throttledPartitions(value, 1);
    expect([0, 1].map((partition) => isThrottled(throttled, partition))).toEqual(expected);
  });
});
