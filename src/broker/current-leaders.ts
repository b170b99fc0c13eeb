/**
 * Tells a client that came to the wrong broker who leads, and where (KIP-951): it need not ask for metadata first. What
 * the hosted partition knows may be newer than the published image.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { endpointOf } from './cluster-nodes.ts';
import type { BrokerServices } from './services.ts';

export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Whether an answer with this error names the leader. */
export function namesLeader(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

/** Gathers for one answer whose leaders it names, so that their addresses go with it. */
export class CurrentLeaders {
  readonly #services: BrokerServices;
  readonly #listenerName: string;
  readonly #endpoints = new Map<number, NodeEndpoint>();

  constructor(services: BrokerServices, listenerName: string) {
    this.#services = services;
    this.#listenerName = listenerName;
  }

  of(topic: string, index: number): CurrentLeader {
    const image = this.#services.image();
    const known = this.#services.replicas.get(topic, index) ?? image.topics.partition(topic, index);
    if (!known) return { leaderId: -1, leaderEpoch: -1 };
    const broker = image.brokers.get(known.leader);
    const endpoint = broker && !broker.fenced ? endpointOf(broker, this.#listenerName) : undefined;
    if (broker && endpoint) {
      const { host, port } = endpoint;
      this.#endpoints.set(broker.id, { nodeId: broker.id, host, port, rack: broker.rack });
    }
    return { leaderId: known.leader, leaderEpoch: known.leaderEpoch };
  }

  get nodeEndpoints(): NodeEndpoint[] {
    return [...this.#endpoints.values()];
  }
}
