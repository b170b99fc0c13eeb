/**
 * Where replicas go: striped over the racks and over the brokers of each rack, so that leaders and replicas spread evenly
 * and no rack holds two replicas of a partition while another has none. Fenced brokers come last within their rack and
 * never first in a partition. Random are only the beginnings, and the order once every broker has led. The controller
 * places new partitions with it, and `reassign-partitions` proposes where the present ones could go.
 */

/** A whole number in [0, limit). */
interface Dice {
  int(limit: number): number;
}

export interface PlacementSpec {
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface UsableBroker {
  readonly id: number;
  readonly rack: string | null;
  readonly fenced: boolean;
}

/** The brokers of a rack in one state: a partition takes them from one place on, the next partition from one further. */
class BrokerList {
  #ids: readonly number[];
  #offset: number;
  #taken = 0;
  #round = 0;

  constructor(ids: readonly number[], random: Dice) {
    this.#ids = ids.toSorted((a, b) => a - b);
    this.#offset = ids.length === 0 ? 0 : random.int(ids.length);
  }

  shuffle(random: Dice): void {
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

function shuffled<T>(list: readonly T[], random: Dice): T[] {
  const result = list.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

class RackList {
  readonly #random: Dice;
  readonly #unfencedCount: number;
  #racks: readonly Rack[];
  #offset: number;
  #round = 0;

  constructor(brokers: readonly UsableBroker[], random: Dice) {
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

/** Why these brokers cannot take the partitions, in Kafka's words. */
export function placementRefusal(brokers: readonly UsableBroker[], replicationFactor: number): string | undefined {
  if (replicationFactor <= 0) {
    return `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`;
  }
  if (brokers.every((broker) => broker.fenced)) {
    return 'All brokers are currently fenced, or have all their log directories cordoned.';
  }
  if (replicationFactor > brokers.length) {
    return (
      `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} ` +
      'broker(s) are registered or some brokers have all their log directories cordoned.'
    );
  }
  return undefined;
}

/** The replicas of each partition, the preferred leader first. There is no refusal. */
export function placeOnBrokers(brokers: readonly UsableBroker[], random: Dice, spec: PlacementSpec): number[][] {
  const racks = new RackList(brokers, random);
  return Array.from({ length: spec.partitions }, () => racks.place(spec.replicationFactor));
}
