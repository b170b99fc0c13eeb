/**
 * How much replication may move in a second (KIP-73): the bytes of the last windows, one of them unfinished, against a
 * limit. Only the replicas that a topic's `*.replication.throttled.replicas` names are counted and held back.
 */
import type { BrokerConfig } from '../config/broker-config.ts';
import { ConfigResourceType, configsOf, type MetadataImage } from '../metadata/image.ts';
import type { Clock } from '../runtime/runtime.ts';

export interface ReplicationQuotaOptions {
  readonly clock: Clock;
  /** Bytes per second, as configured now. */
  readonly limit: () => number;
  /** `replication.quota.window.num`, the current one included. */
  readonly windows: number;
  /** `replication.quota.window.size.seconds`. */
  readonly windowMs: number;
}

interface Sample {
  startMs: number;
  bytes: number;
}

export class ReplicationQuota {
  readonly #options: ReplicationQuotaOptions;
  /** Oldest first. */
  #samples: Sample[] = [];

  constructor(options: ReplicationQuotaOptions) {
    this.#options = options;
  }

  record(bytes: number): void {
    const { clock, windowMs } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#forget(nowMs);
    const current = this.#samples.at(-1);
    if (current && nowMs - current.startMs < windowMs) current.bytes += bytes;
    else this.#samples.push({ startMs: nowMs, bytes });
  }

  /** More went through than the limit lets. */
  get isExceeded(): boolean {
    const limit = this.#options.limit();
    if (limit >= Number.MAX_SAFE_INTEGER) return false;
    return this.bytesPerSecond > limit;
  }

  get bytesPerSecond(): number {
    const { clock, windowMs } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#forget(nowMs);
    const first = this.#samples[0];
    if (!first) return 0;
    let bytes = 0;
    for (const sample of this.#samples) bytes += sample.bytes;
    return (bytes * 1000) / Math.max(nowMs - first.startMs, windowMs);
  }

  #forget(nowMs: number): void {
    const { windows, windowMs } = this.#options;
    const oldest = nowMs - windows * windowMs;
    let gone = 0;
    while (gone < this.#samples.length && (this.#samples[gone] as Sample).startMs <= oldest) gone++;
    if (gone > 0) this.#samples.splice(0, gone);
  }
}

/** The partitions that `leader.` or `follower.replication.throttled.replicas` of a topic names for a broker. */
export type ThrottledPartitions = 'all' | ReadonlySet<number>;

const NONE: ThrottledPartitions = new Set();

export function throttledPartitions(value: string | undefined, brokerId: number): ThrottledPartitions {
  const text = value?.trim() ?? '';
  if (text === '' || text === 'none') return NONE;
  if (text === '*') return 'all';
  const partitions = new Set<number>();
  for (const entry of text.split(',')) {
    const [partition, broker] = entry.trim().split(':');
    if (Number(broker) === brokerId) partitions.add(Number(partition));
  }
  return partitions;
}

export function isThrottled(throttled: ThrottledPartitions, partition: number): boolean {
  return throttled === 'all' || throttled.has(partition);
}

/** The keys that hold the limits (they are set while the cluster runs, and nowhere else), and how they are measured. */
const KEYS = {
  leader: {
    rate: 'leader.replication.throttled.rate',
    windows: 'replication.quota.window.num',
    windowSeconds: 'replication.quota.window.size.seconds',
  },
  follower: {
    rate: 'follower.replication.throttled.rate',
    windows: 'replication.quota.window.num',
    windowSeconds: 'replication.quota.window.size.seconds',
  },
  directories: {
    rate: 'replica.alter.log.dirs.io.max.bytes.per.second',
    windows: 'alter.log.dirs.replication.quota.window.num',
    windowSeconds: 'alter.log.dirs.replication.quota.window.size.seconds',
  },
} as const;

export type ThrottledSide = keyof typeof KEYS;

/** The quota of this broker on one side. */
export function replicationQuota(
  side: ThrottledSide,
  of: { readonly clock: Clock; readonly config: BrokerConfig; readonly image: () => MetadataImage },
): ReplicationQuota {
  const { clock, config, image } = of;
  const keys = KEYS[side];
  return new ReplicationQuota({
    clock,
    limit: () => throttledRate(image(), config.nodeId, side),
    windows: config.number(keys.windows),
    windowMs: config.number(keys.windowSeconds) * 1000,
  });
}

/** Bytes per second as they are set for a broker now: of its own, or of all. */
export function throttledRate(image: MetadataImage, brokerId: number, side: ThrottledSide): number {
  const key = KEYS[side].rate;
  const { BROKER } = ConfigResourceType;
  const text = configsOf(image, BROKER, String(brokerId)).get(key) ?? configsOf(image, BROKER, '').get(key);
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text);
}
