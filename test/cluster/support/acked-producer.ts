/**
 * Idempotent producers that know every acknowledgement, one lane for each partition: each numbers its records, keeps up
 * to five batches in flight to the partition's leader, finds the leader again when it is lost, and sends what was not
 * acknowledged once more, in order and with the same sequences, until it is. Small enough to be believed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildBatch } from '../../../src/protocol/batch-builder.ts';
import { INIT_PRODUCER_ID, PRODUCE } from './apis.ts';
import type { Probe } from './probe.ts';
import { Wire } from './wire.ts';

const MAX_IN_FLIGHT = 5;
const DUPLICATE_SEQUENCE = 46;
/** What every producer tries again; anything else says that the cluster has lost the thread. */
const RETRIABLE = new Set([-1, 2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 56, 72, 74, 75, 89, 100]);

export interface Batch {
  readonly first: number;
  readonly count: number;
}

interface LaneOptions {
  readonly probe: Probe;
  readonly topic: string;
  readonly partition: number;
  readonly pauseMs: number;
  readonly recordBytes: number;
}

/** An answer that no producer tries again. */
export class FatalRefusal extends Error {}

export class Lane {
  readonly topic: string;
  readonly partition: number;
  readonly #options: LaneOptions;
  #stopping = false;
  /** Sent and not acknowledged, oldest first. */
  #open: Batch[] = [];
  #batches = 0;
  #producerId = -1;
  #producerEpoch = -1;
  sent = 0;
  acknowledged = 0;
  /** Where each acknowledged batch is said to lie; -1 where the answer did not tell. */
  readonly places: { readonly batch: Batch; readonly offset: number }[] = [];
  readonly refusals = new Map<number, number>();
  lost = 0;
  /** The longest time between two acknowledgements. */
  longestGapMs = 0;
  lastAckMs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
  }

  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Until `stop`, and then until everything that was sent is acknowledged. Rejects with a FatalRefusal. */
  async run(): Promise<void> {
    this.lastAckMs = performance.now();
    while (!this.#stopping || this.#open.length > 0) {
      let wire: Wire | undefined;
      try {
        const leader = await this.#options.probe.leaderAddress(this.topic, this.partition);
        if (leader === undefined) throw new Error('no leader');
        wire = await Wire.open(leader);
        await this.#pump(wire);
      } catch (error) {
        if (error instanceof FatalRefusal) throw error;
        this.lost++;
        await sleep(25);
      } finally {
        wire?.close();
      }
    }
  }

  async #pump(wire: Wire): Promise<void> {
    if (this.#producerId < 0) await this.#init(wire);
    const flying: Promise<{ readonly code: number; readonly offset: number }>[] = [];
    const fly = (batch: Batch) => {
      const answered = this.#send(wire, batch);
      // A lost connection ends them all; only the oldest is waited for.
      answered.catch(() => {});
      flying.push(answered);
    };
    for (const batch of this.#open) fly(batch);
    while (!this.#stopping || flying.length > 0) {
      while (!this.#stopping && flying.length < MAX_IN_FLIGHT) fly(this.#next());
      const { code, offset } = await (flying.shift() as (typeof flying)[number]);
      if (code !== 0 && code !== DUPLICATE_SEQUENCE) {
        this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
        if (!RETRIABLE.has(code)) throw new FatalRefusal(`${this.name}: refused for good with code ${code}`);
        throw new Error(`refused with ${code}`);
      }
      this.#acknowledge(code === 0 ? offset : -1);
      if (this.#options.pauseMs > 0) await sleep(this.#options.pauseMs);
    }
  }

  #acknowledge(offset: number): void {
    const batch = this.#open.shift() as Batch;
    this.acknowledged += batch.count;
    this.places.push({ batch, offset });
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.lastAckMs);
    this.lastAckMs = now;
  }

  async #init(wire: Wire): Promise<void> {
    const answer = await wire.call(INIT_PRODUCER_ID, { transactionalId: null, transactionTimeoutMs: 0 });
    if (answer.errorCode !== 0) throw new Error(`no producer id: ${answer.errorCode}`);
    this.#producerId = answer.producerId;
    this.#producerEpoch = answer.producerEpoch;
  }

  #next(): Batch {
    const batch = { first: this.sent, count: 1 + ((this.#batches++ * 7) % 23) };
    this.sent += batch.count;
    this.#open.push(batch);
    return batch;
  }

  async #send(wire: Wire, batch: Batch): Promise<{ readonly code: number; readonly offset: number }> {
    const timestamp = Date.now();
    const records = Array.from({ length: batch.count }, (_, i) => ({
      value: Buffer.from(`${batch.first + i} ${'x'.repeat((batch.first + i) % this.#options.recordBytes)}`),
      timestamp,
    }));
    const bytes = buildBatch(records, {
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      baseSequence: batch.first,
    });
    const answer = await wire.call(PRODUCE, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 8_000,
      topicData: [{ name: this.topic, partitionData: [{ index: this.partition, records: bytes }] }],
    });
    const partition = answer.responses[0]?.partitionResponses[0];
    return { code: partition?.errorCode ?? -1, offset: Number(partition?.baseOffset ?? -1) };
  }
}

export interface ProducersOptions {
  readonly probe: Probe;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  /** Rest of a lane behind each acknowledgement. */
  readonly pauseMs?: number;
  readonly recordBytes?: number;
}

/** A lane for each partition of each topic. */
export class AckedProducers {
  readonly lanes: readonly Lane[];
  readonly #running: Promise<void>[];

  constructor({ probe, topics, pauseMs = 5, recordBytes = 300 }: ProducersOptions) {
    this.lanes = topics.flatMap(({ name, partitions }) =>
      Array.from(
        { length: partitions },
        (_, partition) => new Lane({ probe, topic: name, partition, pauseMs, recordBytes }),
      ),
    );
    this.#running = this.lanes.map((lane) => lane.run());
    for (const lane of this.#running) lane.catch(() => {});
  }

  get acknowledged(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  }

  get longestGapMs(): number {
    return Math.max(...this.lanes.map((lane) => lane.longestGapMs));
  }

  /** Starts to measure gaps anew. */
  forgetGaps(): void {
    for (const lane of this.lanes) lane.longestGapMs = 0;
  }

  /** Resolves once each lane has `count` more acknowledgements than now. */
  async progress(count = 1, patienceMs = 60_000): Promise<number> {
    const began = performance.now();
    const wanted = this.lanes.map((lane) => lane.acknowledged + count);
    for (;;) {
      const slow = this.lanes.filter((lane, at) => lane.acknowledged < (wanted[at] as number));
      if (slow.length === 0) return performance.now() - began;
      if (performance.now() - began > patienceMs) {
        const words = slow.slice(0, 5).map((lane) => `${lane.name} (refused: ${[...lane.refusals.keys()]})`);
        throw new Error(`nothing is acknowledged any more by ${slow.length} partitions: ${words.join(', ')}`);
      }
      await Promise.race([sleep(10), Promise.all(this.#running.map((lane) => lane.then(() => sleep(10))))]);
    }
  }

  async stop(patienceMs = 90_000): Promise<void> {
    for (const lane of this.lanes) lane.stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const open = this.lanes.filter((lane) => lane.acknowledged < lane.sent).map((lane) => lane.name);
        reject(new Error(`unacknowledged to the end: ${open.join(', ')}`));
      }, patienceMs);
    });
    try {
      await Promise.race([Promise.all(this.#running), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  refusals(): string {
    const all = new Map<number, number>();
    for (const lane of this.lanes)
      for (const [code, times] of lane.refusals) all.set(code, (all.get(code) ?? 0) + times);
    return [...all].map(([code, times]) => `${code}: ${times}`).join(', ');
  }
}
