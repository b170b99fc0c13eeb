/**
 * Where new replicas go: striped over the racks and over the brokers of each rack, so that leaders and replicas spread
 * evenly and no rack holds two replicas of a partition while another has none. Fenced brokers come last within their
 * rack and never first in a partition; brokers on their way out, and those all of whose directories are cordoned, get
 * nothing. Random are only the beginnings, and the order once every broker has led.
 */
import type { MetadataImage } from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Random } from '../../runtime/runtime.ts';

export interface PlacementSpec {
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** The brokers of a rack in one state: a partition takes them from one place on, the next partition from one further. */
class BrokerList {
  #ids: readonly number[];
  #offset: number;
  #taken = 0;
  #round = 0;

  constructor(ids: readonly number[], random: Random) {
    this.#ids = ids.toSorted((a, b) => a - b);
    this.#offset = ids.length === 0 ? 0 : random.int(ids.length);
  }

  shuffle(random: Random): void {
    this.#ids = shuffled(this.#ids, random);
  }

  /** Undefined when this partition (`round`) has them all. */
  next(round: number): number | undefined {
    if (this.#ids.length === 0) return undefined;
    if (this.#round !== round) {
      this.#round = round;
      this.#taken = 0;
      this.#offset = (this.#offset + 1) % this.#ids.length;
    }
    if (this.#taken >= this.#ids.length) return undefined;
    return this.#ids[(this.#taken++ + this.#offset) % this.#ids.length];
  }
}

interface Rack {
  readonly unfenced: BrokerList;
  readonly fenced: BrokerList;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const result = list.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

interface UsableBroker {
  readonly id: number;
  readonly rack: string | null;
  readonly fenced: boolean;
}

function usableBrokers(image: MetadataImage): UsableBroker[] {
  const usable: UsableBroker[] = [];
  for (const { id, rack, fenced, inControlledShutdown, logDirs, cordonedLogDirs } of image.brokers.values()) {
    const cordoned = cordonedLogDirs ?? [];
    if (logDirs.length > 0 && logDirs.every((directory) => cordoned.includes(directory))) continue;
    if (inControlledShutdown && !fenced) continue;
    usable.push({ id, rack, fenced });
  }
  return usable;
}

class RackList {
  readonly #random: Random;
  readonly #unfencedCount: number;
  #racks: readonly Rack[];
  #offset: number;
  #round = 0;

  constructor(brokers: readonly UsableBroker[], random: Random) {
    this.#random = random;
    this.#unfencedCount = brokers.filter((broker) => !broker.fenced).length;
    // No rack comes before all racks.
    const names = [...new Set(brokers.map((broker) => broker.rack))].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));
    this.#racks = names.map((name) => {
      const idsOf = (fenced: boolean): number[] =>
        brokers.filter((broker) => broker.rack === name && broker.fenced === fenced).map((broker) => broker.id);
      return { fenced: new BrokerList(idsOf(true), random), unfenced: new BrokerList(idsOf(false), random) };
    });
    this.#offset = random.int(this.#racks.length);
  }

  /** The replicas of one partition. There must be a broker that is not fenced, and as many as are asked for. */
  place(replicationFactor: number): number[] {
    if (this.#round > 0 && this.#round % this.#unfencedCount === 0 && this.#unfencedCount > 1) this.#shuffle();
    const count = this.#racks.length;
    this.#offset %= count;
    let first = this.#offset;
    let leader: number | undefined;
    for (; leader === undefined; first = (first + 1) % count) leader = this.#racks[first]?.unfenced.next(this.#round);
    const replicas = [leader];
    // The leader's rack sits out one turn.
    let sitsOut = (first + count - 1) % count;
    for (let at = this.#offset; replicas.length < replicationFactor; at = (at + 1) % count) {
      if (at === sitsOut) {
        sitsOut = -1;
        continue;
      }
      const rack = this.#racks[at] as Rack;
      const next = rack.unfenced.next(this.#round) ?? rack.fenced.next(this.#round);
      if (next !== undefined) replicas.push(next);
    }
    this.#round++;
    this.#offset++;
    return replicas;
  }

  #shuffle(): void {
    this.#racks = shuffled(this.#racks, this.#random);
    for (const rack of this.#racks) {
      rack.fenced.shuffle(this.#random);
      rack.unfenced.shuffle(this.#random);
    }
  }
}

function refuse(message: string): never {
  throw new KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, message);
}

/** The replicas of each new partition, the preferred leader first. */
export function placeReplicas(image: MetadataImage, random: Random, spec: PlacementSpec): number[][] {
  const { partitions, replicationFactor } = spec;
  if (replicationFactor <= 0) {
    refuse(`Invalid replication factor ${replicationFactor}: the replication factor must be positive.`);
  }
  const brokers = usableBrokers(image);
  if (brokers.every((broker) => broker.fenced)) {
    refuse('All brokers are currently fenced, or have all their log directories cordoned.');
  }
  if (replicationFactor > brokers.length) {
    refuse(
      `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} ` +
        'broker(s) are registered or some brokers have all their log directories cordoned.',
    );
  }
  const racks = new RackList(brokers, random);
  return Array.from({ length: partitions }, () => racks.place(replicationFactor));
}
