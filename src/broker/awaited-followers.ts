/**
 * Followers that have not asked yet for a partition that waits for them: a new one, or one whose leader is new. Every
 * acks=all write of it stands until they do, and a fetch of theirs that is parked here knows nothing of it. So such a
 * fetch is let go, and the next is not held for long, until the follower has heard of the partition too and asks for it.
 * Kafka holds it for the whole of replica.fetch.wait.max.ms.
 */
import type { FetchWaiter, Wakeable } from './fetch-waiter.ts';

/** How long a fetch of an awaited follower is held. */
export const AWAITED_WAIT_MS = 20;

interface Parked extends Wakeable {
  /** The partitions that wait for the follower. */
  readonly partitions: Set<object>;
}

export class AwaitedFollowers {
  readonly #byBroker = new Map<number, Parked>();

  /** A partition that is led here waits for the follower. */
  add(brokerId: number, partition: object): void {
    const parked = this.parked(brokerId);
    if (parked.partitions.has(partition)) return;
    parked.partitions.add(partition);
    for (const waiter of parked.waiters) waiter.letGo();
  }

  delete(brokerId: number, partition: object): void {
    this.#byBroker.get(brokerId)?.partitions.delete(partition);
  }

  has(brokerId: number): boolean {
    return (this.#byBroker.get(brokerId)?.partitions.size ?? 0) > 0;
  }

  /** Where the fetches of a follower stand while they wait. */
  parked(brokerId: number): Parked {
    let parked = this.#byBroker.get(brokerId);
    if (!parked) {
      parked = { waiters: new Set<FetchWaiter>(), partitions: new Set() };
      this.#byBroker.set(brokerId, parked);
    }
    return parked;
  }
}
