/**
 * Brings sealed batches to the leaders of their partitions. Invariants: batches of a partition are appended in the order
 * in which they were sealed; with idempotence none twice; every record learns its end exactly once, within the delivery
 * timeout. After a failure a partition sends nothing new until all that was under way has come back. Requests to one
 * broker are bounded; what has to wait meanwhile goes together, one batch per partition in each request.
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import type { Link } from '../../network/link.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import type { TimerHandle } from '../../runtime/runtime.ts';
import { type ClusterView, isUnreachable } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { stampProducer } from './batch-writer.ts';
import { Ends, NO_DELIVERY } from './ends.ts';
import { expired, isUnclear, judge } from './failure.ts';
import { Identities } from './identity.ts';
import { Lane } from './lane.ts';
import { type Delivery, type DueBatch, type Outgoing, PartitionQueue, type SealedBatch } from './partition-queue.ts';
import type { ProduceHead } from './produce-frame.ts';
import {
  type Answers,
  answersOf,
  errorsOf,
  FIRST_VERSION_WITH_IDS,
  frameOf,
  type Load,
  NO_ANSWERS,
  type PartitionAnswer,
  PRODUCE,
  type RecordErrors,
} from './produce-request.ts';
import type { ProducerSettings } from './settings.ts';
import { splitBatch } from './split-batch.ts';

const SEQUENCES = 0x8000_0000;

export class Sender {
  readonly #cluster: ClusterView;
  readonly #settings: ProducerSettings;
  readonly #head: ProduceHead;
  readonly #identities: Identities;
  readonly #ends = new Ends();
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #lanes = new Map<number, Lane>();
  #expiry: TimerHandle | undefined;
  #closed = false;

  constructor(cluster: ClusterView, settings: ProducerSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#identities = new Identities(cluster);
    const { acks, requestTimeoutMs: timeoutMs } = settings;
    this.#head = { acks, timeoutMs, clientId: cluster.settings.clientId };
  }

  queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic} ${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition);
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** A full batch: goes as soon as it can. */
  enqueue(queue: PartitionQueue, batch: SealedBatch): void {
    queue.due = undefined;
    this.#push(queue, batch);
    this.#pump(queue, true);
  }

  /** An open batch that has waited long enough. */
  offer(queue: PartitionQueue, due: DueBatch): void {
    queue.due = due;
    this.#watchExpiry(due.createdAtMs);
    this.#pump(queue, false);
  }

  /** Batches that wait for the leader: what adaptive partitioning looks at. */
  backlog(topic: string, partition: number): number {
    const queue = this.#queues.get(`${topic} ${partition}`);
    return queue === undefined ? 0 : queue.ready.length + queue.inFlight.length + (queue.due === undefined ? 0 : 1);
  }

  /** The broker has taken nothing for so long, although something waits for it. */
  isStuck(node: number, ms: number): boolean {
    const since = this.#lanes.get(node)?.stuckSinceMs;
    return since !== undefined && this.#cluster.runtime.clock.monotonicMs() - since > ms;
  }

  /** Resolves when everything that was sealed until now has ended. */
  idle(): Promise<void> {
    return this.#ends.idle();
  }

  /** Everything outstanding fails. */
  close(error: Error): void {
    this.#closed = true;
    this.#expiry?.cancel();
    for (const queue of this.#queues.values()) {
      queue.due = undefined;
      for (const out of queue.inFlight) this.#ends.settle(out, error, NO_DELIVERY);
      for (const out of queue.ready.splice(0)) this.#ends.end(out, error, NO_DELIVERY);
    }
  }

  #push(queue: PartitionQueue, batch: SealedBatch): void {
    queue.ready.push(this.#ends.open(batch));
    this.#watchExpiry(batch.createdAtMs);
  }

  // ---- when something may go ----

  /** Sends what the queue has, if it may; whatever keeps it from sending pumps again when it is over. */
  #pump(queue: PartitionQueue, isUrgent: boolean): void {
    if (this.#closed || queue.resting || !queue.hasWork) return;
    if (queue.draining && queue.inFlight.length > 0) return;
    queue.draining = false;
    if (this.#settings.idempotent && !this.#isIdentified(queue)) return;
    const leader = this.#cluster.partition(queue.topic, queue.partition)?.leader ?? -1;
    if (leader < 0) {
      this.#withoutLeader(queue);
      return;
    }
    let lane = this.#lanes.get(leader);
    if (lane === undefined) {
      lane = new Lane(leader);
      this.#lanes.set(leader, lane);
    }
    lane.waiting.add(queue);
    if (isUrgent) this.#drain(lane);
    else this.#drainSoon(lane);
  }

  /** Batches whose time is up in the same turn of the loop go together. */
  #drainSoon(lane: Lane): void {
    if (lane.isScheduled) return;
    lane.isScheduled = true;
    this.#cluster.runtime.timers.soon(() => {
      lane.isScheduled = false;
      this.#drain(lane);
    });
  }

  /**
   * False when the identity has to be asked for, or the queue to drain under its old one. Batches that may be in the log
   * are repeated under the identity that they were sent with: no other lets the broker recognise them.
   */
  #isIdentified(queue: PartitionQueue): boolean {
    if (queue.hasUnclear) return true;
    const isIdle = queue.inFlight.length === 0;
    if (queue.inDoubt) {
      if (!isIdle) return false;
      this.#identities.bump(queue.identity);
      queue.inDoubt = false;
    }
    const identity = this.#identities.current;
    if (identity === undefined) {
      this.#askIdentity();
      return false;
    }
    if (queue.identity === identity) return true;
    queue.draining = !isIdle;
    if (isIdle) queue.adopt(identity);
    return isIdle;
  }

  #askIdentity(): void {
    const isNeeded = () => !this.#closed && [...this.#queues.values()].some((queue) => queue.hasWork);
    this.#identities.ask(isNeeded).then(
      () => {
        for (const queue of this.#queues.values()) this.#pump(queue, false);
      },
      (error: Error) => {
        for (const queue of this.#queues.values()) this.#failAll(queue, error);
      },
    );
  }

  #withoutLeader(queue: PartitionQueue): void {
    const code = this.#cluster.topic(queue.topic)?.errorCode ?? ErrorCode.LEADER_NOT_AVAILABLE;
    const error = toKafkaError(code === 0 ? ErrorCode.LEADER_NOT_AVAILABLE : code);
    if (!errorRow(error.code).retriable) this.#failAll(queue, error);
    else this.#rest(queue, error);
  }

  /** A pause, then fresh metadata, then on. */
  #rest(queue: PartitionQueue, error: Error): void {
    if (queue.resting || this.#closed) return;
    queue.resting = true;
    queue.lastError = error;
    const { runtime } = this.#cluster;
    runtime.timers.after(this.#cluster.backoffMs(queue.failures++), () => {
      const goOn = () => {
        queue.resting = false;
        this.#pump(queue, true);
      };
      // Metadata that nobody gives is the next attempt's trouble.
      this.#cluster.update(queue.topic, true).then(goOn, goOn);
    });
  }

  // ---- sending ----

  #drain(lane: Lane): void {
    if (this.#closed || lane.waiting.size === 0) return;
    if (lane.link?.isOpen !== true) {
      this.#open(lane);
      return;
    }
    const elsewhere: PartitionQueue[] = [];
    while (lane.inFlight < this.#settings.maxInFlight) {
      const loads = this.#pick(lane, elsewhere);
      if (loads.length === 0) break;
      this.#send(lane, lane.link, loads);
    }
    this.#watchStuck(lane);
    for (const queue of elsewhere) this.#pump(queue, true);
  }

  #watchStuck(lane: Lane): void {
    if (lane.waiting.size === 0) lane.stuckSinceMs = undefined;
    else lane.stuckSinceMs ??= this.#cluster.runtime.clock.monotonicMs();
  }

  #open(lane: Lane): void {
    this.#watchStuck(lane);
    if (lane.isOpening) return;
    lane.isOpening = true;
    this.#cluster.link(lane.node, this.#cluster.deadline(this.#settings.requestTimeoutMs)).then(
      (link) => {
        lane.isOpening = false;
        lane.link = link;
        this.#drain(lane);
      },
      (error: Error) => {
        lane.isOpening = false;
        const queues = [...lane.waiting];
        lane.waiting.clear();
        for (const queue of queues) {
          if (isUnreachable(error)) this.#rest(queue, error);
          else this.#failAll(queue, error);
        }
      },
    );
  }

  /** At most one batch of each queue that waits, up to the size of a request; `elsewhere`: queues that wait in vain here. */
  #pick(lane: Lane, elsewhere: PartitionQueue[]): Load[] {
    const loads: Load[] = [];
    let bytes = 0;
    for (const queue of lane.waiting) {
      if (!this.#belongs(queue, lane)) {
        lane.waiting.delete(queue);
        elsewhere.push(queue);
        continue;
      }
      const out = this.#mayGo(queue) ? this.#next(queue) : undefined;
      if (out === undefined) {
        lane.waiting.delete(queue);
        continue;
      }
      const size = out.batch.end - out.batch.start;
      if (loads.length > 0 && bytes + size > this.#settings.maxRequestBytes) break;
      queue.ready.shift();
      loads.push({ queue, out, topicId: this.#cluster.topic(queue.topic)?.id ?? ZERO_UUID });
      bytes += size;
    }
    for (const { queue } of loads) {
      lane.waiting.delete(queue);
      if (queue.hasWork) lane.waiting.add(queue);
    }
    return loads;
  }

  /** Whether the queue's leader and identity are still what they were when it began to wait here. */
  #belongs(queue: PartitionQueue, lane: Lane): boolean {
    if (this.#cluster.partition(queue.topic, queue.partition)?.leader !== lane.node) return false;
    return !this.#settings.idempotent || queue.hasUnclear || queue.identity === this.#identities.current;
  }

  #mayGo(queue: PartitionQueue): boolean {
    if (queue.resting || queue.draining) return false;
    const isLeftOver = this.#settings.idempotent && (queue.inDoubt || queue.identity !== this.#identities.current);
    if (isLeftOver) return queue.inFlight.length === 0 && (queue.ready[0]?.sequence ?? -1) >= 0;
    return queue.inFlight.length === 0 || queue.span < (queue.confirmed ? this.#settings.maxInFlight : 1);
  }

  /** The batch at the head of the queue: split when it was too large, sealed when it was open until now. */
  #next(queue: PartitionQueue): Outgoing | undefined {
    if (queue.ready.length === 0 && queue.due !== undefined) {
      const { due } = queue;
      queue.due = undefined;
      this.#push(queue, due.seal());
    }
    while (queue.ready[0]?.tooLarge) this.#split(queue, queue.ready[0]);
    return queue.ready[0];
  }

  #send(lane: Lane, link: Link, loads: readonly Load[]): void {
    const isNamed = loads.some(({ topicId }) => topicId === ZERO_UUID);
    const version = link.version(PRODUCE, isNamed ? FIRST_VERSION_WITH_IDS - 1 : undefined);
    if (version === undefined) {
      const error = toKafkaError(ErrorCode.UNSUPPORTED_VERSION);
      for (const { out } of loads) this.#ends.end(out, error, NO_DELIVERY);
      return;
    }
    for (const { queue, out } of loads) {
      this.#stamp(queue, out);
      out.attempts++;
      queue.inFlight.push(out);
    }
    const frame = frameOf(this.#head, version, loads);
    lane.inFlight++;
    if (this.#settings.acks === 0) {
      link.sendPreparedUnanswered(frame).then(
        () => this.#cameBack(lane, loads, NO_ANSWERS),
        (error: Error) => this.#cameBack(lane, loads, error),
      );
      return;
    }
    link.sendPrepared(PRODUCE, version, frame, this.#settings.requestTimeoutMs).then(
      (response) => this.#cameBack(lane, loads, answersOf(response)),
      (error: Error) => this.#cameBack(lane, loads, error),
    );
  }

  #stamp(queue: PartitionQueue, out: Outgoing): void {
    const { batch } = out;
    if (!this.#settings.idempotent) {
      if (out.attempts === 0) stampProducer(batch.buffer, batch.start, -1, -1, -1);
      return;
    }
    if (out.sequence >= 0 || queue.identity === undefined) return;
    out.sequence = queue.nextSequence;
    // Under a new epoch the broker cannot recognise it any more.
    out.mayBeThere = false;
    queue.nextSequence = (queue.nextSequence + batch.count) % SEQUENCES;
    stampProducer(batch.buffer, batch.start, queue.identity.id, queue.identity.epoch, out.sequence);
  }

  // ---- what comes back ----

  #cameBack(lane: Lane, loads: readonly Load[], result: Error | Answers): void {
    lane.inFlight--;
    for (const load of loads) {
      const { queue, out } = load;
      queue.remove(out);
      if (this.#closed) out.batch.release();
      else if (result instanceof Error) this.#failed(queue, out, result);
      else if (this.#settings.acks === 0) this.#delivered(queue, out, NO_DELIVERY);
      else this.#answered(queue, out, result(load));
    }
    for (const { queue } of loads) {
      if (queue.draining) this.#afterFailure(queue);
      else this.#pump(queue, true);
    }
    this.#drain(lane);
  }

  #answered(queue: PartitionQueue, out: Outgoing, answer: PartitionAnswer | undefined): void {
    const code = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (answer !== undefined && (code === 0 || code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER)) {
      this.#delivered(queue, out, { baseOffset: answer.baseOffset, logAppendTime: answer.logAppendTimeMs });
      return;
    }
    if (answer !== undefined && answer.currentLeader.leaderId >= 0) {
      const { leaderId, leaderEpoch } = answer.currentLeader;
      this.#cluster.learnLeader(queue.topic, queue.partition, leaderId, leaderEpoch);
    }
    this.#failed(queue, out, toKafkaError(code, answer?.errorMessage), answer?.recordErrors);
  }

  #delivered(queue: PartitionQueue, out: Outgoing, delivery: Delivery): void {
    queue.failures = 0;
    queue.lastError = null;
    queue.confirmed = true;
    queue.took(out);
    // The broker took the sequence, so that what was in doubt before it is there.
    queue.inDoubt = false;
    this.#ends.end(out, null, delivery);
  }

  #failed(queue: PartitionQueue, out: Outgoing, error: Error, faulty: RecordErrors = []): void {
    queue.draining = true;
    queue.confirmed = false;
    queue.lastError = error;
    out.lastError = error;
    if (isUnclear(error)) out.mayBeThere = true;
    const verdict = judge(error, {
      isIdempotent: this.#settings.idempotent,
      count: out.batch.count,
      attempts: out.attempts,
      retries: this.#settings.retries,
      isBehind: queue.hasEarlierThan(out),
      isExpired: out.settled || this.#ageMs(out.batch.createdAtMs) >= this.#settings.deliveryTimeoutMs,
    });
    if (verdict === 'giveUp') {
      this.#giveUp(queue, out, error, faulty);
      return;
    }
    if (verdict === 'split') out.tooLarge = true;
    queue.putBack(out);
    if (verdict === 'newEpoch') this.#identities.bump(queue.identity);
    if (verdict === 'newId') this.#identities.forget(queue.identity);
    // Nothing can be in the log behind a gap.
    if (verdict === 'newEpoch' || verdict === 'newId') queue.nothingIsThere();
  }

  /** Those behind it begin a new epoch, at once or when it is clear what became of them. */
  #giveUp(queue: PartitionQueue, out: Outgoing, error: Error, faulty: RecordErrors = []): void {
    if (this.#settings.idempotent && out.sequence >= 0) {
      if (out.mayBeThere) queue.inDoubt = true;
      else this.#identities.bump(queue.identity);
    }
    this.#ends.end(out, error, NO_DELIVERY, errorsOf(error, faulty));
  }

  /** Once nothing is under way: a pause and fresh metadata, unless what failed is gone. */
  #afterFailure(queue: PartitionQueue): void {
    if (queue.inFlight.length > 0 || queue.resting || this.#closed) return;
    queue.draining = false;
    const first = queue.ready[0];
    const isRepetition = first !== undefined && first.lastError !== null && !first.tooLarge;
    if (isRepetition) this.#rest(queue, first.lastError as Error);
    else this.#pump(queue, true);
  }

  #failAll(queue: PartitionQueue, error: Error): void {
    if (queue.due !== undefined) this.#next(queue);
    for (const out of queue.ready.splice(0)) this.#ends.end(out, error, NO_DELIVERY);
  }

  /** Two halves in place of a batch that the broker finds too large; they keep its sequence numbers. */
  #split(queue: PartitionQueue, out: Outgoing): void {
    queue.ready.shift();
    let { sequence } = out;
    for (const part of this.#ends.split(out, splitBatch(out.batch))) {
      part.sequence = sequence;
      if (sequence >= 0 && queue.identity !== undefined) {
        const { buffer, start, count } = part.batch;
        stampProducer(buffer, start, queue.identity.id, queue.identity.epoch, sequence);
        sequence = (sequence + count) % SEQUENCES;
      }
      queue.putBack(part);
    }
  }

  // ---- time ----

  #ageMs(createdAtMs: number): number {
    return this.#cluster.runtime.clock.monotonicMs() - createdAtMs;
  }

  /** One timer for all: it looks at everything, and is set again for the oldest that is left. */
  #watchExpiry(createdAtMs: number): void {
    if (this.#expiry !== undefined) return;
    const left = this.#settings.deliveryTimeoutMs - this.#ageMs(createdAtMs);
    const { timers } = this.#cluster.runtime;
    this.#expiry = timers.after(Math.max(1, left), () => this.#expire(), { unref: true });
  }

  #expire(): void {
    this.#expiry = undefined;
    let oldest = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      for (const out of queue.inFlight) {
        if (!out.settled && this.#isExpired(out.batch))
          this.#ends.settle(out, this.#expiredError(queue, out), NO_DELIVERY);
      }
      if (queue.due !== undefined && this.#isExpired(queue.due)) {
        const { due } = queue;
        queue.due = undefined;
        this.#push(queue, due.seal());
      }
      while (queue.ready[0] !== undefined && this.#isExpired(queue.ready[0].batch)) {
        const out = queue.ready.shift() as Outgoing;
        this.#giveUp(queue, out, this.#expiredError(queue, out));
      }
      const waiting = [...queue.inFlight.filter((out) => !out.settled), ...queue.ready].map(
        (out) => out.batch.createdAtMs,
      );
      oldest = Math.min(oldest, queue.due?.createdAtMs ?? oldest, ...waiting);
    }
    if (Number.isFinite(oldest)) this.#watchExpiry(oldest);
  }

  #isExpired({ createdAtMs }: { readonly createdAtMs: number }): boolean {
    return this.#ageMs(createdAtMs) >= this.#settings.deliveryTimeoutMs;
  }

  #expiredError(queue: PartitionQueue, out: Outgoing): Error {
    const { count, createdAtMs } = out.batch;
    const ageMs = this.#ageMs(createdAtMs);
    return expired({ topic: queue.topic, partition: queue.partition, count, ageMs }, out.lastError ?? queue.lastError);
  }
}
