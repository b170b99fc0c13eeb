/** Brokers that are gone without a word: their session is over, or they were found to be gone before that. */
import type { BrokerRegistration } from '../../metadata/image.ts';
import type { OperationContext, OperationResult } from '../operation.ts';
import { fenceRecords } from './fencing.ts';

const NOTHING: OperationResult<boolean> = { records: [], response: false };

function fence({ image, config, heartbeats }: OperationContext, broker: BrokerRegistration): OperationResult<boolean> {
  return {
    records: fenceRecords(image, config, broker),
    response: true,
    isDivisible: true,
    // Its next incarnation need not wait for the end of a session that nobody keeps up.
    afterReplay: () => heartbeats.remove(broker.id),
  };
}

/** One broker a turn; true when there may be more, so that the next turn comes at once. */
export function fenceStaleBroker(context: OperationContext): OperationResult<boolean> {
  const { image, heartbeats, monotonicMs } = context;
  const stale = heartbeats.findStale(monotonicMs, (id) => image.brokers.get(id)?.fenced === false);
  const broker = stale === null ? undefined : image.brokers.get(stale);
  return broker === undefined ? NOTHING : fence(context, broker);
}

/** Nothing is done when another incarnation has registered meanwhile, or the broker is fenced already. */
export function fenceLostBroker(
  context: OperationContext,
  brokerId: number,
  brokerEpoch: number,
): OperationResult<boolean> {
  const broker = context.image.brokers.get(brokerId);
  if (broker === undefined || broker.epoch !== brokerEpoch || broker.fenced) return NOTHING;
  return fence(context, broker);
}
