/** A fetcher's one connection to a leading broker, and what a follower asks over it. It is opened when it is needed. */
import { type Address, addressText } from '../../network/address.ts';
import { type Api, api } from '../../network/api.ts';
import type { Link, OpenLink } from '../../network/link.ts';
import { fetchRequest, fetchResponse } from '../../protocol/messages/fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from '../../protocol/messages/list-offsets.ts';
import type { Decoded, Encodable } from '../../protocol/schema.ts';
import type { Runtime } from '../../runtime/runtime.ts';

const FETCH = api(fetchRequest, fetchResponse);
const LIST_OFFSETS = api(listOffsetsRequest, listOffsetsResponse);
/** Topic ids; the leader has found diverging epochs by itself since version 12. */
const OLDEST_FETCH = 13;
/** The leader's epoch is checked. */
const OLDEST_LIST_OFFSETS = 4;

export type FetchAnswer = Decoded<typeof fetchResponse>;
export type FetchQuestion = Omit<Encodable<typeof fetchRequest>, 'replicaId' | 'replicaState'>;
export type ListOffsetsAnswer = Decoded<typeof listOffsetsResponse>;
export type ListOffsetsTopics = Encodable<typeof listOffsetsRequest>['topics'];

export interface LeaderLinkOptions {
  readonly leaderId: number;
  readonly nodeId: number;
  readonly clientId: string;
  readonly brokerEpoch: () => number;
  readonly runtime: Runtime;
  readonly openLink: OpenLink;
  /** Undefined while the metadata knows no address of the broker. */
  readonly endpointOf: (brokerId: number) => Address | undefined;
  /** replica.socket.timeout.ms */
  readonly timeoutMs: number;
}

export class LeaderLink {
  readonly #options: LeaderLinkOptions;
  #link: Link | null = null;
  #closed = false;

  constructor(options: LeaderLinkOptions) {
    this.#options = options;
  }

  /** Opens the connection unless it is open. Rejects when the broker cannot be reached. */
  async open(): Promise<void> {
    if (this.#link?.isOpen) return;
    const { runtime, openLink, endpointOf, leaderId, clientId, timeoutMs } = this.#options;
    const address = endpointOf(leaderId);
    if (address === undefined) throw new Error(`the metadata has no address of broker ${leaderId}`);
    const times = { connectTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs, idleMs: -1 };
    const link = await openLink({ runtime, address, clientId, ...times });
    if (this.#closed) link.close();
    this.#link = link;
  }

  async fetch(question: FetchQuestion): Promise<FetchAnswer> {
    const { nodeId, brokerEpoch, timeoutMs } = this.#options;
    const { link, version } = this.#speaking(FETCH, OLDEST_FETCH);
    const replica =
      version >= 15 ? { replicaState: { replicaId: nodeId, replicaEpoch: brokerEpoch() } } : { replicaId: nodeId };
    return link.send(FETCH, version, { ...question, ...replica }, timeoutMs);
  }

  async listOffsets(topics: ListOffsetsTopics): Promise<ListOffsetsAnswer> {
    const { nodeId, timeoutMs } = this.#options;
    const { link, version } = this.#speaking(LIST_OFFSETS, OLDEST_LIST_OFFSETS);
    return link.send(LIST_OFFSETS, version, { replicaId: nodeId, isolationLevel: 0, topics }, timeoutMs);
  }

  /** Ends the connection; the next `open` makes another one. */
  drop(): void {
    this.#link?.close();
    this.#link = null;
  }

  close(): void {
    this.#closed = true;
    this.drop();
  }

  #speaking<In, Out>(which: Api<In, Out>, oldest: number): { link: Link; version: number } {
    const link = this.#link;
    if (link === null) throw new Error('the connection was closed');
    const version = link.version(which as Api<unknown, unknown>);
    if (version === undefined || version < oldest) {
      throw new Error(`broker ${addressText(link.address)} is too old to be followed`);
    }
    return { link, version };
  }
}
