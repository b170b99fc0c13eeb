/**
 * The fetchers of a broker (Kafka's ReplicaFetcherManager): for each leader `num.replica.fetchers` loops, each over its
 * own connection. A partition is fetched by at most one of them, and by none when it leads or nobody does.
 */
import type { Logger } from '../../base/logger.ts';
import type { Address } from '../../network/address.ts';
import type { OpenLink } from '../../network/link.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { PartitionLog } from '../../storage/partition-log.ts';
import type { Partition } from '../partition.ts';
import type { ReplicaFetcherSettings } from './fetcher-settings.ts';
import { LeaderLink } from './leader-link.ts';
import { type FollowerQuota, ReplicaFetcher } from './replica-fetcher.ts';

export interface ReplicaFetchersOptions {
  readonly nodeId: number;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly openLink: OpenLink;
  /** Where brokers talk to each other; undefined while the metadata knows no address. */
  readonly endpointOf: (brokerId: number) => Address | undefined;
  readonly brokerEpoch: () => number;
  /** As the broker is configured now. */
  readonly settings: () => ReplicaFetcherSettings;
  readonly quota: FollowerQuota;
  /** Writes the recovery points of the logs. */
  readonly checkpoint: () => Promise<ReadonlySet<string>>;
}

/** What the metadata tells of a replica that does not lead. */
export interface Followers {
  follow(partition: Partition, leaderId: number, leaderEpoch: number): void;
  unfollow(partition: Partition): void;
}

interface Running {
  readonly key: string;
  readonly fetcher: ReplicaFetcher;
}

export class ReplicaFetchers implements Followers {
  readonly #options: ReplicaFetchersOptions;
  readonly #fetchers = new Map<string, Running>();
  readonly #following = new Map<Partition, Running>();
  readonly #unwritten = new WeakSet<PartitionLog>();
  #willSweep = false;
  #stopped = false;

  constructor(options: ReplicaFetchersOptions) {
    this.#options = options;
  }

  follow(partition: Partition, leaderId: number, leaderEpoch: number): void {
    if (this.#stopped) return;
    const fetcherId = fetcherOf(partition, this.#options.settings().fetchers);
    const key = `${leaderId}-${fetcherId}`;
    if (this.#following.get(partition)?.key !== key) this.unfollow(partition);
    let running = this.#fetchers.get(key);
    if (running === undefined) {
      running = { key, fetcher: this.#start(leaderId, fetcherId) };
      this.#fetchers.set(key, running);
    }
    this.#following.set(partition, running);
    running.fetcher.follow(partition, leaderEpoch);
  }

  /** From here on nothing is appended to the partition's log but by its owner. */
  unfollow(partition: Partition): void {
    const running = this.#following.get(partition);
    if (running === undefined) return;
    this.#following.delete(partition);
    running.fetcher.unfollow(partition);
    if (running.fetcher.partitionCount === 0) this.#sweepLater();
  }

  /** num.replica.fetchers may have changed: partitions go to the loop that is theirs now. */
  resize(): void {
    for (const partition of [...this.#following.keys()]) {
      this.follow(partition, partition.leader, partition.leaderEpoch);
    }
  }

  /** Controlled shutdown: this broker follows no more. */
  stop(): void {
    this.#stopped = true;
    for (const { fetcher } of this.#fetchers.values()) fetcher.stop();
    this.#fetchers.clear();
    this.#following.clear();
  }

  #start(leaderId: number, fetcherId: number): ReplicaFetcher {
    const { nodeId, brokerEpoch, runtime, openLink, endpointOf, settings, quota, checkpoint } = this.#options;
    const logger = this.#options.logger.named('kafka.server.ReplicaFetcherThread');
    const leader = new LeaderLink({
      leaderId,
      nodeId,
      clientId: `broker-${nodeId}-fetcher-${fetcherId}`,
      brokerEpoch,
      runtime,
      openLink,
      endpointOf,
      timeoutMs: settings().socketTimeoutMs,
    });
    const shared = { runtime, settings, quota, checkpoint, unwritten: this.#unwritten };
    return new ReplicaFetcher({ leaderId, fetcherId, leader, logger, ...shared });
  }

  /** Partitions that move from one leader to another are unfollowed one by one; who is idle then is let go behind that. */
  #sweepLater(): void {
    if (this.#willSweep) return;
    this.#willSweep = true;
    this.#options.runtime.timers.soon(() => {
      this.#willSweep = false;
      for (const { key, fetcher } of [...this.#fetchers.values()]) {
        if (fetcher.partitionCount > 0) continue;
        this.#fetchers.delete(key);
        fetcher.stop();
      }
    });
  }
}

/** A topic's partitions go to fetchers in turn. */
function fetcherOf(partition: Partition, fetchers: number): number {
  let hash = 0;
  for (let i = 0; i < partition.topic.length; i++) hash = (31 * hash + partition.topic.charCodeAt(i)) | 0;
  return Math.abs((31 * hash + partition.id) | 0) % fetchers;
}
