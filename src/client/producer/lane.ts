/** The way to one broker. */
import type { Link } from '../../network/link.ts';
import type { PartitionQueue } from './partition-queue.ts';

export class Lane {
  readonly node: number;
  link: Link | undefined;
  isOpening = false;
  isScheduled = false;
  /** Requests under way. */
  inFlight = 0;
  /** Queues with something to send, the longest waiting first. */
  readonly waiting = new Set<PartitionQueue>();
  /** Since when something waits that cannot go. */
  stuckSinceMs: number | undefined;

  constructor(node: number) {
    this.node = node;
  }
}
