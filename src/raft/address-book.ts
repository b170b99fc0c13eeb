/** Where the other nodes of the quorum can be reached: as the voters say, as answers have told, as configured for a start. */
import type { Random } from '../runtime/runtime.ts';
import type { NodeAddress } from './messages.ts';
import type { Voter, VoterEndpoint } from './voters.ts';

export interface AddressBookOptions {
  readonly localId: number;
  /** controller.listener.names, the most wanted first. */
  readonly listenerNames: readonly string[];
  readonly localEndpoints: readonly VoterEndpoint[];
  /** controller.quorum.bootstrap.servers. */
  readonly bootstrapServers: readonly { readonly host: string; readonly port: number }[];
  readonly random: Random;
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.[\d.]+|::1)$/i.test(host);
}

export class AddressBook {
  readonly #options: AddressBookOptions;
  readonly #learned = new Map<number, NodeAddress>();
  #voters: readonly Voter[] = [];

  constructor(options: AddressBookOptions) {
    this.#options = options;
  }

  updateVoters(voters: readonly Voter[]): void {
    this.#voters = voters;
  }

  /** What an answer tells. `from`: where it came from. */
  learn(nodes: readonly NodeAddress[], from?: NodeAddress): void {
    for (const node of nodes) {
      if (node.host === '' || node.port <= 0) continue;
      // A node that calls itself localhost means its own host: whoever asked it from elsewhere knows it by another name.
      const isItself = from !== undefined && node.port === from.port && isLoopback(node.host) && !isLoopback(from.host);
      this.#learned.set(node.id, isItself ? { ...node, host: from.host } : node);
    }
  }

  learnEndpoints(id: number, endpoints: readonly VoterEndpoint[]): void {
    const endpoint = this.#pick(endpoints);
    if (endpoint !== undefined) this.learn([{ id, host: endpoint.host, port: endpoint.port }]);
  }

  /** What was told does not answer: the voters may know better. */
  doubt(address: NodeAddress): void {
    if (this.#learned.get(address.id) === address) this.#learned.delete(address.id);
  }

  #pick(endpoints: readonly VoterEndpoint[]): VoterEndpoint | undefined {
    for (const name of this.#options.listenerNames) {
      const found = endpoints.find((endpoint) => endpoint.name === name);
      if (found !== undefined) return found;
    }
    return endpoints[0];
  }

  #ofVoter(id: number): NodeAddress | null {
    const voter = this.#voters.find((one) => one.id === id);
    const endpoint = voter && this.#pick(voter.endpoints);
    return endpoint === undefined ? null : { id, host: endpoint.host, port: endpoint.port };
  }

  voter(id: number): NodeAddress | null {
    return this.#ofVoter(id) ?? this.#learned.get(id) ?? null;
  }

  leader(id: number): NodeAddress | null {
    if (id === this.#options.localId) return this.#local();
    return this.#learned.get(id) ?? this.#ofVoter(id);
  }

  #local(): NodeAddress | null {
    const { localId, localEndpoints } = this.#options;
    const endpoint = this.#pick(localEndpoints);
    return endpoint === undefined ? this.#ofVoter(localId) : { id: localId, host: endpoint.host, port: endpoint.port };
  }

  /** One that may know the leader, at random. Configured addresses have ids below -1, as Kafka's. */
  anyone(): NodeAddress | null {
    const { localId, localEndpoints, bootstrapServers, random } = this.#options;
    const choices: NodeAddress[] = [];
    for (const { id } of this.#voters) {
      const address = id === localId ? null : this.#ofVoter(id);
      if (address !== null) choices.push(address);
    }
    for (const [index, { host, port }] of bootstrapServers.entries()) {
      const isLocal = localEndpoints.some((endpoint) => endpoint.host === host && endpoint.port === port);
      const isKnown = choices.some((choice) => choice.host === host && choice.port === port);
      if (!isLocal && !isKnown) choices.push({ id: -2 - index, host, port });
    }
    return choices.length === 0 ? null : (choices[random.int(choices.length)] as NodeAddress);
  }
}
