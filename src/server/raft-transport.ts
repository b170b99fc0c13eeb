/**
 * Raft's messages over connections: one to each address, opened on the first message and again, after a pause, once it
 * is lost. When a connection ends and the next one is refused, nobody listens there any more: that is said at once.
 */

import { KTS_VERSION } from '../base/versions.ts';
import { type Api, api } from '../network/api.ts';
import { ClientLink } from '../network/client-link.ts';
import type { Link } from '../network/link.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from '../protocol/messages/add-raft-voter.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/messages/api-versions.ts';
import { beginQuorumEpochRequest, beginQuorumEpochResponse } from '../protocol/messages/begin-quorum-epoch.ts';
import { endQuorumEpochRequest, endQuorumEpochResponse } from '../protocol/messages/end-quorum-epoch.ts';
import { fetchRequest, fetchResponse } from '../protocol/messages/fetch.ts';
import { fetchSnapshotRequest, fetchSnapshotResponse } from '../protocol/messages/fetch-snapshot.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from '../protocol/messages/remove-raft-voter.ts';
import { updateRaftVoterRequest, updateRaftVoterResponse } from '../protocol/messages/update-raft-voter.ts';
import { voteRequest, voteResponse } from '../protocol/messages/vote.ts';
import type { NodeAddress, RaftAnswer, RaftAsk } from '../raft/messages.ts';
import type { RaftTransport, RaftTransportEvents } from '../raft/raft-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  addVoterRequestOf,
  beginRequestOf,
  endRequestOf,
  epochAnswerOf,
  fetchAnswerOf,
  fetchRequestOf,
  removeVoterRequestOf,
  snapshotAnswerOf,
  snapshotRequestOf,
  updateVoterAnswerOf,
  updateVoterRequestOf,
  voteAnswerOf,
  voteRequestOf,
  voterAnswerOf,
} from './raft-wire.ts';

const VOTE = api(voteRequest, voteResponse);
const BEGIN = api(beginQuorumEpochRequest, beginQuorumEpochResponse);
const END = api(endQuorumEpochRequest, endQuorumEpochResponse);
const FETCH = api(fetchRequest, fetchResponse);
const SNAPSHOT = api(fetchSnapshotRequest, fetchSnapshotResponse);
const ADD_VOTER = api(addRaftVoterRequest, addRaftVoterResponse);
const REMOVE_VOTER = api(removeRaftVoterRequest, removeRaftVoterResponse);
const API_VERSIONS = api(apiVersionsRequest, apiVersionsResponse);
const UPDATE_VOTER = api(updateRaftVoterRequest, updateRaftVoterResponse);
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 200;
/** More addresses than any quorum has: those of members that are gone are forgotten. */
const MAX_PEERS = 64;

export interface RaftLinksOptions {
  readonly runtime: Runtime;
  readonly nodeId: number;
  readonly connectTimeoutMs: number;
}

interface Peer {
  readonly address: NodeAddress;
  link: Promise<Link> | null;
  isOpen: boolean;
  failures: number;
  notBeforeMs: number;
}

export class RaftLinks implements RaftTransport {
  readonly #options: RaftLinksOptions;
  readonly #peers = new Map<string, Peer>();
  #events: RaftTransportEvents = { refused: () => {} };
  #closed = false;

  constructor(options: RaftLinksOptions) {
    this.#options = options;
  }

  start(events: RaftTransportEvents): void {
    this.#events = events;
  }

  close(): void {
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.link?.then((link) => link.close()).catch(() => {});
    this.#peers.clear();
  }

  async send(to: NodeAddress, ask: RaftAsk, timeoutMs: number): Promise<RaftAnswer> {
    const link = await this.#linkTo(this.#peer(to), timeoutMs);
    return exchange(link, ask, timeoutMs);
  }

  async kraftVersionsOf(address: NodeAddress, timeoutMs: number) {
    const link = await this.#linkTo(this.#peer(address), timeoutMs);
    const software = { clientSoftwareName: 'kts', clientSoftwareVersion: KTS_VERSION };
    const response = await ask(link, API_VERSIONS, software, timeoutMs);
    const range = response?.supportedFeatures.find(({ name }) => name === 'kraft.version');
    return range === undefined ? null : { min: range.minVersion, max: range.maxVersion };
  }

  #peer(address: NodeAddress): Peer {
    const key = `${address.id}@${address.host}:${address.port}`;
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      if (this.#peers.size >= MAX_PEERS) this.#forgetIdle();
      peer = { address, link: null, isOpen: false, failures: 0, notBeforeMs: Number.NEGATIVE_INFINITY };
      this.#peers.set(key, peer);
    }
    return peer;
  }

  #forgetIdle(): void {
    for (const [key, { link }] of this.#peers) if (link === null) this.#peers.delete(key);
  }

  #linkTo(peer: Peer, timeoutMs: number): Promise<Link> {
    if (this.#closed) return Promise.reject(new Error('the node is stopping'));
    if (peer.link !== null) return peer.link;
    const opening = this.#open(peer, timeoutMs);
    peer.link = opening;
    opening.then(
      (link) => {
        peer.failures = 0;
        peer.isOpen = true;
        // It may be over before anybody could note that it was open.
        if (!link.isOpen) this.#lost(peer);
      },
      (error: unknown) => this.#failed(peer, error),
    );
    return opening;
  }

  async #open(peer: Peer, timeoutMs: number): Promise<Link> {
    const { runtime, nodeId, connectTimeoutMs } = this.#options;
    const waitMs = peer.notBeforeMs - runtime.clock.monotonicMs();
    if (waitMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      runtime.timers.after(waitMs, resolve, { unref: true });
      await promise;
    }
    const link = await ClientLink.open({
      runtime,
      address: peer.address,
      clientId: `raft-client-${nodeId}`,
      connectTimeoutMs,
      requestTimeoutMs: timeoutMs,
      idleMs: -1,
      onClosed: () => this.#lost(peer),
    });
    if (this.#closed) link.close();
    return link;
  }

  #failed(peer: Peer, error: unknown): void {
    peer.link = null;
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(peer.failures, 10));
    peer.failures++;
    peer.notBeforeMs = this.#options.runtime.clock.monotonicMs() + backoffMs;
    if (!this.#closed && isRefusal(error)) this.#events.refused(peer.address);
  }

  /** The next connection is tried at once: whether it is refused tells more than any time that passes. */
  #lost(peer: Peer): void {
    if (this.#closed || !peer.isOpen) return;
    peer.link = null;
    peer.isOpen = false;
    peer.notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#linkTo(peer, this.#options.connectTimeoutMs).catch(() => {});
  }
}

function isRefusal(error: unknown): boolean {
  return (error as { code?: string }).code === 'ECONNREFUSED';
}

/** The newest version of both sides; one that a peer does not know at all is its answer. */
async function ask<In, Out>(link: Link, which: Api<In, Out>, value: In, timeoutMs: number): Promise<Out | null> {
  const version = link.version(which as Api<unknown, unknown>);
  return version === undefined ? null : await link.send(which, version, value, timeoutMs);
}

function unsupported(): RaftAnswer {
  return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage: null, leaderId: -1, epoch: -1, nodes: [] };
}

const FIRST_PRE_VOTE_VERSION = 2;

async function exchange(link: Link, message: RaftAsk, timeoutMs: number): Promise<RaftAnswer> {
  const read = <Out>(response: Out | null, answerOf: (response: Out) => RaftAnswer): RaftAnswer =>
    response === null ? unsupported() : answerOf(response);
  switch (message.kind) {
    case 'vote': {
      const version = link.version(VOTE as Api<unknown, unknown>);
      // No voter at all: that must not pass for one which is too old for pre-votes, and has nothing against them.
      if (version === undefined) throw new Error('who listens there does not vote');
      if (message.preVote && version < FIRST_PRE_VOTE_VERSION) return unsupported();
      return read(await ask(link, VOTE, voteRequestOf(message), timeoutMs), voteAnswerOf);
    }
    case 'begin':
      return read(await ask(link, BEGIN, beginRequestOf(message), timeoutMs), epochAnswerOf);
    case 'end':
      return read(await ask(link, END, endRequestOf(message), timeoutMs), epochAnswerOf);
    case 'fetch':
      return read(await ask(link, FETCH, fetchRequestOf(message), timeoutMs), fetchAnswerOf);
    case 'snapshot':
      return read(await ask(link, SNAPSHOT, snapshotRequestOf(message), timeoutMs), snapshotAnswerOf);
    case 'updateVoter':
      return read(await ask(link, UPDATE_VOTER, updateVoterRequestOf(message), timeoutMs), updateVoterAnswerOf);
    case 'addVoter':
      return read(await ask(link, ADD_VOTER, addVoterRequestOf(message), timeoutMs), voterAnswerOf);
    case 'removeVoter':
      return read(await ask(link, REMOVE_VOTER, removeVoterRequestOf(message), timeoutMs), voterAnswerOf);
  }
}
