/**
 * One assigned partition. `position` is the next record to hand out, `fetchOffset` runs ahead of it by what waits to be
 * taken, `consumed` follows behind with what the application is done with: only that is committed.
 */
import type { TopicPartition } from '../offsets.ts';
import type { OffsetReset } from './settings.ts';

export interface Place {
  readonly offset: number;
  /** Of the batch before it; -1 when it is not known. Shows whether the log was cut since. */
  readonly leaderEpoch: number;
}

export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: to be looked up, among the group's offsets or by `reset`. */
  position: Place | undefined;
  fetchOffset: number | undefined;
  consumed: Place | undefined;
  /** What the group's coordinator holds, as far as we know. */
  committedOffset: number | undefined;
  /** The group's offset was asked for, or is not wanted. */
  isCommittedKnown = true;
  /** Instead of the configured policy, for this one time. */
  reset: OffsetReset | undefined;
  paused = false;
  /** The epoch of the leader at which `position` was found to exist. */
  validEpoch = -1;
  isValidating = false;
  /** A replica nearby, as the leader advised, and until when. */
  replica: { readonly node: number; readonly untilMs: number } | undefined;
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;
  /** Not before this time, after an error. */
  retryAtMs = 0;
  failures = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Goes on from there; what waits to be taken does not fit any more. */
  moveTo(place: Place): void {
    this.position = place;
    this.fetchOffset = place.offset;
    this.consumed = place;
    this.reset = undefined;
    this.isCommittedKnown = true;
  }

  /** The position has to be looked up anew. */
  forget(reset: OffsetReset | undefined): void {
    this.position = undefined;
    this.fetchOffset = undefined;
    this.consumed = undefined;
    this.reset = reset;
    this.isCommittedKnown = true;
  }
}
