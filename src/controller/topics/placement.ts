/**
 * Where new replicas go: striped over the racks, beginning at a random broker, so that leaders and replicas spread
 * evenly and no rack holds two replicas of a partition while another has none. Fenced brokers get replicas but never
 * the first one.
 */
import type { MetadataImage } from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Random } from '../../runtime/runtime.ts';

export interface PlacementSpec {
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** A list that is handed out in rounds, each beginning one place further than the one before. */
class StripedList {
  readonly #ids: readonly number[];
  #offset: number;

  constructor(ids: readonly number[], offset: number) {
    this.#ids = ids;
    this.#offset = ids.length === 0 ? 0 : offset % ids.length;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** The ids of one round in order. */
  round(): number[] {
    const ids = this.#ids.map((_, i) => this.#ids[(this.#offset + i) % this.#ids.length] as number);
    if (this.#ids.length > 0) this.#offset = (this.#offset + 1) % this.#ids.length;
    return ids;
  }
}

interface Rack {
  readonly unfenced: StripedList;
  readonly fenced: StripedList;
}

function shuffled(ids: readonly number[], random: Random): number[] {
  const result = ids.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [result[i], result[j]] = [result[j] as number, result[i] as number];
  }
  return result;
}

interface UsableBroker {
  readonly id: number;
  readonly rack: string;
  readonly fenced: boolean;
}

/** A broker all of whose directories are cordoned takes no new replicas. */
function usableBrokers(image: MetadataImage): UsableBroker[] {
  const usable: UsableBroker[] = [];
  for (const broker of image.brokers.values()) {
    const cordoned = broker.cordonedLogDirs ?? [];
    if (broker.logDirs.length > 0 && broker.logDirs.every((id) => cordoned.includes(id))) continue;
    usable.push({ id: broker.id, rack: broker.rack ?? '', fenced: broker.fenced || broker.inControlledShutdown });
  }
  return usable;
}

function racksOf(brokers: readonly UsableBroker[], random: Random): Rack[] {
  const names = [...new Set(brokers.map((broker) => broker.rack))].sort();
  return names.map((name) => {
    const inRack = brokers.filter((broker) => broker.rack === name);
    const list = (fenced: boolean): StripedList => {
      const ids = inRack.filter((broker) => broker.fenced === fenced).map((broker) => broker.id);
      return new StripedList(shuffled(ids, random), random.int(Math.max(1, ids.length)));
    };
    return { unfenced: list(false), fenced: list(true) };
  });
}

function placePartition(racks: readonly Rack[], startRack: number, replicationFactor: number): number[] {
  const order = racks.map((_, i) => racks[(startRack + i) % racks.length] as Rack);
  // The leader's rack must have somebody alive.
  const first = order.findIndex((rack) => rack.unfenced.size > 0);
  const rotated = [...order.slice(first), ...order.slice(0, first)];
  const queues = rotated.map((rack) => [...rack.unfenced.round(), ...rack.fenced.round()]);
  const replicas: number[] = [];
  while (replicas.length < replicationFactor) {
    for (const queue of queues) {
      const next = queue.shift();
      if (next !== undefined && replicas.length < replicationFactor) replicas.push(next);
    }
  }
  return replicas;
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
  if (brokers.every((broker) => broker.fenced)) refuse('All brokers are currently fenced.');
  if (replicationFactor > brokers.length) {
    refuse(
      `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} ` +
        'broker(s) are registered or some brokers have all their log directories cordoned.',
    );
  }
  const racks = racksOf(brokers, random);
  const start = random.int(racks.length);
  return Array.from({ length: partitions }, (_, i) => placePartition(racks, start + i, replicationFactor));
}
