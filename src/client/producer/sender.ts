/**
 * Brings sealed batches to the leaders of their partitions. Invariants: batches of a partition are appended in the order
 * in which they were sealed; with idempotence none twice; every batch ends exactly once, delivered or failed, within its
 * delivery timeout. After a failure a partition sends nothing new until all that was under way has come back.
 */

import { ZERO_UUID } from '../../base/uuid.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../protocol/messages/init-producer-id.ts';
import { type ProduceResponse, produceRequest, produceResponse } from '../../protocol/messages/produce.ts';
import { api } from '../api.ts';
import type { ClusterView } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { type Link, LinkError } from '../link.ts';
import { stampProducer } from './batch-writer.ts';
import { ProduceFrame } from './produce-frame.ts';
import type { ProducerSettings } from './settings.ts';
import { splitBatch } from './split-batch.ts';

const PRODUCE = api(produceRequest, produceResponse);
const INIT_PRODUCER_ID = api(initProducerIdRequest, initProducerIdResponse);
/** Topic ids take the place of names from this version on. */
const FIRST_VERSION_WITH_IDS = 13;

export interface Delivery {
  /** -1 when the broker does not tell (acks 0, or a batch that had arrived before). */
  readonly baseOffset: number;
  /** -1 unless the topic stamps with the broker's time. */
  readonly logAppendTime: number;
}

export interface SealedBatch {
  readonly buffer: Buffer;
  /** Where the batch lies in the buffer. */
  readonly start: number;
  readonly end: number;
  /** The position of its first record in the batch that the owner sealed: a part of a split one begins later. */
  readonly first: number;
  readonly count: number;
  readonly createdAtMs: number;
  /** Called exactly once for each record. */
  readonly settle: (settled: Settled) => void;
  /** The buffer is the owner's again. */
  readonly release: () => void;
}

/** What became of neighbouring records. */
export interface Settled {
  readonly first: number;
  readonly count: number;
  readonly error: Error | null;
  readonly delivery: Delivery;
}

interface Outgoing {
  readonly batch: SealedBatch;
  /** Ascending in the order of sealing. */
  readonly order: number;
  /** The room in the order that its parts may share. */
  readonly width: number;
  /** -1: not yet given. */
  sequence: number;
  attempts: number;
  lastError: Error | null;
  tooLarge: boolean;
}

interface ProducerIdentity {
  readonly id: number;
  readonly epoch: number;
}

class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly ready: Outgoing[] = [];
  readonly inFlight: Outgoing[] = [];
  frame: ProduceFrame | undefined;
  frameTopicId = '';
  identity: ProducerIdentity | undefined;
  nextSequence = 0;
  /** Nothing is sent until `inFlight` is empty. */
  draining = false;
  /**
   * The last answer was a good one. Until then one batch at a time is sent: a broker that knows nothing of this producer
   * accepts any sequence, and the second batch would overtake the first that it refused.
   */
  confirmed = false;
  /** A timer or a lookup will pump again. */
  waiting = false;
  failures = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Back among those to be sent, at its place. */
  putBack(out: Outgoing): void {
    let at = 0;
    while (at < this.ready.length && (this.ready[at] as Outgoing).order < out.order) at++;
    this.ready.splice(at, 0, out);
  }
}

const NO_DELIVERY: Delivery = { baseOffset: -1, logAppendTime: -1 };

export class Sender {
  readonly #cluster: ClusterView;
  readonly #settings: ProducerSettings;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #links = new Map<number, Link>();
  #identity: ProducerIdentity | undefined;
  #identityLookup: Promise<void> | undefined;
  #outstanding = 0;
  #order = 0;
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(cluster: ClusterView, settings: ProducerSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  enqueue(topic: string, partition: number, batch: SealedBatch): void {
    const queue = this.#queueOf(topic, partition);
    this.#outstanding++;
    queue.ready.push(this.#outgoing(batch));
    this.#pump(queue);
  }

  #outgoing(batch: SealedBatch): Outgoing {
    return { batch, order: this.#order++, width: 1, sequence: -1, attempts: 0, lastError: null, tooLarge: false };
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic} ${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition);
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** Resolves when nothing is outstanding. */
  idle(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Everything outstanding fails. */
  close(error: Error): void {
    this.#closed = true;
    for (const queue of this.#queues.values()) {
      for (const out of queue.ready.splice(0)) this.#finish(out, error, NO_DELIVERY);
    }
  }

  #pump(queue: PartitionQueue): void {
    if (queue.waiting || this.#closed) return;
    if (queue.draining && queue.inFlight.length > 0) return;
    queue.draining = false;
    while (queue.ready.length > 0 && queue.inFlight.length < (queue.confirmed ? this.#settings.maxInFlight : 1)) {
      const link = this.#readyLink(queue);
      if (link === undefined) return;
      if (this.#settings.idempotent && !this.#adoptIdentity(queue)) return;
      const out = queue.ready[0] as Outgoing;
      if (out.tooLarge) {
        this.#split(queue, out);
        continue;
      }
      if (!this.#prepareFrame(queue, link)) return;
      queue.ready.shift();
      this.#send(queue, out, link);
    }
  }

  /** The open connection to the leader; undefined when it has to be found first, which pumps again later. */
  #readyLink(queue: PartitionQueue): Link | undefined {
    const leader = this.#cluster.partition(queue.topic, queue.partition)?.leader ?? -1;
    const link = leader < 0 ? undefined : this.#links.get(leader);
    if (link?.isOpen) return link;
    this.#later(queue, this.#findLink(queue, leader));
    return undefined;
  }

  async #findLink(queue: PartitionQueue, leader: number): Promise<void> {
    const deadline = this.#cluster.deadline(this.#settings.requestTimeoutMs);
    let node = leader;
    if (node < 0 || queue.failures > 0) {
      await this.#cluster.refresh([queue.topic], { deadline });
      node = this.#cluster.partition(queue.topic, queue.partition)?.leader ?? -1;
    }
    if (node < 0) throw toKafkaError(ErrorCode.LEADER_NOT_AVAILABLE);
    this.#links.set(node, await this.#cluster.link(node, deadline));
  }

  /** Pumps when `work` is done; a failure counts as an attempt of the first batch. */
  #later(queue: PartitionQueue, work: Promise<void>): void {
    queue.waiting = true;
    work.then(
      () => {
        queue.waiting = false;
        this.#pump(queue);
      },
      (error: unknown) => {
        queue.waiting = false;
        const out = queue.ready.shift();
        if (out !== undefined) this.#retryOrFail(queue, out, error instanceof Error ? error : new Error(String(error)));
        this.#afterFailure(queue);
      },
    );
  }

  /** False when the identity has to be asked for, or the queue to drain under its old one. */
  #adoptIdentity(queue: PartitionQueue): boolean {
    const identity = this.#identity;
    if (identity === undefined) {
      this.#identityLookup ??= this.#askIdentity().finally(() => {
        this.#identityLookup = undefined;
      });
      this.#later(queue, this.#identityLookup);
      return false;
    }
    if (queue.identity === identity) return true;
    if (queue.inFlight.length > 0) {
      queue.draining = true;
      return false;
    }
    queue.identity = identity;
    queue.confirmed = false;
    this.#resequence(queue, 0);
    return true;
  }

  async #askIdentity(): Promise<void> {
    const deadline = this.#cluster.deadline(this.#settings.requestTimeoutMs);
    for (let attempt = 0; ; attempt++) {
      const response = await this.#cluster.call(
        INIT_PRODUCER_ID,
        { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff },
        { deadline, doing: 'initProducerId' },
      );
      if (response.errorCode === 0) {
        this.#identity = { id: response.producerId, epoch: response.producerEpoch };
        return;
      }
      if (!errorRow(response.errorCode).retriable || deadline.passed) throw toKafkaError(response.errorCode);
      await this.#cluster.pause(attempt, deadline);
    }
  }

  #resequence(queue: PartitionQueue, next: number): void {
    queue.nextSequence = next;
    for (const out of queue.ready) out.sequence = -1;
  }

  /** The frame's head for this partition, with the topic's present id. */
  #prepareFrame(queue: PartitionQueue, link: Link): boolean {
    const view = this.#cluster.topic(queue.topic);
    const id = view?.id ?? ZERO_UUID;
    const limit = id === ZERO_UUID ? FIRST_VERSION_WITH_IDS - 1 : undefined;
    const version = link.version(PRODUCE, limit);
    if (version === undefined) {
      const error = toKafkaError(ErrorCode.UNSUPPORTED_VERSION);
      for (const out of queue.ready.splice(0)) this.#finish(out, error, NO_DELIVERY);
      return false;
    }
    if (queue.frame === undefined || queue.frame.version !== version || queue.frameTopicId !== id) {
      const { acks, requestTimeoutMs } = this.#settings;
      queue.frameTopicId = id;
      queue.frame = new ProduceFrame(
        {
          topic: queue.topic,
          topicId: id,
          partition: queue.partition,
          acks,
          timeoutMs: requestTimeoutMs,
          clientId: this.#cluster.settings.clientId,
        },
        version,
      );
    }
    return true;
  }

  #send(queue: PartitionQueue, out: Outgoing, link: Link): void {
    const { batch } = out;
    if (out.sequence < 0 || !this.#settings.idempotent) {
      out.sequence = this.#settings.idempotent ? queue.nextSequence : -1;
      const identity = queue.identity;
      stampProducer(batch.buffer, batch.start, identity?.id ?? -1, identity?.epoch ?? -1, out.sequence);
      if (this.#settings.idempotent) queue.nextSequence = (queue.nextSequence + batch.count) % 0x8000_0000;
    }
    out.attempts++;
    queue.inFlight.push(out);
    const produce = queue.frame as ProduceFrame;
    const frame = produce.wrap(batch.buffer, batch.start, batch.end);
    if (this.#settings.acks === 0) {
      link.sendPreparedUnanswered(frame).then(
        () => {
          queue.confirmed = true;
          this.#settle(queue, out, () => this.#finish(out, null, NO_DELIVERY));
        },
        (error: Error) => this.#settle(queue, out, () => this.#failed(queue, out, error)),
      );
      return;
    }
    link.sendPrepared(PRODUCE, produce.version, frame, this.#settings.requestTimeoutMs).then(
      (response) => this.#settle(queue, out, () => this.#answered(queue, out, response)),
      (error: Error) => this.#settle(queue, out, () => this.#failed(queue, out, error)),
    );
  }

  #settle(queue: PartitionQueue, out: Outgoing, decide: () => void): void {
    const first = queue.inFlight[0] === out;
    if (first) queue.inFlight.shift();
    else queue.inFlight.splice(queue.inFlight.indexOf(out), 1);
    decide();
    if (queue.draining) this.#afterFailure(queue);
    else this.#pump(queue);
  }

  #answered(queue: PartitionQueue, out: Outgoing, response: ProduceResponse): void {
    const answer = response.responses[0]?.partitionResponses[0];
    const code = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (answer !== undefined && (code === 0 || code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER)) {
      queue.failures = 0;
      queue.confirmed = true;
      this.#finish(out, null, { baseOffset: answer.baseOffset, logAppendTime: answer.logAppendTimeMs });
      return;
    }
    this.#failed(queue, out, toKafkaError(code, answer?.errorMessage));
  }

  #failed(queue: PartitionQueue, out: Outgoing, error: Error): void {
    queue.draining = true;
    queue.confirmed = false;
    const code = error instanceof KafkaError ? error.code : undefined;
    if (code === ErrorCode.MESSAGE_TOO_LARGE && out.batch.count > 1) {
      out.tooLarge = true;
      queue.putBack(out);
      return;
    }
    const lost = code === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER || code === ErrorCode.UNKNOWN_PRODUCER_ID;
    const fenced = code === ErrorCode.INVALID_PRODUCER_EPOCH;
    if (this.#settings.idempotent && (lost || fenced)) {
      // Behind a batch that failed this is expected; the first of the line has lost the broker's memory of us.
      const earlier = [...queue.ready, ...queue.inFlight].some((other) => other.order < out.order);
      if (!earlier && this.#identity === queue.identity) this.#identity = undefined;
      this.#retryOrFail(queue, out, error);
      return;
    }
    const retriable = error instanceof LinkError || (code !== undefined && errorRow(code).retriable);
    if (retriable) this.#retryOrFail(queue, out, error);
    else this.#drop(queue, out, error);
  }

  #retryOrFail(queue: PartitionQueue, out: Outgoing, error: Error): void {
    const age = this.#cluster.runtime.clock.monotonicMs() - out.batch.createdAtMs;
    const code = error instanceof KafkaError ? error.code : undefined;
    const hopeless = !(error instanceof LinkError) && (code === undefined || !isWorthRepeating(code));
    if (hopeless || age >= this.#settings.deliveryTimeoutMs || out.attempts > this.#settings.retries || this.#closed) {
      this.#drop(queue, out, error);
      return;
    }
    out.lastError = error;
    queue.putBack(out);
  }

  /** The batch is given up; those behind it close the gap in the sequence. */
  #drop(queue: PartitionQueue, out: Outgoing, error: Error): void {
    queue.draining = true;
    if (this.#settings.idempotent && out.sequence >= 0) {
      if (error instanceof LinkError) this.#identity = undefined;
      else if (queue.identity === this.#identity) this.#resequence(queue, out.sequence);
    }
    this.#finish(out, error, NO_DELIVERY);
  }

  /** Once nothing is under way: a pause, then fresh metadata, then on. */
  #afterFailure(queue: PartitionQueue): void {
    if (queue.inFlight.length > 0 || queue.waiting || this.#closed) return;
    queue.draining = false;
    const first = queue.ready[0];
    if (first === undefined) return;
    if (first.tooLarge) {
      this.#pump(queue);
      return;
    }
    const attempt = queue.failures++;
    this.#later(queue, this.#recover(queue, attempt));
  }

  async #recover(queue: PartitionQueue, attempt: number): Promise<void> {
    const deadline = this.#cluster.deadline(this.#settings.requestTimeoutMs);
    await this.#cluster.pause(attempt, deadline);
    try {
      await this.#cluster.refresh([queue.topic], { deadline });
    } catch (error) {
      // The next attempt will say it if it lasts.
      if (!(error instanceof LinkError)) throw error;
    }
  }

  /** Two halves in place of a batch that the broker finds too large; they keep its sequence numbers. */
  #split(queue: PartitionQueue, out: Outgoing): void {
    queue.ready.shift();
    const halves = splitBatch(out.batch);
    const sequence = out.sequence;
    let count = 0;
    const parts = halves.map((batch, i) => {
      const width = out.width / 2;
      const part: Outgoing = { ...out, batch, order: out.order + i * width, width, tooLarge: false };
      if (sequence >= 0 && queue.identity !== undefined) {
        part.sequence = sequence + count;
        stampProducer(batch.buffer, batch.start, queue.identity.id, queue.identity.epoch, part.sequence);
      }
      count += batch.count;
      return part;
    });
    this.#outstanding += halves.length - 1;
    for (const part of parts) queue.putBack(part);
  }

  #finish(out: Outgoing, error: Error | null, delivery: Delivery): void {
    this.#outstanding--;
    const { first, count } = out.batch;
    out.batch.release();
    out.batch.settle({ first, count, error, delivery });
    if (this.#outstanding > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }
}

/** Errors that a repetition may cure, those of lost sequences included. */
function isWorthRepeating(code: number): boolean {
  return (
    errorRow(code).retriable ||
    code === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER ||
    code === ErrorCode.UNKNOWN_PRODUCER_ID ||
    code === ErrorCode.INVALID_PRODUCER_EPOCH
  );
}
