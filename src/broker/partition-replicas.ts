/**
 * The replicas of one partition as its leader sees them: the committed ISR, the one it has proposed, and how far every
 * follower has come.
 *
 * Invariant: the maximal ISR holds every broker that the controller may take for a member: the committed ISR and what an
 * unanswered proposal adds. The high watermark waits for all of it, so a record below it is on every member, whichever
 * way the proposal ends.
 */
import { RemoteReplica, UNKNOWN_OFFSET } from './remote-replica.ts';

/** The part of a broker's registration that decides whether its replica may join an ISR. */
export interface PeerBroker {
  readonly epoch: number;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
}

export interface PartitionReplicasOptions {
  readonly nodeId: number;
  /** A broker as the committed metadata has it. */
  readonly peer: (brokerId: number) => PeerBroker | undefined;
  /** `replica.lag.time.max.ms`. */
  readonly maxLagMs: () => number;
}

const NOBODY: readonly number[] = [];

export class PartitionReplicas {
  readonly #options: PartitionReplicasOptions;
  #assigned: readonly number[] = NOBODY;
  #isr: readonly number[] = NOBODY;
  #proposedIsr: readonly number[] | null = null;
  #remotes: RemoteReplica[] = [];

  constructor(options: PartitionReplicasOptions) {
    this.#options = options;
  }

  get assigned(): readonly number[] {
    return this.#assigned;
  }

  get isr(): readonly number[] {
    return this.#isr;
  }

  /** Everything but this broker's own replica. */
  get remotes(): readonly RemoteReplica[] {
    return this.#remotes;
  }

  /** How many brokers the high watermark waits for, this one included. */
  get maximalIsrSize(): number {
    let size = this.#isr.includes(this.#options.nodeId) ? 1 : 0;
    for (const remote of this.#remotes) if (remote.inMaximalIsr) size++;
    return size;
  }

  find(brokerId: number): RemoteReplica | undefined {
    for (const remote of this.#remotes) if (remote.brokerId === brokerId) return remote;
    return undefined;
  }

  /** What the metadata says. Followers that stay keep what is known of them; a proposal under way is over. */
  assign(assigned: readonly number[], isr: readonly number[]): void {
    const { nodeId } = this.#options;
    if (assigned !== this.#assigned) {
      const before = this.#remotes;
      this.#remotes = assigned
        .filter((id) => id !== nodeId)
        .map((id) => before.find((remote) => remote.brokerId === id) ?? new RemoteReplica(id));
      this.#assigned = assigned;
    }
    this.commit(isr);
  }

  /** The ISR is this, and nothing is proposed. */
  commit(isr: readonly number[]): void {
    for (const remote of this.#remotes) {
      if (this.#isr.includes(remote.brokerId) && !isr.includes(remote.brokerId)) remote.leftIsr();
    }
    this.#isr = isr;
    this.#proposedIsr = null;
    this.#markMaximal();
  }

  /** The controller is asked for another ISR. Until it has answered, members of either count. */
  propose(isr: readonly number[]): void {
    this.#proposedIsr = isr;
    this.#markMaximal();
  }

  /** The proposal was refused without having had an effect. */
  withdraw(): void {
    this.commit(this.#isr);
  }

  /** This broker leads in a new epoch. `isNewLeader`: it did not in the epoch before. */
  beginEpoch(isNewLeader: boolean, leaderEnd: number, nowMs: number): void {
    for (const remote of this.#remotes) {
      const inIsr = this.#isr.includes(remote.brokerId);
      if (isNewLeader) remote.reset(inIsr, nowMs);
      else remote.beginEpoch(inIsr, leaderEnd, nowMs);
    }
  }

  /**
   * Where the high watermark may be: the least end of the leader, the maximal ISR, and whoever is about to join it, so
   * that a follower which keeps up is not left behind just before it joins. `ownEnd` may lie below the leader's end.
   */
  committedEnd(ownEnd: number, leaderEnd: number, nowMs: () => number): number {
    let end = ownEnd;
    for (const remote of this.#remotes) {
      if (remote.logEndOffset >= end) continue;
      if (remote.inMaximalIsr || this.#isJoining(remote, leaderEnd, nowMs())) end = remote.logEndOffset;
    }
    return end;
  }

  /** The least log start of all replicas whose brokers are alive: what DeleteRecords waits for. */
  lowWatermark(ownStart: number): number {
    let low = ownStart;
    for (const remote of this.#remotes) {
      if (remote.logStartOffset >= low) continue;
      if (this.#options.peer(remote.brokerId)?.fenced === false) low = remote.logStartOffset;
    }
    return low;
  }

  /** Members of the ISR that have not been caught up for too long. */
  outOfSync(leaderEnd: number, nowMs: number): number[] {
    const { nodeId, maxLagMs } = this.#options;
    return this.#isr.filter((id) => id !== nodeId && this.find(id)?.isCaughtUp(leaderEnd, nowMs, maxLagMs()) !== true);
  }

  /**
   * Whether a replica may be proposed for the ISR (KIP-841, KIP-903): its broker is neither fenced nor on its way out, and
   * the fetches that count were sent by the broker as it is registered now, not by one that has restarted since.
   */
  isEligible(remote: RemoteReplica): boolean {
    const peer = this.#options.peer(remote.brokerId);
    if (!peer || peer.fenced || peer.inControlledShutdown) return false;
    return remote.brokerEpoch === -1 || remote.brokerEpoch === peer.epoch;
  }

  /** A fetch that a broker sent before it restarted. */
  isStale(brokerId: number, brokerEpoch: number): boolean {
    if (brokerEpoch === -1) return false;
    const peer = this.#options.peer(brokerId);
    return peer !== undefined && !peer.fenced && peer.epoch > brokerEpoch;
  }

  /** The epochs that a proposal names; -1 for a follower that has not told. */
  brokerEpochOf(brokerId: number): number {
    return Math.max(-1, this.find(brokerId)?.brokerEpoch ?? -1);
  }

  #isJoining(remote: RemoteReplica, leaderEnd: number, nowMs: number): boolean {
    if (remote.logEndOffset === UNKNOWN_OFFSET) return false;
    return remote.isCaughtUp(leaderEnd, nowMs, this.#options.maxLagMs()) && this.isEligible(remote);
  }

  #markMaximal(): void {
    for (const remote of this.#remotes) {
      const id = remote.brokerId;
      remote.inMaximalIsr = this.#isr.includes(id) || this.#proposedIsr?.includes(id) === true;
    }
  }
}
