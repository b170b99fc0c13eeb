/**
 * The follower's side of replication: fetches from the leader, cuts off what the leader does not have, appends what it
 * has more. The next fetch of a controller leaves only when everything before it is durable: its offset is the proof.
 * One that observes may be made a voter between two fetches, and then the leader counts the last one.
 *
 * Invariants: nothing below the high watermark is ever cut off; batches are appended as they come, checksums and
 * epochs checked.
 */
import { assert } from '../base/assert.ts';
import type { Logger } from '../base/logger.ts';
import { causeText } from '../base/logger.ts';
import { baseOffsetAt, batchIntegrity, isControlAt, nextOffsetAt, partitionLeaderEpochAt } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { AddressBook } from './address-book.ts';
import { readControlBatch } from './control-records.ts';
import type { FetchAsk, Fetched, NodeAddress, RaftAnswer, RaftAsk } from './messages.ts';
import type { Quorum } from './quorum.ts';
import type { QuorumStep } from './quorum-options.ts';
import type { SnapshotId } from './raft-client.ts';
import type { OffsetAndEpoch, RaftLog } from './raft-log.ts';
import { downloadSnapshot } from './snapshot-download.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { VoterHistory } from './voter-history.ts';

/** Kafka's: how long a leader may hold a fetch that has nothing to tell. */
const MAX_WAIT_MS = 500;

/** What the follower needs of the node around it. */
export interface FollowerHost {
  readonly log: RaftLog;
  readonly snapshots: SnapshotFiles;
  readonly book: AddressBook;
  readonly logger: Logger;
  readonly clusterId: string;
  readonly fetchMaxBytes: number;
  readonly snapshotMaxBytes: number;
  quorum(): Quorum;
  history(): VoterHistory;
  /** Monotonic. */
  nowMs(): number;
  isClosed(): boolean;
  send(to: NodeAddress, ask: RaftAsk): Promise<RaftAnswer>;
  isDurable(): boolean;
  /** Resolves once all that was appended is durable. */
  durable(): Promise<void>;
  /** Appends, and sees to the fsync. */
  append(bytes: Uint8Array): void;
  truncateTo(offset: number): void;
  /** The log goes on behind the snapshot, which is in its place. */
  restartAt(id: SnapshotId): void;
  votersChanged(): void;
  /** What is committed goes to the listeners. */
  deliver(): void;
  take(step: QuorumStep): void;
  /** What fails within stops the node. */
  guard(run: () => void): void;
}

interface Flight {
  readonly from: number;
  readonly generation: number;
}

export class LogFollower {
  readonly #host: FollowerHost;

  constructor(host: FollowerHost) {
    this.#host = host;
  }

  /** Sends the next fetch if it is time for one. */
  go(): void {
    const host = this.#host;
    if (host.isClosed()) return;
    const flight = host.quorum().takeFetch(host.nowMs());
    if (flight !== null) void this.#fetch(flight);
  }

  async #fetch(flight: Flight): Promise<void> {
    const host = this.#host;
    const quorum = host.quorum();
    if (quorum.canVote && !host.isDurable()) {
      await host.durable();
      if (host.isClosed() || !quorum.isCurrentFetch(flight.generation)) return;
      // The time that the own disk took was no silence of the leader.
      if (quorum.hasFetched) quorum.leaderAnswered(host.nowMs());
    }
    const address = flight.from < 0 ? host.book.anyone() : (host.book.leader(flight.from) ?? host.book.anyone());
    if (address === null) {
      this.#end(flight, false);
      return;
    }
    const ask = this.#ask();
    let answer: RaftAnswer;
    try {
      answer = await host.send(address, ask);
    } catch (error) {
      host.logger.debug(`No answer to a fetch from ${address.host}:${address.port}: ${causeText(error)}`);
      host.book.doubt(address);
      this.#end(flight, false);
      return;
    }
    await this.#answered(flight, ask, answer, address);
  }

  #ask(): FetchAsk {
    const { log, clusterId, fetchMaxBytes } = this.#host;
    const quorum = this.#host.quorum();
    return {
      kind: 'fetch',
      clusterId,
      replica: quorum.local,
      epoch: quorum.epoch,
      offset: log.endOffset(),
      lastEpoch: log.lastEpoch(),
      highWatermark: quorum.highWatermark,
      maxBytes: fetchMaxBytes,
      maxWaitMs: MAX_WAIT_MS,
    };
  }

  #end(flight: Flight, ok: boolean): void {
    const host = this.#host;
    if (host.isClosed()) return;
    host.guard(() => {
      const quorum = host.quorum();
      quorum.fetchEnded(flight.generation, ok, host.nowMs());
      host.take(quorum.tick(host.nowMs()));
    });
  }

  async #answered(flight: Flight, ask: FetchAsk, answer: RaftAnswer, from: NodeAddress): Promise<void> {
    const host = this.#host;
    const quorum = host.quorum();
    if (host.isClosed()) return;
    host.book.learn(answer.nodes, from);
    host.guard(() => host.take(quorum.discovered(answer.leaderId, answer.epoch, host.nowMs())));
    if (host.isClosed() || !quorum.isCurrentFetch(flight.generation)) return;
    const { fetched } = answer;
    const isGood = answer.errorCode === ErrorCode.NONE && answer.epoch === ask.epoch && fetched !== undefined;
    if (!isGood || quorum.role !== 'follower') {
      this.#end(flight, false);
      return;
    }
    quorum.leaderAnswered(host.nowMs());
    let ok = true;
    if (fetched.snapshotId !== null) ok = await this.#download(flight, fetched.snapshotId, from);
    else
      host.guard(() => {
        ok = this.#write(fetched);
      });
    this.#end(flight, ok);
  }

  /** False when it is no use to ask for more at once. */
  #write(fetched: Fetched): boolean {
    const host = this.#host;
    let ok = true;
    if (fetched.diverging !== null) this.#truncate(fetched.diverging);
    else if (fetched.records.length > 0) ok = this.#append(fetched.records);
    if (host.quorum().leaderCommitted(fetched.highWatermark)) host.deliver();
    return ok;
  }

  /** To where the two logs agree, as far as this node knows; the next fetch may find that they part even earlier. */
  #truncate(diverging: OffsetAndEpoch): void {
    const { log, logger } = this.#host;
    const quorum = this.#host.quorum();
    const own = log.endOffsetForEpoch(diverging.epoch);
    const offset = own.epoch === diverging.epoch ? Math.min(own.offset, diverging.offset) : own.offset;
    assert(
      offset >= quorum.highWatermark,
      `the leader of epoch ${quorum.epoch} asks to truncate committed metadata: to ${offset}, below the high watermark ${quorum.highWatermark}`,
    );
    logger.info(
      `Truncating the metadata log to ${offset}: the leader's log ends at ${diverging.offset} in epoch ${diverging.epoch}`,
    );
    this.#host.truncateTo(offset);
    if (this.#host.history().truncateTo(offset)) this.#host.votersChanged();
  }

  /** A batch that lies in the answer only in part is fetched again. False when there is none, or one not to be had. */
  #append(records: Uint8Array): boolean {
    const history = this.#host.history();
    const { end, controls, isDamaged } = this.#accepted(records);
    if (end > 0) this.#host.append(records.subarray(0, end));
    let isChanged = false;
    for (const at of controls) {
      if (history.take(baseOffsetAt(records, at), readControlBatch(records, at))) isChanged = true;
    }
    if (isChanged) this.#host.votersChanged();
    return end > 0 && !isDamaged;
  }

  /**
   * The whole batches up to the first that is damaged, or of a later epoch than that of the leader who was asked. A leader of
   * Kafka sends its file as it is by then, and may have cut and overwritten it after it lost the epoch.
   */
  #accepted(records: Uint8Array): { end: number; controls: number[]; isDamaged: boolean } {
    const { log, logger } = this.#host;
    const quorum = this.#host.quorum();
    let end = 0;
    let offset = log.endOffset();
    let epoch = log.lastEpoch();
    const controls: number[] = [];
    while (end < records.length) {
      const size = batchIntegrity(records, end, records.length);
      if (size === 0) break;
      const batchEpoch = size < 0 ? -1 : partitionLeaderEpochAt(records, end);
      if (baseOffsetAt(records, end) !== offset || batchEpoch < epoch || batchEpoch > quorum.epoch) {
        logger.warn(`The leader of epoch ${quorum.epoch} has sent what cannot be metadata of offset ${offset}`);
        return { end, controls, isDamaged: true };
      }
      if (isControlAt(records, end)) controls.push(end);
      epoch = batchEpoch;
      offset = nextOffsetAt(records, end);
      end += size;
    }
    return { end, controls, isDamaged: false };
  }

  async #download(flight: Flight, id: SnapshotId, from: NodeAddress): Promise<boolean> {
    const host = this.#host;
    const quorum = host.quorum();
    try {
      const isWhole = await downloadSnapshot({
        id,
        from,
        host,
        isWanted: () => !host.isClosed() && quorum.isCurrentFetch(flight.generation),
      });
      if (!isWhole) return false;
    } catch (error) {
      host.logger.warn(`The snapshot ${id.endOffset}-${id.epoch} could not be fetched: ${causeText(error)}`);
      return false;
    }
    host.guard(() => {
      host.restartAt(id);
      if (quorum.leaderCommitted(id.endOffset)) host.deliver();
    });
    return !host.isClosed();
  }
}
