/** What the active controller does by itself, at intervals. */
import { metadataRecord } from '../metadata/records.ts';
import { fenceStaleBroker } from './brokers/lost-broker.ts';
import type { ControllerConfig } from './controller-config.ts';
import type { OperationContext, OperationResult } from './operation.ts';
import { electPreferredLeaders, electUncleanLeaders } from './partitions/elections.ts';

export interface PeriodicTask {
  readonly name: string;
  /** 0: never. */
  intervalMs(config: ControllerConfig): number;
  /** Skipped when something was written since its last turn. */
  readonly onlyWhenIdle?: boolean;
  /** `delayMs`: how long it was to wait for this turn. True when the next one is to come at once. */
  run(context: OperationContext, delayMs: number): OperationResult<boolean>;
}

/** What comes at once leaves room for what waits. */
export const SOON_MS = 10;

export const PERIODIC_TASKS: readonly PeriodicTask[] = [
  {
    name: 'maybeFenceStaleBroker',
    intervalMs: (config) => config.brokerSessionTimeoutMs / 8,
    run: (context, delayMs) => {
      context.heartbeats.noticeAbsence(context.monotonicMs, delayMs);
      return fenceStaleBroker(context);
    },
  },
  {
    // Lets followers and brokers notice that they lag behind, or that the quorum is gone.
    name: 'writeNoOpRecord',
    intervalMs: (config) => config.metadataMaxIdleIntervalMs,
    onlyWhenIdle: true,
    run: () => ({ records: [metadataRecord('noOp', 0, {})], response: false }),
  },
  {
    name: 'electPreferred',
    intervalMs: (config) => config.leaderImbalanceCheckIntervalMs,
    run: electPreferredLeaders,
  },
  {
    name: 'electUnclean',
    intervalMs: (config) => config.uncleanElectionCheckIntervalMs,
    run: electUncleanLeaders,
  },
];
