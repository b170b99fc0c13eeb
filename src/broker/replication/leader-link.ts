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
/**
 * Topic ids. Brokers of a cluster without ZooKeeper are of Kafka 3.3 at the least and know version 13, in which a leader
 * finds diverging epochs by itself: nobody has to be asked with OffsetForLeaderEpoch any more.
 */
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
  readonly #answers = new AnswerBuffer();
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
    const allocate = (bytes: number) => this.#answers.take(bytes);
    const link = await openLink({ runtime, address, clientId, allocate, ...times });
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

/** Larger answers come when a replica catches up; their memory is given back. */
const KEPT_BYTES = 1024 * 1024;

/**
 * Memory that answers are read into, one after the other: each is in the logs before the next is asked for. Buffers of
 * their own cost half of the CPU of three brokers under load, all of it in the collector (35 full collections instead of
 * 2 for 200 MB, measured).
 */
class AnswerBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(0);

  take(size: number): Buffer {
    if (size > KEPT_BYTES) return Buffer.allocUnsafeSlow(size);
    if (size > this.#bytes.length)
      this.#bytes = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES, Math.max(size * 2, 16_384)));
    return this.#bytes.subarray(0, size);
  }
}
