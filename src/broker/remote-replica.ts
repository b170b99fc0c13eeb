/**
 * What a leader knows of one follower: how far it has fetched and when it last was at the leader's end. Kafka's rule of
 * "caught up" looks one fetch back: a follower that now asks for what was the end at its previous fetch had everything
 * there was at that time, even if more has come since.
 */

/** A follower whose position is not known since this broker leads. */
export const UNKNOWN_OFFSET = -1;
/** No fetch of this follower has named its broker's epoch yet. */
const NO_FETCH_YET = -2;

/** A replica's fetch of one partition, as its leader records it. */
export interface ReplicaFetch {
  readonly replicaId: number;
  /** -1: the request's version has none; then it is not checked. */
  readonly brokerEpoch: number;
  readonly fetchOffset: number;
  readonly logStartOffset: number;
  /** Monotonic. */
  readonly nowMs: number;
}

export class RemoteReplica {
  readonly brokerId: number;
  logEndOffset = UNKNOWN_OFFSET;
  logStartOffset = UNKNOWN_OFFSET;
  lastCaughtUpMs = Number.NEGATIVE_INFINITY;
  lastFetchMs = Number.NEGATIVE_INFINITY;
  brokerEpoch = NO_FETCH_YET;
  /** In the ISR, or proposed for it: the high watermark waits for it. */
  inMaximalIsr = false;
  /** The leader's end when this follower last fetched. */
  #leaderEndAtLastFetch = UNKNOWN_OFFSET;

  constructor(brokerId: number) {
    this.brokerId = brokerId;
  }

  /** This broker begins to lead: nothing is known of the follower but whether it was in sync. */
  reset(inIsr: boolean, nowMs: number): void {
    this.logEndOffset = UNKNOWN_OFFSET;
    this.logStartOffset = UNKNOWN_OFFSET;
    this.#leaderEndAtLastFetch = UNKNOWN_OFFSET;
    this.lastFetchMs = Number.NEGATIVE_INFINITY;
    this.lastCaughtUpMs = inIsr ? nowMs : Number.NEGATIVE_INFINITY;
    this.brokerEpoch = NO_FETCH_YET;
  }

  /** The same leader goes on in a new epoch: positions stay, the times begin anew. */
  beginEpoch(inIsr: boolean, leaderEnd: number, nowMs: number): void {
    this.#leaderEndAtLastFetch = leaderEnd;
    this.lastFetchMs = inIsr ? nowMs : Number.NEGATIVE_INFINITY;
    this.lastCaughtUpMs = this.lastFetchMs;
  }

  fetched(fetch: ReplicaFetch, leaderEnd: number): void {
    if (fetch.fetchOffset >= leaderEnd) {
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, fetch.nowMs);
    } else if (fetch.fetchOffset >= this.#leaderEndAtLastFetch) {
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, this.lastFetchMs);
    }
    this.logEndOffset = fetch.fetchOffset;
    this.logStartOffset = fetch.logStartOffset;
    this.#leaderEndAtLastFetch = Math.max(this.#leaderEndAtLastFetch, leaderEnd);
    this.lastFetchMs = fetch.nowMs;
    this.brokerEpoch = fetch.brokerEpoch;
  }

  /**
   * Nothing waits for it before it is caught up again. Its broker may be alive and its log directory not: Kafka lets
   * writes wait for such a replica until replica.lag.time.max.ms is over.
   */
  leftIsr(): void {
    this.lastCaughtUpMs = Number.NEGATIVE_INFINITY;
  }

  isCaughtUp(leaderEnd: number, nowMs: number, maxLagMs: number): boolean {
    return this.logEndOffset === leaderEnd || nowMs - this.lastCaughtUpMs <= maxLagMs;
  }
}
