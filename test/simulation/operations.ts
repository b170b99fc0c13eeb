/** What an administrator does meanwhile: replicas are moved, leaders elected, other topics made, grown and deleted. */
import type { Admin } from '../../src/client/admin.ts';
import type { ClusterView } from '../../src/client/cluster-view.ts';
import { api } from '../../src/network/api.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from '../../src/protocol/messages/add-raft-voter.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from '../../src/protocol/messages/remove-raft-voter.ts';
import type { Seeded } from '../support/sim/seeded.ts';

const ADD_VOTER = api(addRaftVoterRequest, addRaftVoterResponse);
const REMOVE_VOTER = api(removeRaftVoterRequest, removeRaftVoterResponse);

export interface OperationsOptions {
  readonly admin: Admin;
  readonly cluster: ClusterView;
  /** Ids of controllers that join and leave the quorum. */
  readonly joining: readonly number[];
  readonly random: Seeded;
  readonly topic: string;
  readonly partitions: number;
  readonly brokers: readonly number[];
  readonly replicationFactor: number;
  /** Waits; false when it is time to end. */
  readonly pause: (ms: number) => Promise<boolean>;
  readonly say: (line: string) => void;
}

type Operation = 'reassign' | 'callOff' | 'elect' | 'make' | 'grow' | 'delete' | 'addVoter' | 'removeVoter';

export class Operations {
  readonly #options: OperationsOptions;
  readonly counts = new Map<Operation, number>();
  voterChanges = 0;
  #others: string[] = [];
  #made = 0;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  get count(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async run(): Promise<void> {
    const { random, brokers, joining, pause } = this.#options;
    const kinds: Operation[] = ['make', 'grow', 'delete'];
    if (brokers.length > 1) kinds.push('reassign', 'reassign', 'callOff', 'elect');
    if (joining.length > 0) kinds.push('addVoter', 'addVoter', 'addVoter', 'removeVoter', 'removeVoter', 'removeVoter');
    while (await pause(random.between(200, 4_000))) {
      const kind = random.pick(kinds);
      try {
        await this.#operations[kind]();
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      } catch (error) {
        // Nobody answered in time, or it was refused: an administrator tries something else.
        this.#options.say(`${kind}: ${String(error)}`);
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
    addVoter: () => this.#addVoter(),
    removeVoter: () => this.#removeVoter(),
  };

  async #addVoter(): Promise<void> {
    const { admin, cluster, random, joining } = this.#options;
    const { voters, observers } = await admin.describeQuorum();
    const some = observers.filter(({ replicaId }) => joining.includes(replicaId));
    if (some.length === 0 || voters.length >= 4) return;
    const { replicaId: voterId, replicaDirectoryId: voterDirectoryId } = random.pick(some);
    const listeners = [{ name: 'CONTROLLER', host: `n${voterId}`, port: 9093 }];
    const request = { clusterId: null, timeoutMs: 5_000, voterId, voterDirectoryId, listeners, ackWhenCommitted: true };
    throwError(await cluster.call(ADD_VOTER, request, { doing: 'addRaftVoter' }));
    this.voterChanges++;
  }

  async #removeVoter(): Promise<void> {
    const { admin, cluster, random } = this.#options;
    const { voters } = await admin.describeQuorum();
    if (voters.length <= 2) return;
    const { replicaId: voterId, replicaDirectoryId: voterDirectoryId } = random.pick(voters);
    const request = { clusterId: null, voterId, voterDirectoryId };
    throwError(await cluster.call(REMOVE_VOTER, request, { doing: 'removeRaftVoter' }));
    this.voterChanges++;
  }

  #partition(): number {
    return this.#options.random.int(this.#options.partitions);
  }
}

function throwError({
  errorCode,
  errorMessage,
}: {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}): void {
  if (errorCode !== 0) throw new Error(errorMessage ?? String(errorCode));
}
