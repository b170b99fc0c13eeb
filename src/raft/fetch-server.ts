/**
 * The leader's side of replication: answers fetches of the metadata log at once where there is anything to say, and
 * holds the others until there is, or their time is up. What a replica fetches from is its proof of durability. Who is
 * too far behind for the log gets a snapshot, part by part.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import type { Timers } from '../runtime/runtime.ts';
import type { FetchAsk, Fetched, RaftAnswer, SnapshotAsk } from './messages.ts';
import type { SnapshotId } from './raft-client.ts';
import type { OffsetAndEpoch, RaftLog } from './raft-log.ts';
import { BOOTSTRAP_SNAPSHOT, compareSnapshotIds, type SnapshotFiles } from './snapshot-files.ts';
import { serveSnapshot } from './snapshot-server.ts';

export interface FetchServerOptions {
  readonly clusterId: string;
  readonly log: RaftLog;
  readonly snapshots: SnapshotFiles;
  readonly timers: Timers;
  readonly epoch: () => number;
  readonly isLeader: () => boolean;
  readonly highWatermark: () => number;
  /** Counts the fetch; what it commits is delivered by whoever implements this. */
  readonly fetched: (ask: FetchAsk) => void;
  /** Counts it as a sign of life. */
  readonly fetchedSnapshot: (ask: SnapshotAsk) => void;
  /** The answer with the leader that this node knows. */
  readonly answer: (errorCode: number) => RaftAnswer;
}

interface Parked {
  readonly ask: FetchAsk;
  readonly done: (answer: RaftAnswer) => void;
}

type Place =
  | { readonly diverging: OffsetAndEpoch; readonly snapshotId: null }
  | { readonly diverging: null; readonly snapshotId: SnapshotId | null };

const VALID: Place = { diverging: null, snapshotId: null };
const NOTHING = new Uint8Array(0);

export class FetchServer {
  readonly #options: FetchServerOptions;
  #parked: Parked[] = [];

  constructor(options: FetchServerOptions) {
    this.#options = options;
  }

  handle(ask: FetchAsk): RaftAnswer | Promise<RaftAnswer> {
    const { answer, fetched } = this.#options;
    const refused = this.#refusal(ask);
    if (refused !== null) return refused;
    const place = this.#locate(ask);
    if (place.diverging !== null || place.snapshotId !== null)
      return this.#with(answer(ErrorCode.NONE), place, NOTHING);
    // Raises the high watermark, perhaps, which this very answer then tells.
    fetched(ask);
    return this.#decide(ask) ?? this.#park(ask);
  }

  handleSnapshot(ask: SnapshotAsk): RaftAnswer {
    const { clusterId, snapshots, answer, fetchedSnapshot } = this.#options;
    if (ask.clusterId !== null && ask.clusterId !== clusterId) return answer(ErrorCode.INCONSISTENT_CLUSTER_ID);
    const refused = this.#notNow(ask.epoch);
    if (refused !== null) return refused;
    fetchedSnapshot(ask);
    const { errorCode, slice } = serveSnapshot(snapshots, ask);
    return slice === null ? answer(errorCode) : { ...answer(errorCode), slice };
  }

  /** Something was appended or committed, or this node leads no more. */
  wake(): void {
    if (this.#parked.length === 0) return;
    const parked = this.#parked;
    this.#parked = [];
    for (const one of parked) {
      const answer = this.#decide(one.ask);
      if (answer === null) this.#parked.push(one);
      else one.done(answer);
    }
  }

  #refusal(ask: FetchAsk): RaftAnswer | null {
    const { clusterId, answer } = this.#options;
    if (ask.clusterId !== null && ask.clusterId !== clusterId) return answer(ErrorCode.INCONSISTENT_CLUSTER_ID);
    if (ask.offset < 0 || ask.lastEpoch < 0 || ask.epoch < 0 || ask.maxWaitMs < 0) {
      return answer(ErrorCode.INVALID_REQUEST);
    }
    return this.#notNow(ask.epoch);
  }

  /** Why a request of this epoch cannot be served; null when it can. */
  #notNow(epoch: number): RaftAnswer | null {
    const { answer, isLeader } = this.#options;
    const own = this.#options.epoch();
    if (epoch < own) return answer(ErrorCode.FENCED_LEADER_EPOCH);
    if (epoch > own) return answer(ErrorCode.UNKNOWN_LEADER_EPOCH);
    return isLeader() ? null : answer(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  /** The answer that can be given now; null when the fetch has to wait. */
  #decide(ask: FetchAsk): RaftAnswer | null {
    const { log, answer, highWatermark } = this.#options;
    const refused = this.#notNow(ask.epoch);
    if (refused !== null) return refused;
    // The log may have been cut by a snapshot meanwhile.
    const place = this.#locate(ask);
    if (place.diverging !== null || place.snapshotId !== null)
      return this.#with(answer(ErrorCode.NONE), place, NOTHING);
    const records = ask.offset < log.endOffset() ? log.read(ask.offset, ask.maxBytes) : NOTHING;
    // KIP-1166: a follower that knows of less than is committed is told at once.
    const isNews = ask.highWatermark !== null && ask.highWatermark < highWatermark();
    if (records.length === 0 && !isNews && ask.maxWaitMs > 0) return null;
    return this.#with(answer(ErrorCode.NONE), place, records);
  }

  #with(answer: RaftAnswer, place: Place, records: Uint8Array): RaftAnswer {
    const { log, highWatermark } = this.#options;
    const fetched: Fetched = {
      highWatermark: highWatermark(),
      logStartOffset: log.startOffset(),
      ...place,
      records,
    };
    return { ...answer, fetched };
  }

  #park(ask: FetchAsk): Promise<RaftAnswer> {
    const { timers, answer } = this.#options;
    return new Promise((resolve, reject) => {
      const parked: Parked = {
        ask,
        done: (one) => {
          timer.cancel();
          resolve(one);
        },
      };
      const timer = timers.after(
        ask.maxWaitMs,
        () => {
          const index = this.#parked.indexOf(parked);
          if (index >= 0) this.#parked.splice(index, 1);
          try {
            resolve(this.#decide({ ...ask, maxWaitMs: 0 }) ?? answer(ErrorCode.NONE));
          } catch (error) {
            // The log cannot be read: that is this fetch's failure, as it is without a wait.
            reject(error);
          }
        },
        { unref: true },
      );
      this.#parked.push(parked);
    });
  }

  /** Whether the fetcher's log fits this one at its end; otherwise where it has to begin. */
  #locate(ask: FetchAsk): Place {
    const { log, snapshots } = this.#options;
    const latest = snapshots.latest();
    const isServed = latest !== null && compareSnapshotIds(latest, BOOTSTRAP_SNAPSHOT) !== 0;
    if (ask.offset === 0 && isServed) return { diverging: null, snapshotId: latest };
    const start = log.startOffset();
    if (start === 0 && ask.offset === 0) return VALID;
    const [earliest] = snapshots.ids;
    if (isServed && earliest !== undefined) {
      const isOtherStart = ask.offset === start && start === earliest.endOffset && ask.lastEpoch !== earliest.epoch;
      if (ask.offset < start || isOtherStart || ask.lastEpoch < earliest.epoch) {
        return { diverging: null, snapshotId: latest };
      }
    }
    const end = this.#endOffsetForEpoch(ask.lastEpoch);
    return end.epoch !== ask.lastEpoch || end.offset < ask.offset ? { diverging: end, snapshotId: null } : VALID;
  }

  /** A log that begins at a snapshot knows of that epoch's end through the snapshot alone. */
  #endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    const { log, snapshots } = this.#options;
    const end = log.endOffsetForEpoch(epoch);
    const atStart = snapshots.ids.find((id) => id.endOffset === log.startOffset() && id.endOffset > 0);
    if (atStart === undefined || end.offset !== atStart.endOffset) return end;
    return { offset: end.offset, epoch: Math.max(end.epoch, Math.min(epoch, atStart.epoch)) };
  }
}
