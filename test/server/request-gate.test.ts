/** Requests that come before the broker may serve. */
import { expect, it } from 'vitest';
import { type ApiRow, CLOSE_CONNECTION } from '../../src/network/handler.ts';
import { RequestGate } from '../../src/server/request-gate.ts';
import { ManualTime } from '../support/manual-time.ts';

function guarded(time: ManualTime) {
  const gate = new RequestGate(time);
  const rows = gate.guard([{ apiKey: 3, handle: () => 'answer' } as unknown as ApiRow]);
  return { gate, ask: () => rows.get(3)?.handle(undefined as never, undefined as never) };
}

it('wait until it does', async () => {
  const time = new ManualTime();
  const { gate, ask } = guarded(time);
  const answers = Promise.all([ask(), ask()]);
  time.advance(2000);
  gate.open();
  expect(await answers).toEqual(['answer', 'answer']);
  expect(time.timerCount).toBe(0);
  expect(ask()).toBe('answer');
});

it('are sent away when that takes long, so that their clients ask another broker', async () => {
  const time = new ManualTime();
  const { ask } = guarded(time);
  const answer = ask();
  time.advance(5000);
  expect(await answer).toBe(CLOSE_CONNECTION);
});
