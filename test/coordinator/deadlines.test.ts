import { describe, expect, it } from 'vitest';
import { Deadline, DeadlineQueue } from '../../src/coordinator/deadlines.ts';
import { SimulatedTime } from './harness.ts';

function setUp() {
  const time = new SimulatedTime();
  const queue = new DeadlineQueue(time, time);
  const ran: string[] = [];
  const start = time.now;
  const deadline = (name: string) => new Deadline(() => ran.push(`${name}@${time.now - start}`));
  return { time, queue, ran, deadline };
}

describe('deadlines', () => {
  it('run at their time, in order', async () => {
    const { time, queue, ran, deadline } = setUp();
    queue.schedule(deadline('b'), 2_000);
    queue.schedule(deadline('a'), 500);
    queue.schedule(deadline('c'), 7_500);
    await time.advance(10_000);
    expect(ran).toEqual(['a@500', 'b@2000', 'c@7500']);
    expect(time.timerCount).toBe(0);
  });

  it('move later without a new entry, and earlier with one', async () => {
    const { time, queue, ran, deadline } = setUp();
    const session = deadline('session');
    queue.schedule(session, 3_000);
    for (let i = 0; i < 100; i++) {
      await time.advance(1_000);
      queue.schedule(session, 3_000);
    }
    expect(queue.queuedCount).toBe(1);
    queue.schedule(session, 100);
    await time.advance(5_000);
    expect(ran).toEqual(['session@100100']);
  });

  it('do not run once cancelled, and leave nothing behind', async () => {
    const { time, queue, ran, deadline } = setUp();
    for (let i = 0; i < 10_000; i++) {
      const one = deadline('cancelled');
      queue.schedule(one, 1_000_000);
      queue.cancel(one);
    }
    expect(queue.queuedCount).toBeLessThan(200);
    const kept = deadline('kept');
    queue.schedule(kept, 1_000);
    queue.cancel(kept);
    queue.schedule(kept, 2_000);
    await time.advance(5_000);
    expect(ran).toEqual(['kept@2000']);
    expect(time.timerCount).toBe(0);
  });

  it('may be scheduled again by what they run', async () => {
    const { time, queue, ran } = setUp();
    const again = new Deadline(() => {
      ran.push('again');
      if (ran.length < 3) queue.schedule(again, 1_000);
    });
    queue.schedule(again, 1_000);
    await time.advance(10_000);
    expect(ran).toHaveLength(3);
  });

  it('are pushed back by an absence of more than a quarter of them, and by no shorter one', async () => {
    const { time, queue, ran, deadline } = setUp();
    queue.schedule(deadline('session'), 10_000);
    queue.schedule(deadline('long'), 100_000);
    await time.advance(1_000);
    // The wake-up of the watch was due one second later: away for 19 seconds.
    await time.stallFor(20_000);
    expect(ran).toEqual([]);
    await time.advance(7_900);
    expect(ran).toEqual([]);
    await time.advance(200);
    expect(ran).toEqual(['session@29000']);
    await time.advance(200_000);
    expect(ran).toEqual(['session@29000', 'long@100000']);
  });

  it('run nothing after close', async () => {
    const { time, queue, ran, deadline } = setUp();
    queue.schedule(deadline('a'), 10);
    queue.close();
    queue.schedule(deadline('b'), 10);
    await time.advance(1_000);
    expect(ran).toEqual([]);
    expect(time.timerCount).toBe(0);
  });
});
