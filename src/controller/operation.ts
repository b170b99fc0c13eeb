/**
 * An operation of the controller: a pure function from the state and a request to records and a response. It mutates
 * nothing; the controller replays its records, and answers once they are committed. What it throws as KafkaError is
 * the answer, and nothing is written.
 */

import type { MetadataImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { Random } from '../runtime/runtime.ts';
import type { ControllerConfig, TopicConfigValidator } from './controller-config.ts';
import type { HeartbeatTracker } from './heartbeat-tracker.ts';

export interface OperationContext {
  /** With everything that was scheduled so far, committed or not. */
  readonly image: MetadataImage;
  /** The offset of the first record that this operation would write. */
  readonly nextOffset: number;
  readonly config: ControllerConfig;
  readonly configRules: TopicConfigValidator;
  readonly random: Random;
  /** Sessions live beside the log. */
  readonly heartbeats: HeartbeatTracker;
  readonly monotonicMs: number;
  /** The finalised kraft.version. */
  readonly kraftVersion: number;
}

export interface OperationResult<T> {
  readonly records: readonly MetadataRecord[];
  readonly response: T;
  /** The records may lie in several batches: each one of them leaves a state that is sound. */
  readonly isDivisible?: boolean;
  /** Runs after the records were replayed, before they are committed: soft state that follows them. */
  readonly afterReplay?: () => void;
}

export type Operation<T> = (context: OperationContext) => OperationResult<T>;

/** Kafka's limit on what one request of a user may write. */
export const MAX_RECORDS_PER_USER_OPERATION = 10_000;

/** How much of an operation that is divisible comes at a time. */
export const MAX_RECORDS_PER_BATCH = 10_000;
