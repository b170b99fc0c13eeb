/**
 * Kafka's pools grow and shrink by at most the factor two in one step. There are no such pools here; a script that asks
 * for a jump is told so all the same, since the next node that reads these configs may be Kafka's.
 */
import { KafkaError } from '../protocol/kafka-error.ts';
import type { BrokerConfig } from './broker-config.ts';

const INVALID_REQUEST = 42;

const POOLS = [
  'num.io.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'num.network.threads',
] as const;
const CLEANERS = 'log.cleaner.threads';

export function checkThreadCounts(before: BrokerConfig, after: BrokerConfig): void {
  const current = before.number(CLEANERS);
  const cleaners = after.number(CLEANERS);
  if (cleaners < Math.trunc(current / 2)) {
    refuse(`Log cleaner threads cannot be reduced to less than half the current value ${current}`);
  }
  if (cleaners > current * 2) {
    refuse(`Log cleaner threads cannot be increased to more than double the current value ${current}`);
  }
  for (const name of POOLS) checkPool(name, before.number(name), after.number(name));
}

function checkPool(name: string, current: number, count: number): void {
  const failed = `Dynamic thread count update validation failed for ${name}=${count}`;
  if (count < Math.trunc(current / 2)) refuse(`${failed}, value should be at least half the current value ${current}`);
  if (count > current * 2) {
    refuse(`${failed}, value should not be greater than double the current value ${current}`);
  }
}

/** Kafka puts the whole exception where the value belongs. */
function refuse(message: string): never {
  throw new KafkaError(
    INVALID_REQUEST,
    `Invalid value org.apache.kafka.common.config.ConfigException: ${message} for configuration Invalid dynamic configuration`,
  );
}
