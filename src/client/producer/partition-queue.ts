/** What one partition has to send, and what is known of it at its leader. Changed by the sender only. */
import type { ProducerIdentity } from './identity.ts';
import type { ProduceFrame } from './produce-frame.ts';

export interface Delivery {
  /** Of the batch that was sent; -1 when the broker does not tell (acks 0, or a batch that had arrived long before). */
  readonly baseOffset: number;
  /** -1 unless the topic stamps with the broker's time. */
  readonly logAppendTime: number;
}

/** The end of a batch, or of a part of one that had to be split. */
export interface Settled {
  /** The first record, counted in the batch as it was sealed. */
  readonly first: number;
  readonly count: number;
  readonly error: Error | null;
  /** Of single records, by their place in this part, when the broker found these at fault. */
  readonly recordErrors?: ReadonlyMap<number, Error>;
  readonly delivery: Delivery;
}

export interface SealedBatch {
  readonly buffer: Buffer;
  /** Where the batch lies in the buffer. */
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  readonly createdAtMs: number;
  /** Called once for each part of the batch. */
  readonly settle: (settled: Settled) => void;
  /** The buffer is its owner's again: called once, when no connection holds it any more. */
  readonly release: () => void;
}

/** A batch that is still open and has waited long enough: sealed when it can be sent, so that it fills up meanwhile. */
export interface DueBatch {
  readonly createdAtMs: number;
  readonly seal: () => SealedBatch;
}

export interface Outgoing {
  readonly batch: SealedBatch;
  /** Ascending in the order of sealing. */
  readonly order: number;
  /** The room in the order that its parts may share. */
  readonly width: number;
  /** -1: not yet given. */
  sequence: number;
  attempts: number;
  /** An attempt ended without a clear answer: the batch may be in the log. */
  mayBeThere: boolean;
  lastError: Error | null;
  tooLarge: boolean;
  /** Its records were told their end. A batch that expires under way is settled before it comes back. */
  settled: boolean;
}

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly ready: Outgoing[] = [];
  readonly inFlight: Outgoing[] = [];
  due: DueBatch | undefined;
  frame: ProduceFrame | undefined;
  frameTopicId = '';
  identity: ProducerIdentity | undefined;
  nextSequence = 0;
  /** The leader knows this identity: more than one batch may be under way. */
  confirmed = false;
  /** Orders of batches that the broker took although one before them is not through yet. */
  ahead: number[] = [];
  /** A batch was given up of which nobody knows whether it is in the log: sequences behind it are in doubt. */
  inDoubt = false;
  /** Nothing is sent until `inFlight` is empty. */
  draining = false;
  /** A timer or a lookup will pump again. */
  resting = false;
  failures = 0;
  lastError: Error | null = null;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get hasWork(): boolean {
    return this.ready.length > 0 || this.due !== undefined;
  }

  /** Whether one of those to be repeated may be in the log. Only the first ones were ever sent. */
  get hasUnclear(): boolean {
    for (const out of this.ready) {
      if (out.sequence < 0) return false;
      if (out.mayBeThere) return true;
    }
    return false;
  }

  /** The broker says so. */
  nothingIsThere(): void {
    this.inDoubt = false;
    for (const out of this.ready) {
      if (out.sequence < 0) return;
      out.mayBeThere = false;
    }
  }

  /**
   * How many batches lie between the oldest that is not through and the newest that was sent, both counted. The broker
   * knows the last five again: one that a hung former leader holds back must not be pushed out by those the next one takes.
   */
  get span(): number {
    return this.inFlight.length + this.ahead.length;
  }

  took(out: Outgoing): void {
    if (this.ahead.length === 0 && !this.hasEarlierThan(out)) return;
    this.ahead.push(out.order);
    const first = this.ready[0];
    let oldest = first !== undefined && first.sequence >= 0 ? first.order : Number.POSITIVE_INFINITY;
    for (const other of this.inFlight) oldest = Math.min(oldest, other.order);
    this.ahead = this.ahead.filter((order) => order > oldest);
  }

  /** Back among those to be sent, at its place. */
  putBack(out: Outgoing): void {
    let at = 0;
    while (at < this.ready.length && (this.ready[at] as Outgoing).order < out.order) at++;
    this.ready.splice(at, 0, out);
  }

  /** Whether something that was sealed before is not through yet. */
  hasEarlierThan(out: Outgoing): boolean {
    const isEarlier = (other: Outgoing) => other.order < out.order;
    const first = this.ready[0];
    return (first !== undefined && isEarlier(first)) || this.inFlight.some(isEarlier);
  }

  remove(out: Outgoing): void {
    if (this.inFlight[0] === out) this.inFlight.shift();
    else this.inFlight.splice(this.inFlight.indexOf(out), 1);
  }

  /** A new identity counts from 0; nothing may be under way. */
  adopt(identity: ProducerIdentity): void {
    this.identity = identity;
    this.confirmed = false;
    this.inDoubt = false;
    this.ahead = [];
    this.nextSequence = 0;
    for (const out of this.ready) out.sequence = -1;
  }
}
