/** What an administrator does meanwhile: replicas are moved, leaders elected, other topics made, grown and deleted. */
import type { Admin } from '../../src/client/admin.ts';
import type { Seeded } from '../support/sim/seeded.ts';

export interface OperationsOptions {
  readonly admin: Admin;
  readonly random: Seeded;
  readonly topic: string;
  readonly partitions: number;
  readonly brokers: readonly number[];
  readonly replicationFactor: number;
  /** Waits; false when it is time to end. */
  readonly pause: (ms: number) => Promise<boolean>;
}

type Operation = 'reassign' | 'callOff' | 'elect' | 'make' | 'grow' | 'delete';

export class Operations {
  readonly #options: OperationsOptions;
  readonly counts = new Map<Operation, number>();
  #others: string[] = [];
  #made = 0;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  get count(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async run(): Promise<void> {
    const { random, brokers, pause } = this.#options;
    const kinds: readonly Operation[] =
      brokers.length > 1
        ? ['reassign', 'reassign', 'callOff', 'elect', 'make', 'grow', 'delete']
        : ['make', 'grow', 'delete'];
    while (await pause(random.between(200, 4_000))) {
      const kind = random.pick(kinds);
      try {
        await this.#operations[kind]();
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      } catch {
        // Nobody answered in time, or it was refused: an administrator tries something else.
      }
    }
  }

  readonly #operations: Record<Operation, () => Promise<unknown>> = {
    reassign: () => {
      const { admin, random, topic, brokers, replicationFactor } = this.#options;
      const left = [...brokers];
      const replicas: number[] = [];
      const size = Math.min(brokers.length, random.pick([replicationFactor, replicationFactor, replicationFactor - 1]));
      while (replicas.length < size) replicas.push(...left.splice(random.int(left.length), 1));
      return admin.alterPartitionReassignments([{ topic, partition: this.#partition(), replicas }]);
    },
    callOff: () => {
      const { admin, topic } = this.#options;
      return admin.alterPartitionReassignments([{ topic, partition: this.#partition(), replicas: null }]);
    },
    elect: () => {
      const { admin, topic } = this.#options;
      return admin.electLeaders('preferred', [{ topic, partition: this.#partition() }]);
    },
    make: () => {
      const { admin, replicationFactor } = this.#options;
      const name = `other-${this.#made++}`;
      this.#others.push(name);
      return admin.createTopics([{ name, partitions: 2, replicationFactor }]);
    },
    grow: () => {
      const { admin, random } = this.#options;
      const name = this.#others[random.int(this.#others.length)];
      return name === undefined ? Promise.resolve() : admin.createPartitions([{ name, count: 3 }]);
    },
    delete: () => {
      const { admin } = this.#options;
      const name = this.#others.shift();
      return name === undefined ? Promise.resolve() : admin.deleteTopics([name]);
    },
  };

  #partition(): number {
    return this.#options.random.int(this.#options.partitions);
  }
}
