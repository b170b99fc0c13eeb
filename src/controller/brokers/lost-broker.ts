/** A broker that was found to be gone before its session is over: it is fenced as if it were. */
import type { OperationContext, OperationResult } from '../operation.ts';
import { fenceRecords } from './fencing.ts';

/** Nothing is done when another incarnation has registered meanwhile, or the broker is fenced already. */
export function fenceLostBroker(
  context: OperationContext,
  brokerId: number,
  brokerEpoch: number,
): OperationResult<boolean> {
  const { image, config, heartbeats } = context;
  const broker = image.brokers.get(brokerId);
  if (broker === undefined || broker.epoch !== brokerEpoch || broker.fenced) return { records: [], response: false };
  return {
    records: fenceRecords(image, config, broker),
    response: true,
    // Its next incarnation need not wait for the end of a session that nobody keeps up.
    afterReplay: () => heartbeats.remove(brokerId),
  };
}
